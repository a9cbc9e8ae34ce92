"""Sweeps: a design changed along some axes on the left; the sweep, live, beside it; all sweeps below."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from app import state
from app.components.canvas import still
from app.components.shown import SWEEP
from app.components.sweep import face
from app.components.sweeplist import sweep_list
from app.components.sweepsetup import setup
from app.components.worker import worker_line
from app.frame import net

MANY_BLOCKS = 24  # more are drawn as stages
STYLE = Path(__file__).parents[1] / "components" / "runs.css"


def empty() -> None:
    """The design on the desk, while there is no sweep to show."""
    counted = state.counted(state.current_spec())
    st.html(f'<h4 class="run">{escape(state.design_name())}<small>ready to be swept</small></h4>')
    still(counted, "stage" if len(counted.graph.blocks) > MANY_BLOCKS else "block", key="sweep.still", height=240)
    st.markdown(
        "Choose **axes** and press **Sweep**: every trial is this design, changed along them and trained. Its accuracy "
        "and its cost appear here as they come, and go on when this page is closed. What is best for its cost opens on "
        "Compare. A small design (ResNet-20) makes a sweep of the bundled digits a matter of minutes."
    )


st.html(STYLE)
found = state.workbench().sweeps()
with st.container(key="training"):
    aside, main = st.columns([1, 3.4], gap="medium")
    with aside:
        setup()
        worker_line()
    with main:
        shown = SWEEP.opened(found)
        if shown is None:
            empty()
        else:
            with net("This sweep"):
                face(shown)
if found:
    sweep_list(found)
