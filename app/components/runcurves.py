"""The curves of several runs in one picture, over steps, epochs or seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from app import state
from app.components import charts
from resnet_tf.runs.records import Run

QUANTITIES = {
    "validation_accuracy": "Validation accuracy",
    "validation_loss": "Validation loss",
    "accuracy": "Training accuracy",
    "loss": "Training loss",
}
ALONG = {"step": "Steps", "epoch": "Epochs", "seconds": "Seconds"}


def run_curves(runs: Sequence[Run]) -> None:
    """Draws the curves of runs, with the choice of what and along what."""
    st.markdown("##### Curves")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        quantity = st.selectbox("Curve", list(QUANTITIES), format_func=QUANTITIES.__getitem__, key="curves.quantity",
                                label_visibility="collapsed", width=220)  # fmt: skip
        field = st.segmented_control("Along", list(ALONG), format_func=ALONG.__getitem__, default="step",
                                     required=True, key="curves.along", label_visibility="collapsed")  # fmt: skip
    names = titles(runs)
    rows = [row for run, name in zip(runs, names, strict=True) for row in _rows(run, name, quantity, field)]
    if not rows:
        st.caption("These runs have no epoch behind them yet.")
        return
    unit = quantity.endswith("accuracy")
    charts.curve(
        rows, QUANTITIES[quantity], charts.Axis(field), key=f"curves.{quantity}.{field}", names=names,
        format=".0%" if unit else "~g", unit=unit, height=300, alt=f"{QUANTITIES[quantity]} of {', '.join(names)}",
    )  # fmt: skip


def titles(runs: Sequence[Run]) -> list[str]:
    """A name for each run in a legend; runs of one name are told apart by their images, seed and id."""
    common = Counter(run.name for run in runs)
    return [
        run.name if common[run.name] == 1 else f"{run.name} (seed {run.seed}, {run.id[:4]})" for run in runs
    ]  # fmt: skip


def _rows(run: Run, name: str, quantity: str, field: str) -> list[charts.Row]:
    bench = state.workbench()
    outlook = bench.events(run, ("compiling",))
    per_epoch = (outlook[-1].values.get("steps_per_epoch") if outlook else None) or 1
    events = bench.events(run, ("epoch",), most=charts.MOST_POINTS)
    return charts.series(((charts.place(e, field, per_epoch), e.values.get(quantity)) for e in events), name)
