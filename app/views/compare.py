"""Compare: designs, runs and published networks side by side, what differs, their curves, accuracy against cost."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.components.chosen import candidates, choose
from app.components.opening import follow
from app.components.report import report
from app.components.runcurves import run_curves
from app.components.scatter import scatter
from app.components.versus import differences, side_by_side
from app.frame import net
from resnet_tf.reports.subjects import Subject

st.html(Path(__file__).parents[1] / "components" / "runs.css")
follow()
with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="compare.head"):
    chosen = choose(candidates())
    if chosen:
        report([Subject(each.name, each.kind, each.spec, each.run) for each in chosen], "compare.report")
if not chosen:
    st.caption("Choose a design, a run or a published network above; with two you see what differs.")
else:
    with net("The numbers side by side"):
        side_by_side(chosen)
if len(chosen) > 1:
    with net("What differs"):
        differences(chosen)
runs = [candidate.run for candidate in chosen if candidate.run is not None]
if runs:
    with net("The curves"):
        run_curves(runs)
with net("The scatter"):
    scatter(chosen)
if not runs:
    st.page_link("views/train.py", label="Train a design to compare its curves", icon=":material/show_chart:")
