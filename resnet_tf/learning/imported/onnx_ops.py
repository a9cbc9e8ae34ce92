"""What each ONNX operation is here: a row each, over values that may be only on their way to be a layer.

Inside, ONNX has channels first; the shapes here are ours, channels last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple, TypeAlias

from resnet_tf.design import graph as g
from resnet_tf.design.recognition import Unrecognised
from resnet_tf.learning.imported.building import Building, GlobalMaximum, Line, Padded, Value, square


class Constant(NamedTuple):
    """Numbers that lie in the file; the values of a few, none of many."""

    shape: tuple[int, ...]
    values: tuple[float, ...]


class Grouped(NamedTuple):
    """Channels in groups, each a line; then normalised, then scaled: a group norm on its way."""

    source: str
    groups: int
    epsilon: float = 0.0
    scaled: bool = False


class Erf(NamedTuple):
    """A part of the normal distribution's share below a map, before the map is multiplied by it."""

    source: str


class Computed(NamedTuple):
    """A shape that the file computes when it runs."""


Operand: TypeAlias = Value | Constant | Grouped | Erf | Computed


@dataclass(frozen=True)
class Node:
    """A node, its attributes as numbers or texts."""

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def many(self, name: str, otherwise: Sequence[int]) -> Sequence[int]:
        return self.attributes.get(name, otherwise)

    def one(self, name: str, otherwise: Any) -> Any:
        return self.attributes.get(name, otherwise)


# (network so far, node, what goes in) -> what comes out
Row: TypeAlias = Callable[[Building, Node, Sequence[Any]], Operand]


