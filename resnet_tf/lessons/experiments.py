"""What is done to see whether a claim is so: which networks, measured how, and what must come out. No Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from resnet_tf.design.spec import Spec
from resnet_tf.learning.catalogue import DEFAULT, dataset, fit
from resnet_tf.learning.recipes import Recipe

Mode: TypeAlias = Literal["quick", "full"]
MODES: tuple[Mode, ...] = ("quick", "full")
TIMED = 8  # images of a forward pass that is timed

# what is measured of a network with each seed; measures.py says how, and which figures come of it
Measure: TypeAlias = Literal[
    "training", "flow", "flow of small weights", "formula", "forward", "segmentation", "segmentation from a classifier"
]


@dataclass(frozen=True)
class Arm:
    """A network that takes part, under the name by which checks know it. One that is not measured is only counted."""

    name: str
    spec: Spec
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True)
class Setting:
    """The networks of one way to do an experiment, on which images of so many px a side, trained how, how often."""

    arms: tuple[Arm, ...]
    recipe: Recipe
    seeds: tuple[int, ...] = (0,)
    image: int = 8
    dataset: str = DEFAULT

    def fitted(self, arm: Arm) -> Spec:
        """The design as it is measured: with the images' size, channels and classes; what is counted stays as it is."""
        return fit(arm.spec, dataset(self.dataset), self.image) if arm.measures else arm.spec

    @property
    def batch(self) -> int:
        """The images that go through a network at once, at most."""
        measures = {measure for arm in self.arms for measure in arm.measures}
        return self.recipe.batch_size if measures - {"forward"} else TIMED

    def named(self, name: str) -> Arm:
        """The arm of a name. Raises KeyError where there is none."""
        return {arm.name: arm for arm in self.arms}[name]


@dataclass(frozen=True)
class Check:
    """Something that must come out: a figure of an arm, or how it stands to another arm's, within two bounds.

    A "difference" is the arm's figure less the other's, a "ratio" the arm's over the other's; both are of the same
    seed. A check that does not bear on the claim only stands beside it: what is often said as well.
    """

    name: str
    figure: str
    arm: str
    against: str | None = None
    how: Literal["value", "difference", "ratio"] = "value"
    least: float | None = None
    most: float | None = None
    bears: bool = True


@dataclass(frozen=True)
class Experiment:
    """Two settings, seconds or minutes long, whose arms have the same names, and what must come out of either."""

    quick: Setting
    full: Setting
    checks: tuple[Check, ...]

    def setting(self, mode: Mode) -> Setting:
        return {"quick": self.quick, "full": self.full}[mode]
