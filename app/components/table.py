"""The table of blocks: sortable, with shares as bars, and the same as a CSV file."""

from __future__ import annotations

import csv
import io

import streamlit as st

from resnet_tf.design.costs import Cost, Costs
from resnet_tf.design.labels import block_label, shape_label

_COLUMNS = ("block", "kind", "shortcut", "shape", "parameters", "MACs", "share", "activations", "depth", "sees")


def _row(cost: Cost, total: int) -> tuple[object, ...]:
    share = 100 * cost.macs / total if total else 0.0
    return (
        block_label(cost.name), cost.kind, "" if cost.shortcut == "none" else cost.shortcut, shape_label(cost.shape),
        cost.parameters, cost.macs, share, cost.activations, cost.depth, cost.receptive_field,
    )  # fmt: skip


def table(counted: Costs, *, height: int = 300) -> None:
    """Draws a row for every block."""
    rows = [_row(cost, counted.macs) for cost in counted.blocks]
    column = st.column_config
    st.dataframe(
        {name: [row[i] for row in rows] for i, name in enumerate(_COLUMNS)},
        hide_index=True,
        height=height,
        width="stretch",
        column_config={
            "parameters": column.NumberColumn(format="localized"),
            "MACs": column.NumberColumn(format="localized"),
            "activations": column.NumberColumn(format="localized"),
            "share": column.ProgressColumn(
                "share of MACs", format="%.1f %%", min_value=0, max_value=max((row[6] for row in rows), default=1)
            ),
            "sees": column.NumberColumn("sees (px)", format="localized", help="Receptive field in pixels of the image"),
        },
    )


def as_csv(counted: Costs) -> str:
    """The blocks' costs as CSV, exact integers."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_row(cost, counted.macs) for cost in counted.blocks)
    return text.getvalue()
