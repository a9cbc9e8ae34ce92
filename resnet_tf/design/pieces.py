"""How one piece of the canvas looks: a folded stage, a folded block, or a block with its layers.

A box is as high as its map is large and as thick as it has channels, both by their logarithms, as in the papers'
figures. The residual branch stands on the main line; its shortcut is an arc above it, from where the block begins to
the circle where it is added. A gate hangs below the line. All is drawn from where the piece before ends, around y = 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from resnet_tf.design.costs import Cost
from resnet_tf.design.graph import Addition, Block, Concatenation, Layer, Multiplication, Shape
from resnet_tf.design.labels import hue, label, shape_label
from resnet_tf.design.picture import BEFORE, PLUS, Drawing, Edge, Facts, Node, box_height, box_width, px

GAP = 28  # between blocks
SHAPE_GAP = 86  # between stages, where a shape stands on the line
REACH = 10  # from a branch to its plus, and from a tap to the branch
RISE = 20  # of an arc above its block
LANE = 19  # between two arcs
THIN = 9  # a layer without weights
SIDE = 18  # height of a layer that stands on an arc
SIDE_PITCH = 34  # from one layer on an arc to the next, at least

# a kind of shortcut -> what its arc says of itself
_MARKS = {
    "identity": "", "scaled": "scaled", "gated": "gated", "projection": "1×1", "padding": "0", "concatenation": "",
}  # fmt: skip
_WAYS = {
    "identity": "identity", "scaled": "scaled identity", "gated": "gated identity", "projection": "projection",
    "padding": "padding", "concatenation": "block's input",
}  # fmt: skip

_ALIKE = ("identity", "scaled", "gated")  # of one shape with what they are added to: their arc is the outer one


class _Pen:
    """The main line, on which a piece's boxes and circles are put one after another."""

    def __init__(self, leaves: Shape | None) -> None:
        """`leaves` is what comes in, where a stage begins and it is to be said."""
        self.x = float(SHAPE_GAP if leaves else GAP)
        self.tap = self.x - REACH
        self.leaves = leaves
        self.last, self.end = BEFORE, 0.0
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []

    def put(self, node: Node) -> Node:
        """The node, standing on the line at the cursor, which moves to its right edge; a line leads to it."""
        node = replace(node, x=px(self.x), y=px(-node.h / 2))
        self.nodes.append(node)
        edge = Edge(self.last, node.id, "path", self.end, node.x)
        if self.leaves:
            # in the middle of what is left when the next block's shortcut has branched off
            edge = replace(edge, label=shape_label(self.leaves), lx=px((self.end + node.x - REACH) / 2), ly=15.0)
        self.edges.append(edge)
        self.last, self.end, self.x, self.leaves = node.id, px(node.right), node.right, None
        return node

    def plus(self, name: str, sign: str, shortcut: str) -> Node:
        self.x += REACH
        says = f": the branch {sign} the {'gate' if sign == '×' else _WAYS[shortcut]}"
        return self.put(Node(name, "join", "addition", sign, says, PLUS, PLUS))

    def around(self, source: str, target: Node, kind: str, x0: float, level: float, words: str = "") -> None:
        x1 = px(target.x + PLUS / 2)
        self.edges.append(Edge(source, target.id, kind, px(x0), x1, level, words, px((x0 + x1) / 2), level))

    def cut(self, target: Node, x0: float, level: float, times: int = 1) -> None:
        """What is left of a shortcut around a box, up to the circle where those beside it are added, where one is."""
        x1 = px(self.x + REACH / 2 if self.last == target.id else self.x - PLUS / 2)
        words = f"cut × {times}" if times > 1 else "cut"
        self.edges.append(Edge(BEFORE, target.id, "cut", px(x0), x1, px(level), words, px((x0 + x1) / 2), px(level)))

    def drawing(self) -> Drawing:
        return Drawing(tuple(self.nodes), tuple(self.edges), px(self.x), self.tap, self.last)


def tells(cost: Cost, words: str = "") -> str:
    """What a box says after its name."""
    return f"{words}: {shape_label(cost.shape)}, {cost.parameters:,} parameters, {cost.macs:,} MACs"


def _words(cost: Cost) -> str:
    """What stands in a box: its name where it is one of a kind, its channels otherwise."""
    return cost.kind if cost.kind in ("stem", "head", "pool", "transition") else str(cost.shape[-1])


def image(shape: Shape) -> Drawing:
    """The image, with which every network begins."""
    node = Node(
        "", "input", "input", "", f", {shape_label(shape)}", 10, box_height(shape), y=px(-box_height(shape) / 2)
    )
    return Drawing((node,), (), 10, 0, "")


