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

from resnet_tf.design.costs import Cost, Costs, costs
from resnet_tf.design.graph import Addition, Block, Layer, LayerGraph, Multiplication, Shape
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
    straight,
)
from resnet_tf.design.spec import Spec, SpecError, nearest_word

MARGIN = 16
HEADER = 26  # above: the groups' names
FOOTER = 24  # below the line's tallest box: shapes
GAP = 30  # between blocks
SHAPE_GAP = 86  # between blocks where a shape stands on the line
REACH = 13  # from a branch to its plus, and from a tap to the branch
RISE = 20  # of an arc above its block
LANE = 19  # between two arcs
THIN = 9  # a layer without weights
SIDE = 22  # height of a layer that stands on an arc

_MARKS = {"identity": "", "projection": "1×1", "padding": "0"}  # what an arc says of itself


class _Line:
    """The main line, on which boxes and circles are put one after another."""

    def __init__(self, counted: Costs, level: Level, above: float, below: float) -> None:
        shapes = [layer.shape for layer in counted.graph.layers]
        half = max(map(box_height, shapes)) / 2
        self.level: Level = level
        self.y = round(HEADER + above + half, 1)
        self.bottom = round(self.y + half + below, 1)
        self.x = float(MARGIN)
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.groups: list[Group] = []
        self.carried = ""  # the last shape that was written on the line
        self.shape = shapes[0]
        image = shape_label(shapes[0])
        self.last = self.put(Node("input", "input", "input", "", f"image, {image}", 10, box_height(shapes[0])))

    def put(self, node: Node) -> Node:
        """The node, standing on the line at the cursor, which moves to its right edge."""
        node = replace(node, x=round(self.x, 1), y=round(self.y - node.h / 2, 1))
        self.nodes.append(node)
        self.x = node.right
        return node

    def step(self) -> float:
        """Moves on to where the next block stands; gives the x at which its shortcut leaves the line."""
        self.x += GAP if shape_label(self.shape) == self.carried else SHAPE_GAP
        return self.x - REACH

    def connect(self, target: Node, leaves: Shape) -> None:
        """A line from what came last; `leaves` is the shape that the target passes on."""
        words = shape_label(self.shape)
        x0, x1 = self.last.right, target.x
        fresh = words != self.carried and x1 - x0 >= GAP
        if fresh:
            self.carried = words
        edge = Edge(f"{self.last.id}>{target.id}", self.last.id, target.id, "path", straight(x0, x1, self.y))
        middle = round((x0 + x1) / 2, 1)
        self.edges.append(replace(edge, label=words, lx=middle, ly=self.y + 15) if fresh else edge)
        self.last, self.shape = target, leaves

    def plus(self, name: str, sign: str, block: Block, leaves: Shape) -> Node:
        self.x += REACH
        detail = f"{block_label(block.name)}: the branch {sign} the {block.shortcut if sign == '+' else 'gate'}"
        node = self.put(Node(name, "join", "addition", sign, detail, PLUS, PLUS, 0.0, block.stage, block.name))
        self.connect(node, leaves)
        return node

    def around(self, source: str, target: Node, kind: str, x0: float, level: float, words: str = "") -> None:
        x1 = target.x + PLUS / 2
        path = arc(x0, x1, self.y, level)
        self.edges.append(
            Edge(f"{target.id}.{kind}", source, target.id, kind, path, words, round((x0 + x1) / 2, 1), level)
        )

    def group(self, name: str, x: float) -> None:
        left, top = round(x - 8, 1), 6.0
        self.groups.append(
            Group(name, block_label(name), left, top, round(self.x + 8 - left, 1), self.bottom + FOOTER - top)
        )

    def picture(self) -> Picture:
        end = self.last.right + GAP
        self.edges.append(Edge("output", self.last.id, "", "path", straight(self.last.right, end, self.y)))
        size = round(end + MARGIN, 1), round(self.bottom + FOOTER + 6, 1)
        return Picture(*size, self.level, tuple(self.nodes), tuple(self.edges), tuple(self.groups))


def _detail(cost: Cost, words: str) -> str:
    return f"{words}: {shape_label(cost.shape)}, {cost.parameters:,} parameters, {cost.macs:,} MACs"


def _words(cost: Cost) -> str:
    """What stands in a box: its name where it is one of a kind, its channels otherwise."""
    return cost.kind if cost.kind in ("stem", "head", "pool") else str(cost.shape[-1])


