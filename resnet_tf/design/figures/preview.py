"""A network as the picture that goes with a link: its name, its costs, its stages, in the shape that chats show."""

from __future__ import annotations

import re
from dataclasses import replace

from resnet_tf.design.costs import Costs, as_costs
from resnet_tf.design.figures.marks import Box, Circle, Figure, Line, Mark, Words
from resnet_tf.design.figures.seen import INK, seen
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.layout import layout
from resnet_tf.design.spec import Spec

WIDTH, HEIGHT = 600, 315  # 1.91 : 1, as Open Graph's readers cut it; a PNG has twice as many pixels
MARGIN = 32
TOP = 118  # where the drawing begins
MOST_SCALE = 1.5
LONGEST_TITLE = 34  # letters, at its size
_FAINT = "#5b6068"


def preview(design: Spec | LayerGraph | Costs, title: str) -> Figure:
    """The picture of a design under a title, 600 by 315 px."""
    counted = as_costs(design)
    picture = layout(counted, "stage")
    drawn = seen(picture, title)
    scale = min((WIDTH - 2 * MARGIN) / drawn.width, (HEIGHT - TOP - 20) / drawn.height, MOST_SCALE)
    left, top = (WIDTH - drawn.width * scale) / 2, TOP + (HEIGHT - 20 - TOP - drawn.height * scale) / 2
    short = title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"
    said = f"{counted.trainable_parameters:,} parameters  ·  {counted.macs:,} MACs  ·  {counted.depth:,} layers"
    words = (
        Words(MARGIN, 46, short, 30, INK, "start", bold=True),
        Words(MARGIN, 82, said, 15, _FAINT, "start"),
        Words(WIDTH - MARGIN, 24, "resnet_tf", 12, _FAINT, "end"),
    )
    marks = tuple(_placed(mark, left, top, scale) for mark in drawn.marks)
    return Figure(WIDTH, HEIGHT, (*marks, *words), f"{title}: {said}")


def _placed(mark: Mark, left: float, top: float, scale: float) -> Mark:
    """A mark of a drawing that stands elsewhere, larger or smaller; lines keep their width."""
    match mark:
        case Box():
            x, y, w, h = left + scale * mark.x, top + scale * mark.y, scale * mark.w, scale * mark.h
            return replace(mark, x=x, y=y, w=w, h=h, radius=scale * mark.radius)
        case Circle():
            return replace(mark, x=left + scale * mark.x, y=top + scale * mark.y, r=scale * mark.r)
        case Words():
            return replace(mark, x=left + scale * mark.x, y=top + scale * mark.y, size=scale * mark.size)
        case Line():
            return replace(mark, d=_path(mark.d, left, top, scale))


def _path(d: str, left: float, top: float, scale: float) -> str:
    """A path of M, L, H, V, Q and C that stands elsewhere."""
    pieces = []
    for letter, rest in re.findall(r"([MLHVQC])([^MLHVQC]*)", d):
        numbers = [float(number) for number in rest.replace(",", " ").split()]
        across = [letter == "H" or (letter != "V" and i % 2 == 0) for i in range(len(numbers))]
        moved = [(left if x else top) + scale * n for n, x in zip(numbers, across, strict=True)]
        pieces.append(letter + " ".join(f"{n:.6g}" for n in moved))
    return "".join(pieces)
