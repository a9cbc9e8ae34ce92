"""What a drawing is made of, in pixels: boxes, lines with arcs, and the groups behind them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import log2
from typing import Literal

from resnet_tf.design.graph import Shape

Level = Literal["stage", "block", "layer"]
LEVELS: tuple[Level, ...] = ("stage", "block", "layer")

PLUS = 14  # diameter of the circle where paths meet
CORNER = 9  # radius of an arc's corners


@dataclass(frozen=True, slots=True)
class Node:
    """A box or a circle; `x` and `y` are its top left."""

    id: str  # a block's, stage's or layer's name
    kind: str  # "input", "block", "layer" or "join"
    hue: str  # the kind of operation, which a colour stands for
    label: str  # short enough for the box
    detail: str  # one line for a tooltip and for a screen reader
    w: float
    h: float
    shade: float = 0.0  # its MACs over the largest node's
    stage: str = ""
    block: str = ""  # what a click selects
    count: int = 1  # 3 for a folded stage of three blocks
    x: float = 0.0
    y: float = 0.0

    @property
    def right(self) -> float:
        return self.x + self.w


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one node to another: an SVG path, with a label centred on (lx, ly)."""

    id: str
    source: str
    target: str
    kind: str  # "path", "identity", "projection", "padding" or "concatenation"
    d: str
    label: str = ""
    lx: float = 0.0
    ly: float = 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """What stands behind the nodes of a stage or a block."""

    id: str
    label: str
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Picture:
    """A drawing of a network."""

    width: float
    height: float
    level: Level
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...]

    def as_json(self) -> dict[str, object]:
        """The picture as plain lists and dictionaries, as the page's script takes it."""
        return asdict(self)


def px(value: float) -> float:
    """A place or a length as it is sent to the page: a tenth of a pixel is finer than any screen."""
    return round(value, 1)


def share(part: int, most: int) -> float:
    """A part of the most, 0 to 1, as finely as a shade is seen."""
    return round(part / most, 4)


def box_height(shape: Shape) -> float:
    """Pixels for the side of a map: 19 more for every doubling."""
    return px(30 + 19 * log2(shape[0])) if len(shape) == 3 else 30.0


def box_width(shape: Shape) -> float:
    """Pixels for a number of channels, growing with its logarithm."""
    return px(16 + 2.8 * max(log2(shape[-1]) - 3, 0))


def straight(x0: float, x1: float, y: float) -> str:
    return f"M{x0:g} {y:g}H{x1:g}"


def arc(x0: float, x1: float, line: float, level: float) -> str:
    """From the line at x0 up (or down) to `level`, across, and back to the line at x1, behind the circle there."""
    away = -1 if level < line else 1
    r = min(CORNER, (x1 - x0) / 2)
    turn = level - away * r
    return (
        f"M{x0:g} {line:g}V{turn:g}Q{x0:g} {level:g} {x0 + r:g} {level:g}"
        f"H{x1 - r:g}Q{x1:g} {level:g} {x1:g} {turn:g}V{line:g}"
    )
