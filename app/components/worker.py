"""One quiet line on the worker: warming up, ready, busy or down, on which device and why."""

from __future__ import annotations

import time

import streamlit as st

from app import state, words
from app.frame import net
from resnet_tf.runs.records import WorkerStatus


def warming(status: WorkerStatus, now: float) -> str:
    """How far a worker is that warms up."""
    left = status.usual_seconds - (now - status.since)
    return f"The worker is warming up: {f'about {words.seconds(left)} left' if left > 1 else 'any moment now'}"


def sentence(status: WorkerStatus, now: float) -> str:
    """What there is to say about a worker."""
    if status.state == "starting":
        return f"{warming(status, now)}. A run that you start now begins by itself."
    if status.state == "down":
        return f"The worker is down: {status.why or 'it has not started yet'}. Runs wait in the queue meanwhile."
    doing = "is at work" if status.state == "busy" else "is ready"
    return f"The worker {doing} on the {status.device}: {status.why}."


def worker_line() -> None:
    """Draws the line, and again every second while the worker starts."""
    first = state.workbench().worker()
    waiting = first.state in ("starting", "down")
    st.fragment(_line, run_every=1.0 if waiting else None)(waiting)


def _line(waiting: bool) -> None:
    with net("The worker's state"):
        status = state.workbench().worker()
        if status.state == "down" and status.why:
            st.warning(sentence(status, time.time()))
        else:
            st.caption(sentence(status, time.time()))
        if waiting and status.state in ("warm", "busy"):
            st.rerun()
