"""The canvas: where everything of a network stands, computed here so that the page's script only has to draw it.

Left to right is input to output. A box is as high as its map is large and as thick as it has channels, both by their
logarithms, as in the papers' figures. Residual branches stand on the main line; a shortcut is an arc above it, from
where its block begins to the circle where it is added, at every level: a folded stage keeps an arc for each kind of
shortcut inside, with how many. A gate hangs below the line. Boxes carry their share of the MACs as shade; shapes stand
under the line, where they change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from resnet_tf.design.costs import Cost, Costs, as_costs
from resnet_tf.design.graph import Addition, Block, Concatenation, Layer, LayerGraph, Multiplication, Shape
from resnet_tf.design.labels import block_label, hue, label, shape_label
from resnet_tf.design.picture import (
    LEVELS,
    PLUS,
    Edge,
    Group,
    Level,
    Node,
    Picture,
    arc,
    box_height,
    box_width,
    px,
    share,
    straight,
)
from resnet_tf.design.spec import Spec, SpecError, nearest_word

MARGIN = 16
HEADER = 34  # above: the groups' names
FOOTER = 24  # below the line's tallest box: shapes
GAP = 28  # between blocks
SHAPE_GAP = 86  # between stages, where a shape stands on the line
REACH = 10  # from a branch to its plus, and from a tap to the branch
RISE = 20  # of an arc above its block
LANE = 19  # between two arcs
THIN = 9  # a layer without weights
SIDE = 18  # height of a layer that stands on an arc
SIDE_PITCH = 34  # from one layer on an arc to the next, at least

_BETWEEN = ("pool", "transition")  # what leads to the next stage, and is none of a stage's blocks
_MARKS = {"identity": "", "projection": "1×1", "padding": "0", "concatenation": ""}  # what an arc says of itself
_WAYS = {"identity": "identity", "projection": "projection", "padding": "padding", "concatenation": "block's input"}


class _Line:
    """The main line, on which boxes and circles are put one after another."""

    def __init__(self, counted: Costs, level: Level, above: float, below: float) -> None:
        shapes = [layer.shape for layer in counted.graph.layers]
        half = max(map(box_height, shapes)) / 2
        self.level: Level = level
        self.y = px(HEADER + above + half)
        self.bottom = px(self.y + half + below)
        self.x = float(MARGIN)
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.groups: list[Group] = []
        self.shape = shapes[0]
        image = shape_label(shapes[0])
        self.last = self.put(Node("input", "input", "input", "", f"image, {image}", 10, box_height(shapes[0])))

    def put(self, node: Node) -> Node:
        """The node, standing on the line at the cursor, which moves to its right edge."""
        node = replace(node, x=px(self.x), y=px(self.y - node.h / 2))
        self.nodes.append(node)
        self.x = node.right
        return node

    def step(self, stage: str) -> float:
        """Moves on to where a block of this stage stands; gives the x at which its shortcut leaves the line."""
        self.x += GAP if stage == self.last.stage else SHAPE_GAP
        return self.x - REACH

    def connect(self, target: Node, leaves: Shape) -> None:
        """A line from what came last, with its shape where a stage begins; `leaves` is what the target passes on."""
        x0, x1 = self.last.right, target.x
        edge = Edge(f"{self.last.id}>{target.id}", self.last.id, target.id, "path", straight(x0, x1, self.y))
        if target.stage != self.last.stage:
            # in the middle of what is left when the next block's shortcut has branched off
            middle = px((x0 + x1 - REACH) / 2)
            edge = replace(edge, label=shape_label(self.shape), lx=middle, ly=self.y + 15)
        self.edges.append(edge)
        self.last, self.shape = target, leaves

    def plus(self, name: str, sign: str, block: Block, leaves: Shape) -> Node:
        self.x += REACH
        detail = f"{block_label(block.name)}: the branch {sign} the {'gate' if sign == '×' else _WAYS[block.shortcut]}"
        node = self.put(Node(name, "join", "addition", sign, detail, PLUS, PLUS, 0.0, block.stage, block.name))
        self.connect(node, leaves)
        return node

    def around(self, source: str, target: Node, kind: str, x0: float, level: float, words: str = "") -> None:
        x1 = target.x + PLUS / 2
        path = arc(x0, x1, self.y, level)
        self.edges.append(Edge(f"{target.id}.{kind}", source, target.id, kind, path, words, px((x0 + x1) / 2), level))

    def group(self, name: str, x: float) -> None:
        left, top = px(x - 8), 6.0
        self.groups.append(Group(name, block_label(name), left, top, px(self.x + 6 - left), self.bottom + FOOTER - top))

    def picture(self) -> Picture:
        end = self.last.right + GAP
        self.edges.append(Edge("output", self.last.id, "", "path", straight(self.last.right, end, self.y)))
        size = px(end + MARGIN), px(self.bottom + FOOTER + 6)
        return Picture(*size, self.level, tuple(self.nodes), tuple(self.edges), tuple(self.groups))


def _detail(cost: Cost, words: str) -> str:
    return f"{words}: {shape_label(cost.shape)}, {cost.parameters:,} parameters, {cost.macs:,} MACs"


def _words(cost: Cost) -> str:
    """What stands in a box: its name where it is one of a kind, its channels otherwise."""
    return cost.kind if cost.kind in ("stem", "head", "pool", "transition") else str(cost.shape[-1])


def _piece(line: _Line, cost: Cost, blocks: Sequence[Block], most: int) -> float:
    """A block, or a folded stage of several: its branch, its plus, an arc for each kind of shortcut. Gives its tap."""
    times = len(blocks)
    title = block_label(cost.name) + (f", {times} blocks" if times > 1 else "")
    tap = line.step(blocks[0].stage)
    source = line.last.id
    size = box_width(cost.shape), box_height(cost.shape)
    shade = share(cost.macs, most)
    branch = line.put(
        Node(
            cost.name,
            "block",
            "convolution",
            _words(cost),
            _detail(cost, title),
            *size,
            shade,
            blocks[0].stage,
            cost.name,
            times,
        )
    )
    line.connect(branch, cost.shape)
    arcs = Counter(block.shortcut for block in blocks if block.shortcut != "none")
    if not arcs:
        return tap
    joined = next(block for block in reversed(blocks) if block.shortcut != "none")
    sign = "‖" if joined.shortcut == "concatenation" else "+"
    plus = line.plus(f"{cost.name}.sum", sign, joined, cost.shape)
    for i, kind in enumerate(sorted(arcs, key=lambda kind: kind == "identity")):
        words = f"{_MARKS[kind]} × {arcs[kind]}" if times > 1 else _MARKS[kind]
        line.around(source, plus, kind, tap - 5 * i, px(branch.y - RISE - LANE * i), words.strip())
    return tap


def _stages(counted: Costs) -> Picture:
    line = _Line(counted, "stage", RISE + LANE, 0)
    most = max(cost.macs for cost in counted.stages)
    members = {name: list(blocks) for name, blocks in groupby(counted.graph.blocks, key=lambda block: block.stage)}
    for cost in counted.stages:
        tap = _piece(line, cost, [block for block in members[cost.name] if block.kind not in _BETWEEN], most)
        line.group(cost.name, tap)
    return line.picture()


def _blocks(counted: Costs) -> Picture:
    line = _Line(counted, "block", RISE, 0)
    most = max(cost.macs for cost in counted.blocks)
    pairs = zip(counted.graph.blocks, counted.blocks, strict=True)
    for stage, members in groupby(pairs, key=lambda pair: pair[0].stage):
        taps = [_piece(line, cost, [block], most) for block, cost in members]
        line.group(stage, taps[0])
    return line.picture()


def _layers(counted: Costs) -> Picture:
    gated = any(layer.role == "gate" for layer in counted.graph.layers)
    line = _Line(counted, "layer", RISE + SIDE, RISE + SIDE if gated else 0)
    most = max(cost.macs for cost in counted.layers)
    for block in counted.graph.blocks:
        _unfolded(line, counted, block, most)
    return line.picture()


def _unfolded(line: _Line, counted: Costs, block: Block, most: int) -> None:
    """A block's layers: the branch on the line, the shortcut's on the arc above it, a gate's on one below."""
    layers = counted.graph.layers_of(block)
    boxes = {
        layer.name: _layer(cost, layer, block, most)
        for layer, cost in zip(layers, counted.layers[block.start : block.stop], strict=True)
    }
    aside = {layer.name: layer for layer in layers if layer.role in ("shortcut", "gate")}
    reach = max(box.h for box in boxes.values()) / 2 + RISE  # of an arc, from the line
    tap = line.step(block.stage)
    source = line.last.id
    leaves_at = dict.fromkeys(layers[0].inputs, tap)  # where a path to the side leaves the line, by what it carries
    for layer in layers:
        if layer.name in aside:
            continue
        if isinstance(layer.op, Addition | Concatenation | Multiplication):
            around = _route(aside, layer.inputs[1])
            origin = around[0].inputs[0] if around else layer.inputs[1]
            _join(line, block, layer, [boxes[step.name] for step in around], origin, leaves_at[origin], reach)
        else:
            line.x += REACH if line.last.id != source else 0
            line.connect(line.put(boxes[layer.name]), layer.shape)
        leaves_at[layer.name] = line.x + REACH / 2
    line.group(block.name, tap)


