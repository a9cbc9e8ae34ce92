"""A measurement: the button that begins one, how far it is with a way to stop, and how the last one ended."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from app import state, words
from app.components.worker import sentence
from app.frame import net
from resnet_tf.design.spec import SpecError
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.records import Run

EVERY = 1.0  # seconds between two looks at a measurement under way
SAID = "laboratory.said"


def is_under_way(run: Run | None) -> bool:
    return run is not None and not run.over


def press(label: str, about: str, ask: Callable[[], object]) -> None:
    """The button that has something measured."""
    st.button(label, type="primary", icon=":material/science:", on_click=begin, args=(ask,), key="laboratory.measure",
              help=about)  # fmt: skip


def begin(ask: Callable[[], object]) -> None:
    """Asks for a measurement; what speaks against it is said on the next drawing."""
    try:
        ask()
    except (WorkbenchError, SpecError) as error:
        st.session_state[SAID] = str(error)


def outcome(run: Run | None) -> None:
    """Where nothing was measured: how far it is, or how the last attempt ended."""
    if run is not None and not run.over:
        st.fragment(live, run_every=EVERY)(run.id)
        return
    tell()
    if run is None:
        return
    if run.state == "failed":
        st.error(words.plain(f"The measurement failed: {run.error}"), icon=":material/error:")
    elif run.state == "interrupted":
        st.warning("The worker ended in the middle of the measurement: measure again.", icon=":material/info:")
    else:
        st.caption(words.plain(run.error or "The measurement was stopped before its end."))


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


def beneath(
    said: str, file: str, about: str, write: Callable[[], str], report: Callable[[], None] | None = None
) -> None:
    """What is to be known of the figures above, and beside it the buttons that take them away: as a report, as CSV."""
    left, right = st.columns([14, 4 if report else 1], vertical_alignment="top")
    left.caption(words.plain(said))
    with right:
        _away(file, about, write, report)


def over(title: str, file: str, about: str, write: Callable[[], str], report: Callable[[], None] | None = None) -> None:
    """The head of a table, and at its end the buttons that take the numbers away: as a report, as CSV."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"##### {title}")
        st.space("stretch")
        _away(file, about, write, report)


def _away(file: str, about: str, write: Callable[[], str], report: Callable[[], None] | None) -> None:
    if report is None:
        _as_csv(file, about, write)
        return
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="xsmall"):
        report()
        _as_csv(file, about, write)


def _as_csv(file: str, about: str, write: Callable[[], str]) -> None:
    st.download_button(
        "CSV", write, file, "text/csv", on_click="ignore", type="tertiary", icon=":material/download:", help=about,
        key="laboratory.csv",
    )  # fmt: skip


def stop(run_id: str) -> None:
    try:
        state.workbench().stop(run_id)
    except WorkbenchError as error:
        st.session_state[SAID] = str(error)


def tell() -> None:
    """What a click could not do."""
    if said := st.session_state.pop(SAID, None):
        st.error(words.plain(said), icon=":material/error:")
