"""What a figure is made of, whatever file it becomes: boxes, circles, lines and words on white paper.

Places and lengths are pixels of 1/96 inch, y grows downwards; colours are `#rrggbb`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeAlias

Point: TypeAlias = tuple[float, float]
Anchor: TypeAlias = Literal["start", "middle", "end"]

POINTS = 0.75  # of 1/72 inch in a pixel
PAPER = "#ffffff"
DOTTED, DASHED = (1.2, 3.0), (5.0, 3.0)
CAPITAL = 0.36  # of a letter's size lies between its middle and the line that it stands on


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    w: float
    h: float
    fill: str
    stroke: str | None = None
    width: float = 1.0
    radius: float = 0.0
    about: str = ""  # what it says of itself, where a file can


@dataclass(frozen=True, slots=True)
class Circle:
    x: float  # of its centre
    y: float
    r: float
    fill: str
    stroke: str
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """An SVG path of absolute M, L, H, V, Q and C; an arrow's head at its end."""

    d: str
    stroke: str
    width: float = 1.0
    dash: tuple[float, ...] = ()
    arrow: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text, its middle at y; turned it reads upwards."""

    x: float
    y: float
    text: str
    size: float = 12.0
    colour: str = "#000000"
    anchor: Anchor = "middle"
    turned: bool = False
    bold: bool = False


Mark: TypeAlias = Box | Circle | Line | Words


@dataclass(frozen=True)
class Figure:
    """Marks in the order in which they are drawn, and a sentence for who cannot see them."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    about: str


class Step(NamedTuple):
    """A piece of a path: where it goes, by way of which points. A curve of degree 2 is given as one of degree 3."""

    kind: Literal["move", "line", "curve"]
    points: tuple[Point, ...]


def steps(d: str) -> Iterator[Step]:
    """The pieces of a path."""
    here: Point = (0.0, 0.0)
    for letter, rest in re.findall(r"([MLHVQC])([^MLHVQC]*)", d):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", rest)]
        if letter in "HV":
            numbers = [numbers[0], here[1]] if letter == "H" else [here[0], numbers[0]]
        points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
        if letter == "Q":
            by, to = points
            points = _toward(here, by), _toward(to, by), to
        yield Step({"M": "move", "Q": "curve", "C": "curve"}.get(letter, "line"), points)  # type: ignore[arg-type]
        here = points[-1]


def _toward(point: Point, by: Point) -> Point:
    return point[0] + (by[0] - point[0]) * 2 / 3, point[1] + (by[1] - point[1]) * 2 / 3


def head(line: Line) -> tuple[Point, Point, Point]:
    """The triangle at the end of a line with an arrow: its point and the two corners behind."""
    *_, before, last = steps(line.d)
    tip = last.points[-1]
    back = last.points[-2] if len(last.points) > 1 else before.points[-1]
    dx, dy = back[0] - tip[0], back[1] - tip[1]
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    along, across = 4.5 * line.width**0.5, 1.9 * line.width**0.5
    ux, uy = dx / length * along, dy / length * along
    vx, vy = -dy / length * across, dx / length * across
    return tip, (tip[0] + ux + vx, tip[1] + uy + vy), (tip[0] + ux - vx, tip[1] + uy - vy)


def moved(marks: Iterable[Mark], dx: float, dy: float, scale: float = 1.0) -> list[Mark]:
    """Marks at another place, and as large as the scale has them."""
    return [_MOVES[type(mark)](mark, dx, dy, scale) for mark in marks]


def _moved_box(box: Box, dx: float, dy: float, scale: float) -> Box:
    return replace(
        box, x=dx + scale * box.x, y=dy + scale * box.y, w=scale * box.w, h=scale * box.h,
        radius=scale * box.radius, width=scale * box.width,
    )  # fmt: skip


def _moved_circle(ring: Circle, dx: float, dy: float, scale: float) -> Circle:
    x, y, width = dx + scale * ring.x, dy + scale * ring.y, scale * ring.width
    return replace(ring, x=x, y=y, r=scale * ring.r, width=width)


def _moved_line(line: Line, dx: float, dy: float, scale: float) -> Line:
    letters = {"move": "M", "line": "L", "curve": "C"}
    d = "".join(
        letters[step.kind] + " ".join(f"{dx + scale * x:.6g} {dy + scale * y:.6g}" for x, y in step.points)
        for step in steps(line.d)
    )
    return replace(line, d=d, width=scale * line.width, dash=tuple(scale * part for part in line.dash))


def _moved_words(words: Words, dx: float, dy: float, scale: float) -> Words:
    return replace(words, x=dx + scale * words.x, y=dy + scale * words.y, size=scale * words.size)


_MOVES: dict[type, Callable[[Any, float, float, float], Mark]] = {
    Box: _moved_box, Circle: _moved_circle, Line: _moved_line, Words: _moved_words,
}  # fmt: skip


def mixed(colour: str, share: float, paper: str = PAPER) -> str:
    """A share of a colour on paper."""
    pairs = zip(_rgb(colour), _rgb(paper), strict=True)
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def shares(colour: str) -> tuple[float, ...]:
    """A colour's red, green and blue, 0 to 1."""
    return tuple(round(part / 255, 3) for part in _rgb(colour))
