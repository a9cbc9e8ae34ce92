"""What a profile says, in sentences: how evenly the gradient is spread, which way carries it, whether the sum holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import mean
from typing import NamedTuple

from resnet_tf.design.labels import block_label
from resnet_tf.learning.profile import ALONE, WITH, WITHOUT, Profile, Sum, dead_units
from resnet_tf.learning.signals import BlockSignal, GradientFlow, over_seeds

BEYOND = "it is nothing, or more than float32 can say"
STILL = "at first weights no gradient gets past the last layer, which begins at zero"


class Range(NamedTuple):
    """A positive figure over seeds: its geometric mean, its lowest and its highest."""

    middle: float
    low: float
    high: float
    seeds: int

    @classmethod
    def of(cls, figures: Iterable[float]) -> Range | None:
        """None where one of them is no positive number."""
        kept = list(figures)
        if not kept or not all(0 < each < math.inf for each in kept):
            return None
        return cls(math.exp(mean(map(math.log, kept))), min(kept), max(kept), len(kept))

    def told(self, say: Callable[[float], str]) -> str:
        """As `2.1 (1.9 to 2.4 over 5 seeds)`; of a single seed it is not known how far others are."""
        if self.seeds == 1:
            return f"{say(self.middle)} (one seed)"
        if say(self.low) == say(self.high):
            return f"{say(self.middle)} (at each of {self.seeds} seeds)"
        return f"{say(self.middle)} ({say(self.low)} to {say(self.high)} over {self.seeds} seeds)"


def short(figure: float) -> str:
    """Two significant digits, as nobody knows more of these: 0.0031, 2.1, 340, 1,200."""
    rounded = float(f"{figure:.2g}")
    return f"{rounded:,.0f}" if 10 <= rounded < 1e15 else f"{rounded:.2g}"


def fraction(figure: float) -> str:
    """A ratio as `1/340 of`, or `2.1 times`."""
    inverse = short(1 / figure)
    return f"1/{inverse} of" if figure < 1 and inverse != "1" else f"{short(figure)} times"


def percent(share: float) -> str:
    """`0.4 %`, `12 %`."""
    return f"{short(100 * share)} %" if share else "0 %"


# --- how much of the last block's gradient reaches the first


def ends(flow: GradientFlow) -> tuple[BlockSignal, BlockSignal]:
    """The first and the last block of the stages."""
    inside = [each for each in flow.blocks if each.name.startswith("stage")]
    return inside[0], inside[-1]


def reach(flows: Sequence[GradientFlow]) -> Range | None:
    """The first block's gradient over the last one's; None where float32 cannot say it."""
    pairs = [ends(flow) for flow in flows]
    return Range.of(first.gradient / last.gradient if last.gradient else math.nan for first, last in pairs)


def arrives(profile: Profile) -> str:
    """How much of the last block's gradient reaches the first, with and without shortcuts, and whether that differs."""
    first, last = (block_label(each.name) for each in ends(profile.flows[0]))
    found = {side: reach(flows) for side, flows in profile.sides.items()}
    if all(ends(flow)[1].gradient == 0 for flow in profile.flows):
        return f"{STILL.capitalize()}."
    ends_of = f"the first block ({first}) gets"
    if set(found) == {ALONE}:
        return f"{ends_of.capitalize()} {_part(found[ALONE], f' of the last ({last})')}."
    bare, joined = found[WITHOUT], found[WITH]
    said = f"Without shortcuts {ends_of} {_part(bare, f' of the last ({last})')}; with them {_part(joined, '')}."
    return f"{said} {_difference(bare, joined)}" if bare and joined else said


def _part(found: Range | None, of: str) -> str:
    """A share of the last block's gradient with its range, as `1/340 of the gradient, 1/360 to 1/310 over 5 seeds`."""
    if found is None:
        return f"a gradient that is no number: {BEYOND}"
    shown = f"{fraction(found.middle)} the gradient{of}" if of else fraction(found.middle).removesuffix(" of")
    return f"{shown}, {_spread(found)}"


def _spread(found: Range) -> str:
    if found.seeds == 1:
        return "at one seed"
    low, high = (fraction(each).removesuffix(" of").removesuffix(" times") for each in (found.low, found.high))
    if low == high:
        return f"at each of {found.seeds} seeds"
    return f"{low} to {high} over {found.seeds} seeds"


def _difference(bare: Range, joined: Range) -> str:
    """Whether shortcuts make the gradient more even, beyond what seeds do."""
    if bare.seeds == 1:
        return "One seed does not say whether others would differ."
    if bare.low <= joined.high and joined.low <= bare.high:
        return "The seeds overlap: they show no difference."
    nearer = math.exp(abs(math.log(bare.middle)) - abs(math.log(joined.middle)))
    if nearer >= 1:
        return f"Shortcuts bring the two ends {short(nearer)} times nearer to each other, beyond what seeds change."
    times = short(1 / nearer)
    return f"Here it is without shortcuts that the ends are nearer, {times} times, beyond what seeds change."


# --- which of the two ways carries the signal


