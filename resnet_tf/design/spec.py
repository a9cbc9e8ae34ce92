"""The description of a network: what a person edits, small, frozen and validated."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from math import ceil
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

MOST_BLOCKS = 4_000  # ResNet-1202 has 600; past this a drawing is of no use and a link is an attack
MOST_JSON = 200_000  # characters: a design of 4,000 blocks takes under 2,000

Json: TypeAlias = Mapping[str, Any]


class SpecError(ValueError):
    """A description that no network has: which field, the rule, the value received, the nearest legal one."""

    def __init__(self, field: str, rule: str, value: object, nearest: object = None) -> None:
        self.field, self.rule, self.value, self.nearest = field, rule, value, nearest
        super().__init__(str(self))

    def __str__(self) -> str:
        shown = repr(self.value)
        received = shown if len(shown) <= 80 else f"{shown[:77]}..."
        nearest = "" if self.nearest is None else f"; the nearest is {self.nearest!r}"
        return f"{self.field} must be {self.rule} (got {received}){nearest}"

    def __reduce__(self) -> tuple[type[SpecError], tuple[object, ...]]:
        return SpecError, (self.field, self.rule, self.value, self.nearest)


def _whole(value: object) -> int | None:
    return round(value) if isinstance(value, float) and abs(value) < 1e15 else None


def _nearest_word(value: object, words: list[str]) -> str | None:
    close = difflib.get_close_matches(str(value), words, n=1, cutoff=0.4)
    return close[0] if close else None


def _literal(value: object, context: Json) -> tuple[str, object]:
    words = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
    return f"one of {', '.join(words)}", _nearest_word(value, words)


# pydantic's kind of error -> the rule in our words, and the nearest legal value
_RULES: dict[str, Callable[[Any, Json], tuple[str, object]]] = {
    "greater_than_equal": lambda value, c: (f"at least {c['ge']:,}", c["ge"]),
    "less_than_equal": lambda value, c: (f"at most {c['le']:,}", c["le"]),
    "greater_than": lambda value, c: (f"greater than {c['gt']}", None),
    "less_than": lambda value, c: (f"less than {c['lt']}", None),
    "int_type": lambda value, c: ("a whole number", _whole(value)),
    "int_parsing": lambda value, c: ("a whole number", None),
    "int_parsing_size": lambda value, c: ("a whole number of ordinary size", None),
    "int_from_float": lambda value, c: ("a whole number", _whole(value)),
    "float_type": lambda value, c: ("a number", None),
    "float_parsing": lambda value, c: ("a number", None),
    "finite_number": lambda value, c: ("a finite number", None),
    "literal_error": _literal,
    "missing": lambda value, c: ("given", None),
    "extra_forbidden": lambda value, c: ("left out: no design has such a field", None),
    "too_short": lambda value, c: (f"at least {c['min_length']} long", None),
    "too_long": lambda value, c: (f"at most {c['max_length']} long", None),
    "json_invalid": lambda value, c: (f"valid JSON ({c['error']})", None),
    "union_tag_invalid": lambda value, c: (f"a known family ({c['expected_tags']})", None),
    "union_tag_not_found": lambda value, c: ("a design: an object with a 'family'", None),
}


def _spec_error(error: ValidationError, whole: str) -> SpecError:
    """The first of pydantic's complaints as ours."""
    first = error.errors(include_url=False)[0]
    place = [part for part in first["loc"] if part not in ("resnet", "vgg")]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    context = first.get("ctx", {})
    inner = context.get("error")
    if isinstance(inner, SpecError):  # raised by one of our own validators, perhaps inside a nested part
        outer = f"{field}." if field else ""
        return SpecError(outer + inner.field, inner.rule, inner.value, inner.nearest)
    value = first["input"]
    if first["type"] == "missing":
        value = None
    if first["type"] not in _RULES:
        return SpecError(field or whole, f"valid: {first['msg']}", value)
    rule, nearest = _RULES[first["type"]](value, context)
    return SpecError(field or whole, rule, value, nearest)


