"""What state a run is in, as a sentence with what to do next: one row for each state."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from app import state, words

if TYPE_CHECKING:
    from resnet_tf.runs.records import Run, WorkerStatus


class Face(NamedTuple):
    """How a state looks: its word, its icon, and what it says of a run."""

    word: str
    icon: str
    says: Callable[[Run], str]


def _accuracy(run: Run) -> float | None:
    last = run.epochs[-1] if run.epochs else {}
    return last.get("validation_accuracy")


def accuracy(run: Run) -> str:
    """The last validation accuracy as `97.4 %`, or a dash before there is one."""
    value = _accuracy(run)
    return "–" if value is None else words.percent(value)


def duration(run: Run) -> str:
    """How long a run has been under way, or took."""
    if run.started is None:
        return "–"
    return words.seconds((run.ended or time.time()) - run.started)


def _queued(run: Run) -> str:
    place = "It is next" if run.position == 1 else f"It is number {run.position} in the queue"
    return f"{place}: one run trains at a time. {worker_says(state.workbench().worker())}"


def _kept(run: Run) -> str:
    if not run.epochs:
        return "It had not finished an epoch: resumed, it begins anew."
    return f"Every point is kept. Resumed, it goes on after epoch {run.epochs[-1]['epoch']:,}."


def _finished(run: Run) -> str:
    return f"{accuracy(run)} of the validation images are told right, after {duration(run)}."


FACES: dict[str, Face] = {
    "queued": Face("queued", ":material/schedule:", _queued),
    "running": Face("running", ":material/play_arrow:", lambda run: ""),
    "interrupted": Face("interrupted", ":material/power_off:", lambda run: f"{run.error}"),
    "failed": Face("failed", ":material/error:", lambda run: f"{run.error}"),
    "diverged": Face("diverged", ":material/trending_up:", lambda run: f"{run.error}"),
    "stopped": Face("stopped", ":material/stop:", lambda run: f"Stopped. {_kept(run)}"),
    "finished": Face("finished", ":material/check:", _finished),
}


def worker_says(status: WorkerStatus) -> str:
    """The worker in a sentence."""
    if status.state == "starting":
        left = status.usual_seconds - (time.time() - status.since)
        about = f"about {words.seconds(left)} more" if left >= 1 else "a little longer than usual"
        return f"The worker is warming up: {about}."
    if status.state == "down":
        return f"The worker is down: {status.why or 'it is started again at the next run'}."
    busy = "busy" if status.state == "busy" else "warm"
    return f"The worker is {busy}, on {status.device}: {status.why}."


def worker() -> None:
    """The worker in one quiet line, which follows it while it warms up."""
    status = state.workbench().worker()
    every = 2.0 if status.state in ("starting", "down") else None
    st.fragment(_worker, run_every=every)(status.state)


def _worker(was: str) -> None:
    status = state.workbench().worker()
    st.caption(worker_says(status))
    if status.state != was and was in ("starting", "down"):
        st.rerun()
