"""The runs so far: a table that opens one, and the choice of the run that is shown, which lives in the URL."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from app import state, words
from app.components.table import Column, sortable
from app.frame import net
from resnet_tf.runs.records import Run

PARAMETER = "run"
STALE = "page.stale"  # set by a click inside a fragment that the whole page must be drawn anew for
_KEY = "train.run"


def opened(runs: Sequence[Run]) -> str | None:
    """The id of the run that is shown: the URL's, the last one opened, or the newest."""
    chosen = st.query_params.get(PARAMETER) or st.session_state.get(_KEY)
    known = {run.id for run in runs}
    if chosen not in known and PARAMETER not in st.query_params:
        chosen = runs[0].id if runs else None
    if chosen:
        show(chosen)
    return chosen


def show(run: str) -> None:
    """Opens a run: the page shows it from its next drawing on, and the URL names it."""
    st.session_state[_KEY] = run
    st.query_params[PARAMETER] = run


def forget() -> None:
    """Opens no run in particular."""
    st.session_state.pop(_KEY, None)
    st.query_params.pop(PARAMETER, None)


def accuracy(run: Run) -> float | None:
    """The accuracy on the validation images after the last epoch (0 to 1)."""
    return run.epochs[-1].get("validation_accuracy") if run.epochs else None


def duration(run: Run) -> float | None:
    """Seconds from the first claim to the end, or to now."""
    if run.started is None:
        return None
    return (run.ended or time.time()) - run.started


def ago(then: float) -> str:
    """How long ago a time was, in one short phrase."""
    span = max(time.time() - then, 0.0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if span >= size:
            return f"{span // size:.0f} {unit} ago"
    return "just now"


COLUMNS = (
    Column("run"),
    Column("images"),
    Column("state"),
    Column("accuracy", "number", lambda value: "–" if value < 0 else words.percent(value),
           "On the validation images, after the last epoch; measured here"),
    Column("done", "number", words.percent, "Of all steps"),
    Column("recipe"),
    Column("parameters", "number", "{:,}".format, "Trainable, exact"),
    Column("time", "number", lambda value: words.seconds(value) if value else "–", "From its first start to its end"),
    Column("begun", "number", lambda value: ago(value), "When it was put into the queue"),
)  # fmt: skip


def history() -> None:
    """Draws the table, and again every two seconds while a run is under way."""
    active = any(not run.over for run in state.workbench().runs())
    st.fragment(_table, run_every=2.0 if active else None)()


def _table() -> None:
    if st.session_state.pop(STALE, False):
        st.rerun()
    with net("The history"):
        runs = state.workbench().runs()
        st.html(f'<h4 class="run">{len(runs):,} {"run" if len(runs) == 1 else "runs"}<small>choose one to open it'
                "</small></h4>")  # fmt: skip
        sortable(
            COLUMNS, [(run.id, _row(run)) for run in runs], key="history", label="Runs, newest first",
            height=min(38 + 32 * len(runs), 300), selected=st.session_state.get(_KEY), on_choice=_open,
        )  # fmt: skip


def _row(run: Run) -> tuple[object, ...]:
    known = accuracy(run)
    return (
        run.name, run.dataset.title if run.dataset else "", _state(run), -1.0 if known is None else known, run.progress,
        f"{run.recipe.name}, {run.recipe.epochs:,} epochs" if run.recipe else "",
        state.counted(run.spec).trainable_parameters, duration(run) or 0.0, run.created,
    )  # fmt: skip


def _state(run: Run) -> str:
    return f"queued, number {run.position}" if run.state == "queued" else run.state


def _open(run: str) -> None:
    show(run)
    st.session_state[STALE] = True
