"""The designs around one: the same network with other blocks, depths and widths, thousands of them, each counted.

All that a block, a depth or a width does not say (image, stem, shortcut, order, norm, gate, head) stays as it is in
the design that the space is around. A combination that makes no network is left out, and how many there were is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from resnet_tf.design.presets import edit, preset
from resnet_tf.design.rows import DEPTHS
from resnet_tf.design.rules import check_resnet
from resnet_tf.design.spec import ResNetSpec, Spec, SpecError, Stage
from resnet_tf.design.totals import Totals, totals

Counts = tuple[int, ...]  # blocks or channels, one number a stage

OWN = "its own"
# what a block is called here -> the fields that make it so
BLOCKS: dict[str, dict[str, Any]] = {
    "basic": {"block": "basic", "expansion": 1, "bottleneck_factor": 1.0, "groups": 1},
    "bottleneck": {"block": "bottleneck", "expansion": 4, "bottleneck_factor": 1.0, "groups": 1},  # He 2015
    "wide bottleneck": {"block": "bottleneck", "expansion": 4, "bottleneck_factor": 2.0, "groups": 1},  # Zagoruyko 2016
    "32 groups": {"block": "bottleneck", "expansion": 4, "bottleneck_factor": 2.0, "groups": 32},  # Xie 2017, 32x4d
}
# how a network's blocks are shared among its stages -> the weight of stage i of n
SHARES: dict[str, Any] = {
    "even": lambda i, n: 1.0,
    "most in the last but one": lambda i, n: 3.0 if i == max(n - 2, 0) else 1.0,  # 1:1:3:1
    "rising": lambda i, n: i + 1.0,
    "falling": lambda i, n: float(n - i),
}
SIZES = (1, 1.5, 2, 3, 4, 5, 7, 9, 12, 18)  # blocks in all, over the number of stages: 18 is CIFAR's 110 layers
WIDTHS = (0.25, 0.375, 0.5, 0.625, 0.75, 1, 1.25, 1.5, 2, 3)  # times the design's own
STEPS = (1.0, 0.75)  # how channels grow from stage to stage, over how they grow in the design
DIVISOR = 8  # of all widths, unless a norm wants another


class Design(NamedTuple):
    """A point of the space. Its description is made when it is asked for: thousands would take tens of megabytes."""

    like: ResNetSpec  # the design that the space is around, with this kind of block
    block: str  # of BLOCKS
    depths: Counts
    widths: Counts
    totals: Totals

    @property
    def spec(self) -> ResNetSpec:
        return _shaped(self.like, self.widths, self.depths)


@dataclass(frozen=True, eq=False)  # to compare thousands of designs whenever one is looked up would take its time
class Space:
    """The designs around `base`, and how many combinations make no network."""

    base: ResNetSpec
    designs: tuple[Design, ...]
    illegal: int


def space(around: Spec) -> Space:
    """The space around a residual network; around the one with its images and classes for one of another family."""
    base = residual(around)
    designs, illegal = [], 0
    choices = [*product(_widths(base), _depths(base))]
    for block, like in _blocks(base):
        if like is None:
            illegal += len(choices)
            continue
        for widths, depths in choices:
            spec = _shaped(like, widths, depths)
            try:
                check_resnet(spec)
            except SpecError:  # widths that do not divide into the design's groups, or too many blocks
                illegal += 1
                continue
            designs.append(Design(like, block, depths, widths, totals(spec)))
    return Space(base, tuple(designs), illegal)


def residual(spec: Spec) -> ResNetSpec:
    """The design with all its shortcuts; where it is none, ResNet-50, or on small images ResNet-56, with its images."""
    if isinstance(spec, ResNetSpec):
        return spec.model_copy(update={"cut_shortcuts": ()})
    name = "resnet56_cifar10" if max(spec.input_shape[:2]) <= 64 else "resnet50"
    beside = edit(preset(name), input_shape=spec.input_shape, classes=spec.classes)
    assert isinstance(beside, ResNetSpec)
    return beside


def _blocks(base: ResNetSpec) -> Iterator[tuple[str, ResNetSpec | None]]:
    """The design with each kind of block, None where it cannot have it; its own first where that is none of them."""
    own = base.model_dump()
    if all(any(own[field] != value for field, value in fields.items()) for fields in BLOCKS.values()):
        yield OWN, base
    for name, fields in BLOCKS.items():
        try:
            like = edit(base, **fields)
        except SpecError:
            yield name, None
        else:
            yield name, like if isinstance(like, ResNetSpec) else None


def _depths(base: ResNetSpec) -> list[Counts]:
    """Blocks of each stage: the design's own, those of published networks, and every size shared in every way."""
    own = tuple(stage.blocks for stage in base.stages)
    n = len(own)
    shares = [own, *(tuple(weight(i, n) for i in range(n)) for weight in SHARES.values())]
    published = (depths for depths in DEPTHS.values() if len(depths) == n)
    found = [own, *published, *(_shared(size * n, share) for share in shares for size in SIZES)]
    return list(dict.fromkeys(found))


def _shared(blocks: float, weights: tuple[float, ...]) -> Counts:
    return tuple(max(round(blocks * weight / sum(weights)), 1) for weight in weights)


def _widths(base: ResNetSpec) -> list[Counts]:
    """Channels of each stage: the design's own, scaled, and with a slower growth from stage to stage."""
    own = tuple(stage.width for stage in base.stages)
    divisor = base.normalization.groups if base.normalization.kind == "group" else DIVISOR
    found = [own]
    for step, factor in product(STEPS, WIDTHS):
        widths = (width * factor * step**i for i, width in enumerate(own))
        found.append(tuple(max(round(width / divisor), 1) * divisor for width in widths))
    return list(dict.fromkeys(found))


def _shaped(like: ResNetSpec, widths: Counts, depths: Counts) -> ResNetSpec:
    stages = tuple(map(_stage, depths, widths, [stage.stride for stage in like.stages]))
    return like.model_copy(update={"stages": stages})


@lru_cache(maxsize=4096)
def _stage(blocks: int, width: int, stride: int) -> Stage:
    return Stage(blocks=blocks, width=width, stride=stride)
