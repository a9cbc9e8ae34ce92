"""Tables that one can sort and choose a row of, without pandas: it would cost the first page 70 MB and a second."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import streamlit as st

from app import words
from resnet_tf.design.costs import Cost, Costs
from resnet_tf.design.labels import block_label

_FOLDER = Path(__file__).parent
_TABLE = st.components.v2.component(
    "resnet_tf_table",
    html='<div class="table" tabindex="0">\n</div>',
    css=(_FOLDER / "table.css").read_text(),
    js=(_FOLDER / "table.js").read_text(),
)


class Column(NamedTuple):
    """A column: `kind` is how it is drawn and sorted; `shown` how a value reads (as it is, by default)."""

    title: str
    kind: Literal["text", "number", "bar"] = "text"
    shown: Callable[[Any], str] = str
    help: str = ""


def sortable(
    columns: Sequence[Column], rows: Sequence[tuple[str, Sequence[Any]]], *, key: str, label: str, height: int = 300,
    selected: str | None = None, on_choice: Callable[[str], None] | None = None,
) -> None:  # fmt: skip
    """Draws rows of (id, values). A click on a header sorts; on a row it calls `on_choice` with the id."""

    def chosen() -> None:
        if on_choice:
            on_choice(st.session_state[key]["chosen"])

    most = [max((values[i] for _, values in rows), default=0) if c.kind == "bar" else 0 for i, c in enumerate(columns)]
    data = {
        "columns": [
            {"title": c.title, "kind": c.kind, "help": c.help, "most": m} for c, m in zip(columns, most, strict=True)
        ],
        "rows": [
            {"id": id, "cells": [{"value": v, "shown": c.shown(v)} for c, v in zip(columns, values, strict=True)]}
            for id, values in rows
        ],
        "selected": selected,
        "choosable": on_choice is not None,
        "height": height,
        "label": label,
    }
    # in a list, since Streamlit looks for data frames in a dictionary and loads pandas to do so
    _TABLE(data=[data], key=key, on_chosen_change=chosen, width="stretch", height="content")


_WHOLE = "{:,}".format
# (name in a file, column, what it shows of a block in a network of so many MACs)
_BLOCKS: tuple[tuple[str, Column, Callable[[Cost, int], Any]], ...] = (
    ("block", Column("block", shown=block_label), lambda cost, total: cost.name),
    ("kind", Column("kind"), lambda cost, total: cost.kind),
    ("shortcut", Column("shortcut"), lambda cost, total: "" if cost.shortcut == "none" else cost.shortcut),
    ("shape", Column("shape", help="Height × width × channels that leave the block"),
     lambda cost, total: words.shape(cost.shape)),
    ("parameters", Column("parameters", "number", _WHOLE), lambda cost, total: cost.parameters),
    ("macs", Column("MACs", "number", _WHOLE), lambda cost, total: cost.macs),
    ("share", Column("share of MACs", "bar", words.percent), lambda cost, total: cost.macs / total if total else 0.0),
    ("activations", Column("activations", "number", _WHOLE), lambda cost, total: cost.activations),
    ("depth", Column("depth", "number", _WHOLE), lambda cost, total: cost.depth),
    ("receptive_field", Column("sees (px)", "number", _WHOLE, "Receptive field in pixels of the image"),
     lambda cost, total: cost.receptive_field),
)  # fmt: skip


def table(counted: Costs, *, selected: str | None, on_choice: Callable[[str], None], height: int = 300) -> None:
    """Draws a row for every block; a click on one chooses it."""
    rows = [(cost.name, [value(cost, counted.macs) for _, _, value in _BLOCKS]) for cost in counted.blocks]
    columns = [column for _, column, _ in _BLOCKS]
    sortable(
        columns, rows, key="blocks", label="Costs of every block", height=height, selected=selected, on_choice=on_choice
    )


def as_csv(counted: Costs) -> str:
    """The blocks' costs as CSV, exact integers."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for name, _, _ in _BLOCKS])
    writer.writerows([value(cost, counted.macs) for _, _, value in _BLOCKS] for cost in counted.blocks)
    return text.getvalue()
