"""Operations, layers and the graph they form, with the rules that say which shape comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

Shape: TypeAlias = tuple[int, ...]  # (height, width, channels), or (features,) after the head's pool or flatten
Role: TypeAlias = Literal["path", "branch", "shortcut", "gate", "join"]
Shortcut: TypeAlias = Literal["identity", "projection", "padding", "none"]


@dataclass(frozen=True, slots=True)
class Input:
    shape: Shape


@dataclass(frozen=True, slots=True)
class Convolution:
    """A square kernel, padded by `kernel // 2` on every side (not Keras' `same`, which differs at stride 2)."""

    filters: int
    kernel: int = 3
    stride: int = 1
    groups: int = 1
    bias: bool = False

    @property
    def padding(self) -> int:
        return self.kernel // 2


@dataclass(frozen=True, slots=True)
class BatchNormalization:
    epsilon: float
    momentum: float  # as Keras says it: the share of the old average that is kept


@dataclass(frozen=True, slots=True)
class Activation:
    kind: str


@dataclass(frozen=True, slots=True)
class MaxPooling:
    """Padding is minus infinity, as in torch; it equals zero padding after a ReLU."""

    kernel: int
    stride: int
    padding: int = 0


@dataclass(frozen=True, slots=True)
class AveragePooling:
    """ResNet-D's shortcut pool: the last window may hang over the edge and counts only what is inside."""

    kernel: int
    stride: int


@dataclass(frozen=True, slots=True)
class GlobalAveragePooling:
    keep_axes: bool = False  # True leaves (1, 1, channels), for a gate


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
class Multiplication:
    """A map times its gate, broadcast over height and width."""


@dataclass(frozen=True, slots=True)
class Flatten:
    pass


@dataclass(frozen=True, slots=True)
class Dense:
    units: int
    bias: bool = True


@dataclass(frozen=True, slots=True)
class Dropout:
    rate: float


Operation: TypeAlias = (
    Input
    | Convolution
    | BatchNormalization
    | Activation
    | MaxPooling
    | AveragePooling
    | GlobalAveragePooling
    | Subsample
    | PadChannels
    | Addition
    | Multiplication
    | Flatten
    | Dense
    | Dropout
)


T = TypeVar("T")


class UnknownOperation(TypeError):
    """A reading met an operation that its table has no row for."""


def row(table: dict[type, T], op: Operation, reading: str) -> T:
    """The row of a reading's table for an operation; raises UnknownOperation rather than count a silent zero."""
    try:
        return table[type(op)]
    except KeyError:
        raise UnknownOperation(f"{reading} has no row for {type(op).__name__}") from None


def _windows(size: int, kernel: int, stride: int, padding: int) -> int:
    return (size + 2 * padding - kernel) // stride + 1


def _sliding(op: Convolution | MaxPooling, shape: Shape, channels: int) -> Shape:
    height, width, _ = shape
    kernel, stride, padding = op.kernel, op.stride, op.padding
    return _windows(height, kernel, stride, padding), _windows(width, kernel, stride, padding), channels


def _strided(shape: Shape, stride: int) -> Shape:
    return -(-shape[0] // stride), -(-shape[1] // stride), shape[2]


def _flat(shape: Shape) -> Shape:
    size = 1
    for n in shape:
        size *= n
    return (size,)


# operation -> the shape that comes out of it, from the operation and the shapes that go in
SHAPES: dict[type, Callable[[Any, Sequence[Shape]], Shape]] = {
    Input: lambda op, shapes: op.shape,
    Convolution: lambda op, shapes: _sliding(op, shapes[0], op.filters),
    BatchNormalization: lambda op, shapes: shapes[0],
    Activation: lambda op, shapes: shapes[0],
    MaxPooling: lambda op, shapes: _sliding(op, shapes[0], shapes[0][2]),
    AveragePooling: lambda op, shapes: _strided(shapes[0], op.stride),
    GlobalAveragePooling: lambda op, shapes: (1, 1, shapes[0][2]) if op.keep_axes else (shapes[0][2],),
    Subsample: lambda op, shapes: _strided(shapes[0], op.stride),
    PadChannels: lambda op, shapes: (*shapes[0][:2], op.channels),
    Addition: lambda op, shapes: shapes[0],
    Multiplication: lambda op, shapes: shapes[0],
    Flatten: lambda op, shapes: _flat(shapes[0]),
    Dense: lambda op, shapes: (op.units,),
    Dropout: lambda op, shapes: shapes[0],
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
    kind: str  # "stem", "basic", "bottleneck", "plain", "convolution", "pool", "head"
    start: int  # its layers are graph.layers[start:stop]
    stop: int
    shortcut: Shortcut


@dataclass(frozen=True)
class LayerGraph:
    """A network: layers in order, each after its inputs, and the blocks they form (the image belongs to none)."""

    layers: tuple[Layer, ...]
    blocks: tuple[Block, ...]

    @cached_property
    def by_name(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    @property
    def input_shape(self) -> Shape:
        return self.layers[0].shape

    @property
    def output(self) -> Layer:
        return self.layers[-1]

    @property
    def classes(self) -> int:
        return self.output.shape[-1]

    def layers_of(self, block: Block) -> tuple[Layer, ...]:
        return self.layers[block.start : block.stop]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)
