"""The canvas: where everything of a network stands, computed here so that the page's script only has to draw it.

Left to right is input to output. Stages and blocks stand folded or open one after another along a line; what a piece
looks like is in `pieces`. Shortcuts are seen at every level: a folded stage keeps an arc for each kind of shortcut
inside, with how many. Shapes stand under the line, where they change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from resnet_tf.design.costs import Cost, Costs, as_costs
from resnet_tf.design.graph import Block, LayerGraph, Shape
from resnet_tf.design.picture import IMAGE, LEVELS, OUT, Drawing, Facts, Level, Picture, Piece, box_height, ground, px
from resnet_tf.design.pieces import LANE, RISE, SIDE, folded, image, opened
from resnet_tf.design.spec import Spec, SpecError, nearest_word
from resnet_tf.design.traffic import traffic

MARGIN = 16
HEADER = 34  # above: the grounds' names
FOOTER = 24  # below the line's tallest box: shapes

_BETWEEN = ("pool", "transition")  # what leads to the next stage, and is none of a stage's blocks


class _Part(NamedTuple):
    """A block or a folded stage that is to be drawn."""

    cost: Cost
    kind: str
    blocks: tuple[Block, ...]
    facts: Facts


class _Gallery:
    """Drawings of parts; those that look alike are drawn once."""

    def __init__(self, counted: Costs) -> None:
        self.counted = counted
        self.facts = [
            Facts(
                cost.parameters,
                cost.macs,
                cost.activations,
                bytes.kept,
                cost.flops,
                bytes.moved,
                cost.trainable_parameters,
            )
            for cost, bytes in zip(counted.layers, traffic(counted), strict=True)
        ]
        self.drawn: dict[object, Drawing] = {}

    def sum(self, start: int, stop: int) -> Facts:
        return Facts(*map(sum, zip(*self.facts[start:stop], strict=True)))

    def drawing(self, part: _Part, leaves: Shape | None) -> Drawing:
        if part.kind == "layers":
            return self._opened(part.blocks[0], leaves)
        shortcuts = tuple(block.shortcut for block in part.blocks)
        key = (part.cost.kind, part.cost.shape, shortcuts, part.facts, leaves)
        if key not in self.drawn:
            self.drawn[key] = folded(part.cost, part.blocks, part.facts, leaves)
        return self.drawn[key]

    def _opened(self, block: Block, leaves: Shape | None) -> Drawing:
        layers, own = self.counted.graph.layers_of(block), len(block.name)
        counted, facts = self.counted.layers[block.start : block.stop], self.facts[block.start : block.stop]
        sees = counted[-1].receptive_field
        names = {layer.name for layer in layers}
        key = (block.shortcut, leaves, *(
            (layer.name[own:], layer.op, layer.shape, fact, sees - cost.receptive_field,
             *(name[own:] if name in names else "" for name in layer.inputs))
            for layer, cost, fact in zip(layers, counted, facts, strict=True)
        ))  # fmt: skip
        if key not in self.drawn:
            self.drawn[key] = opened(block, layers, counted, facts, leaves)
        return self.drawn[key]


def _parts(counted: Costs, level: Level, turned: Collection[str], gallery: _Gallery) -> Iterator[_Part]:
    """What is drawn: stages that are folded as one, blocks that are folded as one, and open blocks."""
    of_block = {cost.name: cost for cost in counted.blocks}
    costs = {cost.name: cost for cost in counted.stages}
    for stage, group in groupby(counted.graph.blocks, key=lambda block: block.stage):
        blocks = list(group)
        alone = blocks[0].name == stage  # a stem or a head: its block is all that can be open
        if not alone and (level == "stage") != (stage in turned):
            members = tuple(block for block in blocks if block.kind not in _BETWEEN)
            yield _Part(costs[stage], "stage", members, gallery.sum(blocks[0].start, blocks[-1].stop))
            continue
        for block in blocks:
            kind = "layers" if (level == "layer") != (block.name in turned) else "block"
            yield _Part(of_block[block.name], kind, (block,), gallery.sum(block.start, block.stop))


def _above(parts: Sequence[_Part]) -> int:
    """Room above the tallest box, for arcs and for what stands on them."""
    kinds = {part.kind for part in parts}
    return max([RISE] + [RISE + SIDE] * ("layers" in kinds) + [RISE + LANE] * ("stage" in kinds))


def _below(parts: Sequence[_Part], graph: LayerGraph) -> int:
    shown = [block for part in parts if part.kind == "layers" for block in part.blocks]
    return RISE + SIDE if any(layer.role == "gate" for block in shown for layer in graph.layers_of(block)) else 0


def layout(
    subject: Spec | LayerGraph | Costs, level: Level = "block", turned: Collection[str] = frozenset()
) -> Picture:
    """A picture of a network, given as spec, graph or costs.

    `level` says how much is open: "stage" (nothing), "block" (the stages) or "layer" (their blocks too). `turned` are
    names of the stages and blocks that stand the other way. Raises SpecError for another level.
    """
    if level not in LEVELS:
        raise SpecError("level", f"one of {', '.join(LEVELS)}", level, nearest_word(level, list(LEVELS)))
    counted = as_costs(subject)
    graph, gallery = counted.graph, _Gallery(counted)
    parts = list(_parts(counted, level, turned, gallery))
    half = max(box_height(layer.shape) for layer in graph.layers) / 2
    line = px(HEADER + _above(parts) + half)
    bottom = px(px(line + half + _below(parts, graph)) + FOOTER)
    pieces = _placed(graph, parts, gallery)
    end = pieces[-1].x + pieces[-1].drawing.width
    grounds = tuple((name, *ground(members[0], members[-1])) for name, members in _by_stage(pieces[1:]))
    return Picture(px(end + OUT + MARGIN), px(bottom + 6), line, bottom, level, pieces, grounds)


def _placed(graph: LayerGraph, parts: Sequence[_Part], gallery: _Gallery) -> tuple[Piece, ...]:
    """The pieces, each where the one before it ends; the image is the first."""
    pieces = [Piece(IMAGE, "", "input", MARGIN, 1, image(graph.input_shape))]
    leaves = graph.input_shape
    for part in parts:
        stage = part.blocks[0].stage
        last = pieces[-1]
        drawing = gallery.drawing(part, leaves if stage != last.stage else None)
        x = px(last.x + last.drawing.width)
        pieces.append(Piece(part.cost.name, stage, part.kind, x, part.cost.receptive_field, drawing))
        leaves = part.cost.shape
    return tuple(pieces)


def _by_stage(pieces: Sequence[Piece]) -> list[tuple[str, list[Any]]]:
    return [(stage, list(group)) for stage, group in groupby(pieces, key=lambda piece: piece.stage)]