class Part(BaseModel):
    """A frozen piece of a description; whatever is wrong with it is raised as SpecError."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, allow_inf_nan=False)

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise _spec_error(error, type(self).__name__) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise _spec_error(error, cls.__name__) from None

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise _spec_error(error, cls.__name__) from None


Width = Annotated[int, Field(ge=1, le=65_536)]
Stride = Annotated[int, Field(ge=1, le=8)]


class Stem(Part):
    """The layers before the first stage: convolutions of one kernel (the first one strided), then a pool.

    `widths=(64,)` with `kernel=7` is He 2015's; `(32, 32, 64)` with `kernel=3` is ResNet-C's (He 2019).
    """

    kernel: Annotated[int, Field(ge=1, le=31)] = 7
    stride: Stride = 2
    widths: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)] = (64,)
    pool: Literal["max", "convolution", "none"] = "max"

    @property
    def width(self) -> int:
        """Channels that leave the stem."""
        return self.widths[-1]

    @property
    def total_stride(self) -> int:
        return self.stride * (1 if self.pool == "none" else 2)

    @model_validator(mode="after")
    def _odd(self) -> Self:
        if self.kernel % 2 == 0:
            raise SpecError("kernel", "odd, so that padding is symmetric", self.kernel, self.kernel + 1)
        return self


class Stage(Part):
    """Blocks of one shape; the first (or last, see `stride_at`) halves the map when the stride is 2."""

    blocks: Annotated[int, Field(ge=1, le=MOST_BLOCKS)]
    width: Width
    stride: Stride = 1


class Normalization(Part):
    """Batch norm as a library sets it. `momentum` is what Keras calls so: the share of the old average kept."""

    kind: Literal["batch", "none"] = "batch"
    epsilon: Annotated[float, Field(gt=0, le=1)] = 1e-5
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9


class SqueezeExcitation(Part):
    """A gate per channel (Hu 2018): the reduced width is `channels * ratio` rounded to a multiple of `divisor`."""

    ratio: Annotated[float, Field(gt=0, le=1)] = 1 / 16
    divisor: Annotated[int, Field(ge=1, le=256)] = 8

    def reduced(self, channels: int) -> int:
        """Channels of the bottleneck of the gate, as timm's `make_divisible` rounds them."""
        return max(self.divisor, int(channels * self.ratio + self.divisor / 2) // self.divisor * self.divisor)


InputShape = tuple[
    Annotated[int, Field(ge=1, le=8_192)], Annotated[int, Field(ge=1, le=8_192)], Annotated[int, Field(ge=1, le=4_096)]
]
Classes = Annotated[int, Field(ge=1, le=1_000_000)]


class ResNetSpec(Part):
    """A residual network: stem, stages of blocks, head.

    Shapes are (height, width, channels). A block gives `width * expansion` channels; the kernels between its first
    and last convolution have `width * bottleneck_factor` channels (2 is wide ResNet-50-2) in `groups` groups.
    """

    family: Literal["resnet"] = "resnet"
    input_shape: InputShape = (224, 224, 3)
    classes: Classes = 1000
    stem: Stem = Stem()
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=12)] = (
        Stage(blocks=2, width=64),
        Stage(blocks=2, width=128, stride=2),
        Stage(blocks=2, width=256, stride=2),
        Stage(blocks=2, width=512, stride=2),
    )
    block: Literal["basic", "bottleneck", "plain"] = "basic"
    expansion: Annotated[int, Field(ge=1, le=64)] = 1
    bottleneck_factor: Annotated[float, Field(gt=0, le=64)] = 1.0
    groups: Annotated[int, Field(ge=1, le=65_536)] = 1
    shortcut: Literal["projection", "zero-padding", "projection-everywhere", "average-pool", "none"] = "projection"
    order: Literal["post", "pre"] = "post"
    stride_at: Literal["1x1", "3x3", "last-block"] = "3x3"
    bias: Literal["none", "unnormalized", "all"] = "none"
    normalization: Normalization = Normalization()
    activation: Literal["relu", "silu", "gelu", "leaky_relu"] = "relu"
    attention: SqueezeExcitation | None = None

    @model_validator(mode="before")
    @classmethod
    def _expansion_of_the_block(cls, fields: Any) -> Any:
        """What a block kind implies where nothing is said: bottlenecks expand by 4, plain blocks have no shortcut."""
        if not isinstance(fields, Mapping):
            return fields
        implied: dict[str, dict[str, object]] = {"bottleneck": {"expansion": 4}, "plain": {"shortcut": "none"}}
        block = fields.get("block")
        return {**implied.get(block, {}), **fields} if isinstance(block, str) else fields

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for check in (_blocks_in_all, _block_kind, _inner_widths, _zero_padding, _resolution):
            check(self)
        return self

    def inner_width(self, stage: Stage) -> int:
        """Channels inside the blocks of a stage."""
        return round(stage.width * self.bottleneck_factor)


def _blocks_in_all(spec: ResNetSpec) -> None:
    blocks = sum(stage.blocks for stage in spec.stages)
    if blocks > MOST_BLOCKS:
        largest = max(range(len(spec.stages)), key=lambda i: spec.stages[i].blocks)
        most = spec.stages[largest].blocks - (blocks - MOST_BLOCKS)
        rule = f"small enough for {MOST_BLOCKS:,} blocks in all"
        raise SpecError(f"stages[{largest}].blocks", rule, spec.stages[largest].blocks, max(most, 1))


