"""What a description's fields must be to each other for a network to exist: a rule each, one function each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import accumulate
from math import ceil
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from resnet_tf.design.part import SpecError, nearest_word

if TYPE_CHECKING:
    from resnet_tf.design.spec import DenseNetSpec, Normalization, ResNetSpec, Stem, VGGSpec

MOST_BLOCKS = 4_000  # ResNet-1202 has 600; past this a drawing is of no use and a link is an attack

_BLOCK = re.compile(r"stage(\d+)\.block(\d+)")


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names of blocks, each once, in the order of their network."""
    return tuple(sorted(set(names), key=lambda name: ([int(number) for number in re.findall(r"\d+", name)], name)))


def check_resnet(spec: ResNetSpec) -> None:
    """Raises SpecError for the first rule that the fields of a residual network break together."""
    for check in _RESNET:
        check(spec)


def check_densenet(spec: DenseNetSpec) -> None:
    """Raises SpecError for the first rule that the fields of a DenseNet break together."""
    _blocks_in_all([stage.blocks for stage in spec.stages])
    _no_fixup(spec)
    _norm_groups(spec.normalization, dense_widths(spec))
    _whitening(spec)
    _resolution(spec.input_shape, [*_stem_steps(spec.stem), *[_Step(2, whole=True)] * (len(spec.stages) - 1)])


def check_vgg(spec: VGGSpec) -> None:
    """Raises SpecError where a VGG's pools leave nothing of the image."""
    least = 2 ** len(spec.stages)
    if min(spec.input_shape[:2]) < least:
        rule = f"at least {least} px a side: {len(spec.stages)} pools would shrink the map below 1 x 1"
        shape = [max(n, least) for n in spec.input_shape[:2]]
        raise SpecError("input_shape", rule, spec.input_shape, (*shape, spec.input_shape[2]))


def _blocks_in_all(blocks: list[int]) -> None:
    if sum(blocks) > MOST_BLOCKS:
        largest = max(range(len(blocks)), key=lambda i: blocks[i])
        most = blocks[largest] - (sum(blocks) - MOST_BLOCKS)
        rule = f"small enough for {MOST_BLOCKS:,} blocks in all"
        raise SpecError(f"stages[{largest}].blocks", rule, blocks[largest], max(most, 1))


def _all_blocks(spec: ResNetSpec) -> None:
    _blocks_in_all([stage.blocks for stage in spec.stages])


def _block_kind(spec: ResNetSpec) -> None:
    if spec.block == "plain" and spec.shortcut != "none":
        raise SpecError("shortcut", "'none' where blocks are plain", spec.shortcut, "none")
    if spec.block != "bottleneck" and spec.stride_at == "1x1":
        raise SpecError("stride_at", "'3x3' or 'last-block' where blocks have no 1x1", spec.stride_at, "3x3")
    if spec.block != "bottleneck" and spec.groups > 1:
        raise SpecError("groups", "1 where blocks are not bottlenecks (Xie 2017, section 3)", spec.groups, 1)


def _without_shortcut(spec: ResNetSpec) -> None:
    """What makes sense only beside a shortcut."""
    if spec.shortcut != "none":
        return
    if spec.stochastic_depth:
        rule = "0 where there is no shortcut: a dropped branch would leave nothing"
        raise SpecError("stochastic_depth", rule, spec.stochastic_depth, 0.0)
    if spec.zero_init_residual:
        rule = "off where there is no shortcut: a branch that begins at zero would leave nothing"
        raise SpecError("zero_init_residual", rule, spec.zero_init_residual, False)
    if spec.layer_scale is not None:
        raise SpecError("layer_scale", "left out where there is no shortcut to be small beside", spec.layer_scale)
    for field, plain in (("shortcut_scale", 1.0), ("branch_scale", 1.0), ("shortcut_gate", "none")):
        if getattr(spec, field) != plain:
            raise SpecError(field, f"{plain!r} where there is no shortcut", getattr(spec, field), plain)


def _cut_shortcuts(spec: ResNetSpec) -> None:
    """Only a shortcut that is there can be cut. A block that went with its stage takes its cut along."""
    cut = spec.cut_shortcuts
    if cut and spec.shortcut == "none":
        raise SpecError("cut_shortcuts", "empty where blocks have no shortcut", cut, ())
    if cut and spec.normalization.kind == "fixup":
        raise SpecError("cut_shortcuts", "empty with Fixup, whose branches begin at zero", cut, ())
    names = dict.fromkeys(spec.block_names) if cut else {}
    absent = next((name for name in cut if name not in names), None)
    if absent is not None:
        place = _BLOCK.fullmatch(absent)
        meant = _nearest_block(spec, int(place[1]), int(place[2])) if place else nearest_word(absent, [*names])
        there = [name for name in cut if name in names]
        nearest = there if place or meant is None else [*there, meant]
        rule = f"names of blocks: {absent} is none here" + (f", {meant} is" if meant else "")
        raise SpecError("cut_shortcuts", rule, cut, in_order(nearest))


