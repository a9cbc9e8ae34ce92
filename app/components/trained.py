"""Which trained run is studied: a choice among the visitor's finished ones, which lives in the link."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from app import state, words
from app.components.history import accuracy
from resnet_tf.runs.records import Run
from resnet_tf.runs.studies import Studied, usual_seconds


def chosen_run(label: str, runs: Sequence[Run], key: str, *, none: str = "", first: str = "") -> Run | None:
    """The run that is chosen, by its id under the key in the link; None where `none`, in these words, is.

    At first it is the one with the id `first`, or the first.
    """
    by_id = {run.id: run for run in runs}
    offered = ["", *by_id] if none else [*by_id]
    if st.session_state.get(key) not in offered:
        said = st.query_params.get(key, first)
        st.session_state[key] = said if said in offered else offered[0]
    id = st.selectbox(
        label, offered, key=key, format_func=lambda id: title(by_id[id]) if id else none, persist_state="session"
    )
    if id:
        st.query_params[key] = id
    else:
        st.query_params.pop(key, None)
    return by_id.get(id)


def title(run: Run) -> str:
    """A run's name, how well it did, on what, and when."""
    reached = accuracy(run)
    when = time.strftime("%d %b %H:%M", time.localtime(run.created))
    parts = [
        run.name,
        "" if reached is None else words.percent(reached),
        run.dataset.title if run.dataset else "",
        when,
    ]
    return " · ".join(part for part in parts if part)


def expected(kind: str, run: Run) -> str:
    """How long a study of a run's weights usually takes."""
    counted = state.counted(run.spec)
    seconds = usual_seconds(kind, run, counted.macs, len(counted.layers))
    return f"About {words.seconds(seconds)} on two cores."


def source(studied: Studied, images: str, more: str) -> str:
    """What was measured, on what, where and when."""
    when = time.strftime("%d %b %Y", time.localtime(studied.measured))
    return (
        f"Measured here on {when}, on the {studied.device}: {studied.images:,} images {images} of "
        f"{studied.dataset.title} at {words.shape(studied.spec.input_shape)}, norms with the statistics that training "
        f"left. {more}"
    )


def to_train(what: str) -> None:
    """Where there is nothing to study: what is missing, and the way there."""
    st.info(words.plain(what), icon=":material/info:")
    st.page_link("views/train.py", label="Train it", icon=":material/show_chart:")