def _convolution(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    x, kernel = reads[:2]
    if not isinstance(kernel, Constant):
        raise Unrecognised(f"{node.name} has a kernel that is computed: designs learn theirs")
    filters, _, *sides = kernel.shape
    if isinstance(x, Line):
        return Line(to.add(node.name, g.ChannelConvolution(square(node.name, sides)), x.source))
    return to.convolution(
        node.name, x, filters, sides, node.many("strides", (1, 1)), _pads(node), groups=node.one("group", 1),
        dilation=node.many("dilations", (1, 1)), bias=len(reads) > 2 and reads[2] is not None,
    )  # fmt: skip


def _pads(node: Node) -> Any:
    automatic = node.one("auto_pad", "NOTSET")
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        return "same"
    return square_or_none(node, node.many("pads", (0,)))


def square_or_none(node: Node, pads: Sequence[int]) -> int:
    """The one number by which a map is padded on every side."""
    if len(set(pads)) > 1:
        raise Unrecognised(f"{node.name} pads by {', '.join(map(str, pads))}: designs pad by the same on every side")
    return pads[0]


def _batch_norm(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return to.add(node.name, g.BatchNormalization(round(node.one("epsilon", 1e-5), 10), 0.9), reads[0])


def _group_norm(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return to.add(
        node.name, g.GroupNormalization(node.one("num_groups", 1), round(node.one("epsilon", 1e-5), 10)), reads[0]
    )


def _instance_norm(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    if not isinstance(reads[0], Grouped):
        raise Unrecognised(f"{node.name} norms each channel by itself: designs norm by batch, group or layer")
    return reads[0]._replace(epsilon=round(node.one("epsilon", 1e-5), 10))


def _activation(kind: str) -> Row:
    def row(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
        x = reads[0]
        return (
            Line(to.activation(node.name, x.source, kind)) if isinstance(x, Line) else to.activation(node.name, x, kind)
        )

    return row


def _leaky(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    if abs(node.one("alpha", 0.01) - 0.01) > 1e-6:
        raise Unrecognised(f"{node.name} has a slope of {node.one('alpha', 0.01):g}: leaky_relu here has 0.01")
    return to.activation(node.name, reads[0], "leaky_relu")


def _max_pool(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    kernel = node.many("kernel_shape", ())
    return to.max_pool(node.name, reads[0], kernel, node.many("strides", (1, 1)), _pads(node))


def _average_pool(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    pads = node.many("pads", (0, 0, 0, 0))
    same = node.one("ceil_mode", 0) or any(pads) or str(node.one("auto_pad", "")).startswith("SAME")
    if any(pads[: len(pads) // 2]) and not isinstance(reads[0], Padded) and max(pads[: len(pads) // 2]) > 0:
        raise Unrecognised(f"{node.name} pads what it averages: no pool here does")
    kernel = node.many("kernel_shape", ())
    return to.average_pool(node.name, reads[0], kernel, node.many("strides", (1, 1)), "same" if same else "valid")


def _global_average(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return to.add(node.name, g.GlobalAveragePooling(keep_axes=True), reads[0])


def _reduce_mean(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    axes = node.one("axes", None) or (reads[1].values if len(reads) > 1 and isinstance(reads[1], Constant) else ())
    if sorted(int(axis) % 4 for axis in axes) != [2, 3] or len(to.shape(reads[0])) != 3:
        raise Unrecognised(f"{node.name} is a mean along the axes {list(axes)}: designs have one over the whole map")
    return to.add(node.name, g.GlobalAveragePooling(keep_axes=bool(node.one("keepdims", 1))), reads[0])


def _mean(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return to.mean_of(node.name, reads)


def _add(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    values = [each for each in reads if not isinstance(each, Constant)]
    if len(values) == 2:
        return to.add_up(node.name, *values)
    (x,), (constant,) = values, [each for each in reads if isinstance(each, Constant)]
    if isinstance(x, Grouped):
        return to.add(node.name, g.GroupNormalization(x.groups, x.epsilon), x.source)
    if isinstance(x, Erf):
        return x
    layer = to.net.layers[-1]
    if (
        layer.name == x
        and isinstance(layer.op, g.Dense | g.Convolution)
        and not layer.op.bias
        and prod(constant.shape) > 1
    ):
        to.net.layers[-1] = layer._replace(op=replace(layer.op, bias=True))
        return x
    if prod(constant.shape) != 1:
        raise Unrecognised(f"{node.name} adds numbers to each channel: no block here does")
    return to.add(node.name, g.ScalarBias(), x)


def _multiply(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    values = [each for each in reads if not isinstance(each, Constant)]
    if len(values) == 1:
        return _scaled(to, node, values[0], next(each for each in reads if isinstance(each, Constant)))
    a, b = values
    if isinstance(a, Erf):
        a, b = b, a
    if isinstance(b, Erf):
        return to.activation(node.name, b.source, "gelu")
    for x, gate in ((a, b), (b, a)):
        layer = next((each for each in reversed(to.net.layers) if each.name == gate), None)
        if layer and layer.op == g.Activation("sigmoid") and layer.inputs == (x,):
            return to.activation(node.name, x, "silu")
    return to.multiply(node.name, a, b)


def _scaled(to: Building, node: Node, x: Any, constant: Constant) -> Operand:
    if isinstance(x, Grouped):
        return x._replace(scaled=True)
    if isinstance(x, Erf):
        return x
    layer = to.net.layers[-1]
    if layer.op == g.Activation("gelu") and constant.values and abs(constant.values[0] - 0.5) < 1e-6:
        return x
    if prod(constant.shape) == 1:
        if constant.values and abs(constant.values[0] - 0.5**0.5) < 1e-4:
            return Erf(x)
        return to.add(node.name, g.ScalarScale(), x)
    return to.add(node.name, g.ChannelScale(1.0), x)


def _divide(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    x, by = reads
    if isinstance(by, Constant) and by.values and abs(by.values[0] - 2**0.5) < 1e-4:
        return Erf(to.name_of(x, node.name))
    raise Unrecognised(f"{node.name} divides: no block here does")


def _erf(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    if not isinstance(reads[0], Erf):
        raise Unrecognised(f"{node.name} is an error function outside of a GELU")
    return reads[0]


def _pad(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    x = to.name_of(reads[0], node.name)
    said = reads[1] if len(reads) > 1 else Constant((), tuple(node.many("pads", ())))
    pads = [int(n) for n in said.values] if isinstance(said, Constant) else []
    if len(pads) != 8:
        raise Unrecognised(f"{node.name} pads by numbers that are computed, or are not of a map")
    value = reads[2].values[0] if len(reads) > 2 and isinstance(reads[2], Constant) and reads[2].values else 0.0
    channels = [n for i, n in enumerate(pads) if i % 4 == 1]
    sides = {n for i, n in enumerate(pads) if i % 4 > 1}
    if channels != [0, 0]:
        if sides != {0} or channels[0]:
            raise Unrecognised(
                f"{node.name} pads channels before the first, or sides with them: designs append channels"
            )
        return to.add(node.name, g.PadChannels(to.shape(x)[-1] + channels[1]), x)
    if len(sides) > 1:
        raise Unrecognised(f"{node.name} pads by {pads}: designs pad by the same on every side")
    return Padded(x, sides.pop(), "reflect" if node.one("mode", "constant") == "reflect" else float(value))


def _reshape(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    x, said = reads[0], reads[1] if len(reads) > 1 else None
    target = [int(n) for n in said.values] if isinstance(said, Constant) else []
    if isinstance(x, Grouped):
        return x
    if isinstance(x, Line):
        return x.source
    if len(target) == 3 and target[1] == 1 and prod(to.shape(x)) == to.shape(x)[-1]:
        return to.line(x)
    if len(target) == 3 and target[1] > 1 and target[2] == -1:
        return Grouped(x, target[1])
    if len(target) == 4 and len(to.shape(x)) == 3:
        return x
    return to.flatten(node.name, x)


def _flatten(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return to.flatten(node.name, reads[0])


def _squeeze(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    """Channels in a line, or a vector: what an attention's or a head's pool becomes."""
    axes = node.one("axes", None) or (reads[1].values if len(reads) > 1 and isinstance(reads[1], Constant) else ())
    return Line(reads[0]) if len(axes) == 1 else to.flatten(node.name, reads[0])


def _unsqueeze(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return reads[0].source if isinstance(reads[0], Line) else reads[0]


def _transpose(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return reads[0]


def _concatenate(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return to.concatenate(node.name, reads)


def _gemm(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    kernel = reads[1]
    if not isinstance(kernel, Constant) or len(kernel.shape) != 2:
        raise Unrecognised(f"{node.name} multiplies two maps: no block here does")
    units = kernel.shape[0 if node.one("transB", 0) else 1]
    return to.dense(node.name, reads[0], units, bias=len(reads) > 2 and reads[2] is not None)


def _clip(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    raise Unrecognised(f"{node.name} is a ReLU with a limit: designs have relu, silu, gelu and leaky_relu")


def _same(to: Building, node: Node, reads: Sequence[Any]) -> Operand:
    return reads[0]


ROWS: dict[str, Row] = {
    "Conv": _convolution,
    "BatchNormalization": _batch_norm,
    "GroupNormalization": _group_norm,
    "InstanceNormalization": _instance_norm,
    "Relu": _activation("relu"),
    "Sigmoid": _activation("sigmoid"),
    "Gelu": _activation("gelu"),
    "Softmax": _activation("softmax"),
    "LeakyRelu": _leaky,
    "Clip": _clip,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global_average,
    "GlobalMaxPool": lambda to, node, reads: GlobalMaximum(to.name_of(reads[0], node.name)),
    "ReduceMean": _reduce_mean,
    "Mean": _mean,
    "Add": _add,
    "Sum": _add,
    "Mul": _multiply,
    "Div": _divide,
    "Erf": _erf,
    "Pad": _pad,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Concat": _concatenate,
    "Gemm": _gemm,
    "MatMul": _gemm,
    "Dropout": _same,
    "Expand": _same,  # a gate to its map's size, before they are multiplied
    "Identity": _same,
    "Cast": _same,
}
