"""A network as a small still SVG: its stages as boxes, its shortcuts as arcs, no words."""

from __future__ import annotations

from resnet_tf.design.costs import Costs
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.layout import HEADER, layout
from resnet_tf.design.picture import Edge, Node, Picture
from resnet_tf.design.spec import Spec

_HUES = {"convolution": "#3b78c2", "norm": "#b8932f", "activation": "#c26a4a", "pool": "#3f9a72", "addition": "#8a6fc0"}
_GREY = "#8b949e"  # between ink and paper, on light and on dark
_DASHES = {"projection": "5 3", "padding": "1 3.5"}
SHEETS = 3  # drawn of a folded stage, however many blocks it has
SHEET = 3  # px from one sheet to the next
TALL = 1.35  # boxes are drawn so much taller, since a small picture is mostly sky


def thumbnail(design: Spec | LayerGraph | Costs) -> str:
    """The SVG, of some 3 kB; it scales to whatever it stands in, and reads on light and on dark."""
    picture = layout(design, "stage")
    top, bottom = _span(picture)
    boxes = [_box(node, node.facts.macs / picture.most) for node in picture.nodes]
    shapes = "".join([*map(_line, picture.edges), *boxes])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 {TALL * top:g} {picture.width:g} {TALL * (bottom - top):g}" '
        f'role="presentation" fill="none" stroke-width="1.5"><g transform="scale(1 {TALL})">{shapes}</g></svg>'
    )


def _span(picture: Picture) -> tuple[float, float]:
    """From where to where there is something drawn: the stages' names and the shapes below are left out."""
    lowest = max(node.y + node.h for node in picture.nodes)
    highest = min(node.y - SHEET * (min(node.count, SHEETS) - 1) for node in picture.nodes)
    return min(highest, HEADER) - 6, lowest + 6


def _line(edge: Edge) -> str:
    dash = f' stroke-dasharray="{_DASHES[edge.kind]}"' if edge.kind in _DASHES else ""
    return f'<path d="{edge.d}" stroke="{_GREY}"{dash}/>'


def _box(node: Node, share: float) -> str:
    hue = _HUES.get(node.hue, _GREY)
    if node.kind == "join":
        r = node.w / 2
        return f'<ellipse cx="{node.x + r:g}" cy="{node.y + r:g}" rx="{r:g}" ry="{r / TALL:g}" stroke="{_GREY}"/>'
    sheets = [SHEET * i for i in range(min(node.count, SHEETS) - 1, -1, -1)]
    return "".join(
        f'<rect x="{node.x + by:g}" y="{node.y - by:g}" width="{node.w:g}" height="{node.h:g}" rx="2" stroke="{hue}" '
        f'fill="{hue}" fill-opacity="{0.18 + 0.6 * share:.2f}"/>'
        for by in sheets
    )
