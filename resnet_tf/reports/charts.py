"""Charts as marks: the same lines on a page, where a script follows the pointer, and on paper. No Keras."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from resnet_tf.design.figures.letters import width as long
from resnet_tf.design.figures.marks import Figure, Line, Mark, Words

INK, QUIET, HAIR = "#1d232b", "#5b6672", "#dfe3e8"
HUES = ("#3b6fb6", "#c07a2c", "#3f8f6b", "#a0527f", "#7a6bb0", "#6b7580")  # as the pages'
DASH = (5.0, 3.0)
TOP, BOTTOM, LETTER = 10.0, 24.0, 10.5
LEAST_DECADES = 0.3  # of a logarithmic axis
FEW = 40  # places that have a dot each


class Curve(NamedTuple):
    """A line by places and values, and where it belongs to several of one kind which, as its hue."""

    name: str
    hue: int
    points: tuple[tuple[float, float], ...]
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """Lines over one axis. `names` are what its whole places are called (blocks), where they are no numbers."""

    title: str
    note: str
    along: str
    curves: tuple[Curve, ...]
    log: bool = False
    share: bool = False  # of 1, shown in percent
    names: tuple[str, ...] = ()

    def shown(self) -> tuple[Curve, ...]:
        """Its lines without what has no place: no number, and on a logarithmic axis what is not above 0."""
        keep = (lambda y: math.isfinite(y) and y > 0) if self.log else math.isfinite
        return tuple(each._replace(points=tuple(p for p in each.points if keep(p[1]))) for each in self.curves)

    def says(self, value: float) -> str:
        """A value as people read it."""
        return f"{100 * value:.2f} %" if self.share else number(value)

    def place(self, x: float) -> str:
        """Where a point lies, in words."""
        return self.names[round(x)] if self.names else f"{self.along} {number(x)}"


def number(value: float) -> str:
    """Four significant digits: `0.1234`, `1,234`, `1.2e-07`."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"


class Frame(NamedTuple):
    """Where the lines of a chart lie on its paper."""

    width: float
    height: float
    left: float
    x: tuple[float, float]
    y: tuple[float, float]  # the logarithms' where the axis is logarithmic
    log: bool

    def across(self, x: float) -> float:
        low, high = self.x
        return self.left + (x - low) / (high - low) * (self.width - self.left - 10)

    def up(self, y: float) -> float:
        (low, high), value = self.y, math.log10(y) if self.log else y
        return self.height - BOTTOM - (value - low) / (high - low) * (self.height - BOTTOM - TOP)


def frame(chart: Chart, width: float, height: float) -> Frame:
    """The room for all points of a chart."""
    points = [point for curve in chart.shown() for point in curve.points]
    xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [1.0]
    ends = _decades(ys) if chart.log else _ends(ys, share=chart.share)
    left = 8 + max(long(_tick(chart, mark), LETTER) for mark in ticks(ends, log=chart.log))
    low, high = (0, len(chart.names) - 1) if chart.names else (min(xs), max(xs))
    return Frame(width, height, left, (low, high if high > low else low + 1), ends, chart.log)


def _decades(ys: Sequence[float]) -> tuple[float, float]:
    low, high = math.log10(min(ys)), math.log10(max(ys))
    room = max(0.04 * (high - low), (LEAST_DECADES - high + low) / 2, 0.01)
    return low - room, high + room


def _ends(ys: Sequence[float], *, share: bool) -> tuple[float, float]:
    low, high = min(ys), max(ys)
    room = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    low = low - room if share or low < 0 else max(low - room, 0.0)
    return (max(low, 0.0), min(high + room, 1.0)) if share else (low, high + room)


def ticks(ends: tuple[float, float], *, log: bool) -> list[float]:
    """Round values between two ends, some four of them; on a logarithmic axis 1, 2 and 5 times powers of ten."""
    low, high = ends
    if log:
        powers = range(math.floor(low), math.ceil(high) + 1)
        every = max(len(powers) // 5, 1)
        steps = (1, 2, 5) if high - low < 2 else (1,)
        found = [s * 10.0**p for p in powers if p % every == 0 for s in steps]
        kept = [mark for mark in found if low <= math.log10(mark) <= high]
        return kept if len(kept) > 1 else ticks((10**low, 10**high), log=False)  # no two of them lie so near
    rough = (high - low) / 4
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * times for times in (1, 2, 2.5, 5, 10) if size * times >= rough)
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _tick(chart: Chart, value: float) -> str:
    return f"{100 * value:.3g} %" if chart.share else f"{value:,.0f}" if 1000 <= value < 1e6 else f"{value:.3g}"


def axes(chart: Chart, frame: Frame) -> Iterator[Mark]:
    """The lines across at round values, and what runs along the bottom."""
    for value in ticks(frame.y, log=chart.log):
        y = frame.up(value)
        yield Line(f"M{frame.left:.6g} {y:.6g}H{frame.width - 10:.6g}", HAIR)
        yield Words(frame.left - 6, y, _tick(chart, value), LETTER, QUIET, "end")
    below, last = frame.height - BOTTOM + 13, -math.inf
    for x, text in _places(chart, frame):
        begin = frame.across(x) - long(text, LETTER) / 2
        if begin > last + 6 and begin + long(text, LETTER) <= frame.width:
            yield Words(frame.across(x), below, text, LETTER, QUIET)
            last = begin + long(text, LETTER)


def _places(chart: Chart, frame: Frame) -> list[tuple[float, str]]:
    """What is written under a chart, as far as there is room."""
    if chart.names:
        every = max(math.ceil(len(chart.names) / 14), 1)
        return [(i, short_name(name)) for i, name in enumerate(chart.names) if i % every == 0]
    whole = all(x == round(x) for curve in chart.curves for x, _ in curve.points)  # as epochs are
    marks = [mark for mark in ticks(frame.x, log=False) if not whole or mark == round(mark)]
    return [(mark, f"{chart.along} {mark:g}" if i == 0 else f"{mark:g}") for i, mark in enumerate(marks)]


def short_name(block: str) -> str:
    """`stage3.block2` as `3.2`."""
    return block.replace("stage", "").replace("block", "")


def line(curve: Curve, frame: Frame) -> Iterator[Mark]:
    """A line of a chart; of a single point a short stroke."""
    spots = [(frame.across(x), frame.up(y)) for x, y in curve.points]
    if len(spots) == 1:
        spots = [(spots[0][0] - 3, spots[0][1]), (spots[0][0] + 3, spots[0][1])]
    if spots:
        path = "L".join(f"{x:.2f} {y:.2f}" for x, y in spots)
        yield Line(f"M{path}", HUES[curve.hue % len(HUES)], 1.6, DASH if curve.dashed else ())


def drawn(chart: Chart, width: float, height: float) -> Figure:
    """A chart without its title and legend, which each medium writes in its own way."""
    room = frame(chart, width, height)
    marks = [*axes(chart, room), *(mark for curve in chart.shown() for mark in line(curve, room))]
    return Figure(width, height, tuple(marks), f"{chart.title}: {', '.join(curve.name for curve in chart.curves)}")
