"""How long the paths through the design are, counted exactly; and which of them the gradient comes by, measured."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import streamlit as st

from app import state, words
from app.components.charts import hue, table
from app.components.measuring import beneath, is_under_way, outcome, press
from app.components.report import study_report
from app.components.signals import Line, Point, lines
from resnet_tf.design.path_lengths import Lengths, PathLengths, fewest, path_lengths
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.reports.studied import StudyOf
from resnet_tf.runs.profiles import fitted_to_images
from resnet_tf.runs.studies import PathGradients, Studied, carried, comes_by, passed, usual_seconds

KINDS = {"branches": "residual branches", "convolutions": "convolutions"}  # field of PathLengths -> what is passed
FAINT = "#8a929c"  # of what is outside of the interval that has most
WIDE = 40  # lengths that have room for bars of their own


@lru_cache(maxsize=8)
def counted(spec: Spec) -> PathLengths:
    return path_lengths(spec)


def paths() -> None:
    """Draws both distributions of the design on the desk, and which paths bring its gradient, where that is known."""
    found = counted(state.current_spec())
    try:
        studied = state.workbench().laboratory.studied("paths", state.current_spec())
        may_ask = studied is None
    except SpecError:  # no shortcut, or no head: there is nothing more to measure
        studied, may_ask = None, False
    st.markdown(f"**{words.plain(passed(found.branches, KINDS['branches']))}**")
    for column, (field, what) in zip(st.columns(2, gap="medium"), KINDS.items(), strict=True):
        with column:
            lengths = getattr(found, field)
            bars(f"Paths by {what}", lengths.shares, lengths.most(), what, [f"{count:,}" for count in lengths.paths])
    said = (
        f"{passed(found.convolutions, KINDS['convolutions'])} Exact: at each addition or concatenation a path comes by "
        "one of the ways that meet there (Veit 2016, section 3)."
    )
    beneath(said, "paths.csv", "How many paths have each length, exactly", lambda: as_csv(found, studied),
            partial(study_report, "paths", [StudyOf(state.design_name(), studied)]) if studied else None)  # fmt: skip
    if studied:
        _gradients(studied, found.branches)
    elif may_ask:
        _offer(state.current_spec())


def bars(title: str, shares: Sequence[float], most: tuple[int, int], what: str, counts: Sequence[str]) -> None:
    """Draws a share for each number of `what`; those that have 95 % of all together stand out."""
    low, high = most
    data = table({
        "length": list(range(len(shares))),
        "share": list(shares),
        "most": ["95 %" if low <= length <= high else "others" for length in range(len(shares))],
        "count": list(counts),
    })  # fmt: skip
    key = f'<span><i style="background:{hue(0)}"></i>at least 95 %</span>' if low < high else ""
    st.html(f'<div class="chart"><b>{title}</b>{key}<em>share of all</em></div>')
    st.vega_lite_chart(data, _drawn(what, len(shares)), key=f"laboratory.{title}",
                       alt=f"{title}: a share of all for each number; the file has them all")  # fmt: skip


def _drawn(what: str, lengths: int) -> dict[str, Any]:
    colour = {"field": "most", "type": "nominal", "legend": None,
              "scale": {"domain": ["95 %", "others"], "range": [hue(0), FAINT]}}  # fmt: skip
    x = {
        "field": "length", "type": "ordinal",
        "axis": {"title": f"{what} passed", "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 8,
                 "ticks": False},
        "scale": {"paddingInner": 0.15 if lengths <= WIDE else 0.02},
    }  # fmt: skip
    return {
        "height": 240,
        "padding": {"left": 2, "right": 10, "top": 4, "bottom": 2},
        "mark": {"type": "bar", "cornerRadius": 1},
        "encoding": {
            "x": x, "color": colour,
            "y": {"field": "share", "type": "quantitative", "axis": {"title": None, "format": ".0~%", "tickCount": 4}},
            "tooltip": [
                {"field": "length", "title": what}, {"field": "count", "title": "paths"},
                {"field": "share", "type": "quantitative", "format": ".3~%", "title": "of all"},
            ],
        },
    }  # fmt: skip


# --- which paths the gradient comes by


def _offer(spec: Spec) -> None:
    laboratory, name = state.workbench().laboratory, state.design_name()
    run = laboratory.studying("paths", spec)
    if not is_under_way(run):
        st.markdown("##### Which of them the gradient comes by")
        st.markdown(
            "Measured on single paths: one batch of handwritten digits goes through first weights, and the gradient "
            "comes back by one path alone, drawn among those of each length (Veit 2016, section 5)."
        )
        fitted = fitted_to_images(spec)
        of = state.counted(fitted)
        press("Measure", "The gradient of single paths of each length, on three seeds",
              lambda: laboratory.study("paths", spec, name=name))  # fmt: skip
        st.caption(words.plain(
            f"About {words.seconds(usual_seconds('paths', spec, of.macs, len(of.layers)))} on two cores."
        ))  # fmt: skip
    outcome(run)


def _gradients(studied: Studied, branches: Lengths) -> None:
    found: PathGradients = studied.found
    shares = carried(found, branches)
    st.markdown(f"**{words.plain(comes_by(found, branches))}**")
    always = len(shares) - 1 - found.lengths[-1].length
    points = [
        Point(str(each.length + always), sum(each.norms) / len(each.norms), min(each.norms), max(each.norms))
        for each in found.lengths
    ]
    left, right = st.columns(2, gap="medium")
    with left:
        lines([Line("gradient", 0, points)], "Gradient of a single path", "norm by branches passed, logarithmic",
              key="laboratory.single", log=True, height=240, of="branches")  # fmt: skip
    with right:
        bars("Gradient by residual branches", shares, fewest(shares), KINDS["branches"],
             [f"{count:,}" for count in branches.paths])  # fmt: skip
    when = time.strftime("%d %b %Y", time.localtime(studied.measured))
    st.caption(words.plain(
        f"Measured here on {when}, on the {studied.device}: norms of dE/dx where the blocks begin, {studied.images:,} "
        f"images of {studied.dataset.title}, first weights of {len(found.seeds)} seeds, up to "
        f"{len(found.lengths[len(found.lengths) // 2].norms) // len(found.seeds)} paths of each length and seed; the "
        "band runs from the lowest to the highest. The share counts every path's norm, though gradients of different "
        "paths may cancel."
    ))  # fmt: skip


def as_csv(found: PathLengths, studied: Studied | None = None) -> str:
    """A row for each length of each kind; counts are whole numbers, of as many digits as they have.

    Where gradients were measured, the share of them is in the rows of branches.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("passes", "length", "paths", "share", "share of the gradient"))
    gradient = carried(studied.found, found.branches) if studied else []
    for field, what in KINDS.items():
        lengths = getattr(found, field)
        for length, (count, share) in enumerate(zip(lengths.paths, lengths.shares, strict=True)):
            of_gradient = gradient[length] if gradient and field == "branches" else None
            writer.writerow((what, length, count, share, of_gradient))
    return text.getvalue()
