"""What a network passes on, forward and backward, as numbers by block and by layer; no Keras.

All norms are of a whole batch's tensor, the root of its summed squares (Frobenius); the loss E is the batch's mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, stdev
from typing import Any, NamedTuple


class BlockSignal(NamedTuple):
    """A block's. What it lacks is None: one without a shortcut has no two ways."""

    name: str
    shortcut: str
    output: float  # norm of y, which leaves it
    gradient: float  # norm of dE/dy
    rank: float  # effective rank of what leaves it, averaged over the map (Roy 2007): 1 where all images look alike
    branch: float | None  # norm of F(x), at the addition
    around: float | None  # norm of what the shortcut brings there
    gradient_branch: float | None  # norm of what comes back to x through the branch
    gradient_around: float | None  # through the shortcut
    variance: float | None = None  # of y: of each channel over images and places, averaged over channels (Brock 2021)


class LayerSignal(NamedTuple):
    """A layer's. `dead` is the share of an activation's channels that no image of the batch makes positive."""

    name: str
    output: float
    weight: float | None = None  # norm of its kernel
    gradient: float | None = None  # norm of dE/dW
    dead: float | None = None


@dataclass(frozen=True)
class GradientFlow:
    """One pass of one batch through a network and back."""

    loss: float
    seed: int
    blocks: tuple[BlockSignal, ...]
    layers: tuple[LayerSignal, ...]

    def as_json(self) -> dict[str, Any]:
        """All fields, in types that JSON has."""
        return {
            **asdict(self),
            "blocks": [each._asdict() for each in self.blocks],
            "layers": [each._asdict() for each in self.layers],
        }


class Spread(NamedTuple):
    """A figure over several seeds; the deviation of one is 0."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        return cls(mean(figures), stdev(figures) if len(figures) > 1 else 0.0)


def over_seeds(flows: Sequence[GradientFlow], what: Callable[[BlockSignal], float | None]) -> dict[str, Spread]:
    """A figure of every block that has it, over flows of one design: `over_seeds(flows, lambda b: b.gradient)`."""
    found: dict[str, Spread] = {}
    for same in zip(*(flow.blocks for flow in flows), strict=True):
        figures = [figure for figure in map(what, same) if figure is not None]
        if figures:
            found[same[0].name] = Spread.of(figures)
    return found


def vanishing(flow: GradientFlow) -> float:
    """How much of the last block's gradient reaches the first: the ratio of their norms."""
    inside = [each for each in flow.blocks if each.name.startswith("stage")]
    return inside[0].gradient / inside[-1].gradient
