"""What a design costs in all, fast enough to ask of thousands: blocks that are alike are counted once, times how many.

A stage's first block may change the map and its channels, and where `stride_at` says so its last one halves it; those
between have the same layers on the same shapes. So a network costs what one of two (or three) blocks a stage costs,
and each stage's second block once more for every further one: all columns are sums over layers, and so is depth.
A block whose shortcut is cut costs so much less as the one like it does. The blocks of a DenseNet are all different,
each wider than the one before: it is counted whole.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from operator import add, mul
from typing import Any, NamedTuple

from resnet_tf.design.costs import Cost, Costs, costs
from resnet_tf.design.spec import ResNetSpec, Spec, VGGSpec


class Totals(NamedTuple):
    """What a design costs for one image, or what another costs more."""

    parameters: int  # trainable
    macs: int
    flops: int
    activations: int  # elements that convolutions and dense layers write
    depth: int


_REPEATS: dict[type, str] = {ResNetSpec: "blocks", VGGSpec: "convolutions"}  # family -> how a stage says how many


def totals(spec: Spec) -> Totals:
    """The same numbers as `costs`, exact; designs that differ in depth alone share the counting."""
    field = _REPEATS.get(type(spec))
    if field is None:
        return _whole(spec)
    if isinstance(spec, ResNetSpec) and spec.cut_shortcuts:
        return _plus(totals(spec.model_copy(update={"cut_shortcuts": ()})), _cut(spec))
    numbers = [getattr(stage, field) for stage in spec.stages]
    short = _short(spec, numbers)
    once, second = _counted(spec.model_copy(update={"stages": _with(spec.stages, field, short)}))
    more = [number - counted for number, counted in zip(numbers, short, strict=True)]  # -1 for a stage of one block
    return Totals(*(total + sum(map(mul, more, column)) for total, column in zip(once, second, strict=True)))


def _short(spec: Spec, numbers: list[int]) -> tuple[int, ...]:
    """As many blocks of each stage as are not like another one."""
    last_differs = getattr(spec, "stride_at", "") == "last-block"
    return tuple(1 if last_differs and number == 1 else 2 + last_differs for number in numbers)


def _cut(spec: ResNetSpec) -> Totals:
    """What the shortcuts that are cut cost, below 0: counted of a first block, a last one, and one between."""
    short = _short(spec, [stage.blocks for stage in spec.stages])
    likes: Counter[str] = Counter()
    for name in spec.cut_shortcuts:
        stage, block = (int(number) for number in name.removeprefix("stage").split(".block"))
        is_last = spec.stride_at == "last-block" and block == spec.stages[stage - 1].blocks
        likes[f"stage{stage}.block{short[stage - 1] if is_last else min(block, 2)}"] += 1
    few = spec.model_copy(update={"cut_shortcuts": (), "stages": _with(spec.stages, "blocks", short)})
    whole, without = _blocks(few), _blocks(few.model_copy(update={"cut_shortcuts": few.block_names}))
    differences = [
        [times * (less - more) for less, more in zip(without[name], whole[name], strict=True)]
        for name, times in likes.items()
    ]
    return Totals(*map(sum, zip(*differences, strict=True)))


@lru_cache(maxsize=1024)
def _blocks(spec: Spec) -> dict[str, Totals]:
    return {block.name: _of(block) for block in costs(spec).blocks}


def _plus(a: Totals, b: Totals) -> Totals:
    return Totals(*map(add, a, b))


def _with(stages: tuple[Any, ...], field: str, numbers: tuple[int, ...]) -> tuple[Any, ...]:
    return tuple(_stage(stage, field, number) for stage, number in zip(stages, numbers, strict=True))


@lru_cache(maxsize=4096)
def _stage(stage: Any, field: str, number: int) -> Any:
    return stage.model_copy(update={field: number})


@lru_cache(maxsize=1024)
def _whole(spec: Spec) -> Totals:
    return _of(costs(spec))


@lru_cache(maxsize=8192)
def _counted(spec: Spec) -> tuple[Totals, tuple[tuple[int, ...], ...]]:
    """The totals of a network, and of its stages' second blocks column by column; zeros where a stage has but one."""
    counted = costs(spec)
    blocks = {block.name: block for block in counted.blocks}
    seconds = [blocks.get(f"stage{i}.block2") for i in range(1, len(spec.stages) + 1)]
    return _of(counted), tuple(zip(*(_of(block) if block else _NOTHING for block in seconds), strict=True))


_NOTHING = Totals(0, 0, 0, 0, 0)


def _of(cost: Costs | Cost) -> Totals:
    return Totals(cost.trainable_parameters, cost.macs, cost.flops, cost.activations, cost.depth)
