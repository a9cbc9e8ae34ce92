"""Train: the design, images and a recipe on the left; the run, live, beside them; all runs below."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from app import state
from app.components.canvas import still
from app.components.history import history
from app.components.run import face
from app.components.setup import setup
from app.components.shown import RUN
from app.components.worker import worker_line
from app.frame import net
from resnet_tf.design.spec import Spec

MANY_BLOCKS = 24  # more are drawn as stages
STYLE = Path(__file__).parents[1] / "components" / "runs.css"


def left() -> Spec | None:
    fitted = setup()
    worker_line()
    return fitted


def right(fitted: Spec | None) -> None:
    bench, last = state.workbench(), RUN.last
    there = bench.runs(named=last, most=1, brief=True) if last else []
    chosen = RUN.opened([*bench.runs(most=1, brief=True), *there])
    if chosen is None:
        _ready(fitted or state.current_spec())
        return
    with net("This run"):
        face(chosen)


def _ready(spec: Spec) -> None:
    """The design that Train would train, while there is no run to show."""
    counted = state.counted(spec)
    st.html(f'<h4 class="run">{escape(state.design_name())}<small>ready to train</small></h4>')
    still(counted, "stage" if len(counted.graph.blocks) > MANY_BLOCKS else "block", key="train.still", height=240)
    st.markdown(
        "Press **Train**: the curves grow here within seconds, and go on when this page is closed. The bundled digits "
        "need no network; a small design (start from ResNet-20 on the Design page) learns them in under a minute."
    )


st.html(STYLE)
with st.container(key="training"):
    aside, main = st.columns([1, 3.4], gap="medium")
    with aside:
        fitted = left()
    with main:
        right(fitted)
history()
