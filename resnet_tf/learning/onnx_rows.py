"""What ONNX has for each operation, one row each: functions that add nodes, to maps whose channels come first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from resnet_tf.design import graph as g
from resnet_tf.learning.makers import LEAKY_SLOPE

if TYPE_CHECKING:
    import onnx

TO_CHANNELS_FIRST, TO_CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]

Attributes: TypeAlias = dict[str, Any]


class Nodes:
    """The nodes and constants so far. `add` returns the name of what the new node gives, so that a row reads well."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: Sequence[str], name: str, attributes: Attributes | None = None) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **(attributes or {})))
        return name

    def constant(self, name: str, values: np.ndarray | Sequence[int]) -> str:
        from onnx import numpy_helper

        integers = not isinstance(values, np.ndarray)
        array = np.array(values, np.int64) if integers else np.ascontiguousarray(values, np.float32)
        self.constants.append(numpy_helper.from_array(array, name))
        return name


class Place(NamedTuple):
    """A layer as its row sees it: what goes in by name and shape, what comes out, the weights of Keras' layer."""

    name: str
    op: Any
    inputs: Sequence[str]
    shapes: Sequence[g.Shape]
    shape: g.Shape
    weights: Sequence[np.ndarray]


# (nodes so far, a layer in its place) -> the name of what comes out
Row: TypeAlias = Callable[[Nodes, Place], str]


def _input(to: Nodes, at: Place) -> str:
    return to.add("Transpose", ["images"], at.name, {"perm": TO_CHANNELS_FIRST})


def _convolution(to: Nodes, at: Place) -> str:
    op, name = at.op, at.name
    kernel, *bias = at.weights
    constants = [to.constant(f"{name}.kernel", kernel.transpose(3, 2, 0, 1))]
    constants += [to.constant(f"{name}.bias", each) for each in bias]
    windows = _windows(op.kernel, op.stride, [op.padding] * 4)
    how = {**windows, "group": op.groups, "dilations": [op.dilation] * 2}
    return to.add("Conv", [*at.inputs, *constants], name, how)


