"""Same cost, other shape: deeper and narrower, or shallower and wider, for as many parameters or multiply-adds.

The argument of wide residual networks (Zagoruyko 2016), for any design: the stages keep their proportions, each
depth takes the widths that spend the budget, never more and at least 98 % of it. What is offered is counted exactly.
"""

from __future__ import annotations

from math import gcd, lcm, sqrt
from typing import Any, Literal, NamedTuple, TypeAlias

from resnet_tf.design.presets import edit
from resnet_tf.design.rules import width_step
from resnet_tf.design.spec import DenseNetSpec, ResNetSpec, Spec, SpecError
from resnet_tf.design.totals import totals

Spent: TypeAlias = Literal["parameters", "macs"]

LEAST = 0.98  # of the budget is spent
DEPTHS = (1 / 3, 1 / 2, 2 / 3, 3 / 2, 2, 3)  # times as many blocks
_GRAINS = (16, 8, 4, 2, 1)  # widths are multiples of the first of these that meets the budget, as hardware likes them
_TRIES = 4  # at each: a cost grows about with the square of the width, so that few are needed


class Alternative(NamedTuple):
    """A design that costs as much. `width` is how many times as wide it is, averaged over its stages."""

    spec: Spec
    words: str  # "Deeper, narrower"
    depth: int
    width: float
    parameters: int  # trainable
    macs: int


def alternatives(spec: Spec, spent: Spent = "macs", most: float | None = None) -> list[Alternative]:
    """Designs of other depths that spend a budget, shallowest first; by default what the design itself spends.

    Depths at which no widths come within 2 % of the budget are left out.
    """
    most = getattr(totals(spec), spent) if most is None else most
    found: dict[Spec, Alternative] = {}
    for factor in DEPTHS:
        blocks = [max(round(factor * each), 1) for each in _blocks(spec)]
        if blocks == _blocks(spec):
            continue
        if (other := _spending(spec, blocks, spent, most)) is not None:
            found.setdefault(other.spec, other)
    return sorted(found.values(), key=lambda each: each.depth)


def _spending(spec: Spec, blocks: list[int], spent: Spent, most: float) -> Alternative | None:
    """The design with so many blocks whose widths spend the budget, as round as they can be; None without one."""
    try:
        factor = sqrt(most / getattr(totals(_shaped(spec, blocks, 1.0, 1)), spent))
    except SpecError:
        return None
    for grain in _GRAINS:
        tried = factor
        for _ in range(_TRIES):
            try:
                other = _shaped(spec, blocks, tried, grain)
            except SpecError:
                break
            counted = totals(other)
            share = getattr(counted, spent) / most
            if LEAST <= share <= 1:
                wider = _wider(spec, other)
                words = f"{'Deeper' if sum(blocks) > sum(_blocks(spec)) else 'Shallower'}, "
                words += "wider" if wider > 1 else "narrower"
                return Alternative(other, words, counted.depth, wider, counted.parameters, counted.macs)
            tried *= sqrt((1 + LEAST) / 2 / share)
    return None


# --- a design's shape: how many blocks, how wide


def _field(spec: Spec) -> str:
    return "convolutions" if spec.family == "vgg" else "blocks"


def _blocks(spec: Spec) -> list[int]:
    return [getattr(stage, _field(spec)) for stage in spec.stages]


def _widths(spec: Spec) -> list[int]:
    """What is scaled: the stages' widths, or a DenseNet's growth."""
    return [spec.growth] if isinstance(spec, DenseNetSpec) else [stage.width for stage in spec.stages]


def _wider(spec: Spec, other: Spec) -> float:
    ratios = [now / was for was, now in zip(_widths(spec), _widths(other), strict=True)]
    return sum(ratios) / len(ratios)


def _shaped(spec: Spec, blocks: list[int], factor: float, grain: int) -> Spec:
    """The design with other blocks and widths. Raises SpecError where that makes none.

    A stem goes along that is as wide as the first stage; one that is narrower than all of them, as WRN's, stays.
    """
    step = lcm(_step(spec), grain) if factor != 1 else 1

    def scaled(width: int) -> int:
        return max(round(width * factor / step), 1) * step

    fields: dict[str, Any] = spec.model_dump()
    for stage, count in zip(fields["stages"], blocks, strict=True):
        stage[_field(spec)] = count
        if "width" in stage:
            stage["width"] = scaled(stage["width"])
    changed: dict[str, Any] = {"stages": fields["stages"]}
    if isinstance(spec, DenseNetSpec):
        changed["growth"] = scaled(spec.growth)
    if isinstance(spec, DenseNetSpec) or (isinstance(spec, ResNetSpec) and spec.stem.width >= spec.stages[0].width):
        changed["stem"] = {**fields["stem"], "widths": [scaled(width) for width in spec.stem.widths]}
    return edit(spec, **changed)


def _step(spec: Spec) -> int:
    """What legal widths are multiples of: groups of convolutions and of norms divide them."""
    if not isinstance(spec, ResNetSpec):
        return spec.normalization.groups if isinstance(spec, DenseNetSpec) and _grouped(spec) else 1
    step = width_step(spec.bottleneck_factor, spec.groups * spec.reduce_first)
    if _grouped(spec):
        inner = round(step * spec.bottleneck_factor) or 1
        step *= spec.normalization.groups // gcd(spec.normalization.groups, inner)
    return step


def _grouped(spec: ResNetSpec | DenseNetSpec) -> bool:
    return spec.normalization.kind == "group"
