"""Figures block by block: a line for each of the things that are compared, and a band from seed to seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any, NamedTuple

import streamlit as st

from app.components.charts import hue, table
from resnet_tf.runs.profiles import GradientFlow

DASHES = [[1, 0], [5, 3], [2, 2], [8, 3, 2, 3], [10, 4]]  # of the lines: colour is not needed to tell them apart
MOST_NAMES = 40  # blocks whose points are seen one by one
ROOM = 1.08  # around the lowest and the highest
LONG, MOST_MARKS = 3, 7  # powers of ten


class Point(NamedTuple):
    """A block's figure: its mean over seeds, its lowest and its highest."""

    block: str
    mean: float
    low: float
    high: float


class Line(NamedTuple):
    """A line of a chart; `hue` is its place among the theme's colours."""

    name: str
    hue: int
    points: Sequence[Point]


def points(flows: Sequence[GradientFlow], what: Callable[[GradientFlow], Mapping[str, float | None]]) -> list[Point]:
    """A figure of every block that has one, over flows of one design."""
    found: dict[str, list[float]] = {}
    for flow in flows:
        for name, figure in what(flow).items():
            if figure is not None and math.isfinite(figure):
                found.setdefault(name, []).append(figure)
    return [Point(name, sum(each) / len(each), min(each), max(each)) for name, each in found.items()]


def lines(
    lined: Sequence[Line], title: str, note: str, *, key: str, log: bool = False, format: str = ",.2~r",
    height: int = 200, least: float = 0.0, zero: bool = True, of: str = "block", order: Sequence[str] = (),
    within: Sequence[Point] = (),
) -> None:  # fmt: skip
    """Draws the lines under a head that names them; on a logarithmic axis what is 0 is left out, and counted.

    An axis that is none begins at 0, unless it need not (`zero`), and reaches `least` at least; there is room for
    points `within` it, too. `of` is what a point is of; in an `order` there is room for more.
    """
    shown = [line._replace(points=[p for p in line.points if p.mean > 0 or not log]) for line in lined]
    gone = sum(len(line.points) for line in lined) - sum(len(line.points) for line in shown)
    st.html(head(title, shown, f"{note}; {gone} at 0 are not drawn" if gone else note))
    places = list(order or dict.fromkeys(point.block for line in lined for point in line.points))
    rows = [(line.name, point) for line in shown for point in line.points]
    data = table({
        "block": [short_name(point.block) for _, point in rows],
        "place": [point.block for _, point in rows],
        "series": [name for name, _ in rows],
        "mean": [point.mean for _, point in rows],
        "low": [max(point.low, point.mean / 1e6) if log else point.low for _, point in rows],
        "high": [point.high for _, point in rows],
    })  # fmt: skip
    names = [line.name for line in lined]
    x = {
        "field": "block", "type": "ordinal", "sort": [short_name(name) for name in places],
        "axis": {"title": None, "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 6, "ticks": False},
        "scale": {"padding": 0.4, **({"domain": [short_name(name) for name in order]} if order else {})},
    }  # fmt: skip
    drawn = [*(point for _, point in rows), *within]
    axis = {"title": None, "format": format, "labelOverlap": True, **_marks(drawn, log=log)}
    y = {"type": "quantitative", "scale": _scale(drawn, least, log=log, zero=zero), "axis": axis}
    colour = {"field": "series", "type": "nominal", "legend": None,
              "scale": {"domain": names, "range": [hue(line.hue) for line in lined]}}  # fmt: skip
    dash = {"field": "series", "type": "nominal", "legend": None,
            "scale": {"domain": names, "range": DASHES[: len(names)]}}  # fmt: skip
    tooltip = [
        {"field": "place", "title": of}, {"field": "series", "title": " "},
        {"field": "mean", "type": "quantitative", "format": ".3~g", "title": "mean"},
        {"field": "low", "type": "quantitative", "format": ".3~g", "title": "lowest"},
        {"field": "high", "type": "quantitative", "format": ".3~g", "title": "highest"},
    ]  # fmt: skip
    mean = {**y, "field": "mean"}
    spec = {
        "height": height,
        "padding": {"left": 2, "right": 10, "top": 4, "bottom": 2},
        "encoding": {"x": x, "color": colour},
        "layer": [
            {"mark": {"type": "area", "opacity": 0.18 if len(names) < 3 else 0.1, "clip": True},
             "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}}},
            {"mark": {"type": "line", "strokeWidth": 2}, "encoding": {"y": mean, "strokeDash": dash}},
            {"mark": {"type": "point", "filled": True, "size": 30 if len(places) <= MOST_NAMES else 8, "opacity": 1},
             "encoding": {"y": mean, "tooltip": tooltip}},
        ],
    }  # fmt: skip
    st.vega_lite_chart(data, spec, key=key, alt=f"{title} by {of}: {' and '.join(names)}; all figures are below")


def _scale(shown: Sequence[Point], least: float, *, log: bool, zero: bool = True) -> dict[str, Any]:
    """From the lowest to the highest figure, with a little room."""
    top = max((point.high for point in shown), default=1.0)
    if log:
        low = min((point.low for point in shown if point.low > 0), default=top / 10)
        return {"type": "log", "domain": [low / ROOM, top * ROOM], "nice": False}
    if not zero and shown:
        low = min(point.low for point in shown)
        room = (ROOM - 1) * (top - low) or ROOM - 1
        return {"domain": [low - room, top + room], "nice": False}
    return {"domain": [0, max(top * ROOM, least)], "nice": False}


def _marks(shown: Sequence[Point], *, log: bool) -> dict[str, Any]:
    """Where an axis is marked: a logarithmic one at 1, 2 and 5 times powers of ten, a long one at powers alone."""
    ends = _scale(shown, 0.0, log=log)["domain"]
    if not log:
        return {"tickCount": 4}
    powers = range(floor(log10(ends[0])), ceil(log10(ends[1])) + 1)
    steps = (1, 2, 5) if log10(ends[1] / ends[0]) <= LONG else (1,)
    every = max(len(powers) // MOST_MARKS, 1)
    marks = [step * 10.0**power for power in powers if power % every == 0 for step in steps]
    return {"values": [mark for mark in marks if ends[0] <= mark <= ends[1]]}


def short_name(block: str) -> str:
    """`stage3.block2` as `3.2`, as there is room for on an axis."""
    return block.replace("stage", "").replace("block", "")


def head(title: str, lined: Sequence[Line], note: str) -> str:
    """The title, with the lines' names beside it where there are several."""
    keys = "".join(
        f'<span><i style="background:{hue(line.hue)}"></i>{escape(line.name)}</span>' for line in lined
    )  # fmt: skip
    return f'<div class="chart"><b>{escape(title)}</b>{keys if len(lined) > 1 else ""}<em>{escape(note)}</em></div>'
