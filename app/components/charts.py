"""Curves that grow while one looks: Vega, since it takes new points without drawing the chart anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st

SMOOTHING = 0.85  # weight of what went before in a smoothed training curve
MOST_POINTS = 600  # of one curve: more than a screen can tell apart


class Axis(NamedTuple):
    """What an axis shows: its field, its title with the unit, how its numbers read, and its ends where they are known."""

    field: str
    title: str
    format: str = ",.4~g"
    ends: tuple[float | None, float | None] = (None, None)
    log: bool = False


class Point(NamedTuple):
    """A point of a curve: `exact` is what was measured, `value` what the line goes through (smoothed, or the same)."""

    x: float
    series: str
    exact: float
    value: float


def smoothed(values: Sequence[float], weight: float = SMOOTHING) -> list[float]:
    """The exponential moving average of values, without the pull of its start (Kingma and Ba 2015, section 3)."""
    average, result = 0.0, []
    for i, value in enumerate(values, 1):
        average = weight * average + (1 - weight) * value
        result.append(average / (1 - weight**i))
    return result


def curve(series: str, xs: Sequence[float], values: Sequence[float], *, smooth: bool = False) -> list[Point]:
    """The points of one curve."""
    lines = smoothed(values) if smooth else values
    return [Point(*row) for row in zip(xs, [series] * len(xs), values, lines, strict=True)]


def curves(points: Sequence[Point], x: Axis, y: Axis, *, key: str, height: int = 210, legend: bool = True) -> None:
    """Draws curves, the measured points faint behind smoothed lines; pointing at one says its numbers.

    Only the data changes from one call to the next, as long as axes and series stay: then the chart is not remounted.
    """
    import pandas

    order = list(dict.fromkeys(point.series for point in points))
    frame = pandas.DataFrame(points, columns=["x", "series", "exact", "value"])
    st.vega_lite_chart(frame, _chart(x, y, order, height, legend), width="stretch", key=key, alt=_in_words(points, x, y))


def _in_words(points: Sequence[Point], x: Axis, y: Axis) -> str:
    last = {point.series: point for point in points}
    ends = "; ".join(f"{name} {point.exact:.4g} at {point.x:,.4g}" for name, point in last.items())
    return f"{y.title} over {x.title}. Last: {ends or 'nothing yet'}"


def _chart(x: Axis, y: Axis, order: list[str], height: int, legend: bool) -> dict[str, Any]:
    at = {"field": "x", "type": "quantitative", **_axis(x, grid=False)}
    colour = {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": order},
        "legend": {"title": None, "orient": "top", "symbolType": "stroke", "offset": 4} if legend else None,
    }
    return {
        "height": height,
        "padding": {"left": 4, "right": 8, "top": 4, "bottom": 4},
        "encoding": {"x": at, "color": colour},
        "layer": [
            {"mark": {"type": "line", "opacity": 0.25, "strokeWidth": 1}, "encoding": {"y": _height(y, "exact")}},
            {"mark": {"type": "line", "strokeWidth": 2}, "encoding": {"y": _height(y, "value")}},
            _pointer(x, y),
        ],
    }


def _axis(axis: Axis, *, grid: bool) -> dict[str, Any]:
    low, high = axis.ends
    scale: dict[str, Any] = {"nice": high is None, "zero": False, "type": "log" if axis.log else "linear"}
    scale |= {name: end for name, end in (("domainMin", low), ("domainMax", high)) if end is not None}
    return {
        "scale": scale,
        "axis": {"title": None, "format": axis.format, "grid": grid, "tickCount": 5, "labelFlush": True},
    }


def _height(y: Axis, field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", **_axis(y, grid=True)}


def _pointer(x: Axis, y: Axis) -> dict[str, Any]:
    """Dots that are seen only under the pointer, with their numbers."""
    said = [
        {"field": "series", "title": "curve"},
        {"field": "x", "title": x.title, "format": x.format},
        {"field": "exact", "title": y.title, "format": y.format},
    ]
    nearest = {"type": "point", "on": "pointerover", "nearest": True, "clear": "pointerout"}
    return {
        "mark": {"type": "point", "filled": True, "size": 60},
        "params": [{"name": "near", "select": nearest}],
        "encoding": {
            "y": _height(y, "exact"),
            "opacity": {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0},
            "tooltip": said,
        },
    }
