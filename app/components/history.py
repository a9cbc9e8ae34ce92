"""The runs so far: a table that opens one."""

from __future__ import annotations

import time

import streamlit as st

from app import state, words
from app.components.shown import RUN
from app.components.table import Column, sortable
from app.frame import net
from resnet_tf.runs.records import Run

PAGE = 50  # runs that are shown at first, and more at each wish for older ones
FEW = 10  # runs that need no search
_MOST, _NAMED = "history.most", "history.named"
STALE = "page.stale"  # set by a click inside a fragment that the whole page must be drawn anew for


def accuracy(run: Run) -> float | None:
    """The accuracy on the validation images after the last epoch (0 to 1)."""
    return run.epochs[-1].get("validation_accuracy") if run.epochs else None


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
    Column("time", "number", lambda value: words.seconds(value) if value else "–",
           "Until its last step, interruptions left out"),
    Column("begun", "number", lambda value: ago(value), "When it was put into the queue"),
)  # fmt: skip


def history() -> None:
    """Draws the table where there are runs, and again every two seconds while one of the newest is under way."""
    newest = state.workbench().runs(most=PAGE, brief=True)
    active = any(not run.over for run in newest)
    if newest:
        st.fragment(_table, run_every=2.0 if active else None)()


def _table() -> None:
    if st.session_state.pop(STALE, False):
        st.rerun()
    with net("The history", aside=True):
        bench, most = state.workbench(), st.session_state.get(_MOST, PAGE)
        named = st.session_state.get(_NAMED, "").strip() if bench.count_runs() > FEW else ""
        runs, count = bench.runs(most=most, named=named, brief=True), bench.count_runs(named=named)
        _head(len(runs), count, named)
        if runs:
            sortable(
                COLUMNS, [(run.id, _row(run)) for run in runs], key="history", label="Runs, newest first",
                height=min(38 + 32 * len(runs), 300), selected=RUN.last, on_choice=_open,
            )  # fmt: skip
        if len(runs) < count:
            st.button(
                f"Show {min(PAGE, count - len(runs)):,} older", on_click=_older, type="tertiary", key="history.older"
            )


def _head(shown: int, count: int, named: str) -> None:
    """How many there are and, where they are many, the box to search them."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="history.head"):
        those = f"{count:,} {'run' if count == 1 else 'runs'}{' so named' if named else ''}"
        about = "choose one to open it" if shown == count else f"the newest {shown:,}; choose one to open it"
        st.html(f'<h4 class="run">{those}<small>{about if count else ""}</small></h4>')
        if named or count > FEW:
            st.space("stretch")
            st.text_input("Search runs", key=_NAMED, placeholder="Search by name", width=220,
                          label_visibility="collapsed", icon=":material/search:")  # fmt: skip


def _older() -> None:
    st.session_state[_MOST] = st.session_state.get(_MOST, PAGE) + PAGE


def _row(run: Run) -> tuple[object, ...]:
    known = accuracy(run)
    return (
        run.name, run.dataset.title if run.dataset else "", _state(run), -1.0 if known is None else known, run.progress,
        f"{run.recipe.name}, {run.recipe.epochs:,} epochs" if run.recipe else "",
        state.counted(run.spec).trainable_parameters, run.seconds or 0.0, run.created,
    )  # fmt: skip


def _state(run: Run) -> str:
    return f"queued, number {run.position}" if run.state == "queued" else run.state


def _open(run: str) -> None:
    RUN.show(run)
    st.session_state[STALE] = True
