"""One quiet line on the worker: warming up, ready, busy or down, on which device and why."""

from __future__ import annotations

import time

import streamlit as st

from app import state, words
from app.frame import net
from resnet_tf.runs.records import WorkerStatus


def warming(status: WorkerStatus, now: float) -> str:
    """How far a worker is that warms up."""
    left = status.usual_seconds - waited(status, now)
    return f"The worker is warming up: {f'about {words.seconds(left)} left' if left > 1 else 'any moment now'}"


def waited(status: WorkerStatus, now: float) -> float:
    """Seconds since a worker's state began; none where the clock was set back meanwhile."""
    return max(now - status.since, 0.0)


def sentence(status: WorkerStatus, now: float) -> str:
    """What there is to say about a worker."""
    if status.state == "starting":
        return f"{warming(status, now)}. A run that you start now begins by itself."
    if status.state == "resting":
        return f"The worker rests until a run needs it: it is there in about {words.seconds(status.usual_seconds)}."
    if status.state == "down":
        return f"The worker is down: {status.why or 'it has not started yet'}. Runs wait in the queue meanwhile."
    return f"{_who(status)} on the {status.device}: {status.why}."


def _who(status: WorkerStatus) -> str:
    """Who is there, and at work or not."""
    doing = "at work" if status.state == "busy" else "ready"
    if status.workers == 1:
        return f"The worker is {doing}"
    several = f"{status.workers:,} workers on {status.nodes:,} node{'s' if status.nodes > 1 else ''}"
    return f"All {several} are {doing}" if status.state == "busy" else f"One of {several} is {doing}"


def worker_line() -> None:
    """Draws the line, and again every second while the worker starts."""
    first = state.workbench().worker()
    waiting = first.state in ("starting", "resting", "down")
    st.fragment(_line, run_every=1.0 if waiting else None)(waiting)


def _line(waiting: bool) -> None:
    with net("The worker's state", aside=True):
        status = state.workbench().worker()
        if status.state == "down" and status.why:
            st.warning(words.plain(sentence(status, time.time())))
        else:
            st.caption(words.plain(sentence(status, time.time())))
        if waiting and status.state in ("warm", "busy"):
            st.rerun()
