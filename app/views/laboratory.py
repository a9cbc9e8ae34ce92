"""Laboratory: how the error travels through the design on the desk, with and without shortcuts, at first weights."""

from __future__ import annotations

import time
from html import escape
from pathlib import Path

import streamlit as st

from app import state, words
from app.components.canvas import still
from app.components.profile import profile
from app.components.worker import sentence
from app.frame import net
from resnet_tf.design.spec import SpecError
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.profiles import SEEDS, fitting
from resnet_tf.runs.records import Run

EVERY = 1.0  # seconds between two looks at a measurement under way
SAID = "laboratory.said"


def head(about: str, again: str | None) -> None:
    """The design's name, what measuring changes of it, and the button that begins."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="laboratory.head"):
        small = f"<small>{escape(about)}</small>" if about else ""
        st.html(f'<h4 class="run">{escape(state.design_name())}{small}</h4>')
        if again:
            st.button(again, type="primary", icon=":material/science:", on_click=begin, key="laboratory.measure",
                      help=f"Gradients of every block on {SEEDS} seeds, with and without shortcuts: ten seconds for a "
                           "small design, minutes for a deep one")  # fmt: skip


def begin() -> None:
    """Has the design on the desk measured; what speaks against it is said on the next drawing."""
    try:
        state.workbench().laboratory.profile(state.current_spec(), name=state.design_name())
    except (WorkbenchError, SpecError) as error:
        st.session_state[SAID] = str(error)


def live(run_id: str) -> None:
    """Draws how far a measurement is, with a way to stop."""
    with net("This measurement"):
        run = state.workbench().run(run_id)
        if run.over:
            st.rerun()  # the whole page: what was measured is drawn
        bar, button = st.columns([4, 1], vertical_alignment="center")
        bar.progress(run.progress, text=words.plain(doing(run)))
        button.button("Stop", icon=":material/stop:", width="stretch", on_click=stop, args=(run.id,),
                      key="laboratory.stop")  # fmt: skip
        tell()


def doing(run: Run) -> str:
    """What is being waited for."""
    if run.state == "queued":
        worker = state.workbench().worker()
        if worker.state in ("starting", "resting", "down"):
            return sentence(worker, time.time())
        return f"Number {run.position} in the queue"
    if not run.progress or run.seconds is None:
        return "Building and compiling the network"
    left = run.seconds * (1 - run.progress) / run.progress
    return f"Measured: {run.latest['measured']}. About {words.seconds(max(left, 1.0))} left"


def stop(run_id: str) -> None:
    try:
        state.workbench().stop(run_id)
    except WorkbenchError as error:
        st.session_state[SAID] = str(error)


def tell() -> None:
    """What a click could not do."""
    if said := st.session_state.pop(SAID, None):
        st.error(words.plain(said), icon=":material/error:")


def ended(run: Run | None) -> None:
    """What there is before anything was measured: how the last attempt ended, and what a press gives."""
    if run is not None and run.state == "failed":
        st.error(words.plain(f"The measurement failed: {run.error}"), icon=":material/error:")
    elif run is not None and run.state == "interrupted":
        st.warning("The worker ended in the middle of the measurement: measure again.", icon=":material/info:")
    elif run is not None:
        st.caption(words.plain(run.error or "The measurement was stopped before its end."))
    st.markdown("#### Nothing measured yet")
    st.markdown(
        f"Press **Measure**. Weights are drawn {SEEDS} times, and one batch of handwritten digits goes through the "
        "design and back; likewise through the same design with its shortcuts cut, or, where it has none, put in. "
        "You see how much of the error reaches each block, which way carries it, and what the formula's terms are."
    )


def page() -> None:
    """The design, and whichever is there of: what was measured of it, how far that is, what there is to press."""
    bench, spec = state.workbench(), state.current_spec()
    try:
        about = fitting(spec)
    except SpecError as error:
        head("", None)
        st.info(words.plain(f"This design cannot be measured: {error}"))
        return
    found = bench.laboratory.profiled(spec)
    run = None if found else bench.laboratory.profiling(spec)
    under_way = run is not None and not run.over
    head(about, None if found or under_way else "Measure")
    if found:
        profile(found)
        return
    still(state.current_costs(), "stage", key="laboratory.still")
    if run is not None and under_way:
        st.fragment(live, run_every=EVERY)(run.id)
    else:
        tell()
        ended(run)


st.html(Path(__file__).parents[1] / "components" / "runs.css")
page()
