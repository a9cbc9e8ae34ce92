"""What two networks trained in step show, in sentences: a difference only where the seeds leave no room for none.

With one seed both begin alike and see the same batches, so that the difference is taken seed by seed. Its mean lies in
an interval of 95 % by Student's t; where that holds 0 the seeds show no difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import mean
from typing import NamedTuple

from resnet_tf.design.labels import block_label
from resnet_tf.learning.findings import BEYOND, Range, fraction, short
from resnet_tf.learning.signals import Spread
from resnet_tf.learning.versus import Versus

# Student's t: between minus and plus this lie 95 % of its distribution, for 1, 2, ... degrees of freedom
T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


class Difference(NamedTuple):
    """By how much the second side is above the first: mean and deviation over seeds, and where the mean lies (95 %)."""

    mean: float
    deviation: float
    low: float
    high: float
    seeds: int

    @classmethod
    def of(cls, first: Sequence[float], second: Sequence[float]) -> Difference:
        """Of figures with the same seeds, in the same order; of a single seed the interval has no ends."""
        found = Spread.of([b - a for a, b in zip(first, second, strict=True)])
        seeds = len(first)
        wide = T95[seeds - 2] * found.deviation / math.sqrt(seeds) if seeds > 1 else math.inf
        return cls(found.mean, found.deviation, found.mean - wide, found.mean + wide, seeds)

    @property
    def is_shown(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


def difference(found: Versus, quantity: str) -> Difference | None:
    """What came of a figure after the last epoch, over the seeds that both sides came to the end of; None without."""
    ends = [each.figures for each in found.ends() if None not in each.figures]
    if not ends:
        return None
    return Difference.of(*([getattr(each[side], quantity) for each in ends] for side in (0, 1)))


class Quantity(NamedTuple):
    """A figure of an epoch as people are told of it."""

    field: str
    words: str
    say: Callable[[float], str]
    say_difference: Callable[[float], str]


def _points(share: float) -> str:
    return f"{100 * share:.2g} points" if abs(share) < 0.0995 else f"{100 * share:.0f} points"


QUANTITIES = (
    Quantity("validation_accuracy", "validation accuracy", lambda share: f"{100 * share:.1f} %", _points),
    Quantity("validation_loss", "validation loss", short, short),
)


def differs(found: Versus, quantity: Quantity) -> str:
    """Both sides' figure after the last epoch, their difference with its uncertainty, and whether it is one."""
    seen = difference(found, quantity.field)
    if seen is None:
        return ""
    ends = [each.figures for each in found.ends() if None not in each.figures]
    means = [quantity.say(mean(getattr(each[side], quantity.field) for each in ends)) for side in (0, 1)]
    first, second = found.sides
    when = f"After {_counted(found.epochs, 'epoch')}"
    said = f"{when} the {quantity.words} is {means[0]} {first} and {means[1]} {second}"
    if seen.seeds == 1:
        return f"{said}. One seed does not say whether others would differ."
    how = "higher" if seen.mean > 0 else "lower"
    spread = (
        f"{quantity.say_difference(abs(seen.mean))} {how} {second}, with a deviation of "
        f"{quantity.say_difference(seen.deviation)} over {seen.seeds:,} seeds and a mean between "
        f"{_signed(quantity, seen.low)} and {_signed(quantity, seen.high)} (95 %)"
    )
    if seen.is_shown:
        return f"{said}: {spread}, beyond what seeds change."
    if seen.mean == seen.deviation == 0:
        return f"{said}: the same at each of {seen.seeds:,} seeds."
    return f"{said}: {spread}. That may be 0: these seeds show no difference."


def _signed(quantity: Quantity, figure: float) -> str:
    return ("−" if figure < 0 else "+" if figure > 0 else "") + quantity.say_difference(abs(figure))


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def diverged(found: Versus) -> str:
    """Which side's loss was no number any more, and at how many seeds; empty where none's was."""
    said = []
    for side, name in enumerate(found.sides):
        lost = sum(each.figures[side] is None for each in found.ends())
        if lost:
            said.append(f"{name.capitalize()} the training diverged at {lost:,} of {_counted(found.seeds, 'seed')}.")
    if said and difference(found, "loss"):
        said.append("What follows is of the seeds that both came to the end of.")
    return " ".join(said)


def reaches(found: Versus, epoch: int) -> str:
    """How much of the last block's gradient the first gets on each side after an epoch, and whether that differs."""
    inside = [i for i, name in enumerate(found.blocks) if name.startswith("stage")]
    first, last = inside[0], inside[-1]
    shares = [
        Range.of(each[first] / each[last] if each[last] else math.nan for each in found.profiles(side, epoch))
        for side in (0, 1)
    ]
    told = [share.told(_ratio) if share else f"no number ({BEYOND})" for share in shares]
    said = (
        f"{_when(epoch)} the gradient of the first block ({block_label(found.blocks[first])}) over that of the last "
        f"({block_label(found.blocks[last])}) is {told[0]} {found.sides[0]} and {told[1]} {found.sides[1]}"
    )
    one, other = shares
    if one is None or other is None:
        return f"{said}."
    if one.seeds == 1:
        return f"{said}. One seed does not say whether others would differ."
    if one.low <= other.high and other.low <= one.high:
        return f"{said}. The seeds overlap: they show no difference."
    return f"{said}, beyond what seeds change."


def alive(found: Versus, epoch: int) -> str:
    """How many directions the last block's maps have on each side after an epoch, and what share of channels is dead.

    Empty where that was not measured.
    """
    last = [name for name in found.blocks if name.startswith("stage")][-1]
    ranks = [Range.of(found.by_block(side, epoch, "ranks").get(last, ())) for side in (0, 1)]
    one, other = ranks
    if one is None or other is None:
        return ""
    first, second = found.sides
    said = (
        f"{_when(epoch)} what leaves the last block has an effective rank of {one.told(short)} {first} and "
        f"{other.told(short)} {second}, of {found.images - 1:,} at most"
    )
    dead = [[share for each in found.by_block(side, epoch, "dead").values() for share in each] for side in (0, 1)]
    if not all(dead):
        return f"{said}."
    shares = [f"{100 * mean(each):.2g} %" for each in dead]
    return f"{said}; of the ReLU channels {shares[0]} and {shares[1]} are dead."


def _when(epoch: int) -> str:
    return "At first weights" if epoch == 0 else f"After {_counted(epoch, 'epoch')}"


def _ratio(figure: float) -> str:
    """`1/340` or `2.1`."""
    return fraction(figure).removesuffix(" of").removesuffix(" times")


def sentences(found: Versus) -> tuple[str, ...]:
    """All that is found at the end, each in a sentence or two."""
    told = [diverged(found), *(differs(found, quantity) for quantity in QUANTITIES)]
    ends = (found.looks[0], found.looks[-1]) if found.looks else ()
    told += [say(found, epoch) for say in (reaches, alive) for epoch in ends]
    return tuple(each for each in told if each)
