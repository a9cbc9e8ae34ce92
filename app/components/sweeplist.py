"""The sweeps so far: a table that opens one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import words
from app.components.history import ago
from app.components.shown import SWEEP
from app.components.table import Column, sortable
from resnet_tf.runs.records import Sweep

COLUMNS = (
    Column("sweep"),
    Column("images"),
    Column("search"),
    Column("axes"),
    Column("state"),
    Column("trials", "number", "{:,}".format),
    Column("best", "number", lambda value: "–" if value < 0 else words.percent(value),
           "The best accuracy on the validation images after any epoch; measured here"),
    Column("begun", "number", lambda value: ago(value)),
)  # fmt: skip


def sweep_list(found: Sequence[Sweep]) -> None:
    """Draws the table; a click on a row opens a sweep."""
    st.html(f'<h4 class="run">{len(found):,} {"sweep" if len(found) == 1 else "sweeps"}<small>choose one to open it'
            "</small></h4>")  # fmt: skip
    sortable(
        COLUMNS, [(sweep.id, _row(sweep)) for sweep in found], key="sweeps", label="Sweeps, newest first",
        height=min(38 + 32 * len(found), 300), selected=SWEEP.last, on_choice=SWEEP.show,
    )  # fmt: skip


def _row(sweep: Sweep) -> tuple[object, ...]:
    axes = ", ".join(axis.field for axis in sweep.search.axes)
    best = sweep.best.best if sweep.best else None
    return (
        sweep.name, sweep.base.dataset.title, sweep.search.how, axes, sweep.state, len(sweep.trials),
        -1.0 if best is None else best, sweep.created,
    )  # fmt: skip
