"""How two networks stand beside each other that were trained in step, epoch by epoch, over seeds; no Keras.

`instep.py` trains them, `contrast.py` says in sentences what came of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from resnet_tf.design.labels import block_label
from resnet_tf.design.shortcuts import ALL, counterpart, has_shortcuts, without
from resnet_tf.design.spec import ResNetSpec, Spec, SpecError
from resnet_tf.learning.profile import WITH, WITHOUT

EPOCHS, SEEDS = 6, 3
MOST_EPOCHS, MOST_SEEDS = 100, 10
MOST_LOOKS = 8  # epochs of a training after which gradients are measured
DIGITS = 6  # that are kept of a figure: float32 has no more that mean anything


class Figures(NamedTuple):
    """What an epoch gave: means over its training images, and over the validation images after it."""

    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float


Gradients: TypeAlias = tuple[float, ...]  # norm of dE/dy of each block, in their order
# norms of what comes back to x through each block's branch and through its shortcut; None where it has no two ways
Ways: TypeAlias = tuple[tuple[float | None, float | None], ...]
# of each block: the effective rank of what leaves it, or the share of its ReLU channels that are dead (`signals.py`)
Figured: TypeAlias = tuple[float | None, ...]


class Moment(NamedTuple):
    """Both sides at one seed, after so many epochs. A side whose loss is no number any more has nothing left to say."""

    seed: int
    epoch: int  # 0 is before the first
    figures: tuple[Figures | None, ...]  # none before the first epoch
    gradients: tuple[Gradients | None, ...]  # measured after some epochs alone
    ways: tuple[Ways | None, ...] = ()  # likewise, as are both that follow; older records have none
    ranks: tuple[Figured | None, ...] = ()
    dead: tuple[Figured | None, ...] = ()


@dataclass(frozen=True)
class Versus:
    """Two sides, and all moments that are known of them: by seed, then by epoch."""

    sides: tuple[str, ...]  # the design's own first
    blocks: tuple[str, ...]  # of both, by name
    epochs: int
    seeds: int
    images: int  # that gradients are measured with
    data: str  # what the images are of
    moments: tuple[Moment, ...] = ()

    @property
    def looks(self) -> tuple[int, ...]:
        """The epochs after which gradients are known of both sides, at one seed at least."""
        return tuple(sorted({each.epoch for each in self.moments if None not in each.gradients}))

    def curve(self, side: int, quantity: str) -> dict[int, list[float]]:
        """A figure of a side after each epoch, over the seeds that came so far."""
        found: dict[int, list[float]] = {}
        for moment in self.moments:
            if figures := moment.figures[side]:
                found.setdefault(moment.epoch, []).append(getattr(figures, quantity))
        return found

    def profiles(self, side: int, epoch: int) -> list[Gradients]:
        """The gradients of a side's blocks after an epoch, of each seed that has them."""
        found = [each.gradients[side] for each in self.moments if each.epoch == epoch]
        return [each for each in found if each is not None]

    def ways(self, side: int, epoch: int) -> list[Ways]:
        """What came back through branches and shortcuts of a side after an epoch, of each seed that has it."""
        found = [each.ways[side] for each in self.moments if each.epoch == epoch and each.ways]
        return [each for each in found if each is not None]

    def by_block(self, side: int, epoch: int, of: Literal["ranks", "dead"]) -> dict[str, list[float]]:
        """What is known of a side's blocks after an epoch, one for each seed; without blocks of which nothing is."""
        found: dict[str, list[float]] = {}
        told = [getattr(each, of)[side] for each in self.moments if each.epoch == epoch and getattr(each, of)]
        for name, *figures in zip(self.blocks, *filter(None, told), strict=False):
            if known := [figure for figure in figures if figure is not None and math.isfinite(figure)]:
                found[name] = known
        return found

    def ends(self) -> list[Moment]:
        """The last moment of each seed that was trained to its end."""
        return [each for each in self.moments if each.epoch == self.epochs]

    def as_json(self) -> dict[str, Any]:
        """All fields, in types that JSON has, six digits of each figure; `versus_of` reads them again."""
        return {
            "sides": list(self.sides), "blocks": list(self.blocks), "epochs": self.epochs, "seeds": self.seeds,
            "images": self.images, "data": self.data, "moments": [moment_as_json(each) for each in self.moments],
        }  # fmt: skip