def folded(cost: Cost, blocks: Sequence[Block], facts: Facts, leaves: Shape | None) -> Drawing:
    """A block, or a stage of several: its branch, its circle, an arc for each kind of shortcut."""
    pen = _Pen(leaves)
    times = len(blocks)
    says = tells(cost, f", {times} blocks" if times > 1 else "")
    size = box_width(cost.shape), box_height(cost.shape)
    branch = pen.put(Node("", "block", "convolution", _words(cost), says, *size, facts, times))
    arcs = Counter(block.shortcut for block in blocks if block.joins)
    cut = sum(block.shortcut == "cut" for block in blocks)
    if arcs:
        joined = next(block for block in reversed(blocks) if block.joins)
        plus = pen.plus(".sum", "‖" if joined.shortcut == "concatenation" else "+", joined.shortcut)
        for i, kind in enumerate(sorted(arcs, key=lambda kind: kind in _ALIKE)):
            words = f"{_MARKS[kind]} × {arcs[kind]}" if times > 1 else _MARKS[kind]
            pen.around(BEFORE, plus, kind, pen.tap - 5 * i, px(branch.y - RISE - LANE * i), words.strip())
    if cut:
        pen.cut(branch, pen.tap - 5 * len(arcs), branch.y - RISE - LANE * len(arcs), cut)
    return pen.drawing()


def opened(
    block: Block, layers: Sequence[Layer], counted: Sequence[Cost], facts: Sequence[Facts], leaves: Shape | None
) -> Drawing:
    """A block's layers: the branch on the line, the shortcut's on the arc above it, a gate's on one below."""
    pen = _Pen(leaves)
    own = len(block.name)
    sees = counted[-1].receptive_field
    boxes = {
        layer.name: _layer(cost, layer, fact, own, sees)
        for layer, cost, fact in zip(layers, counted, facts, strict=True)
    }
    aside = {layer.name: layer for layer in layers if layer.role in ("shortcut", "gate")}
    reach = max(box.h for box in boxes.values()) / 2 + RISE  # of an arc, from the line
    leaves_at = dict.fromkeys(layers[0].inputs, pen.tap)  # where a path to the side leaves the line, by what it carries
    beside = {*aside}
    for layer in layers:
        if layer.name in beside:
            continue
        if isinstance(layer.op, Addition | Concatenation | Multiplication):
            around, origin = _route(aside, layer.inputs[1])
            steps = [boxes[aside.pop(name).name] for name in around]
            _join(pen, block, layer, steps, origin[own:] if origin in boxes else BEFORE, leaves_at[origin], reach)
        else:
            pen.x += REACH if pen.last != BEFORE else 0
            pen.put(boxes[layer.name])
        leaves_at[layer.name] = pen.x + REACH / 2
    if block.shortcut == "cut":
        pen.cut(next(node for node in pen.nodes if node.id == pen.last), pen.tap, -reach)
    return pen.drawing()


def _join(pen: _Pen, block: Block, layer: Layer, around: Sequence[Node], origin: str, x0: float, reach: float) -> None:
    """The circle where a path from x0 comes back to the line, that path, and the boxes that stand on it."""
    gate = isinstance(layer.op, Multiplication)
    pen.x = max(pen.x, x0 + SIDE_PITCH * len(around))
    plus = pen.plus(layer.name[len(block.name) :], label(layer.op), block.shortcut)
    level = px(reach if gate else -reach)
    pen.around(origin, plus, "path" if gate else block.shortcut, x0, level)
    pitch = (plus.x + PLUS / 2 - x0) / (len(around) + 1)
    pen.nodes += [_beside(box, x0 + pitch * i, level) for i, box in enumerate(around, 1)]


def _route(aside: dict[str, Layer], name: str) -> tuple[list[str], str]:
    """The layers beside the line that lead to `name`, in order, and where they begin.

    Those of a gate on the way stand before what it multiplies, but for what is drawn elsewhere already.
    """
    route = []
    while name in aside:
        route.append(name)
        name, *gates = aside[name].inputs
        for gate in gates:
            route += _route(aside, gate)[0][::-1]
    return route[::-1], name


def _layer(cost: Cost, layer: Layer, facts: Facts, own: int, sees: int) -> Node:
    colour, words = hue(layer.op), label(layer.op)
    width = box_width(cost.shape) if colour == "convolution" else THIN
    ahead = sees - cost.receptive_field
    says = tells(cost, f", {words}")
    return Node(cost.name[own:], "layer", colour, words, says, width, box_height(cost.shape), facts, ahead=ahead)


def _beside(node: Node, x: float, y: float) -> Node:
    width = 2 * SIDE if node.w > THIN else node.w
    return replace(node, w=width, h=SIDE, x=px(x - width / 2), y=px(y - SIDE / 2))