def _nearest_block(spec: ResNetSpec, stage: int, block: int) -> str:
    stage = min(max(stage, 1), len(spec.stages))
    return f"stage{stage}.block{min(max(block, 1), spec.stages[stage - 1].blocks)}"


def _shortcut_kernel(spec: ResNetSpec) -> None:
    if spec.shortcut_kernel != 1 and not spec.shortcut.startswith("projection"):
        rule = "1 where no strided convolution is on the shortcut"
        raise SpecError("shortcut_kernel", rule, spec.shortcut_kernel, 1)


def _order(spec: ResNetSpec) -> None:
    if not spec.preactivated and spec.shared_preactivation != "project":
        rule = "'project' where blocks do not begin with an activation"
        raise SpecError("shared_preactivation", rule, spec.shared_preactivation, "project")
    if spec.preactivated and spec.antialias != "none":
        rule = "'none' where activations come before convolutions: it smooths what an activation gives"
        raise SpecError("antialias", rule, spec.antialias, "none")


def _norm(spec: ResNetSpec) -> None:
    norm = spec.normalization
    if spec.zero_init_residual and (spec.order != "post" or norm.kind not in ("batch", "group", "layer")):
        rule = "off where the branch does not end with a norm"
        raise SpecError("zero_init_residual", rule, spec.zero_init_residual, False)
    if norm.kind == "fixup":
        _fixup(spec)
    _norm_groups(norm, _norm_widths(spec))


def _fixup(spec: ResNetSpec) -> None:
    """Zhang 2019 has it for basic blocks and bottlenecks with shortcuts, activated after the addition."""
    if spec.order != "post":
        raise SpecError("order", "'post' with Fixup (Zhang 2019)", spec.order, "post")
    if spec.shortcut == "none":
        raise SpecError("normalization.kind", "'none' or a norm where there are no shortcuts", "fixup", "none")
    if spec.attention is not None:
        raise SpecError("attention", "left out with Fixup, whose branches begin at zero", spec.attention.kind)
    if spec.layer_scale is not None:
        raise SpecError("layer_scale", "left out with Fixup, which has a scale of its own", spec.layer_scale)


def _no_fixup(spec: DenseNetSpec) -> None:
    if spec.normalization.kind == "fixup":
        rule = "'none' or a norm: Fixup is for branches that are added (Zhang 2019)"
        raise SpecError("normalization.kind", rule, "fixup", "none")


def _norm_widths(spec: ResNetSpec) -> set[int]:
    """All numbers of channels that a norm meets, from above."""
    stages = [w for s in spec.stages for w in (spec.first_width(s), spec.inner_width(s), s.width * spec.expansion)]
    return {*spec.stem.widths, *stages}


def dense_widths(spec: DenseNetSpec) -> list[int]:
    """The channels that each block of a DenseNet reads, with its inner ones, and those after each transition."""
    channels, widths = spec.stem.width, list(spec.stem.widths)
    for i, stage in enumerate(spec.stages):
        widths += [channels + spec.growth * b for b in range(stage.blocks + 1)]
        channels = widths[-1]
        if i + 1 < len(spec.stages):
            channels = max(int(channels * spec.compression), 1)
            widths.append(channels)
    return [*widths, *([spec.growth * spec.bottleneck] if spec.bottleneck else [])]


def _norm_groups(norm: Normalization, widths: Iterable[int]) -> None:
    if norm.kind != "group":
        return
    odd = next((width for width in widths if width % norm.groups), None)
    if odd is not None:
        nearest = max(n for n in range(1, norm.groups + 1) if all(width % n == 0 for width in widths))
        raise SpecError("normalization.groups", f"a divisor of all widths, {odd} among them", norm.groups, nearest)


def _inner_widths(spec: ResNetSpec) -> None:
    for i, stage in enumerate(spec.stages):
        inner = stage.width * spec.bottleneck_factor
        if abs(inner - round(inner)) > 1e-6 or inner < 1:
            nearest = max(round(inner), 1) / stage.width
            rule = f"a factor that gives stage {i + 1}'s width {stage.width} a whole number of channels"
            raise SpecError("bottleneck_factor", rule, spec.bottleneck_factor, nearest)
        parts = spec.groups * spec.reduce_first
        if round(inner) % parts:
            step = width_step(spec.bottleneck_factor, parts)
            nearest = max(round(stage.width / step), 1) * step
            first = f" of {spec.reduce_first} parts each" if spec.reduce_first > 1 else ""
            rule = f"such that its {round(inner)} inner channels divide into {spec.groups} groups{first}"
            raise SpecError(f"stages[{i}].width", rule, stage.width, nearest)


