"""A residual network and the same without shortcuts, as docs/degradation.json has what was measured of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from resnet_tf.design.costs import Costs, costs
from resnet_tf.design.links import from_link
from resnet_tf.learning.findings import Range
from resnet_tf.learning.versus import Versus, versus_of


@dataclass(frozen=True)
class Pair:
    """A residual network and the same without shortcuts, and how they fared."""

    found: Versus  # of the seeds that were trained to their end
    costs: Costs  # of either
    recipe: Mapping[str, Any]
    made: Mapping[str, Any]
    device: str
    date: str
    seconds: float

    @property
    def depth(self) -> int:
        return self.costs.depth

    @property
    def names(self) -> tuple[str, str]:
        return f"ResNet-{self.depth}", f"plain-{self.depth}"

    def last(self, side: int, quantity: str) -> list[float]:
        """A figure after the last epoch, of each seed."""
        return self.found.curve(side, quantity)[self.found.epochs]

    def uneven(self, side: int, look: int) -> Range | None:
        """The largest gradient of the stages' blocks over the smallest."""
        inside = [i for i, name in enumerate(self.found.blocks) if name.startswith("stage")]
        seeds = [[norms[i] for i in inside] for norms in self.found.profiles(side, self.found.looks[look])]
        return Range.of(max(norms) / min(norms) if min(norms) else math.nan for norms in seeds)

    def reach(self, side: int, look: int) -> Range | None:
        """The gradient of the first block over that of the last, at the first look or the last."""
        inside = [i for i, name in enumerate(self.found.blocks) if name.startswith("stage")]
        seeds = self.found.profiles(side, self.found.looks[look])
        return Range.of(norms[inside[0]] / norms[inside[-1]] if norms[inside[-1]] else math.nan for norms in seeds)


def pair_of(fields: Mapping[str, Any]) -> Pair:
    """A pair out of what is kept of it."""
    found = versus_of(fields["found"])
    whole = {each.seed for each in found.ends()}
    found = replace(found, seeds=len(whole), moments=tuple(each for each in found.moments if each.seed in whole))
    counted = costs(from_link(fields["links"][found.sides[0]]))
    return Pair(found, counted, *(fields[name] for name in ("recipe", "made", "device", "date", "seconds")))
