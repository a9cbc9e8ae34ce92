"""The trials of a sweep as parallel coordinates: a line for each through its values to its accuracy.

Drawn by Vega and not by Plotly's Parcoords, which needs WebGL, as some browsers have not, and is made anew with each
point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from typing import Any, NamedTuple

import streamlit as st

from app import words
from app.components import charts
from resnet_tf.runs.records import Sweep, SweepAxis, SweepTrial, in_words, written_value

HEIGHT = 260  # px
LONGEST = 15  # letters of a value beside an axis
MOST_MARKS = 6  # beside an axis of numbers
FAINT, STRONG = 0.16, 0.95  # of the least and of the most accurate line: by strength alone, whatever colours one sees
GREY = "#808a95"
# what stands beside an axis has the page's colour behind it, so that lines leave it legible
PAPER = {"light": "#ffffff", "dark": "#14171b"}
INK = {"light": "#2f6bb3", "dark": "#6ea8e6"}
LINE = 13  # px of a line of an axis' name


class Scale(NamedTuple):
    """An axis of the picture: where each trial is on it (0 to 1, from below), and its marks."""

    name: str
    places: Sequence[float]
    marks: Sequence[tuple[float, str]]


def parallel(sweep: Sweep) -> None:
    """Draws the lines of the trials that have an accuracy; one that is pointed at stands out."""
    trials = sorted((trial for trial in sweep.trials if trial.best is not None), key=lambda trial: trial.best or 0.0)
    st.html(charts.head("Parallel coordinates", ("",), "point at a line to follow it"))
    found = scales(sweep, trials)
    titles = named(found)
    fields = ", ".join(axis.field for axis in sweep.search.axes)
    room = {"left": 34, "right": 52, "top": 4, "bottom": 10}
    said = f"Parallel coordinates of the trials: {fields}, MACs and accuracy; the table has them all"
    spec = {"height": HEIGHT, "padding": room, "layer": _layers(max(title.count("\n") for title in titles))}
    st.vega_lite_chart(charts.table(rows(trials, found, titles)), spec, key=f"parallel.{sweep.id}", alt=said)


def scales(sweep: Sweep, trials: Sequence[SweepTrial]) -> list[Scale]:
    """The axes of the picture: the sweep's own, the epochs where they differ, the cost and the accuracy."""
    found = [_of_axis(axis, [dict(trial.values)[axis.field] for trial in trials]) for axis in sweep.search.axes]
    if sweep.search.how == "asha":
        epochs = [len(trial.run.epochs) for trial in trials if trial.run]
        found.append(_stepped("epochs", epochs, sorted(set(epochs)), "{:,}".format))
    found.append(_numbers("MACs", [trial.cost.macs for trial in trials], _round, log=True))
    found.append(_numbers("accuracy", [trial.best or 0.0 for trial in trials], words.percent))
    return found


def _of_axis(axis: SweepAxis, values: Sequence[Any]) -> Scale:
    if axis.span is not None:
        ends = (axis.span.low, axis.span.high)
        return _numbers(axis.field, values, "{:.3g}".format, ends, log=axis.span.log)
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in axis.values)
    return _stepped(axis.field, values, sorted(axis.values) if numbers else list(axis.values), written_value)


def _stepped(name: str, values: Sequence[Any], listed: Sequence[Any], say: Callable[[Any], str]) -> Scale:
    """An axis of a few values, one above the other in even steps."""
    places = {value: place / (len(listed) - 1) if len(listed) > 1 else 0.5 for place, value in enumerate(listed)}
    return Scale(name, [places[value] for value in values], [(at, _brief(say(value))) for value, at in places.items()])