def _piece(line: _Line, cost: Cost, blocks: Sequence[Block], most: int) -> None:
    """A block, or a folded stage of several: its branch, its plus, and an arc for each kind of shortcut in it."""
    times = len(blocks)
    title = block_label(cost.name) + (f", {times} blocks" if times > 1 else "")
    tap = line.step()
    source = line.last.id
    size = box_width(cost.shape), box_height(cost.shape)
    shade = round(cost.macs / most, 4)
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
        return
    plus = line.plus(f"{cost.name}.sum", "+", blocks[-1], cost.shape)
    for i, kind in enumerate(sorted(arcs, key=lambda kind: kind == "identity")):
        words = f"{_MARKS[kind]} × {arcs[kind]}" if times > 1 else _MARKS[kind]
        line.around(source, plus, kind, tap - 5 * i, round(branch.y - RISE - LANE * i, 1), words.strip())


def _stages(counted: Costs) -> Picture:
    line = _Line(counted, "stage", RISE + LANE, 0)
    most = max(cost.macs for cost in counted.stages) or 1
    members = {name: list(blocks) for name, blocks in groupby(counted.graph.blocks, key=lambda block: block.stage)}
    for cost in counted.stages:
        _piece(line, cost, [block for block in members[cost.name] if block.kind != "pool"], most)
        start = next(node.x for node in reversed(line.nodes) if node.kind == "block")
        line.group(cost.name, start)
    return line.picture()


def _blocks(counted: Costs) -> Picture:
    line = _Line(counted, "block", RISE, 0)
    most = max(cost.macs for cost in counted.blocks) or 1
    pairs = zip(counted.graph.blocks, counted.blocks, strict=True)
    for stage, members in groupby(pairs, key=lambda pair: pair[0].stage):
        first = len(line.nodes)
        for block, cost in members:
            _piece(line, cost, [block], most)
        line.group(stage, line.nodes[first].x)
    return line.picture()


def _layers(counted: Costs) -> Picture:
    gated = any(layer.role == "gate" for layer in counted.graph.layers)
    line = _Line(counted, "layer", RISE + SIDE, RISE + SIDE if gated else 0)
    most = max(cost.macs for cost in counted.layers) or 1
    for block in counted.graph.blocks:
        _unfolded(line, counted, block, most)
    return line.picture()


def _unfolded(line: _Line, counted: Costs, block: Block, most: int) -> None:
    """A block's layers: the branch on the line, the shortcut's on the arc above it, the gate's on one below."""
    layers = counted.graph.layers_of(block)
    named = dict(zip(layers, counted.layers[block.start : block.stop], strict=True))
    aside = {layer.name: layer for layer in layers if layer.role in ("shortcut", "gate")}
    half = max(box_height(layer.shape) for layer in layers) / 2
    tap = line.step()
    start = line.x
    leaves_at = {line.last.id: tap}  # where a path to the side leaves the line, by what it carries
    source = line.last.id
    for layer, cost in named.items():
        if layer.name in aside:
            continue
        if isinstance(layer.op, Addition | Multiplication):
            plus = line.plus(layer.name, label(layer.op), block, layer.shape)
            route = _route(aside, layer.inputs[1])
            origin = route[0].inputs[0] if route else layer.inputs[1]
            below = bool(route) and route[0].role == "gate"
            level = round(line.y + (half + RISE) * (1 if below else -1), 1)
            x0 = leaves_at.get(origin, tap)
            line.around(origin if origin in leaves_at else source, plus, "path" if below else block.shortcut, x0, level)
            pitch = (plus.x + PLUS / 2 - x0) / (len(route) + 1)
            for i, step in enumerate(route, 1):
                line.nodes.append(_beside(_layer(named[step], step, block, most), x0 + pitch * i, level))
        else:
            line.x += REACH if line.last.id != source else 0
            line.connect(line.put(_layer(cost, layer, block, most)), layer.shape)
        leaves_at[layer.name] = line.x + REACH / 2
    line.group(block.name, start)


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
        round(cost.macs / most, 4),
        block.stage,
        block.name,
    )


def _beside(node: Node, x: float, y: float) -> Node:
    width = min(node.w, SIDE)
    return replace(node, w=width, h=SIDE, x=round(x - width / 2, 1), y=round(y - SIDE / 2, 1))


_LEVELS = {"stage": _stages, "block": _blocks, "layer": _layers}


def layout(spec_or_graph: Spec | LayerGraph | Costs, level: Level = "block") -> Picture:
    """A picture of the network at a level: "stage", "block" or "layer". Raises SpecError for another level."""
    if level not in _LEVELS:
        raise SpecError("level", f"one of {', '.join(LEVELS)}", level, nearest_word(level, list(LEVELS)))
    return _LEVELS[level](spec_or_graph if isinstance(spec_or_graph, Costs) else costs(spec_or_graph))
