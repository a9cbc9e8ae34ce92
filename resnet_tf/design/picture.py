"""What a drawing of a network is made of, in pixels: a row of pieces, each a drawing of its own.

A piece is a block, folded or open, or a folded stage. Blocks that are alike share one drawing, which is why a network
of 1202 layers is a page of text: `packed` says each drawing once, and runs of equal pieces by their first and a step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import log2
from typing import Any, Literal, NamedTuple

from resnet_tf.design.graph import Shape
from resnet_tf.design.labels import block_label

Level = Literal["stage", "block", "layer"]
LEVELS: tuple[Level, ...] = ("stage", "block", "layer")

PLUS = 14  # diameter of the circle where paths meet
CORNER = 9  # radius of an arc's corners
BEFORE = "<"  # the source of a line that comes from the piece before
IMAGE = "input"
TOP = 6.0  # of the ground behind a stage
OUT = 28  # of the line that leads out
HEADING = 18.0  # a block's ground begins so much lower, below its stage's name
INSET, OUTSET = 8.0, 6.0  # of a ground: before where its shortcut leaves the line, and after its last circle


class Facts(NamedTuple):
    """What a part costs for one image, as `costs` and `traffic` have it; what colours can stand for."""

    parameters: int = 0
    macs: int = 0
    activations: int = 0
    kept: int = 0  # bytes that a training step keeps
    flops: int = 0
    moved: int = 0  # bytes that are read and written
    trainable: int = 0  # of the parameters


NOTHING = Facts()


@dataclass(frozen=True, slots=True)
class Node:
    """A box or a circle; `x` and `y` are its top left.

    In a drawing `id` is what follows the piece's name, and `x` and `y` count from where the piece before it ends and
    from the line; in a picture they are whole.
    """

    id: str  # a block's, stage's or layer's name
    kind: str  # "input", "block", "layer" or "join"
    hue: str  # the kind of operation, which a colour stands for
    label: str  # short enough for the box
    says: str  # after its name: one line for a tooltip and for a screen reader
    w: float
    h: float
    facts: Facts = NOTHING
    count: int = 1  # 3 for a folded stage of three blocks
    x: float = 0.0
    y: float = 0.0
    ahead: int = 0  # pixels of receptive field that its piece sees more than it does
    stage: str = ""
    block: str = ""  # what a click selects

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def detail(self) -> str:
        """The whole line."""
        return ("image" if self.id == IMAGE else block_label(self.id)) + self.says


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one node to another, from x0 to x1: along the line, or over an arc at `level` from it."""

    source: str
    target: str
    kind: str  # "path", "cut", or a shortcut's
    x0: float
    x1: float
    level: float = 0.0
    label: str = ""
    lx: float = 0.0  # the label's middle
    ly: float = 0.0
    line: float = 0.0  # where the line is

    @property
    def id(self) -> str:
        return f"{self.target}.{self.kind}" if self.level else f"{self.source}>{self.target}"

    @property
    def d(self) -> str:
        """The SVG path."""
        if not self.level:
            return straight(self.x0, self.x1, self.line)
        return (cut_arc if self.kind == "cut" else arc)(self.x0, self.x1, self.line, px(self.line + self.level))


@dataclass(frozen=True, slots=True)
class Group:
    """The ground behind the pieces of a stage, or the layers of an open block."""

    id: str
    label: str
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Drawing:
    """How a piece looks: from where the piece before it ends (0) to its own end (`width`), around the line (y = 0)."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: float
    tap: float  # where its shortcut leaves the line
    last: str  # the node that the next piece is connected with

    def as_row(self) -> list[object]:
        """The drawing as the page's script takes it."""
        nodes = [
            [n.id, n.kind, n.hue, n.label, n.says, n.x, n.y, n.w, n.h, n.count, n.ahead, n.facts] for n in self.nodes
        ]
        edges = [[e.kind, e.x0, e.x1, e.level, e.label, e.lx, e.ly] for e in self.edges]
        return [self.width, self.tap, nodes, edges]


class Piece(NamedTuple):
    """A drawing in its place."""

    name: str  # of a block or a stage
    stage: str
    kind: str  # "stage" (folded), "block" (folded), "layers" (an open block) or "input"
    x: float
    sees: int  # receptive field, px
    drawing: Drawing