def _brief(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _round(count: float) -> str:
    """A round count as `5 M`."""
    number, _, unit = words.short(count).partition(" ")
    return f"{float(number):g} {unit}".strip()


def _numbers(
    name: str, values: Sequence[float], say: Callable[[float], str], ends: tuple[float, float] | None = None, *,
    log: bool = False,
) -> Scale:  # fmt: skip
    """An axis of numbers: marked in even steps, or, where every factor is as long, at round numbers."""
    low, high = ends or (min(values), max(values))
    if low == high:
        return Scale(name, [0.5] * len(values), [(0.5, say(low))])
    warp = log10 if log else float

    def place(value: float) -> float:
        return (warp(value) - warp(low)) / (warp(high) - warp(low))

    marks = _round_numbers(low, high) if log else [low + (high - low) * i / 4 for i in range(5)]
    return Scale(name, [place(value) for value in values], [(place(mark), say(mark)) for mark in marks])


def _round_numbers(low: float, high: float) -> list[float]:
    """1, 2 and 5 of the powers of ten between two numbers, not too many; the two themselves where that is no range."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    found = [m * 10.0**power for power in powers for m in (1, 2, 5) if low <= m * 10.0**power <= high]
    return found[:: ceil(len(found) / MOST_MARKS)] if len(found) > 1 else [low, high]


def named(found: Sequence[Scale]) -> list[str]:
    """The axes' names, in as many lines each, and those as short as they have parts: on a phone axes stand close."""
    broken = [scale.name.replace("_", "_\n").replace(".", ".\n") for scale in found]
    most = max(name.count("\n") for name in broken)
    return ["\n" * (most - name.count("\n")) + name for name in broken]


def rows(trials: Sequence[SweepTrial], found: Sequence[Scale], titles: Sequence[str]) -> dict[str, list[Any]]:
    """The picture's one table: points of lines and marks of axes by `kind`; the marks of the last axis are apart.

    One, since a picture whose specification stays the same is not made anew when a trial comes.
    """
    lines = [
        ("line", title, scale.places[i], f"{trial.number}", trial.best, in_words(trial.values))
        for i, trial in enumerate(trials) for title, scale in zip(titles, found, strict=True)
    ]  # fmt: skip
    marks = [("mark" if scale is not found[-1] else "last", title, at, "", 0.0, said)
             for title, scale in zip(titles, found, strict=True) for at, said in scale.marks]  # fmt: skip
    names = ("kind", "axis", "place", "trial", "accuracy", "said")
    return {name: list(column) for name, column in zip(names, zip(*lines, *marks, strict=True), strict=True)}


def _layers(breaks: int) -> list[dict[str, Any]]:
    theme = st.context.theme.type or "light"
    paper, ink = PAPER[theme], INK[theme]
    x = {
        "field": "axis", "type": "nominal", "sort": None, "title": None, "scale": {"type": "point", "padding": 0.15},
        "axis": {"orient": "top", "grid": True, "domain": False, "ticks": False, "labelAngle": 0, "labelLimit": 120,
                 "labelOverlap": False, "labelExpr": "split(datum.label, '\\n')", "labelLineHeight": LINE,
                 "labelPadding": 10 + LINE * breaks},
    }  # fmt: skip
    y = {"field": "place", "type": "quantitative", "axis": None, "scale": {"domain": [0, 1]}}
    places = {"x": x, "y": y}
    of_lines, of_marks, of_last = ({"filter": {"field": "kind", "equal": kind}} for kind in ("line", "mark", "last"))
    strength = {
        "condition": {"param": "over", "empty": False, "value": 1},
        "field": "accuracy", "type": "quantitative", "legend": None, "scale": {"range": [FAINT, STRONG], "zero": False},
    }  # fmt: skip
    width = {"condition": {"param": "over", "empty": False, "value": 3.5}, "value": 1.75}
    lines = {**places, "detail": {"field": "trial", "type": "nominal"}}
    said = [
        {"field": "trial", "title": "trial"}, {"field": "said", "title": "with"},
        {"field": "accuracy", "type": "quantitative", "format": ".1%"},
    ]  # fmt: skip
    pointed = {"type": "point", "fields": ["trial"], "on": "pointerover", "clear": "pointerout"}
    over = {"name": "over", "select": pointed}
    left, right = {"align": "right", "dx": -6}, {"align": "left", "dx": 8}  # no line goes on behind the last axis
    return [
        {"transform": [of_lines], "encoding": places,
         "mark": {"type": "point", "filled": True, "size": 14, "opacity": 0.5, "color": ink}},
        {"transform": [of_lines], "encoding": {**lines, "opacity": strength, "strokeWidth": width},
         "mark": {"type": "line", "color": ink, "strokeJoin": "round"}},
        # a line is thin: this is what the pointer finds
        {"transform": [of_lines], "params": [over], "encoding": {**lines, "tooltip": said},
         "mark": {"type": "line", "strokeWidth": 12, "opacity": 0}},
        *({"transform": [which], "encoding": {**places, "text": {"field": "said"}},
           "mark": {"type": "text", "fontSize": 10.5, **side, **how}}
          for which, side in ((of_marks, left), (of_last, right))
          for how in ({"stroke": paper, "strokeWidth": 4, "opacity": 0.85}, {"color": GREY})),
    ]  # fmt: skip