def joined_side(profile: Profile) -> str:
    """The side that has shortcuts, if any has: what its branches and shortcuts carry can be compared."""
    return WITH if WITH in profile.sides else profile.own


def carries(profile: Profile) -> str:
    """In how many blocks the shortcut carries more than the branch, or less, at every seed, forward and backward."""
    flows = profile.sides[joined_side(profile)]
    two = list(over_seeds(flows, lambda block: block.around))
    if not two:
        return "No block has a shortcut: all that is passed on goes through the branches."
    more, less = _apart(flows, lambda block: block.around, lambda block: block.branch)
    more_back, less_back = _apart(flows, lambda block: block.gradient_around, lambda block: block.gradient_branch)
    blocks = f"{len(two):,} block{'s' if len(two) > 1 else ''}"
    seeds = ", beyond what seeds change" if len(flows) > 1 else ""
    said = (
        f"Forward, the shortcut brings more than the branch in {more:,} of {blocks} and less in {less:,}; backward, "
        f"more of the gradient comes back through it in {more_back:,} and less in {less_back:,}{seeds}."
    )
    silent = sum(each.mean == 0 for each in over_seeds(flows, lambda block: block.branch).values())
    if silent:
        said += f" In {silent:,} the branch begins at zero, as the design asks: there the shortcut is all there is."
    return said


def _apart(
    flows: Sequence[GradientFlow], one: Callable[[BlockSignal], float | None],
    other: Callable[[BlockSignal], float | None],
) -> tuple[int, int]:  # fmt: skip
    """In how many blocks one figure is above the other, and in how many below, at whichever seeds one takes of both."""
    more = less = 0
    for same in zip(*(flow.blocks for flow in flows), strict=True):
        ones = [figure for figure in map(one, same) if figure is not None]
        others = [figure for figure in map(other, same) if figure is not None]
        if ones:
            more += min(ones) > max(others)
            less += max(ones) < min(others)
    return more, less


# --- units that say nothing, and images that look alike


def alive(profile: Profile) -> str:
    """How many units are dead, and how many directions the last block's maps have, on each side."""
    dead = {side: _dead(flows) for side, flows in profile.sides.items()}
    said = []
    if not any(dead.values()) and None not in dead.values():
        said.append(f"No ReLU channel is dead: each is positive for some of the {profile.images:,} images.")
    elif None not in dead.values():
        shown = {side: percent(share or 0.0) for side, share in dead.items()}
        said.append(
            f"Of the ReLU channels {_sides(profile, shown)} are dead: "
            f"none of the {profile.images:,} images makes them positive."
        )
    ranks = {side: Range.of(ends(flow)[1].rank for flow in flows) for side, flows in profile.sides.items()}
    if all(ranks.values()):
        shown = {side: short(each.middle) for side, each in ranks.items() if each}
        said.append(
            f"What leaves the last block has an effective rank of {_sides(profile, shown)}: "
            f"1 is where all images look alike to it, {profile.images - 1:,} the most there can be."
        )
    return " ".join(said)


def _dead(flows: Sequence[GradientFlow]) -> float | None:
    shares = [share for flow in flows for share in dead_units(flow).values()]
    return mean(shares) if shares else None


def _sides(profile: Profile, figures: dict[str, str]) -> str:
    """The design's own figure, then the other side's."""
    own = figures[profile.own]
    return ", ".join([own, *(f"{side} {figure}" for side, figure in figures.items() if side != profile.own)])


# --- the formula


def adds_up(sums: Sequence[Sum]) -> str:
    """What the formula's terms make of the gradient in this design, and why something is left over where it is."""
    if not sums:
        return "No shortcut of this design is an identity, so there is no sum for the formula to be of."
    one = sums[0]
    first, last = block_label(one.first), block_label(one.last)
    where = f"From {first} to {last}" if one.blocks > 1 else f"In {first}"
    direct = Range.of(each.direct / each.total if each.total else math.nan for each in sums)
    left = Range.of(each.share for each in sums)
    if all(each.total == 0 for each in sums):
        return f"{where} there is nothing to add up: {STILL}."
    if direct is None:
        return f"{where} the gradient is no number: {BEYOND}."
    length = f"{direct.told(short)} times the length of the whole"
    if not one.after:
        return (
            f"{where} nothing follows the additions, so the formula is exact: the gradient at the end arrives "
            f"unchanged as one term, {length}, and the branches add theirs to it. What is left over is rounding, at "
            f"most {max(each.share for each in sums):.0e} of it."
        )
    rest = "nothing" if left is None else left.told(percent)
    return (
        f"{where} each addition is followed by {one.after}, which the formula leaves out. The gradient at the end, "
        f"taken as it is, has {length}; {rest} of the whole is neither that nor the branches': it is what {one.after} "
        "took away or changed on the way back. Pre-activation blocks have no such remainder (He 2016)."
    )


def sentences(profile: Profile) -> tuple[str, ...]:
    """All that is found, each in a sentence or two."""
    found = (arrives(profile), carries(profile), alive(profile), adds_up(profile.sums))
    return tuple(each for each in found if each)
