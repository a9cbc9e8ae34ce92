"""What each TensorFlow operation of a served function is here: a row each, over values that may be on their way.

A batch norm lies in pieces: x · γ / sqrt(variance + ε) + (β - mean · γ / sqrt(variance + ε)).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple, TypeAlias

from resnet_tf.design import graph as g
from resnet_tf.design.recognition import Unrecognised
from resnet_tf.learning.imported.building import Building, GlobalMaximum, Learnt, Line, Ones, Padded, Value
from resnet_tf.learning.imported.wire import Message

_FEW = 64  # numbers of a constant that are read: shapes and sides, no weights


class Array(NamedTuple):
    """Numbers of a known shape: learnt, or constant where there are values. `epsilon` is what was added to a variance;
    `inverse` says that the root of that was taken, which norms are scaled by."""

    shape: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    epsilon: float = 0.0
    inverse: bool = False


class Scaled(NamedTuple):
    """A map divided by its deviation, before its mean is taken off: a batch norm on its way."""

    source: str
    epsilon: float


class Erf(NamedTuple):
    """A part of the normal distribution's share below a map, before the map is multiplied by it."""

    source: str


Operand: TypeAlias = Value | Array | Scaled | Erf


@dataclass(frozen=True)
class Node:
    """An operation, what it reads, and its attributes as the file has them."""

    kind: str
    name: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Message]

    def numbers(self, name: str) -> list[int]:
        return self.attributes[name].message(1).integers(3) if name in self.attributes else []

    def text(self, name: str) -> str:
        return self.attributes[name].text(2) if name in self.attributes else ""

    def number(self, name: str, otherwise: float) -> float:
        return (self.attributes[name].floats(4) or [otherwise])[-1] if name in self.attributes else otherwise

    def flag(self, name: str) -> bool:
        return bool(self.attributes[name].integer(5)) if name in self.attributes else False


Row: TypeAlias = Callable[[Building, Node, Sequence[Any]], Any]


def _shape(message: Message) -> tuple[int, ...]:
    return tuple(each.integer(1) for each in message.messages(2))


