"""Networks in the papers' own style, side by side: He 2015, Figure 3.

A column is a network from top to bottom: a box for each convolution, pool and dense layer, in the paper's words. Norms
and activations are left out, as there. A shortcut is an arc at the right: solid where it is an identity, dotted where
it changes the shape. Rows of one size of map stand at one height in every column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from resnet_tf.design import graph as g
from resnet_tf.design.expand import as_graph
from resnet_tf.design.figures.letters import fitted
from resnet_tf.design.figures.marks import DOTTED, Box, Figure, Line, Mark, Words
from resnet_tf.design.spec import Spec

WIDE, HIGH, PITCH = 138.0, 15.0, 29.0  # of a box, and from one row to the next
SIDE, APART = 78.0, 78.0  # room for the sizes at the left, and between two columns
TOP = 40.0  # the names
REACH = 40.0  # of an arc
INK, FAINT = "#222222", "#555555"
_TINTS = ("#fdf3dc", "#e6dcf0", "#dcead0", "#f6d9d3", "#d5e3f4", "#dff1ee", "#f0e9d8")
_DASHES: dict[str, tuple[float, ...]] = {"projection": DOTTED, "padding": DOTTED}


def _convolution(op: g.Convolution) -> str:
    groups = f", {op.groups} groups" if op.groups > 1 else ""
    dilated = f", dilated {op.dilation}" if op.dilation > 1 else ""
    return f"{op.kernel}x{op.kernel} conv, {op.filters}{groups}{dilated}{_by(op.stride)}"


def _by(stride: int) -> str:
    return f", /{stride}" if stride > 1 else ""


# operation -> its words in the paper; without a row it has no box of its own there
_ROWS: dict[type, Callable[[Any], str]] = {
    g.Input: lambda op: "image",
    g.Convolution: _convolution,
    g.MaxPooling: lambda op: f"pool{_by(op.stride)}",
    g.AveragePooling: lambda op: f"avg pool{_by(op.stride)}",
    g.BlurPooling: lambda op: f"blur{_by(op.stride)}",
    g.GlobalAveragePooling: lambda op: "avg pool",
    g.GlobalAverageMaxPooling: lambda op: "avg + max pool",
    g.Multiplication: lambda op: "gate",
    g.Dense: lambda op: f"fc {op.units}",
}


class _Cell(NamedTuple):
    """A box: its words, the sides of the maps that leave it and its block, and that block."""

    words: str
    side: int
    after: int
    block: str


class _Arc(NamedTuple):
    """Around cells `first` to `last` of a column."""

    first: int
    last: int
    kind: str


class _Column(NamedTuple):
    title: str
    cells: list[_Cell]
    arcs: list[_Arc]
    repeats: list[tuple[int, int, int]]  # cells `first` to `last` stand for so many blocks


def stacks(networks: Mapping[str, Spec | g.LayerGraph], *, folded: bool = False) -> Figure:
    """The figure of networks by their titles; folded, blocks that repeat are drawn once with how many there are."""
    columns = [_column(title, as_graph(network), folded) for title, network in networks.items()]
    rows, sections, count = _rows(columns)
    marks: list[Mark] = []
    for side, top in sections.items():
        y = _y(top) + HIGH / 2
        marks += [Words(8, y - 6, "output", 9, INK, "start", bold=True)]
        marks += [Words(8, y + 6, f"size: {side}", 9, INK, "start", bold=True)]
    tints = {side: _TINTS[i % len(_TINTS)] for i, side in enumerate(sections)}
    for i, (column, at) in enumerate(zip(columns, rows, strict=True)):
        x = SIDE + i * (WIDE + APART)
        title = fitted(column.title, WIDE + APART - 16, 13, bold=True)
        marks.append(Words(x + WIDE / 2, 16, title, 13, INK, bold=True))
        marks += _boxes(column, at, x, tints)
        marks += _lines(column, at, x)
    width = SIDE + len(columns) * (WIDE + APART) - APART + REACH + 12
    about = " beside ".join(column.title for column in columns)
    return Figure(width, TOP + PITCH * count, tuple(marks), about)


def _column(title: str, graph: g.LayerGraph, folded: bool) -> _Column:
    column = _Column(title, [_Cell("image", graph.input_shape[0], graph.input_shape[0], "")], [], [])
    for alike, blocks in groupby(graph.blocks, key=lambda block: _alike(graph, block) if folded else block.name):
        many = list(blocks)
        first = len(column.cells)
        column.cells.extend(_cells(graph, many[0]))
        last = len(column.cells) - 1
        if many[0].joins and last >= first:
            column.arcs.append(_Arc(first, last, many[0].shortcut))
        if len(many) > 1 and alike:
            column.repeats.append((first, last, len(many)))
    return column


def _alike(graph: g.LayerGraph, block: g.Block) -> tuple[object, ...]:
    return block.stage, block.shortcut, *[(layer.op, layer.shape) for layer in graph.layers_of(block)]


def _cells(graph: g.LayerGraph, block: g.Block) -> Iterator[_Cell]:
    layers = graph.layers_of(block)
    after = _side(layers[-1])
    for layer in layers:
        words = _ROWS.get(type(layer.op))
        if words and layer.role not in ("shortcut", "gate"):
            side = _side(layer)
            yield _Cell(words(layer.op), side, side if block.stage == "stem" else after, block.name)


def _side(layer: g.Layer) -> int:
    return layer.shape[0] if len(layer.shape) == 3 else 1


def _rows(columns: Sequence[_Column]) -> tuple[list[list[int]], dict[int, int], int]:
    """The row of each cell, the row at which each size begins, and how many rows there are."""
    sizes = sorted({cell.side for column in columns for cell in column.cells}, reverse=True)
    tallest = {side: max(sum(c.side == side for c in column.cells) for column in columns) for side in sizes}
    begins, row = {}, 0
    for side in sizes:
        begins[side] = row
        row += tallest[side]
    rows: list[list[int]] = []
    for column in columns:
        next_row = dict(begins)
        rows.append([])
        for cell in column.cells:
            rows[-1].append(next_row[cell.side])
            next_row[cell.side] += 1
    return rows, begins, row


def _boxes(column: _Column, rows: Sequence[int], x: float, tints: Mapping[int, str]) -> Iterator[Mark]:
    for cell, row in zip(column.cells, rows, strict=True):
        y = _y(row)
        if cell.block:
            fill = tints[cell.after] if "conv" in cell.words else "#ffffff"
            yield Box(x, y, WIDE, HIGH, fill, FAINT, 0.8, 1, f"{cell.block}: {cell.words}")
        yield Words(x + WIDE / 2, y + HIGH / 2, cell.words, 10, INK)


def _lines(column: _Column, rows: Sequence[int], x: float) -> Iterator[Mark]:
    middle = x + WIDE / 2
    for above, below in pairwise(rows):
        yield Line(f"M{middle:g} {_y(above) + HIGH:g}V{_y(below):g}", INK, 0.9, arrow=True)
    for first, last, kind in column.arcs:
        yield _arc(middle, _y(rows[first]) - 5, _y(rows[last]) + HIGH + 4.5, x + WIDE, kind)
    for first, last, times in column.repeats:
        top, bottom = _y(rows[first]), _y(rows[last]) + HIGH
        yield Line(f"M{x - 5:g} {top:g}H{x - 9:g}V{bottom:g}H{x - 5:g}", FAINT, 0.9)
        yield Words(x - 13, (top + bottom) / 2, f"× {times}", 10, INK, "end")


def _y(row: int) -> float:
    return TOP + PITCH * row


def _arc(x: float, top: float, bottom: float, edge: float, kind: str) -> Line:
    """From the line above a block around its boxes to the line below them."""
    out = edge + REACH
    d = f"M{x:g} {top:g}H{edge - 4:g}C{out:g} {top:g} {out:g} {bottom:g} {edge - 4:g} {bottom:g}H{x:g}"
    return Line(d, INK, 2.2 if kind == "concatenation" else 1.0, _DASHES.get(kind, ()), arrow=True)