def versus_of(fields: Mapping[str, Any], moments: Sequence[Mapping[str, Any]] | None = None) -> Versus:
    """What `as_json` wrote; of one under way, with the `moments` that are known by now."""
    return Versus(
        sides=tuple(fields["sides"]), blocks=tuple(fields["blocks"]), epochs=fields["epochs"], seeds=fields["seeds"],
        images=fields["images"], data=fields["data"],
        moments=tuple(map(_moment_of, fields["moments"] if moments is None else moments)),
    )  # fmt: skip


def moment_as_json(moment: Moment) -> dict[str, Any]:
    """A moment in types that JSON has; what is no number is null there once it is written down."""
    return {
        "seed": moment.seed, "epoch": moment.epoch,
        "figures": [each and [_rounded(figure) for figure in each] for each in moment.figures],
        "gradients": [each and [_rounded(norm) for norm in each] for each in moment.gradients],
        "ways": [each and [[_known(norm) for norm in both] for both in each] for each in moment.ways],
        "ranks": [each and [_known(rank) for rank in each] for each in moment.ranks],
        "dead": [each and [_known(share) for share in each] for each in moment.dead],
    }  # fmt: skip


def _moment_of(fields: Mapping[str, Any]) -> Moment:
    return Moment(
        fields["seed"], fields["epoch"],
        tuple(each and Figures(*map(_number, each)) for each in fields["figures"]),
        tuple(each and tuple(map(_number, each)) for each in fields["gradients"]),
        tuple(each and tuple((branch, around) for branch, around in each) for each in fields.get("ways", ())),
        *(tuple(each and tuple(each) for each in fields.get(name, ())) for name in ("ranks", "dead")),
    )  # fmt: skip


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _known(value: float | None) -> float | None:
    return None if value is None else _rounded(value)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


# --- what is compared, and when


def sides_of(spec: Spec, parts: Sequence[str] = (ALL,)) -> dict[str, ResNetSpec]:
    """The design, and beside it the same without the shortcuts of some parts; one that has none, with them put in.

    Parts are "all", stages or blocks. Raises SpecError where that makes no other network.
    """
    if isinstance(spec, ResNetSpec) and not has_shortcuts(spec) and (other := counterpart(spec)) is not None:
        return {WITHOUT: spec, WITH: other}
    bare = without(spec, parts)
    assert isinstance(spec, ResNetSpec)
    left = [name for name in spec.block_names if name not in bare.cut_shortcuts]
    gone = [name for name in bare.cut_shortcuts if name not in spec.cut_shortcuts]
    if not left:
        return {WITH: spec, WITHOUT: bare}
    if len(gone) == 1:
        return {WITH: spec, f"without that of {block_label(gone[0])}": bare}
    return {WITH: spec, f"without {len(gone):,} of {len(gone) + len(left):,}": bare}


def looks_of(epochs: int) -> tuple[int, ...]:
    """The epochs after which gradients are measured: before any, after the first two and the last, evenly between."""
    if epochs < MOST_LOOKS:
        return tuple(range(epochs + 1))
    rest = MOST_LOOKS - 3
    return (0, 1, 2, *(2 + round((epochs - 2) * i / rest) for i in range(1, rest + 1)))


def check_counts(epochs: int, seeds: int) -> None:
    """Returns where so many epochs and seeds can be asked for. Raises SpecError."""
    for field, count, most in (("epochs", epochs, MOST_EPOCHS), ("seeds", seeds, MOST_SEEDS)):
        if not 1 <= count <= most:
            raise SpecError(field, f"1 to {most:,}", count, min(max(count, 1), most))
