"""What an axis is in a design, and what else it could be."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from resnet_tf.design.axes import AXES, Axis
from resnet_tf.design.presets import edit
from resnet_tf.design.spec import Spec, SpecError

_SWITCH = {True: "On", False: "Off"}
_MANY_SHAPES = ("attention",)  # parts whose other fields depend on their kind: another kind begins with its own


def axes(spec: Spec) -> list[Axis]:
    """The axes that apply to a design, in order."""
    return [axis for axis in AXES[spec.family] if axis.applies(spec)]


def value_of(fields: Mapping[str, Any], field: str) -> Any:
    """What a field holds: `stem.kernel`, `input_shape.0`; a tuple for `stages.width`; None where it is in no part."""
    whole, _, part = field.partition(".")
    held = fields[whole]
    if not part or held is None:
        return held
    if part.isdigit():
        return held[int(part)]
    return tuple(each[part] for each in held) if isinstance(held, list | tuple) else held.get(part)


def changes(fields: Mapping[str, Any], field: str, value: Any) -> dict[str, Any]:
    """The change of a whole field that gives this one a value."""
    whole, _, part = field.partition(".")
    if not part:
        return {whole: value}
    if whole in _MANY_SHAPES and part == "kind":
        return {whole: None if value is None else {"kind": value}}
    held = deepcopy(fields[whole])
    if part.isdigit():
        held = [*held]
        held[int(part)] = value
    elif isinstance(held, list | tuple):
        held = [{**each, part: own} for each, own in zip(held, value, strict=True)]
    else:
        held[part] = value
    return {whole: held}


class Offer(NamedTuple):
    """Another value of an axis: the design that it gives, or why it gives none."""

    value: Any
    words: str
    spec: Spec | None
    reason: SpecError | None = None


def options(spec: Spec, axis: Axis) -> dict[Any, str]:
    """The values of an enumeration in words, with the one that the design has; empty for numbers."""
    listed = dict(axis.values(spec) if callable(axis.values) else axis.values)
    now = value_of(spec.model_dump(), axis.field)
    return {**listed, now: str(now)} if listed and now not in listed else listed


def offers(spec: Spec, axis: Axis) -> list[Offer]:
    """What the design would be with other values of an axis: all of an enumeration's, a telling one of a number's."""
    fields = spec.model_dump()
    now = value_of(fields, axis.field)
    if isinstance(now, bool):
        others = {not now: _SWITCH[not now]}
    elif axis.values:
        others = options(spec, axis)
    else:
        others = {axis.tries[1](now): axis.tries[0]} if axis.tries else {}
    return [_offer(spec, fields, axis.field, value, words) for value, words in others.items() if value != now]


def _offer(spec: Spec, fields: Mapping[str, Any], field: str, value: Any, words: str) -> Offer:
    try:
        return Offer(value, words, edit(spec, **changes(fields, field, value)))
    except SpecError as error:
        return Offer(value, words, None, error)
