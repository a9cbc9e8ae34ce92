"""Two networks on one canvas, one above the other: blocks that meet stand in one column, what only one has alone.

A box is as high as its map is large and as wide as it has channels, as on the canvas; neighbours that became the same
in the same way are one column with their number. What became of a column is said by a sign and a texture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from resnet_tf.design.graph import Block, LayerGraph, Shape
from resnet_tf.design.labels import block_label, shape_label
from resnet_tf.design.pairs import Change, Run
from resnet_tf.design.picture import box_height, box_width, px

SIGNS: dict[Change, str] = {"same": "", "added": "+", "removed": "−", "changed": "~"}
SCALE = 0.46  # of the canvas' heights: there are two networks
WIDER = 1.15  # than on the canvas: a number stands below
MARGIN = 14
TOP = 26  # above all: the stages' names
RISE = 14  # of a shortcut, away from its box
BAND = 58  # between the two networks: signs, and how many blocks
GAP, STAGE_GAP = 14, 34


@dataclass(frozen=True, slots=True)
class Box:
    """A block of one of the two networks; `x` and `y` are its top left."""

    x: float
    y: float
    w: float
    h: float
    label: str  # its channels
    detail: str  # "stage 1, block 2: bottleneck, 56×56×256"
    shortcut: str


@dataclass(frozen=True, slots=True)
class Column:
    """What became of a block, or of several in the same way."""

    title: str  # "stage 3, blocks 7 to 23"
    change: Change
    sign: str
    count: int
    x: float
    w: float
    a: Box | None
    b: Box | None
    what: tuple[str, ...]


@dataclass(frozen=True)
class Aligned:
    """The drawing, in pixels."""

    width: float
    height: float
    lines: tuple[float, float]  # the heights on which the two networks stand
    stages: tuple[tuple[str, float], ...]  # what a stage is called, and where it begins
    columns: tuple[Column, ...]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def aligned(a: LayerGraph, b: LayerGraph, found: Sequence[Run]) -> Aligned:
    """The drawing of two networks and of what became of each block, as `runs(pairs(a, b))` has it."""
    tallest = max(_size(_gives(graph, block))[1] for graph in (a, b) for block in graph.blocks)
    above = px(TOP + RISE + 8 + tallest / 2)
    lines = (above, px(above + tallest + BAND))
    columns: list[Column] = []
    stages: list[tuple[str, float]] = []
    x = float(MARGIN)
    for run in found:
        stage = run.pairs[0].block.stage
        begins = not stages or stages[-1][0] != block_label(stage)
        x += 0 if not columns else STAGE_GAP if begins else GAP
        if begins:
            stages.append((block_label(stage), px(x)))
        columns.append(_column(a, b, run, px(x), lines))
        x = columns[-1].x + columns[-1].w
    height = px(lines[1] + tallest / 2 + RISE + 14)
    return Aligned(px(x + MARGIN), height, lines, tuple(stages), tuple(columns))


def _column(a: LayerGraph, b: LayerGraph, run: Run, x: float, lines: tuple[float, float]) -> Column:
    pair = run.pairs[0]
    sizes = [_size(_gives(graph, block)) for graph, block in ((a, pair.a), (b, pair.b)) if block]
    width = max(w for w, _ in sizes)
    one, other = (
        _box(graph, block, x + width / 2, line) if block else None
        for graph, block, line in ((a, pair.a, lines[0]), (b, pair.b, lines[1]))
    )
    return Column(title(run), run.change, SIGNS[run.change], len(run.pairs), x, width, one, other, run.what)


def _box(graph: LayerGraph, block: Block, middle: float, line: float) -> Box:
    shape = _gives(graph, block)
    w, h = _size(shape)
    detail = f"{block_label(block.name)}: {block.kind}, {shape_label(shape)}"
    return Box(px(middle - w / 2), px(line - h / 2), w, h, str(shape[-1]), detail, block.shortcut)


def _gives(graph: LayerGraph, block: Block) -> Shape:
    return graph.layers[block.stop - 1].shape


def _size(shape: Shape) -> tuple[float, float]:
    return px(WIDER * box_width(shape)), px(SCALE * box_height(shape))


# --- in words


def title(run: Run) -> str:
    """The blocks of a run as people say them: `stage 3, blocks 7 to 23`, `stage 3, block 23 (was block 6)`."""
    first, last = run.pairs[0], run.pairs[-1]
    said = _span(first.block, last.block)
    if first.a and first.b and last.a and first.a.name != first.b.name:
        said += f" (was {_span(first.a, last.a).rpartition(', ')[2]})"
    return said


def _span(first: Block, last: Block) -> str:
    if first is last:
        return block_label(first.name)
    stage, _, block = block_label(first.name).rpartition(", ")
    return f"{stage}, {block.replace('block', 'blocks')} to {block_label(last.name).rpartition(' ')[2]}"


def in_words(found: Sequence[Run]) -> str:
    """What became of the blocks in a sentence: `17 blocks added, 3 changed, 18 the same.`"""
    return ", ".join(_counted(found)) + "."


def _counted(found: Sequence[Run]) -> Iterator[str]:
    for change in ("added", "removed", "changed", "same"):
        count = sum(len(run.pairs) for run in found if run.change == change)
        if count:
            yield f"{count:,} {'the same' if change == 'same' else change}"
