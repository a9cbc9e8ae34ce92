"""Train: the design, images and a recipe on the left; the run, live, beside them; all runs below."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from app import state, words
from app.components.history import history, opened
from app.components.run import face
from app.components.setup import setup
from app.components.worker import worker_line
from app.frame import net

STYLE = Path(__file__).parents[1] / "components" / "runs.css"


def left() -> None:
    counted = state.current_costs()
    st.html(
        f'<h4 class="run">{escape(state.design_name())}<small>{counted.trainable_parameters:,} parameters · '
        f"{words.short(counted.macs)} MACs · {counted.depth:,} layers deep</small></h4>"
    )
    setup()
    worker_line()
    st.page_link("views/design.py", label="Change the design", icon=":material/edit:")


def right() -> None:
    chosen = opened(state.workbench().runs())
    if chosen is None:
        st.markdown("#### No run yet")
        st.markdown(
            "Press **Train**: the curves appear here within seconds. The bundled digits need no network, and a small "
            "design (start from ResNet-20 on the Design page) learns them in under a minute on two cores."
        )
        return
    with net("This run"):
        face(chosen)


st.html(STYLE)
with st.container(key="training"):
    aside, main = st.columns([1, 3.4], gap="medium")
    with aside:
        left()
    with main:
        right()
if state.workbench().runs():
    st.markdown("##### Runs")
    history()