def _windows(kernel: int, stride: int, pads: Sequence[int] = (0, 0, 0, 0)) -> Attributes:
    """How square windows move; pads are top, left, bottom, right."""
    return {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": list(pads)}


def _batch_normalization(to: Nodes, at: Place) -> str:
    parts = zip(("gamma", "beta", "mean", "variance"), at.weights, strict=True)
    constants = [to.constant(f"{at.name}.{part}", values) for part, values in parts]
    return to.add("BatchNormalization", [*at.inputs, *constants], at.name, {"epsilon": at.op.epsilon})


def _group_normalization(to: Nodes, at: Place) -> str:
    """Each group is a line of its own that is normalised, then every channel is scaled and moved."""
    op, name, (height, width, channels) = at.op, at.name, at.shapes[0]
    lines = to.add("Reshape", [at.inputs[0], to.constant(f"{name}.lines", [0, op.groups, -1])], f"{name}.grouped")
    ones, zeros = np.ones(op.groups, np.float32), np.zeros(op.groups, np.float32)
    scale = [to.constant(f"{name}.ones", ones), to.constant(f"{name}.zeros", zeros)]
    lines = to.add("InstanceNormalization", [lines, *scale], f"{name}.normal", {"epsilon": op.epsilon})
    x = to.add("Reshape", [lines, to.constant(f"{name}.maps", [0, channels, height, width])], f"{name}.ungrouped")
    gamma, beta = (values.reshape(-1, 1, 1) for values in at.weights)
    x = to.add("Mul", [x, to.constant(f"{name}.gamma", gamma)], f"{name}.scaled")
    return to.add("Add", [x, to.constant(f"{name}.beta", beta)], name)


def _learnt(kind: str) -> Row:
    """The row of a number, or a number for each channel, that was learnt: it is added or multiplied."""

    def add(to: Nodes, at: Place) -> str:
        numbers = at.weights[0].reshape(-1, 1, 1) if len(at.shapes[0]) == 3 else at.weights[0].reshape(-1)
        return to.add(kind, [*at.inputs, to.constant(f"{at.name}.kernel", numbers)], at.name)

    return add


def _rescaling(to: Nodes, at: Place) -> str:
    op, name = at.op, at.name
    scale = to.constant(f"{name}.by", np.array(op.scale))
    if not op.offset:
        return to.add("Mul", [*at.inputs, scale], name)
    x = to.add("Mul", [*at.inputs, scale], f"{name}.scaled")
    return to.add("Add", [x, to.constant(f"{name}.plus", np.array(op.offset))], name)


def _nothing(to: Nodes, at: Place) -> str:
    """What does nothing outside training."""
    return at.inputs[0]


def _activation(to: Nodes, at: Place) -> str:
    return _ACTIVATIONS[at.op.kind](to, at.name, at.inputs[0])


def _silu(to: Nodes, name: str, x: str) -> str:
    return to.add("Mul", [x, to.add("Sigmoid", [x], f"{name}.sigmoid")], name)


def _gelu(to: Nodes, name: str, x: str) -> str:
    """x times the normal distribution's share below x: (1 + erf(x / sqrt 2)) / 2."""
    root, one, half = (to.constant(f"{name}.{said}", np.array(value))
                       for said, value in (("root", sqrt(2)), ("one", 1), ("half", 0.5)))  # fmt: skip
    share = to.add("Erf", [to.add("Div", [x, root], f"{name}.divided")], f"{name}.erf")
    share = to.add("Mul", [to.add("Add", [share, one], f"{name}.above"), half], f"{name}.share")
    return to.add("Mul", [x, share], name)


_ACTIVATIONS: dict[str, Callable[[Nodes, str, str], str]] = {
    "relu": lambda to, name, x: to.add("Relu", [x], name),
    "sigmoid": lambda to, name, x: to.add("Sigmoid", [x], name),
    "silu": _silu,
    "gelu": _gelu,
    "leaky_relu": lambda to, name, x: to.add("LeakyRelu", [x], name, {"alpha": LEAKY_SLOPE}),
}


def _max_pooling(to: Nodes, at: Place) -> str:
    op, name = at.op, at.name
    if not op.zeros:  # ONNX pads a maximum with minus infinity
        return to.add("MaxPool", at.inputs, name, _windows(op.kernel, op.stride, [op.padding] * 4))
    sides = [0, 0, op.padding, op.padding] * 2
    padded = to.add("Pad", [*at.inputs, to.constant(f"{name}.sides", sides)], f"{name}.padded")
    return to.add("MaxPool", [padded], name, _windows(op.kernel, op.stride))


def _average_pooling(to: Nodes, at: Place) -> str:
    """What a window lacks at the edge counts for nothing; where one side lacks more, it is the bottom or the right."""
    op = at.op
    lack = [max((out - 1) * op.stride + op.kernel - size, 0)
            for size, out in zip(at.shapes[0][:2], at.shape[:2], strict=True)]  # fmt: skip
    pads = [n // 2 for n in lack] + [n - n // 2 for n in lack]
    return to.add("AveragePool", at.inputs, at.name, {**_windows(op.kernel, op.stride, pads), "count_include_pad": 0})


def _blur_pooling(to: Nodes, at: Place) -> str:
    """1-2-1 is a mean of two neighbours, taken twice."""
    op, name = at.op, at.name
    sides = to.constant(f"{name}.sides", [0, 0, 1, 1] * 2)
    x = to.add("Pad", [*at.inputs, sides], f"{name}.padded", {"mode": "reflect"})
    x = to.add("AveragePool", [x], f"{name}.half", _windows(2, 1))
    return to.add("AveragePool", [x], name, _windows(2, op.stride))


def _global_average(to: Nodes, at: Place) -> str:
    if at.op.keep_axes:
        return to.add("GlobalAveragePool", at.inputs, at.name)
    return to.add("Flatten", [to.add("GlobalAveragePool", at.inputs, f"{at.name}.mean")], at.name)


def _average_max(to: Nodes, at: Place) -> str:
    name = at.name
    mean = to.add("GlobalAveragePool", at.inputs, f"{name}.mean")
    most = to.add("GlobalMaxPool", at.inputs, f"{name}.max")
    return to.add("Flatten", [to.add("Mean", [mean, most], f"{name}.both")], name)


def _channel_convolution(to: Nodes, at: Place) -> str:
    op, name = at.op, at.name
    line = to.add("Reshape", [*at.inputs, to.constant(f"{name}.line", [0, 1, -1])], f"{name}.flat")
    kernel = to.constant(f"{name}.kernel", at.weights[0].transpose(2, 1, 0))
    sides = [op.kernel // 2] * 2
    line = to.add("Conv", [line, kernel], f"{name}.slid", {"kernel_shape": [op.kernel], "pads": sides})
    return to.add("Reshape", [line, to.constant(f"{name}.axes", [0, -1, 1, 1])], name)


def _subsample(to: Nodes, at: Place) -> str:
    return to.add("MaxPool", at.inputs, at.name, _windows(1, at.op.stride))


def _pad_channels(to: Nodes, at: Place) -> str:
    sides = [0, 0, 0, 0, 0, at.op.channels - at.shapes[0][2], 0, 0]
    return to.add("Pad", [*at.inputs, to.constant(f"{at.name}.sides", sides)], at.name)


def _addition(to: Nodes, at: Place) -> str:
    return to.add("Sum", at.inputs, at.name)


def _concatenation(to: Nodes, at: Place) -> str:
    return to.add("Concat", at.inputs[::-1], at.name, {"axis": 1})


def _multiplication(to: Nodes, at: Place) -> str:
    return to.add("Mul", at.inputs, at.name)


def _resize(to: Nodes, at: Place) -> str:
    """Pixels are squares whose centres are compared; between two of them the later is the nearest."""
    op = at.op
    how = (
        {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}
        if op.interpolation == "nearest"
        else {"mode": "linear"}
    )
    how |= {"coordinate_transformation_mode": "half_pixel", "axes": [2, 3]}
    return to.add("Resize", [*at.inputs, "", "", to.constant(f"{at.name}.size", [op.height, op.width])], at.name, how)


def _flatten(to: Nodes, at: Place) -> str:
    """Row by row, a pixel's channels together, as the dense layer after it has learnt them."""
    x = to.add("Transpose", at.inputs, f"{at.name}.last", {"perm": TO_CHANNELS_LAST})
    return to.add("Flatten", [x], at.name)


def _dense(to: Nodes, at: Place) -> str:
    parts = zip(("kernel", "bias"), at.weights, strict=False)
    return to.add("Gemm", [*at.inputs, *(to.constant(f"{at.name}.{part}", values) for part, values in parts)], at.name)


ROWS: dict[type, Row] = {
    g.Input: _input,
    g.Convolution: _convolution,
    g.BatchNormalization: _batch_normalization,
    g.GroupNormalization: _group_normalization,
    g.ScalarBias: _learnt("Add"),
    g.ScalarScale: _learnt("Mul"),
    g.ChannelScale: _learnt("Mul"),
    g.Rescaling: _rescaling,
    g.StochasticDepth: _nothing,
    g.Activation: _activation,
    g.MaxPooling: _max_pooling,
    g.AveragePooling: _average_pooling,
    g.BlurPooling: _blur_pooling,
    g.GlobalAveragePooling: _global_average,
    g.GlobalAverageMaxPooling: _average_max,
    g.ChannelConvolution: _channel_convolution,
    g.Subsample: _subsample,
    g.PadChannels: _pad_channels,
    g.Addition: _addition,
    g.Concatenation: _concatenation,
    g.Multiplication: _multiplication,
    g.Resize: _resize,
    g.Flatten: _flatten,
    g.Dense: _dense,
    g.Dropout: _nothing,
}