def _block_kind(spec: ResNetSpec) -> None:
    if spec.block == "plain" and spec.shortcut != "none":
        raise SpecError("shortcut", "'none' where blocks are plain", spec.shortcut, "none")
    if spec.block != "bottleneck" and spec.stride_at == "1x1":
        raise SpecError("stride_at", "'3x3' or 'last-block' where blocks have no 1x1", spec.stride_at, "3x3")
    if spec.block != "bottleneck" and spec.groups > 1:
        raise SpecError("groups", "1 where blocks are not bottlenecks (Xie 2017, section 3)", spec.groups, 1)


def _inner_widths(spec: ResNetSpec) -> None:
    for i, stage in enumerate(spec.stages):
        inner = stage.width * spec.bottleneck_factor
        if abs(inner - round(inner)) > 1e-6 or inner < 1:
            nearest = max(round(inner), 1) / stage.width
            rule = f"a factor that gives stage {i + 1}'s width {stage.width} a whole number of channels"
            raise SpecError("bottleneck_factor", rule, spec.bottleneck_factor, nearest)
        if round(inner) % spec.groups:
            step = spec.groups if spec.bottleneck_factor == 1 else _width_step(spec)
            nearest = max(round(stage.width / step), 1) * step
            rule = f"such that its {round(inner)} inner channels divide into {spec.groups} groups"
            raise SpecError(f"stages[{i}].width", rule, stage.width, nearest)


def _width_step(spec: ResNetSpec) -> int:
    """The smallest width whose inner channels divide into the groups: all its multiples do."""
    return next(
        (w for w in range(1, spec.groups + 1) if (w * spec.bottleneck_factor / spec.groups).is_integer()), spec.groups
    )


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


def _strides(spec: ResNetSpec) -> list[int]:
    pool = [] if spec.stem.pool == "none" else [2]
    return [spec.stem.stride, *pool, *(stage.stride for stage in spec.stages)]


def _survives(size: int, strides: list[int]) -> bool:
    """Whether every stride still finds a map at least as large as itself."""
    for stride in strides:
        if size < stride:
            return False
        size = ceil(size / stride)
    return True


def _resolution(spec: ResNetSpec) -> None:
    strides = _strides(spec)
    for axis, side in enumerate(("height", "width")):
        size = spec.input_shape[axis]
        if not _survives(size, strides):
            least = next(s for s in range(size, 2**40) if _survives(s, strides))
            rule = f"at least {least} px in {side}: with strides {strides} the map would shrink below 1 x 1"
            shape = [max(n, least) for n in spec.input_shape[:2]]
            raise SpecError("input_shape", rule, spec.input_shape, (*shape, spec.input_shape[2]))


class VGGStage(Part):
    """3x3 convolutions of one width, then a 2x2 max-pool."""

    convolutions: Annotated[int, Field(ge=1, le=100)]
    width: Width


class VGGSpec(Part):
    """The network that ResNet was compared with (Simonyan 2015): biased 3x3 convolutions, no norm, dense layers."""

    family: Literal["vgg"] = "vgg"
    input_shape: InputShape = (224, 224, 3)
    classes: Classes = 1000
    stages: Annotated[tuple[VGGStage, ...], Field(min_length=1, max_length=12)]
    hidden: Annotated[tuple[Width, ...], Field(max_length=4)] = (4096, 4096)
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5

    @model_validator(mode="after")
    def _large_enough(self) -> Self:
        least = 2 ** len(self.stages)
        if min(self.input_shape[:2]) < least:
            rule = f"at least {least} px a side: {len(self.stages)} pools would shrink the map below 1 x 1"
            shape = [max(n, least) for n in self.input_shape[:2]]
            raise SpecError("input_shape", rule, self.input_shape, (*shape, self.input_shape[2]))
        return self


Spec: TypeAlias = ResNetSpec | VGGSpec
_ANY_SPEC: TypeAdapter[Spec] = TypeAdapter(Annotated[ResNetSpec | VGGSpec, Field(discriminator="family")])


def parse_spec(text: str | bytes | Json) -> Spec:
    """The spec in a JSON text or in an already decoded object. A missing family means a residual network.

    Raises SpecError for anything that is not a design, however large, deep or foreign.
    """
    if isinstance(text, str | bytes):
        if len(text) > MOST_JSON:
            raise SpecError("design", f"at most {MOST_JSON:,} characters of JSON", f"{len(text):,} characters")
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError too
            raise SpecError("design", f"valid JSON ({error})", text[:40]) from None
    else:
        fields = text
    if not isinstance(fields, Mapping):
        raise SpecError("design", "a JSON object", fields)
    try:
        return _ANY_SPEC.validate_python({"family": "resnet", **fields})
    except ValidationError as error:
        raise _spec_error(error, "design") from None


def nearest_word(value: object, words: list[str]) -> str | None:
    """The word most like `value`, or None when none is."""
    return _nearest_word(value, words)
