"""How wide a design's parts may be: the stops of a drag, and what goes along when one part is widened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, lcm
from typing import Any

from resnet_tf.design.presets import edit
from resnet_tf.design.rules import MOST_BLOCKS
from resnet_tf.design.spec import DenseNetSpec, ResNetSpec, Spec, SpecError, VGGSpec, nearest_word
from resnet_tf.design.stages import deepen, depth_of, place_of, strided

GRAIN = 8  # channels: what hardware likes widths to be multiples of
MOST_WIDTH, MOST_GROWTH, MOST_CONVOLUTIONS, MOST_STRIDE = 65_536, 1_024, 100, 8
_WHOLE = 1e-9  # off a whole number, as floats are
_REACH = 4  # times as wide as it is, or as 512, is as far as a drag goes


def width_of(spec: Spec, part: str) -> int:
    """Channels of a stage or of the stem; a DenseNet's growth, which is that of all its stages."""
    place = place_of(spec, part)
    if place.kind == "stem" and not isinstance(spec, VGGSpec):
        return spec.stem.width
    if isinstance(spec, DenseNetSpec):
        return spec.growth
    return spec.stages[place.stage].width


def widen(spec: Spec, part: str, to: int, *, tied: bool = False) -> Spec:
    """The design with another width in a stage or in the stem, whose earlier convolutions keep their proportions.

    With `tied` the later stages keep their proportions to this one, each at its nearest legal width. A DenseNet's
    stage has no width of its own: its growth is that of all. Raises SpecError for a width that makes no network.
    """
    place = place_of(spec, part)
    now = width_of(spec, part)
    if place.kind == "stem":
        return edit(spec, stem=_stem(spec, to, now))
    if isinstance(spec, DenseNetSpec):
        return edit(spec, growth=to)
    stages = [stage.model_dump() for stage in spec.stages]
    step = width_step_of(spec)
    for stage in stages[place.stage + 1 :] if tied else ():
        stage["width"] = max(round(stage["width"] * to / now / step), 1) * step
    stages[place.stage]["width"] = to
    return edit(spec, stages=stages)


def _stem(spec: Any, to: int, now: int) -> dict[str, Any]:
    *inner, _ = spec.stem.widths
    return {**spec.stem.model_dump(), "widths": (*(max(round(width * to / now), 1) for width in inner), to)}


def width_step_of(spec: Spec) -> int:
    """What the widths of stages are multiples of: a factor gives them whole inner channels, and groups divide those."""
    if not isinstance(spec, ResNetSpec):
        return 1
    parts, norm = spec.groups * spec.reduce_first, spec.normalization
    groups = norm.groups if norm.kind == "group" else 1

    def fits(width: int) -> bool:
        inner = round(width * spec.bottleneck_factor)
        return (
            inner > 0
            and abs(inner - width * spec.bottleneck_factor) < _WHOLE
            and inner % parts == 0
            and not any(each % groups for each in (inner, inner // spec.reduce_first, width * spec.expansion))
        )

    return next((width for width in range(1, min(each.width for each in spec.stages) + 1) if fits(width)), MOST_WIDTH)


def legal(spec: Spec, part: str, field: str) -> Sequence[int]:
    """The values that a drag may stop at, ascending, the present one among them.

    `field` is "width" (of a stage or the stem; a DenseNet's growth), "blocks" (a VGG's "convolutions" too) or "stride".
    Raises SpecError for a part that has no such field.
    """
    if field not in _STOPS:
        raise SpecError("field", f"one of {', '.join(_STOPS)}", field, nearest_word(field, list(_STOPS)))
    return _STOPS[field](spec, part)


def _depths(spec: Spec, part: str) -> Sequence[int]:
    stage = _stage(spec, part, "blocks")
    if isinstance(spec, VGGSpec):
        return range(1, MOST_CONVOLUTIONS + 1)
    others = sum(depth_of(spec, i) for i in range(len(spec.stages)) if i != stage)
    return range(1, MOST_BLOCKS - others + 1)


def _widths(spec: Spec, part: str) -> Sequence[int]:
    place, now = place_of(spec, part), width_of(spec, part)
    least, most = 1, MOST_GROWTH if isinstance(spec, DenseNetSpec) and place.kind != "stem" else MOST_WIDTH
    step = 1 if place.kind == "stem" else width_step_of(spec)
    if isinstance(spec, ResNetSpec) and spec.shortcut == "zero-padding":  # which adds channels and drops none
        least, most = _between(spec, -1 if place.kind == "stem" else place.stage)
    grain = lcm(step, GRAIN)
    most = min(most, max(_REACH * max(now, 512), now))
    fine = range(step, min(grain, most + 1), step)
    stops = {*fine, *range(grain, most + 1, grain)}
    return sorted({*(width for width in stops if width >= least), now})


def _between(spec: ResNetSpec, stage: int) -> tuple[int, int]:
    """The narrowest and the widest that a stage (-1: the stem) may be so that no shortcut would drop channels."""
    gives = [spec.stem.width, *(each.width * spec.expansion for each in spec.stages)]
    own = spec.expansion if stage >= 0 else 1
    least = ceil(gives[stage] / own) if stage >= 0 else 1
    return least, gives[stage + 2] // own if stage + 2 < len(gives) else MOST_WIDTH


def _strides(spec: Spec, part: str) -> Sequence[int]:
    now = getattr(spec.stages[_stage(spec, part, "stride")], "stride", None)
    if now is None:
        raise SpecError("field", "another than stride, which only residual networks have", "stride")
    return [stride for stride in range(1, MOST_STRIDE + 1) if stride == now or _is_legal(spec, part, stride)]


def _is_legal(spec: Spec, part: str, stride: int) -> bool:
    try:
        strided(spec, part, stride)
    except SpecError:
        return False
    return True


def _stage(spec: Spec, part: str, field: str) -> int:
    place = place_of(spec, part)
    if place.kind not in ("stage", "block"):
        raise SpecError("part", f"a stage, which has {field}", part, "stage1")
    return place.stage


_STOPS: dict[str, Callable[[Spec, str], Sequence[int]]] = {
    "width": _widths,
    "blocks": _depths,
    "convolutions": _depths,
    "stride": _strides,
}
# what a drag of a stage's edge asks for -> the design with it
DRAGS: dict[str, Callable[[Spec, str, int], Spec]] = {
    "width": widen,
    "blocks": deepen,
    "convolutions": deepen,
    "stride": strided,
}