def width_step(factor: float, parts: int) -> int:
    """The smallest width whose inner channels divide into so many parts: all its multiples do."""
    return next((w for w in range(1, parts + 1) if (w * factor / parts).is_integer()), parts)


def _zero_padding(spec: ResNetSpec) -> None:
    if spec.shortcut != "zero-padding":
        return
    channels = spec.stem.width
    for i, stage in enumerate(spec.stages):
        if stage.width * spec.expansion < channels:
            least = ceil(channels / spec.expansion)
            rule = f"at least {least}, since zero padding adds channels and cannot drop any"
            raise SpecError(f"stages[{i}].width", rule, stage.width, least)
        channels = stage.width * spec.expansion


class Dilated(NamedTuple):
    """A stage's stride as it is taken, and the dilation of its first block's kernels and of its others'."""

    stride: int
    first: int
    rest: int


def dilated_stages(spec: ResNetSpec) -> list[Dilated]:
    """Strides become dilations once the map is `output_stride` times smaller than the image, as torchvision has it."""
    reached, dilation, stages = spec.stem.total_stride, 1, []
    for stage in spec.stages:
        before = dilation
        if spec.output_stride is not None and reached >= spec.output_stride:
            dilation *= stage.stride
            stages.append(Dilated(1, before, dilation))
        else:
            reached *= stage.stride
            stages.append(Dilated(stage.stride, before, dilation))
    return stages


def reached_strides(spec: ResNetSpec) -> list[int]:
    """By how much the map is smaller than the image after the stem and after each stage, each number once."""
    strides = accumulate((stage.stride for stage in spec.stages), mul, initial=spec.stem.total_stride)
    return [*dict.fromkeys(strides)]


def _output_stride(spec: ResNetSpec) -> None:
    if spec.output_stride is None:
        return
    if spec.stride_at == "last-block":
        rule = "left out where the last block of a stage is strided"
        raise SpecError("output_stride", rule, spec.output_stride)
    reached = reached_strides(spec)
    if spec.output_stride not in reached:
        nearest = min(reached, key=lambda stride: abs(stride - spec.output_stride))  # type: ignore[operator]
        rule = f"one of the strides that the network reaches, {', '.join(map(str, reached))}"
        raise SpecError("output_stride", rule, spec.output_stride, nearest)


def _whitening(spec: ResNetSpec | DenseNetSpec) -> None:
    """A patch varies in as many directions as it has numbers, and there is no more than both signs of each."""
    stem = spec.stem
    if not stem.whitening:
        return
    if spec.normalization.weight_standardization:
        raise SpecError("stem.whitening", "off where kernels are standardised, which would undo it", True, False)
    most = 2 * stem.kernel**2 * spec.input_shape[2]
    if stem.widths[0] > most:
        rule = (
            f"off where the stem's first convolution has more than {most} filters, which is twice the numbers of a "
            f"{stem.kernel} x {stem.kernel} patch of {spec.input_shape[2]} channels"
        )
        raise SpecError("stem.whitening", rule, True, False)


class _Step(NamedTuple):
    """Something that makes a map smaller. One that is `whole` counts only windows that lie inside."""

    stride: int
    whole: bool = False


def _stem_steps(stem: Stem) -> list[_Step]:
    pool = [] if stem.pool == "none" else [_Step(2)]
    return [_Step(stem.stride, stem.patch), *pool]


def _survives(size: int, steps: list[_Step]) -> bool:
    """Whether every stride still finds a map at least as large as itself."""
    for stride, whole in steps:
        if size < stride:
            return False
        size = size // stride if whole else ceil(size / stride)
    return True


def _resolution(input_shape: tuple[int, int, int], steps: list[_Step]) -> None:
    for axis, side in enumerate(("height", "width")):
        size = input_shape[axis]
        if not _survives(size, steps):
            least = next(s for s in range(size, 2**40) if _survives(s, steps))
            strides = [step.stride for step in steps]
            rule = f"at least {least} px in {side}: with strides {strides} the map would shrink below 1 x 1"
            shape = [max(n, least) for n in input_shape[:2]]
            raise SpecError("input_shape", rule, input_shape, (*shape, input_shape[2]))


def _image(spec: ResNetSpec) -> None:
    _resolution(spec.input_shape, [*_stem_steps(spec.stem), *(_Step(stage.stride) for stage in dilated_stages(spec))])


_RESNET: tuple[Callable[[ResNetSpec], None], ...] = (
    _all_blocks, _block_kind, _without_shortcut, _cut_shortcuts, _shortcut_kernel, _order, _inner_widths, _norm,
    _zero_padding, _whitening, _output_stride, _image,
)  # fmt: skip
