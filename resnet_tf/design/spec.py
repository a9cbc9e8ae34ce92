"""The description of a network: what a person edits, small, frozen and validated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import log2
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator

from resnet_tf.design.part import Json, Part, SpecError, nearest_word, spec_error
from resnet_tf.design.rules import MOST_BLOCKS, check_densenet, check_resnet, check_vgg, in_order

__all__ = [
    "DenseNetSpec",
    "DenseStage",
    "EfficientChannelAttention",
    "Head",
    "Normalization",
    "ResNetSpec",
    "Spec",
    "SpecError",
    "SqueezeExcitation",
    "Stage",
    "Stem",
    "VGGSpec",
    "VGGStage",
    "nearest_word",
    "parse_spec",
]

MOST_JSON = 200_000  # characters: a design of 4,000 blocks takes under 2,000

Width = Annotated[int, Field(ge=1, le=65_536)]
Stride = Annotated[int, Field(ge=1, le=8)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Epsilon = Annotated[float, Field(gt=0, le=1)]
InputShape = tuple[
    Annotated[int, Field(ge=1, le=8_192)], Annotated[int, Field(ge=1, le=8_192)], Annotated[int, Field(ge=1, le=4_096)]
]
Classes = Annotated[int, Field(ge=1, le=1_000_000)]
BlockNames = Annotated[
    tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=MOST_BLOCKS), AfterValidator(in_order)
]  # "stage3.block2", each once, in the network's order
ActivationKind: TypeAlias = Literal["relu", "silu", "gelu", "leaky_relu"]


class Stem(Part):
    """The layers before the first stage: convolutions of one kernel (the first one strided), then a pool.

    `widths=(64,)` with `kernel=7` is He 2015's; `(32, 32, 64)` with `kernel=3` is ResNet-C's (He 2019), `(64, 64, 128)`
    ResNet-S's, `(24, 32, 64)` timm's T. `patch` reads the image in tiles of the kernel's size, without padding. Pools
    halve the map: "max" is 3x3 and padded with minus infinity, "max-zero-padded" with zeros (keras.applications V2 and
    BiT, whose maps are signed there), "max-blur" blurs what it subsamples (Zhang 2019), "average" is 2x2 (timm's
    resnetaa), "convolution" is a strided 3x3 (ResNet-RS).

    With `whitening` the first kernel is made of the images when training begins, and then left alone: its filters are
    the directions in which patches of them vary, most first, each scaled to variance 1, then the same with the other
    sign (Jordan 2024).
    """

    kernel: Annotated[int, Field(ge=1, le=31)] = 7
    stride: Annotated[int, Field(ge=1, le=31)] = 2
    widths: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)] = (64,)
    pool: Literal["max", "max-zero-padded", "max-blur", "average", "convolution", "none"] = "max"
    patch: bool = False
    whitening: bool = False

    @property
    def width(self) -> int:
        """Channels that leave the stem."""
        return self.widths[-1]

    @property
    def total_stride(self) -> int:
        return self.stride * (1 if self.pool == "none" else 2)

    @model_validator(mode="after")
    def _kernel_and_stride(self) -> Self:
        if self.patch and self.stride != self.kernel:
            raise SpecError(
                "stride", f"the kernel's {self.kernel} where the stem reads patches", self.stride, self.kernel
            )
        if self.patch and len(self.widths) > 1:
            raise SpecError("widths", "one convolution's where the stem reads patches", self.widths, self.widths[-1:])
        if not self.patch and self.stride > 8:
            raise SpecError("stride", "at most 8", self.stride, 8)
        if not self.patch and self.kernel % 2 == 0:
            raise SpecError("kernel", "odd, so that padding is symmetric", self.kernel, self.kernel + 1)
        return self


class Stage(Part):
    """Blocks of one shape; the first (or last, see `stride_at`) halves the map when the stride is 2."""

    blocks: Annotated[int, Field(ge=1, le=MOST_BLOCKS)]
    width: Width
    stride: Stride = 1


class Normalization(Part):
    """The norm of every block, as a library sets it. `momentum` is Keras': the share of the old average that is kept.

    "batch" is Ioffe 2015, "group" Wu 2018 in `groups` groups, "layer" the same in one group, "fixup" no norm but Zhang
    2019's scalar biases, scales and initialisation. `weight_standardization` gives every kernel mean 0 and variance 1
    per filter before it is used (Qiao 2019, with BiT's epsilon of 1e-8).
    """

    kind: Literal["batch", "group", "layer", "none", "fixup"] = "batch"
    epsilon: Epsilon = 1e-5
    momentum: Rate = 0.9
    groups: Annotated[int, Field(ge=1, le=65_536)] = 32
    weight_standardization: bool = False


class SqueezeExcitation(Part):
    """A gate per channel (Hu 2018): the reduced width is `channels * ratio` rounded to a multiple of `divisor`."""

    kind: Literal["se"] = "se"
    ratio: Annotated[float, Field(gt=0, le=1)] = 1 / 16
    divisor: Annotated[int, Field(ge=1, le=256)] = 8

    def reduced(self, channels: int) -> int:
        """Channels of the bottleneck of the gate, as timm's `make_divisible` rounds them."""
        return max(self.divisor, int(channels * self.ratio + self.divisor / 2) // self.divisor * self.divisor)


class EfficientChannelAttention(Part):
    """A gate per channel from its neighbours alone (Wang 2020): a kernel along the channels, wider for many of them."""

    kind: Literal["eca"] = "eca"
    gamma: Annotated[float, Field(gt=0, le=64)] = 2.0
    beta: Annotated[float, Field(ge=0, le=64)] = 1.0

    def kernel(self, channels: int) -> int:
        """The odd number of channels that one gate looks at, at least 3, as the authors' code and timm round it."""
        nearest = int(abs(log2(channels) + self.beta) / self.gamma)
        return max(nearest if nearest % 2 else nearest + 1, 3)


class Head(Part):
    """What follows the last stage: a pool over the whole map, dense layers, dropout, the classifier.

    "average-max" is half the sum of mean and maximum (timm's avgmax); "none" leaves the maps as they are, without a
    classifier, for detection and segmentation.
    """

    pool: Literal["average", "average-max", "none"] = "average"
    hidden: Annotated[tuple[Width, ...], Field(max_length=4)] = ()
    dropout: Rate = 0.0

    @model_validator(mode="after")
    def _nothing_after_maps(self) -> Self:
        if self.pool == "none" and self.hidden:
            raise SpecError("hidden", "empty where the head is left out", self.hidden, ())
        if self.pool == "none" and self.dropout:
            raise SpecError("dropout", "0 where the head is left out", self.dropout, 0.0)
        return self


def _attention_kind(value: Any) -> str:
    """Which gate a description means; Hu 2018's where it says nothing."""
    return str(value.get("kind", "se") if isinstance(value, Mapping) else getattr(value, "kind", "se"))


Attention = Annotated[
    Annotated[SqueezeExcitation, Tag("se")] | Annotated[EfficientChannelAttention, Tag("eca")],
    Discriminator(_attention_kind),
]
# what is added to the branch: He 2015's B, A and C, ResNet-D's, nothing
ShortcutRule: TypeAlias = Literal["projection", "zero-padding", "projection-everywhere", "average-pool", "none"]
# the five of He 2016, Figure 4, from (a) to (e)
Order: TypeAlias = Literal["post", "norm-after-addition", "activation-before-addition", "activation-only-pre", "pre"]
Initializer: TypeAlias = Literal[
    "he_normal_fan_out", "he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", "orthogonal"
]


# what g(x) says how much of: the shortcut alone, by 1 - g(x), or the branch too, by g(x) (He 2016, section 3.1)
ShortcutGate: TypeAlias = Literal["none", "shortcut", "exclusive"]


class ResNetSpec(Part):
    """A residual network: stem, stages of blocks, head.

    Shapes are (height, width, channels). A block gives `width * expansion` channels; the kernels between its first
    and last convolution have `width * bottleneck_factor` channels (2 is wide ResNet-50-2) in `groups` groups, the first
    has a `reduce_first`-th of them (2 is SENet-154). Blocks in `cut_shortcuts` have no shortcut, y = F(x), nor what
    makes sense only beside one: they are never scaled, gated or dropped, and begin as if there were no layer scale and
    no `zero_init_residual`. `shared_preactivation` says which shortcuts start after the first
    norm and activation of a pre-activation block, instead of before: those that "project" (WRN, timm, Keras), also the
    "first" block's (He 2016), all ("always") or none ("never"). With an `output_stride` later strides become dilations.
    `stochastic_depth` is the last branch's chance to be dropped in training; the first's is 0 (Huang 2016).

    What comes by a shortcut is multiplied by `shortcut_scale`, what a branch gives by `branch_scale`: He 2016 tries 0.5
    and 1, 0.5 and 0.5. Where there is a `shortcut_gate`, g(x) is a sigmoid of a 1x1 convolution of what goes into the
    block, a number for each pixel and channel; its bias begins at `shortcut_gate_bias`.
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
    reduce_first: Annotated[int, Field(ge=1, le=64)] = 1
    groups: Annotated[int, Field(ge=1, le=65_536)] = 1
    shortcut: ShortcutRule = "projection"
    shortcut_kernel: Literal[1, 3] = 1
    shortcut_scale: Annotated[float, Field(gt=0, le=1)] = 1.0
    branch_scale: Annotated[float, Field(gt=0, le=1)] = 1.0
    shortcut_gate: ShortcutGate = "none"
    shortcut_gate_bias: Annotated[float, Field(ge=-20, le=20)] = -6.0
    cut_shortcuts: BlockNames = ()
    order: Order = "post"
    shared_preactivation: Literal["project", "first", "always", "never"] = "project"
    stride_at: Literal["1x1", "3x3", "last-block"] = "3x3"
    output_stride: int | None = None
    antialias: Literal["none", "blur", "average"] = "none"
    bias: Literal["none", "unnormalized", "all"] = "none"
    normalization: Normalization = Normalization()
    activation: ActivationKind = "relu"
    attention: Attention | None = None
    dropout: Rate = 0.0
    stochastic_depth: Rate = 0.0
    layer_scale: Annotated[float, Field(gt=0, le=1)] | None = None
    zero_init_residual: bool = False
    initializer: Initializer = "he_normal_fan_out"
    head: Head = Head()

    @model_validator(mode="before")
    @classmethod
    def _implied_by_the_block(cls, fields: Any) -> Any:
        """What a block kind implies where nothing is said: bottlenecks expand by 4, plain blocks have no shortcut."""
        if not isinstance(fields, Mapping):
            return fields
        implied: dict[str, dict[str, object]] = {"bottleneck": {"expansion": 4}, "plain": {"shortcut": "none"}}
        block = fields.get("block")
        return {**implied.get(block, {}), **fields} if isinstance(block, str) else fields

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check_resnet(self)
        return self

    @property
    def block_names(self) -> tuple[str, ...]:
        """The names of the blocks, in order: what may stand in `cut_shortcuts`."""
        return tuple(f"stage{s}.block{b}" for s, stage in enumerate(self.stages, 1) for b in range(1, stage.blocks + 1))

    @property
    def preactivated(self) -> bool:
        """Whether activations come before convolutions, so that nothing follows an addition."""
        return self.order in ("pre", "activation-only-pre")

    def inner_width(self, stage: Stage) -> int:
        """Channels inside the blocks of a stage."""
        return round(stage.width * self.bottleneck_factor)

    def first_width(self, stage: Stage) -> int:
        """Channels that a block's first convolution gives."""
        return self.inner_width(stage) // self.reduce_first


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
    dropout: Rate = 0.5

    @model_validator(mode="after")
    def _large_enough(self) -> Self:
        check_vgg(self)
        return self


class DenseStage(Part):
    """Blocks whose outputs are all concatenated; a transition halves the map before the next stage."""

    blocks: Annotated[int, Field(ge=1, le=MOST_BLOCKS)]


class DenseNetSpec(Part):
    """A densely connected network (Huang 2017): every block adds `growth` channels to what all later ones read.

    A block is norm, activation, 3x3; with a `bottleneck` of 4 a 1x1 of 4 x growth channels comes first (DenseNet-B).
    Transitions keep `compression` of the channels (0.5 is DenseNet-C). A stem without a pool, as on CIFAR, leaves norm
    and activation to the first block.
    """

    family: Literal["densenet"] = "densenet"
    input_shape: InputShape = (224, 224, 3)
    classes: Classes = 1000
    stem: Stem = Stem()
    stages: Annotated[tuple[DenseStage, ...], Field(min_length=1, max_length=12)]
    growth: Annotated[int, Field(ge=1, le=1_024)] = 32
    bottleneck: Annotated[int, Field(ge=0, le=64)] = 4
    compression: Annotated[float, Field(gt=0, le=1)] = 0.5
    dropout: Rate = 0.0
    normalization: Normalization = Normalization()
    activation: ActivationKind = "relu"
    initializer: Initializer = "he_normal_fan_out"
    head: Head = Head()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check_densenet(self)
        return self


Spec: TypeAlias = ResNetSpec | VGGSpec | DenseNetSpec
_ANY_SPEC: TypeAdapter[Spec] = TypeAdapter(Annotated[Spec, Field(discriminator="family")])


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
        raise spec_error(error, "design") from None
