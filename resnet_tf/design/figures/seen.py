"""The canvas' picture as a figure: what is seen on the page, in its light colours, on paper."""

from __future__ import annotations

from collections.abc import Iterator

from resnet_tf.design.figures.marks import DASHED, DOTTED, PAPER, Box, Circle, Figure, Line, Mark, Words, mixed
from resnet_tf.design.picture import Edge, Group, Node, Picture

INK = "#31333f"
_FAINT, _HAIR = mixed(INK, 0.62), mixed(INK, 0.22)
_LINE = mixed(INK, 0.75)
_BACK = "#f0f2f6"
_HUES = {"convolution": "#3b78c2", "norm": "#b8932f", "activation": "#c26a4a", "pool": "#3f9a72", "addition": "#8a6fc0"}
# kind of edge -> colour, width, dash
_EDGES: dict[str, tuple[str, float, tuple[float, ...]]] = {
    "path": (_FAINT, 1.2, ()),
    "identity": (_LINE, 1.6, ()),
    "scaled": (_LINE, 1.6, ()),
    "gated": (_LINE, 1.6, ()),
    "projection": (_LINE, 1.6, DASHED),
    "padding": (_LINE, 1.8, DOTTED),
    "concatenation": (_FAINT, 3.0, ()),
    "cut": (_FAINT, 1.6, ()),
}
_STACK, _SHEET = 4, 3  # sheets of a folded stage, at most, and from one to the next
_LETTER, _LINE_HEIGHT = 6.8, 12  # of a word


def seen(picture: Picture, about: str) -> Figure:
    """The figure of a picture; words that find no room in their box are left out, as on the page."""
    marks: list[Mark] = []
    for group in picture.groups:
        marks += _group(group)
    for edge in picture.edges:
        marks += _edge(edge)
    for node in picture.nodes:
        marks += _join(node) if node.kind == "join" else _box(node, node.facts.macs / picture.most)
    return Figure(picture.width, picture.height, tuple(marks), about)


def _group(group: Group) -> Iterator[Mark]:
    yield Box(group.x, group.y, group.w, group.h, _BACK, radius=2)
    if len(group.label) * _LETTER <= group.w - 4:
        yield Words(group.x + 8, group.y + 14, group.label, colour=_FAINT, anchor="start")


def _edge(edge: Edge) -> Iterator[Mark]:
    colour, width, dash = _EDGES[edge.kind]
    yield Line(edge.d, colour, width, dash)
    if edge.kind != "path":
        yield from _words(edge.label, edge.lx, edge.ly - 8)
    elif edge.label:  # a shape in two lines, so that it finds room between two stages
        sides, _, channels = edge.label.rpartition("×")
        yield from _words(sides, edge.lx, edge.ly)
        yield from _words(channels, edge.lx, edge.ly + (13 if sides else 0))


def _words(text: str, x: float, y: float) -> Iterator[Mark]:
    if text:
        yield Words(x, y, text, 11, _FAINT)


def _join(node: Node) -> Iterator[Mark]:
    x, y = node.x + node.w / 2, node.y + node.h / 2
    yield Circle(x, y, node.w / 2, PAPER, _FAINT, 1.2)
    yield Words(x, y, node.label, 13, INK)


def _box(node: Node, share: float) -> Iterator[Mark]:
    fill, stroke = _paint(node, share)
    for i in range(min(node.count, _STACK) - 1, 0, -1):
        yield Box(node.x + _SHEET * i, node.y - _SHEET * i, node.w, node.h, PAPER, stroke, 1, 2)
    yield Box(node.x, node.y, node.w, node.h, fill, stroke, 1, 2, f"{node.id}: {node.detail}")
    x, y = node.x + node.w / 2, node.y + node.h / 2
    turned = node.w <= node.h
    along, across = (node.h, node.w) if turned else (node.w, node.h)
    if node.label and len(node.label) * _LETTER <= along + 4 and across + 3 >= _LINE_HEIGHT:
        yield Words(x, y, node.label, min(12, across + 1.5), INK, turned=turned)
    if node.count > 1:
        yield Words(x, node.y + node.h + 12, f"× {node.count}", 12, _FAINT, bold=True)


def _paint(node: Node, share: float) -> tuple[str, str]:
    if node.kind == "input":
        return mixed(INK, 0.10), _HAIR
    hue = _HUES.get(node.hue, _FAINT)
    deep = 0.22 + 0.5 * share if node.kind == "layer" and node.hue != "convolution" else 0.12 + 0.62 * share
    return mixed(hue, deep), mixed(hue, 0.7)
