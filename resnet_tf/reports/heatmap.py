"""A loss surface seen from above, as marks: a square for each point, the darker the lower (Li 2018, Figure 5)."""

from __future__ import annotations

import math
from collections.abc import Iterator

from resnet_tf.design.figures.marks import Box, Circle, Figure, Mark, Words, mixed
from resnet_tf.learning.studies import Surface
from resnet_tf.reports.charts import INK, QUIET, number

RAMP = ("#0d3566", "#205494", "#3670b5", "#578cca", "#7fa9da", "#a9c6e8", "#d3e2f3")  # as the page's surfaces
UNKNOWN = "#f3e3d3"  # of a loss that is no number
SIDE, LEFT, TOP, BELOW = 300.0, 34.0, 6.0, 58.0
LETTER = 10.5


def heatmap(surface: Surface, ends: tuple[float, float], about: str) -> Figure:
    """The picture; `ends` are the lowest and the highest loss of its scale, which is logarithmic."""
    marks = (*_points(surface, ends), *_axes(surface), *_scale(ends))
    return Figure(LEFT + SIDE + 8, TOP + SIDE + BELOW, marks, about)


def _points(surface: Surface, ends: tuple[float, float]) -> Iterator[Mark]:
    count = len(surface.steps)
    side = SIDE / count
    for i, (first, row) in enumerate(zip(surface.steps, surface.losses, strict=True)):
        for j, (second, loss) in enumerate(zip(surface.steps, row, strict=True)):
            said = number(loss) if math.isfinite(loss) else "no number"
            about = f"{said} at {first:.2g}, {second:.2g}"
            # a little wider than it is, so that no paper shows between two
            yield Box(LEFT + j * side, TOP + (count - 1 - i) * side, side + 0.3, side + 0.3, shade(loss, ends),
                      about=about)  # fmt: skip
    yield Circle(LEFT + SIDE / 2, TOP + SIDE / 2, 3.5, "#ffffff", INK, 1.2)


def shade(loss: float, ends: tuple[float, float]) -> str:
    """The colour of a loss; below and above the scale that of its end."""
    if not math.isfinite(loss):
        return UNKNOWN
    low, high = ends
    place = math.log(min(max(loss, low), high) / low) / math.log(high / low) * (len(RAMP) - 1)
    below = min(int(place), len(RAMP) - 2)
    return mixed(RAMP[below + 1], place - below, RAMP[below])


def _axes(surface: Surface) -> Iterator[Mark]:
    """Steps at both ends and in the middle, along the first direction upwards and the second to the right."""
    steps = surface.steps
    for place, step in ((0.0, steps[0]), (0.5, steps[len(steps) // 2]), (1.0, steps[-1])):
        anchor = {0.0: "start", 0.5: "middle", 1.0: "end"}[place]
        text = f"{step:g}"
        yield Words(LEFT + place * SIDE, TOP + SIDE + 12, text, LETTER, QUIET, anchor)  # type: ignore[arg-type]
        y = TOP + (1 - place) * SIDE + {0.0: -5, 0.5: 0, 1.0: 5}[place]
        yield Words(LEFT - 6, y, text, LETTER, QUIET, "end")


def _scale(ends: tuple[float, float]) -> Iterator[Mark]:
    """What the colours stand for."""
    y, steps = TOP + SIDE + 28, 60
    low, high = ends
    for i in range(steps):
        loss = low * (high / low) ** (i / (steps - 1))
        yield Box(LEFT + SIDE * i / steps, y, SIDE / steps + 0.3, 9, shade(loss, ends))
    yield Words(LEFT, y + 19, f"loss {number(low)}", LETTER, QUIET, "start")
    yield Words(LEFT + SIDE, y + 19, number(high), LETTER, QUIET, "end")
