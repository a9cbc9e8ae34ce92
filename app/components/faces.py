"""The face of each state of a run: a bar where it goes on by itself, a sentence with what to do where it does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from app import state, words
from app.components.setup import gentler
from app.components.shown import RUN
from app.components.worker import sentence, waited, warming
from resnet_tf.runs.records import Run


def _queued(run: Run, outlook: dict[str, Any]) -> None:
    worker = state.workbench().worker()
    if worker.state == "starting":
        share = waited(worker, time.time()) / worker.usual_seconds
        st.progress(min(share, 0.95), text=f"{warming(worker, time.time())}. Then this run begins.")
    elif worker.state == "resting":
        st.progress(
            0.0, text=f"The worker is being called; it is there in about {words.seconds(worker.usual_seconds)}."
        )
    elif worker.state == "down":
        st.warning(words.plain(sentence(worker, time.time())), icon=":material/power_off:")
    elif run.position == 1:
        st.progress(0.0, text="Next in the queue: it begins when the run before it ends.")
    else:
        at_once = "one run trains" if worker.workers == 1 else f"{worker.workers:,} runs train"
        st.progress(0.0, text=f"Number {run.position} in the queue: {at_once} at a time.")


def _running(run: Run, outlook: dict[str, Any]) -> None:
    if outlook.get("compiled"):
        left = run.latest.get("seconds_left")
        epoch = f"Epoch {min(len(run.epochs) + 1, run.recipe.epochs):,} of {run.recipe.epochs:,}" if run.recipe else ""
        text = f"{epoch} · {words.percent(run.progress)} · about {words.seconds(left)} left" if left else epoch
        st.progress(run.progress, text=text)
    elif outlook.get("compiled") is None:
        st.progress(0.0, text=f"Reading the images for the {run.device}")
    else:
        _compiling(run, outlook)


def _compiling(run: Run, outlook: dict[str, Any]) -> None:
    """How much is over of the time that the first step usually takes; counted from when this page first saw it."""
    usual = outlook["usual_seconds"]
    since = st.session_state.setdefault(f"compiling.{run.id}.{run.attempt}", time.monotonic())
    again = "Compiling again to go on" if run.attempt > 1 else "Compiling"
    text = f"{again} on the {outlook['device']}: the first step usually takes about {words.seconds(usual)}"
    st.progress(min((time.monotonic() - since) / max(usual, 1.0), 0.95), text=text)


def _finished(run: Run, outlook: dict[str, Any]) -> None:
    return


def _stopped(run: Run, outlook: dict[str, Any]) -> None:
    after = "goes on from the last whole epoch" if run.epochs else "begins anew, since no epoch was finished"
    why = f" {run.error}." if run.error else ""
    kept = f" Its points are kept; Resume {after}." if state.workbench().owns(run) else ""
    st.info(words.plain(f"Stopped {_where(run)}.{why}{kept}"), icon=":material/stop_circle:")


def _paused(run: Run, outlook: dict[str, Any]) -> None:
    kept = " Resume goes on to its end." if state.workbench().owns(run) else ""
    st.info(f"Paused {_where(run)}: its sweep goes on with it while it is among the best.{kept}",
            icon=":material/pause_circle:")  # fmt: skip


def _interrupted(run: Run, outlook: dict[str, Any]) -> None:
    st.warning(words.plain(f"Interrupted {_where(run)}. {run.error}"), icon=":material/power_off:")


def _failed(run: Run, outlook: dict[str, Any]) -> None:
    st.error(words.plain(f"Failed {_where(run)}: {run.error}"), icon=":material/error:")


def _diverged(run: Run, outlook: dict[str, Any]) -> None:
    said = state.workbench().events(run, ("diverged",))
    advice = said[-1].values.get("advice") if said else run.error
    st.warning(words.plain(f"Diverged {_where(run)}. {advice}"), icon=":material/trending_up:")
    if run.recipe and state.workbench().owns(run):
        recipe, changes = gentler(run.recipe)
        if st.button(f"Train again with {', '.join(changes)}", type="primary", key="run.gentler"):
            height, width, _ = run.spec.input_shape
            side = height if height == width else None
            start = run.start.name if run.start else None
            again = state.workbench().train(
                run.spec, run.dataset, recipe, run.seed, name=run.name, image_size=side, start=start
            )
            RUN.show(again)
            st.rerun()


def _where(run: Run) -> str:
    epochs = run.recipe.epochs if run.recipe else 0
    return f"after {len(run.epochs):,} of {epochs:,} epochs"


# state -> how a run in it looks: what it waits for, how far it is, or what came of it and what to do
FACES: dict[str, Callable[[Run, dict[str, Any]], None]] = {
    "queued": _queued,
    "running": _running,
    "finished": _finished,
    "paused": _paused,
    "stopped": _stopped,
    "interrupted": _interrupted,
    "failed": _failed,
    "diverged": _diverged,
}
