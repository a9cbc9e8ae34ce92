"""How strong the error is along every line of a drawing, and how thick and dark that is drawn.

Norms are of dE/d(what flows there), means over seeds. Thickness and shade grow with their logarithm, so the same
distance on the page is the same ratio of norms anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from resnet_tf.design.graph import LayerGraph
from resnet_tf.runs.profiles import GradientFlow, over_seeds

THIN, THICK = 1.0, 7.0  # px, of the weakest line and the strongest
FAINT = 0.08  # shade of the weakest block: as the canvas has it
MARKS = 4  # norms that a legend has samples of


class Norms(NamedTuple):
    """What was measured at a block; None where nothing was, or nothing that is a number."""

    gradient: float | None  # norm of dE/dy, which leaves it
    branch: float | None = None  # of what comes back to x through its branch
    around: float | None = None  # through its shortcut


class Lines(NamedTuple):
    """The norms along the lines of a block's drawing, from left to right."""

    before: float | None  # of dE/dx, where its two ways part
    branch: float | None  # on the way through its layers
    around: float | None  # on its shortcut
    after: float | None  # of dE/dy


class Scale(NamedTuple):
    """From the weakest norm to the strongest of all that are drawn beside each other."""

    low: float
    high: float

    def place(self, norm: float) -> float:
        """Where a norm stands between the ends, 0 to 1, by its logarithm; at the upper end where there is but one."""
        if self.low == self.high:
            return 1.0
        share = math.log(norm / self.low) / math.log(self.high / self.low)
        return min(max(share, 0.0), 1.0)

    def width(self, norm: float | None) -> float:
        """Pixels of a line: 0 where nothing comes back, or nobody knows how much."""
        return round(THIN + (THICK - THIN) * self.place(norm), 2) if norm else 0.0

    def share(self, norm: float | None) -> float:
        """How dark a block is, 0 to 1."""
        return round(FAINT + (1 - FAINT) * self.place(norm), 3) if norm else 0.0

    def marks(self) -> list[float]:
        """Norms at even steps of the scale, its ends among them."""
        if self.low == self.high:
            return [self.low]
        return [self.low * (self.high / self.low) ** (i / (MARKS - 1)) for i in range(MARKS)]


def scale_of(norms: Iterable[float | None]) -> Scale | None:
    """The scale that holds all of them; None where no error comes back at all."""
    known = [norm for norm in norms if norm]
    return Scale(min(known), max(known)) if known else None


def lines_of(graph: LayerGraph, measured: Mapping[str, Norms]) -> dict[str, Lines]:
    """The norms along the lines of every block.

    Where a block's ways part, what came back by both is added, and is dE/dy of the block before; one without a shortcut
    has that in its branch.
    """
    found: dict[str, Lines] = {}
    before: float | None = None
    for block in graph.blocks:
        own = measured.get(block.name, Norms(None))
        branch, around = (own.branch, own.around) if block.joins else (before, None)
        found[block.name] = Lines(before, branch, around, own.gradient)
        before = own.gradient
    return found


def of_flows(flows: Sequence[GradientFlow]) -> dict[str, Norms]:
    """What a profile has of every block."""
    figures = [over_seeds(flows, what) for what in (
        lambda block: block.gradient, lambda block: block.gradient_branch, lambda block: block.gradient_around
    )]  # fmt: skip
    return {
        name: Norms(*(_finite(each[name].mean) if name in each else None for each in figures)) for name in figures[0]
    }


def mean_of(figures: Iterable[float | None]) -> float | None:
    """The mean of those that are numbers."""
    known = [each for each in figures if each is not None and math.isfinite(each)]
    return fmean(known) if known else None


def _finite(figure: float) -> float | None:
    return figure if math.isfinite(figure) else None