def _join(
    line: _Line, block: Block, layer: Layer, around: Sequence[Node], origin: str, x0: float, reach: float
) -> None:
    """The circle where a path from x0 comes back to the line, that path, and the boxes that stand on it."""
    gate = isinstance(layer.op, Multiplication)
    line.x = max(line.x, x0 + SIDE_PITCH * len(around))
    plus = line.plus(layer.name, label(layer.op), block, layer.shape)
    level = px(line.y + (reach if gate else -reach))
    line.around(origin, plus, "path" if gate else block.shortcut, x0, level)
    pitch = (plus.x + PLUS / 2 - x0) / (len(around) + 1)
    line.nodes += [_beside(box, x0 + pitch * i, level) for i, box in enumerate(around, 1)]


def _route(aside: dict[str, Layer], name: str) -> list[Layer]:
    """The layers beside the line that lead to `name`, in order."""
    route = []
    while name in aside:
        route.append(aside[name])
        name = aside[name].inputs[0]
    return route[::-1]


def _layer(cost: Cost, layer: Layer, block: Block, most: int) -> Node:
    colour, words = hue(layer.op), label(layer.op)
    width = box_width(cost.shape) if colour == "convolution" else THIN
    detail = _detail(cost, f"{block_label(cost.name)}, {words}")
    return Node(
        cost.name,
        "layer",
        colour,
        words,
        detail,
        width,
        box_height(cost.shape),
        share(cost.macs, most),
        block.stage,
        block.name,
    )


def _beside(node: Node, x: float, y: float) -> Node:
    width = 2 * SIDE if node.w > THIN else node.w
    return replace(node, w=width, h=SIDE, x=px(x - width / 2), y=px(y - SIDE / 2))


_LEVELS = {"stage": _stages, "block": _blocks, "layer": _layers}


def layout(subject: Spec | LayerGraph | Costs, level: Level = "block") -> Picture:
    """A picture of a network, given as spec, graph or costs, at a level: "stage", "block" or "layer".

    Raises SpecError for another level.
    """
    if level not in _LEVELS:
        raise SpecError("level", f"one of {', '.join(LEVELS)}", level, nearest_word(level, list(LEVELS)))
    return _LEVELS[level](as_costs(subject))
