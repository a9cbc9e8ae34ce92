"""Operations, layers and the graph they form, with the rules that say which shape comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import ClassVar, Literal, NamedTuple, TypeAlias, TypeVar, get_args

from resnet_tf.design.initializers import WHITENING

Shape: TypeAlias = tuple[int, ...]  # (height, width, channels), or (features,) after the head's pool or flatten
Role: TypeAlias = Literal["path", "branch", "shortcut", "gate", "join"]
# "scaled" and "gated" are identities no more (He 2016); a projection or padding is called so whatever multiplies it
Shortcut: TypeAlias = Literal["identity", "scaled", "gated", "projection", "padding", "concatenation", "cut", "none"]


@dataclass(frozen=True, slots=True)
class Input:
    shape: Shape


@dataclass(frozen=True, slots=True)
class Convolution:
    """A square kernel, padded by half of what it spans on every side (not Keras' `same`, which differs at stride 2).

    A `standardized` kernel has mean 0 and variance 1 per filter whenever it is used. `gain` multiplies the first
    weights that the initializer draws; 0 makes them zeros. Its bias begins at `first_bias`.
    """

    filters: int
    kernel: int = 3
    stride: int = 1
    groups: int = 1
    bias: bool = False
    dilation: int = 1
    padded: bool = True
    standardized: bool = False
    initializer: str = "he_normal_fan_out"
    gain: float = 1.0
    first_bias: float = 0.0

    @property
    def span(self) -> int:
        """Pixels from the first to the last that the kernel touches."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def padding(self) -> int:
        return self.span // 2 if self.padded else 0

    @property
    def frozen(self) -> bool:
        """Whether its weights are no parameters to train."""
        return self.initializer == WHITENING


@dataclass(frozen=True, slots=True)
class BatchNormalization:
    epsilon: float
    momentum: float  # as Keras says it: the share of the old average that is kept
    starts_at_zero: bool = False  # its scale, so that a branch that ends with it begins as nothing (Goyal 2017)


@dataclass(frozen=True, slots=True)
class GroupNormalization:
    """Mean and variance over height, width and the channels of a group (Wu 2018); in one group it is layer norm."""

    groups: int
    epsilon: float
    starts_at_zero: bool = False


@dataclass(frozen=True, slots=True)
class ScalarBias:
    """One learnt number, added everywhere; it begins at 0 (Fixup, Zhang 2019)."""


@dataclass(frozen=True, slots=True)
class ScalarScale:
    """One learnt number that everything is multiplied by; it begins at 1 (Fixup, Zhang 2019)."""


@dataclass(frozen=True, slots=True)
class ChannelScale:
    """A learnt number for each channel that it is multiplied by (layer scale, Touvron 2021)."""

    initial: float


@dataclass(frozen=True, slots=True)
class Rescaling:
    """Everything times one number that nobody learns, and plus another."""

    scale: float
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class StochasticDepth:
    """In training an image's whole branch is dropped at this rate, and enlarged where it is kept (Huang 2016)."""

    rate: float


@dataclass(frozen=True, slots=True)
class Activation:
    kind: str


@dataclass(frozen=True, slots=True)
class MaxPooling:
    """Padding is minus infinity, as in torch, which equals zero padding after a ReLU; or zeros."""

    kernel: int
    stride: int
    padding: int = 0
    zeros: bool = False


@dataclass(frozen=True, slots=True)
class AveragePooling:
    """ResNet-D's shortcut pool: the last window may hang over the edge and counts only what is inside.

    A `whole` one leaves out a window that would hang over, as torch does by default.
    """

    kernel: int
    stride: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class BlurPooling:
    """Every stride-th pixel of a map smoothed by 1-2-1 along both sides, its edge reflected (Zhang 2019)."""

    stride: int
    kernel: ClassVar[int] = 3


@dataclass(frozen=True, slots=True)
class GlobalAveragePooling:
    keep_axes: bool = False  # True leaves (1, 1, channels), for a gate


@dataclass(frozen=True, slots=True)
class GlobalAverageMaxPooling:
    """Half the sum of a map's mean and its maximum, per channel."""


@dataclass(frozen=True, slots=True)
class ChannelConvolution:
    """A kernel without bias that slides along the channels of (1, 1, channels), zeros beyond its ends (Wang 2020)."""

    kernel: int


@dataclass(frozen=True, slots=True)
class Subsample:
    """Every stride-th pixel: what a 1x1 pool with a stride does."""

    stride: int


@dataclass(frozen=True, slots=True)
class PadChannels:
    """Zeros appended after the last channel up to `channels` (He 2015's option A)."""

    channels: int


@dataclass(frozen=True, slots=True)
class Addition:
    pass


@dataclass(frozen=True, slots=True)
class Concatenation:
    """The channels of the second input, then those of the first: what was there, then what a dense block adds."""


@dataclass(frozen=True, slots=True)
class Multiplication:
    """A map times its gate, which may be one number a channel: then it is broadcast over height and width."""


@dataclass(frozen=True, slots=True)
class Resize:
    """A map stretched to another height and width: the nearest pixel, or bilinear between pixels' centres."""

    height: int
    width: int
    interpolation: Literal["nearest", "bilinear"]


@dataclass(frozen=True, slots=True)
class Flatten:
    pass


@dataclass(frozen=True, slots=True)
class Dense:
    units: int
    bias: bool = True
    gain: float = 1.0  # as a convolution's


@dataclass(frozen=True, slots=True)
class Dropout:
    rate: float


Operation: TypeAlias = (
    Input
    | Convolution
    | BatchNormalization
    | GroupNormalization
    | ScalarBias
    | ScalarScale
    | ChannelScale
    | Rescaling
    | StochasticDepth
    | Activation
    | MaxPooling
    | AveragePooling
    | BlurPooling
    | GlobalAveragePooling
    | GlobalAverageMaxPooling
    | ChannelConvolution
    | Subsample
    | PadChannels
    | Addition
    | Concatenation
    | Multiplication
    | Resize
    | Flatten
    | Dense
    | Dropout
)
OPERATIONS: tuple[type, ...] = get_args(Operation)


T = TypeVar("T")


class UnknownOperation(TypeError):
    """A reading met an operation that its table has no row for."""


def row(table: dict[type, T], op: Operation, reading: str) -> T:
    """The row of a reading's table for an operation; raises UnknownOperation rather than count a silent zero."""
    try:
        return table[type(op)]
    except KeyError:
        raise UnknownOperation(f"{reading} has no row for {type(op).__name__}") from None


def _windows(size: int, span: int, stride: int, padding: int) -> int:
    return (size + 2 * padding - span) // stride + 1


def _sliding(shape: Shape, span: int, stride: int, padding: int, channels: int) -> Shape:
    height, width, _ = shape
    return _windows(height, span, stride, padding), _windows(width, span, stride, padding), channels


def _convolved(op: Convolution, shape: Shape) -> Shape:
    return _sliding(shape, op.span, op.stride, op.padding, op.filters)


def _max_pooled(op: MaxPooling, shape: Shape) -> Shape:
    return _sliding(shape, op.kernel, op.stride, op.padding, shape[2])


def _average_pooled(op: AveragePooling, shape: Shape) -> Shape:
    return _sliding(shape, op.kernel, op.stride, 0, shape[2]) if op.whole else _strided(shape, op.stride)


def _strided(shape: Shape, stride: int) -> Shape:
    return -(-shape[0] // stride), -(-shape[1] // stride), shape[2]


def _concatenated(op: Concatenation, shape: Shape, *others: Shape) -> Shape:
    return *shape[:-1], shape[-1] + sum(other[-1] for other in others)


def _flat(op: Flatten, shape: Shape) -> Shape:
    return (prod(shape),)


def _same(op: object, shape: Shape, *others: Shape) -> Shape:
    return shape


# operation -> the shape that comes out of it, from the operation and the shapes that go in
SHAPES: dict[type, Callable[..., Shape]] = {
    Input: lambda op: op.shape,
    Convolution: _convolved,
    BatchNormalization: _same,
    GroupNormalization: _same,
    ScalarBias: _same,
    ScalarScale: _same,
    ChannelScale: _same,
    Rescaling: _same,
    StochasticDepth: _same,
    Activation: _same,
    MaxPooling: _max_pooled,
    AveragePooling: _average_pooled,
    BlurPooling: lambda op, shape: _strided(shape, op.stride),
    GlobalAveragePooling: lambda op, shape: (1, 1, shape[2]) if op.keep_axes else (shape[2],),
    GlobalAverageMaxPooling: lambda op, shape: (shape[2],),
    ChannelConvolution: _same,
    Subsample: lambda op, shape: _strided(shape, op.stride),
    PadChannels: lambda op, shape: (*shape[:2], op.channels),
    Addition: _same,
    Concatenation: _concatenated,
    Multiplication: _same,
    Resize: lambda op, shape: (op.height, op.width, shape[2]),
    Flatten: _flat,
    Dense: lambda op, shape: (op.units,),
    Dropout: _same,
}


class Layer(NamedTuple):
    """One operation in its place. `inputs` are names of earlier layers; `shape` is what comes out."""

    name: str  # "stage3.block2.conv1", unique and stable
    op: Operation
    inputs: tuple[str, ...]
    shape: Shape
    role: Role  # where in a block: on the residual branch, the shortcut, an attention gate, the join, or no block's


class Block(NamedTuple):
    """Consecutive layers that are one thing to a person: the stem, a residual block, the head."""

    name: str  # "stem", "stage3.block2", "head"
    stage: str  # "stem", "stage3", "head"
    kind: str  # "stem", "basic", "bottleneck", "plain", "dense", "transition", "convolution", "pool", "head", "neck"
    start: int  # its layers are graph.layers[start:stop]
    stop: int
    shortcut: Shortcut

    @property
    def joins(self) -> bool:
        """Whether something comes back to the branch, added or concatenated."""
        return self.shortcut not in ("none", "cut")


@dataclass(frozen=True)
class LayerGraph:
    """A network: layers in order, each after its inputs, and the blocks they form (the image belongs to none).

    `outputs` are the names of what it gives, where that is not just what the last layer gives.
    """

    layers: tuple[Layer, ...]
    blocks: tuple[Block, ...]
    outputs: tuple[str, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    @property
    def input_shape(self) -> Shape:
        return self.layers[0].shape

    @property
    def output(self) -> Layer:
        """The last layer."""
        return self.layers[-1]

    @property
    def output_names(self) -> tuple[str, ...]:
        """What the network gives, in order."""
        return self.outputs or (self.output.name,)

    @property
    def classes(self) -> int:
        return self.output.shape[-1]

    @property
    def parts(self) -> tuple[str, ...]:
        """The stem, where there is one, and the stages, in order: what can be frozen."""
        return tuple(name for name in dict.fromkeys(block.stage for block in self.blocks) if name != "head")

    def layers_of(self, block: Block) -> tuple[Layer, ...]:
        return self.layers[block.start : block.stop]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)