def _variable(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return Array(_shape(node.attributes["shape"].message(7)))


def _constant(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    tensor = node.attributes["value"].message(8)
    shape = _shape(tensor.message(2))
    if prod(shape) > _FEW:
        return Array(shape)
    raw, letter = tensor.views(4), {1: "f", 2: "d", 3: "i", 9: "q"}.get(tensor.integer(1), "")
    values: Sequence[float] = (*tensor.floats(5), *tensor.integers(7), *tensor.integers(10))
    if raw and letter:
        values = struct.unpack(f"<{len(raw[-1]) // struct.calcsize(letter)}{letter}", raw[-1])
    if len(values) == 1:
        values = tuple(values) * max(prod(shape), 1)
    return Array(shape, tuple(values))


def _split(to: Building, node: Node, reads: Sequence[Any]) -> list[Operand]:
    """Vectors that lie in one variable, as this package's own export packs them."""
    sizes = next(each.values for each in reads[1:] if isinstance(each, Array) and each.values)
    return [Array((int(size),)) for size in sizes]


def _convolution(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    x, kernel = reads
    _channels_last(node)
    high, wide, inner, filters = kernel.shape
    dilations, padding = node.numbers("dilations") or [1] * 4, node.text("padding")
    groups = to.shape(x)[-1] // inner
    return to.convolution(
        node.name, x, filters, (high, wide), node.numbers("strides")[1:3], _padding(node, padding), groups=groups,
        dilation=dilations[1:3],
    )  # fmt: skip


def _padding(node: Node, said: str) -> Any:
    if said != "EXPLICIT":
        return said.lower()
    sides = node.numbers("explicit_paddings")[2:6]
    if len(set(sides)) > 1:
        raise Unrecognised(f"{node.name} pads by {sides}: designs pad by the same on every side")
    return sides[0]


def _channels_last(node: Node) -> None:
    if node.text("data_format") not in ("", "NHWC"):
        raise Unrecognised(f"{node.name} has its channels first: only models with channels last are read")


def _max_pool(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return to.max_pool(node.name, reads[0], node.numbers("ksize")[1:3], node.numbers("strides")[1:3], _pads(node))


def _average_pool(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return to.average_pool(node.name, reads[0], node.numbers("ksize")[1:3], node.numbers("strides")[1:3], _pads(node))


def _pads(node: Node) -> Any:
    return node.text("padding").lower()


def _mean(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    if not _over_the_map(to, reads):
        raise Unrecognised(f"{node.name} is a mean along other axes than a map's: a group norm is not read from here")
    return to.add(node.name, g.GlobalAveragePooling(keep_axes=node.flag("keep_dims")), reads[0])


def _maximum(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    if not _over_the_map(to, reads):
        raise Unrecognised(f"{node.name} is a maximum along other axes than a map's")
    return GlobalMaximum(to.name_of(reads[0], node.name))


def _over_the_map(to: Building, reads: Sequence[Any]) -> bool:
    axes = sorted(int(axis) % 4 for axis in reads[1].values)
    return axes == [1, 2] and isinstance(reads[0], str) and len(to.shape(reads[0])) == 3


def _pad(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    x, sides = to.name_of(reads[0], node.name), [int(n) for n in reads[1].values]
    value = reads[2].values[0] if len(reads) > 2 else 0.0
    if sides[:6] == [0] * 6 and len(sides) == 8 and sides[7]:
        return to.add(node.name, g.PadChannels(to.shape(x)[-1] + sides[7]), x)
    if len(sides) != 8 or sides[:2] + sides[6:] != [0] * 4 or len(set(sides[2:6])) > 1:
        raise Unrecognised(f"{node.name} pads by {sides}: designs pad a map by the same on every side")
    return Padded(x, sides[2], "reflect" if node.kind == "MirrorPad" else float(value))


def _add(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    a, b = reads
    if isinstance(a, Array):
        a, b = b, a
    if not isinstance(b, Array):
        return to.add_up(node.name, a, b)
    if isinstance(a, Array):  # a variance and its epsilon, or constants
        few = next((each.values[0] for each in (b, a) if each.values), 0.0)
        return (a if b.values else b)._replace(epsilon=few)
    if isinstance(a, Scaled):
        return to.add(node.name, g.BatchNormalization(round(a.epsilon, 10), 0.9), a.source)
    return a if isinstance(a, Erf) else _bias(to, node, [a, b])


def _bias(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    x = reads[0]
    layer = to.net.layers[-1]
    if layer.name != x or not isinstance(layer.op, g.Convolution | g.Dense) or layer.op.bias:
        raise Unrecognised(f"{node.name} adds numbers to a map that no convolution gives")
    to.net.layers[-1] = layer._replace(op=replace(layer.op, bias=True))
    return x  # type: ignore[no-any-return]


def _multiply(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    a, b = reads
    if isinstance(a, Array):
        a, b = b, a
    if isinstance(a, Array):
        return a if a.inverse else b._replace(inverse=b.inverse)
    if isinstance(b, Array):
        return _scaled(to, node, a, b)
    a, b = (b, a) if isinstance(a, Erf) else (a, b)
    if isinstance(b, Erf):
        return to.activation(node.name, b.source, "gelu")
    for x, gate in ((a, b), (b, a)):
        layer = next((each for each in reversed(to.net.layers) if each.name == gate), None)
        if layer and layer.op == g.Activation("sigmoid") and layer.inputs == (x,):
            return to.activation(node.name, x, "silu")
    return to.multiply(node.name, a, b)


def _scaled(to: Building, node: Node, x: Any, by: Array) -> Operand:
    if by.inverse:
        return Scaled(to.name_of(x, node.name), by.epsilon)
    if isinstance(x, Erf):
        return x
    if to.net.layers[-1].op == g.Activation("gelu") and by.values and abs(by.values[0] - 0.5) < 1e-6:
        return x  # type: ignore[no-any-return]
    if by.values and abs(by.values[0] - 0.5**0.5) < 1e-4:
        return Erf(x)
    raise Unrecognised(f"{node.name} multiplies a map by numbers: no block here does")


def _subtract(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    if isinstance(reads[0], Array):
        return reads[0]
    return _of_pixels(to, node, reads)


def _of_pixels(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    if reads[0] != "input":
        raise Unrecognised(f"operation {node.name} subtracts or divides: no block here does")
    to.notes.append("It scales its pixels itself: that is left out, since a design takes what a training scales.")
    return reads[0]  # type: ignore[no-any-return]


def _root(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    if not isinstance(reads[0], Array):
        raise Unrecognised(f"{node.name} is a root of a map: a group norm is not read from a SavedModel")
    return reads[0]._replace(inverse=True)


def _fused(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return to.add(node.name, g.BatchNormalization(round(node.number("epsilon", 1e-3), 10), 0.9), reads[0])


def _dense(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    x, kernel = reads
    return to.dense(node.name, x, kernel.shape[-1], bias=False)


def _reshape(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    x = reads[0]
    if isinstance(x, Array | Learnt | Ones):
        return x  # type: ignore[no-any-return]
    if isinstance(x, Line):
        return x.source
    if to.shape(x)[:2] == (1, 1):
        return Line(x) if node.kind == "ExpandDims" else to.flatten(node.name, x)
    return to.flatten(node.name, x)


def _activation(kind: str) -> Row:
    return lambda to, node, reads: to.activation(node.name, reads[0], kind)


def _leaky(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    if abs(node.number("alpha", 0.2) - 0.01) > 1e-6:
        raise Unrecognised(f"{node.name} has a slope of {node.number('alpha', 0.2):g}: leaky_relu here has 0.01")
    return to.activation(node.name, reads[0], "leaky_relu")


def _concatenate(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    values = [each for each in reads if not isinstance(each, Array)]
    return to.concatenate(node.name, values) if values else Array()


def _first(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return reads[0] if reads else Array()


def _array(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return Array()


ROWS: dict[str, Row] = {
    "VarHandleOp": _variable,
    "Const": _constant,
    "Placeholder": _array,
    "NoOp": _array,
    "Shape": _array,
    "StridedSlice": _array,
    "Pack": _array,
    "SplitV": _split,
    "ReadVariableOp": _first,
    "Identity": _first,
    "Cast": _first,
    "StopGradient": _first,
    "Squeeze": _reshape,
    "Reshape": _reshape,
    "ExpandDims": _reshape,
    "Conv2D": _convolution,
    "BiasAdd": _bias,
    "MatMul": _dense,
    "FusedBatchNormV3": _fused,
    "Rsqrt": _root,
    "AddV2": _add,
    "Mul": _multiply,
    "Sub": _subtract,
    "RealDiv": _of_pixels,
    "Pad": _pad,
    "PadV2": _pad,
    "MirrorPad": _pad,
    "MaxPool": _max_pool,
    "AvgPool": _average_pool,
    "Mean": _mean,
    "Max": _maximum,
    "ConcatV2": _concatenate,
    "Relu": _activation("relu"),
    "Sigmoid": _activation("sigmoid"),
    "Softmax": _activation("softmax"),
    "LeakyRelu": _leaky,
    "Erf": lambda to, node, reads: reads[0] if isinstance(reads[0], Erf) else Erf(reads[0]),
}
