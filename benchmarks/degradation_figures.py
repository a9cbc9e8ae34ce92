"""Figures of two pairs of networks, a column for each: means over seeds, in bands from the lowest to the highest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from statistics import mean
from typing import NamedTuple, TypeAlias

from resnet_tf.design.figures.marks import Line, Mark, Words, moved
from resnet_tf.design.figures.svg import FONT, written
from resnet_tf.learning.versus import Versus
from resnet_tf.reports.charts import HUES, INK, QUIET, Chart, Curve, Frame, axes, frame, line

WIDE, HIGH, APART, EDGE, LEGEND = 460.0, 210.0, 20.0, 12.0, 34.0
BAND = 0.22  # of a line's colour: what lies under it is seen

Figures: TypeAlias = dict[float, list[float]]  # by place, of each seed


class Row(NamedTuple):
    """What is drawn in every column: its title, what its axis is, and a side's figures by place."""

    title: str
    figures: Callable[[Versus, int], Figures]
    log: bool = False
    share: bool = False
    by_block: bool = False


def over_epochs(quantity: str) -> Callable[[Versus, int], Figures]:
    """Of a figure of each epoch."""
    return lambda found, side: {float(epoch): each for epoch, each in found.curve(side, quantity).items()}


def by_block(look: int) -> Callable[[Versus, int], Figures]:
    """Of the gradients at the first look or the last; without the head's, whose few logits are of another kind."""

    def figures(found: Versus, side: int) -> Figures:
        seeds = found.profiles(side, found.looks[look])
        places = enumerate(zip(*seeds, strict=True))
        return {float(i): list(norms) for i, norms in places if found.blocks[i] != "head"}

    return figures


CURVES = (
    Row("Training loss, logarithmic", over_epochs("loss"), log=True),
    Row("Training accuracy", over_epochs("accuracy"), share=True),
    Row("Validation accuracy", over_epochs("validation_accuracy"), share=True),
)
GRADIENTS = (
    Row("Gradient by block at first weights: norm of dE/dy, logarithmic", by_block(0), log=True, by_block=True),
    Row("Gradient by block after the last epoch", by_block(-1), log=True, by_block=True),
)


def drawn(columns: Sequence[Versus], names: Sequence[Sequence[str]], rows: Sequence[Row], about: str) -> bytes:
    """An SVG on paper of its own, so that it is read on dark pages too. `names` are both sides' in each column."""
    width = 2 * EDGE + len(columns) * WIDE + (len(columns) - 1) * APART
    height = 2 * EDGE + LEGEND + len(rows) * (HIGH + APART)
    parts: list[str] = []
    for j, (found, named) in enumerate(zip(columns, names, strict=True)):
        left = EDGE + j * (WIDE + APART)
        parts.append(written(moved(_legend(named), left, EDGE)))
        for i, row in enumerate(rows):
            parts += _panel(row, found, _room(row, columns), left, EDGE + LEGEND + i * (HIGH + APART))
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{about}" font-family="{FONT}">'
    paper = f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>'
    return "\n".join([head, paper, *parts, "</svg>\n"]).encode()


def _legend(named: Sequence[str]) -> Iterator[Mark]:
    """Which line is whose."""
    for side, name in enumerate(named):
        x = 150.0 * side
        yield Line(f"M{x:g} 8H{x + 18:g}", HUES[side], 2.5)
        yield Words(x + 26, 8, name, 13, INK, "start", bold=True)


def _room(row: Row, every: Sequence[Versus]) -> Frame:
    """Where values stand, the same in all columns."""
    points = [
        (place, value) for found in every for side in (0, 1)
        for place, values in row.figures(found, side).items() for value in values
    ]  # fmt: skip
    return frame(_chart(row, points), WIDE, HIGH)


def _chart(row: Row, points: Sequence[tuple[float, float]], names: Sequence[str] = ()) -> Chart:
    curves = (Curve("", 0, tuple(points)),)
    return Chart(row.title, "", "epoch", curves, row.log, row.share, tuple(names))


def _panel(row: Row, found: Versus, common: Frame, left: float, top: float) -> Iterator[str]:
    """One chart: its title, its bands, its axes, its lines."""
    sides = [row.figures(found, side) for side in (0, 1)]
    means = [
        Curve("", side, tuple((place, _middle(row, values)) for place, values in sorted(each.items())))
        for side, each in enumerate(sides)
    ]
    names = [name for name in found.blocks if name != "head"] if row.by_block else []
    chart = _chart(row, [point for curve in means for point in curve.points], names)
    room = frame(chart, WIDE, HIGH)._replace(y=common.y, left=common.left)
    yield written([Words(left, top + 2, row.title, 12, QUIET, "start")])
    yield f'<g transform="translate({left:g} {top + 8:g})">'
    yield from (_band(each, room, HUES[side]) for side, each in enumerate(sides))
    yield written([*axes(chart, room), *(mark for curve in means for mark in line(curve, room))])
    yield "</g>"


def _middle(row: Row, values: Sequence[float]) -> float:
    """The mean over seeds; where the axis is logarithmic the geometric one."""
    return math.exp(mean(map(math.log, values))) if row.log else mean(values)


def _band(figures: Figures, room: Frame, colour: str) -> str:
    """From the lowest to the highest of the seeds, place by place."""
    upper = [(room.across(place), room.up(max(values))) for place, values in sorted(figures.items())]
    lower = [(room.across(place), room.up(min(values))) for place, values in sorted(figures.items(), reverse=True)]
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in (*upper, *lower))
    return f'<polygon points="{points}" fill="{colour}" fill-opacity="{BAND}"/>'
