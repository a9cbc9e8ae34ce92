"""How long the paths through the design are: counted exactly, at once."""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from typing import Any

import streamlit as st

from app import state, words
from app.components.charts import hue, table
from resnet_tf.design.path_lengths import Lengths, PathLengths, path_lengths
from resnet_tf.design.spec import Spec
from resnet_tf.runs.studies import passed

KINDS = {"branches": "residual branches", "convolutions": "convolutions"}  # field of PathLengths -> what is passed
FAINT = "#8a929c"  # of the few paths outside of the interval that has most
WIDE = 40  # lengths that have room for bars of their own


@lru_cache(maxsize=8)
def counted(spec: Spec) -> PathLengths:
    return path_lengths(spec)


def paths() -> None:
    """Draws both distributions of the design on the desk, says what they are, and offers them as a file."""
    found = counted(state.current_spec())
    st.markdown(f"**{words.plain(passed(found.branches, KINDS['branches']))}**")
    for column, (field, what) in zip(st.columns(2, gap="medium"), KINDS.items(), strict=True):
        with column:
            bars(getattr(found, field), what)
    st.caption(words.plain(passed(found.convolutions, KINDS["convolutions"])))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "Exact: every way from the image to the output, by an addition or a concatenation from either side "
            "(Veit 2016, section 3)."
        )
        st.space("stretch")
        st.download_button(
            "CSV", lambda: as_csv(found), "paths.csv", "text/csv", on_click="ignore", type="tertiary",
            icon=":material/download:", help="How many paths have each length, exactly", key="laboratory.csv",
        )  # fmt: skip


def bars(lengths: Lengths, what: str) -> None:
    """Draws the share of all paths that pass so many of `what`; the lengths that have 95 % of them stand out."""
    low, high = lengths.most()
    shares = lengths.shares
    data = table({
        "length": list(range(len(shares))),
        "share": list(shares),
        "most": ["95 %" if low <= length <= high else "others" for length in range(len(shares))],
        "paths": [f"{count:,}" for count in lengths.paths],
    })  # fmt: skip
    key = f'<span><i style="background:{hue(0)}"></i>at least 95 %</span>' if lengths.total > 1 else ""
    st.html(f'<div class="chart"><b>Paths by {what}</b>{key}<em>share of all</em></div>')
    st.vega_lite_chart(data, _drawn(what, len(shares)), key=f"laboratory.paths.{what}",
                       alt=f"Share of all paths by how many {what} they pass; the file has them all")  # fmt: skip


def _drawn(what: str, lengths: int) -> dict[str, Any]:
    mark = {"type": "bar", "cornerRadius": 1}
    colour = {"field": "most", "type": "nominal", "legend": None,
              "scale": {"domain": ["95 %", "others"], "range": [hue(0), FAINT]}}  # fmt: skip
    x = {
        "field": "length", "type": "ordinal",
        "axis": {"title": f"{what} passed", "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 8,
                 "ticks": False},
        "scale": {"paddingInner": 0.15 if lengths <= WIDE else 0.02},
    }  # fmt: skip
    return {
        "height": 260,
        "padding": {"left": 2, "right": 10, "top": 4, "bottom": 2},
        "mark": mark,
        "encoding": {
            "x": x, "color": colour,
            "y": {"field": "share", "type": "quantitative", "axis": {"title": None, "format": ".0~%", "tickCount": 4}},
            "tooltip": [
                {"field": "length", "title": what}, {"field": "paths", "title": "paths"},
                {"field": "share", "type": "quantitative", "format": ".3~%", "title": "of all"},
            ],
        },
    }  # fmt: skip


def as_csv(found: PathLengths) -> str:
    """A row for each length of each kind; counts are whole numbers, of as many digits as they have."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("passes", "length", "paths", "share"))
    for field, what in KINDS.items():
        lengths = getattr(found, field)
        for length, (count, share) in enumerate(zip(lengths.paths, lengths.shares, strict=True)):
            writer.writerow((what, length, count, share))
    return text.getvalue()
