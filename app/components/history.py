"""The runs so far: a table that opens one, and the choice of the run that is shown, which lives in the URL."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from app import state, words
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


def history() -> None:
    """Draws the table, and again every two seconds while a run is under way."""
    active = any(not run.over for run in state.workbench().runs())
    st.fragment(_table, run_every=2.0 if active else None)()


def _table() -> None:
    if st.session_state.pop(STALE, False):
        st.rerun()
    with net("The history"):
        runs = state.workbench().runs()
        st.session_state["history.rows"] = [run.id for run in runs]
        column = st.column_config
        st.dataframe(
            {
                "run": [run.name for run in runs],
                "images": [run.dataset.title if run.dataset else "" for run in runs],
                "state": [_state(run) for run in runs],
                "accuracy": [None if accuracy(run) is None else 100 * accuracy(run) for run in runs],
                "progress": [100 * run.progress for run in runs],
                "recipe": [f"{run.recipe.name}, {run.recipe.epochs} epochs" if run.recipe else "" for run in runs],
                "parameters": [state.counted(run.spec).trainable_parameters for run in runs],
                "time": [words.seconds(duration(run)) if duration(run) is not None else "" for run in runs],
                "begun": [ago(run.created) for run in runs],
            },
            hide_index=True,
            height=min(38 + 35 * len(runs), 320),
            width="stretch",
            key="history",
            column_config={
                "run": column.ButtonColumn(
                    "run (click to open)", type="tertiary", alignment="left", on_click=_open, key="history.click"
                ),
                "accuracy": column.NumberColumn(
                    "accuracy", format="%.2f %%", help="On the validation images, after the last epoch; measured here"
                ),
                "progress": column.ProgressColumn("progress", format="%.0f %%", min_value=0, max_value=100),
                "parameters": column.NumberColumn("parameters", format="localized", help="Trainable, exact"),
            },
        )  # fmt: skip


def _state(run: Run) -> str:
    return f"queued, {run.position} in line" if run.state == "queued" else run.state


def _open() -> None:
    click = st.session_state.get("history.click")
    rows = st.session_state.get("history.rows", [])
    if click is not None and click.row < len(rows):
        show(rows[click.row])
        st.session_state[STALE] = True