@dataclass(frozen=True)
class Picture:
    """A drawing of a network."""

    width: float
    height: float
    line: float  # y of the main line
    bottom: float  # of the grounds
    level: Level
    pieces: tuple[Piece, ...]
    stages: tuple[tuple[str, float, float], ...]  # name, x and width of each stage's ground

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All boxes and circles where they stand."""
        return tuple(
            replace(
                node, id=piece.name + node.id, x=px(piece.x + node.x), y=px(self.line + node.y), stage=piece.stage,
                block="" if node.kind == "input" else piece.name,
            )
            for piece in self.pieces for node in piece.drawing.nodes
        )  # fmt: skip

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """All lines where they run; the last one leads out."""
        made: list[Edge] = []
        last = ""
        for piece in self.pieces:
            made += [self._moved(edge, piece, last) for edge in piece.drawing.edges]
            last = piece.name + piece.drawing.last
        end = px(piece.x + piece.drawing.width)
        return *made, Edge(last, "", "path", end, px(end + OUT), line=self.line)

    def _moved(self, edge: Edge, piece: Piece, last: str) -> Edge:
        return replace(
            edge, source=last if edge.source == BEFORE else piece.name + edge.source, target=piece.name + edge.target,
            x0=px(piece.x + edge.x0), x1=px(piece.x + edge.x1), lx=px(piece.x + edge.lx), ly=px(self.line + edge.ly),
            line=self.line,
        )  # fmt: skip

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The grounds: of stages, and on them those of open blocks."""
        stages = [(name, x, w, TOP, self.bottom - TOP) for name, x, w in self.stages]
        low = TOP + HEADING
        blocks = [
            (p.name, *ground(p, p), low, self.bottom - low - INSET / 2)
            for p in self.pieces if p.kind == "layers" and p.name != p.stage
        ]  # fmt: skip
        return tuple(Group(name, block_label(name), x, y, w, px(h)) for name, x, w, y, h in stages + blocks)

    @property
    def most(self) -> int:
        """MACs of the box that has most of them; 1 where none has any."""
        return max(1, *(node.facts.macs for piece in self.pieces for node in piece.drawing.nodes))

    def packed(self) -> dict[str, object]:
        """The picture as plain lists: each drawing once, and pieces as runs of equal steps."""
        drawings = {id(piece.drawing): piece.drawing for piece in self.pieces}
        number = {key: i for i, key in enumerate(drawings)}
        runs: list[list[Any]] = []
        for piece in self.pieces:
            if not (runs and _continues(runs[-1], piece, number[id(piece.drawing)])):
                runs.append([number[id(piece.drawing)], piece.kind, piece.name, 1, piece.x, 0.0, piece.sees, 0])
        return {
            "size": [self.width, self.height, self.line, self.bottom],
            "level": self.level,
            "drawings": [drawing.as_row() for drawing in drawings.values()],
            "runs": runs,
            "stages": self.stages,
        }


def _continues(run: list[Any], piece: Piece, drawing: int) -> bool:
    """Whether a piece goes on as a run does, which is then one longer; the second one says how far a step is."""
    of, kind, first, count, x, pitch, sees, further = run
    root = first.rstrip("0123456789")
    if (of, kind) != (drawing, piece.kind) or root == first:
        return False
    if piece.name != f"{root}{int(first[len(root) :]) + count}":
        return False
    if count == 1:
        pitch, further = px(piece.x - x), piece.sees - sees
    if (px(x + pitch * count), sees + further * count) != (piece.x, piece.sees):
        return False
    run[3], run[5], run[7] = count + 1, pitch, further
    return True


def ground(first: Piece, last: Piece) -> tuple[float, float]:
    """x and width of the ground behind the pieces from the first to the last."""
    left = px(first.x + first.drawing.tap - INSET)
    return left, px(last.x + last.drawing.width + OUTSET - left)


def px(value: float) -> float:
    """A place or a length as it is sent to the page: a tenth of a pixel is finer than any screen."""
    return round(value, 1)


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


def cut_arc(x0: float, x1: float, line: float, level: float) -> str:
    """What is left of an arc that was cut: its two ends, the middle between them free."""
    r = min(CORNER, (x1 - x0) / 2)
    across = r + (x1 - x0 - 2 * r) / 4
    return (
        f"M{x0:g} {line:g}V{level + r:g}Q{x0:g} {level:g} {x0 + r:g} {level:g}H{x0 + across:g}"
        f"M{x1:g} {line:g}V{level + r:g}Q{x1:g} {level:g} {x1 - r:g} {level:g}H{x1 - across:g}"
    )
