"""Short words for operations and shapes, the same in every drawing, table and diff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from resnet_tf.design.graph import (
    Activation,
    Addition,
    AveragePooling,
    BatchNormalization,
    BlurPooling,
    ChannelConvolution,
    ChannelScale,
    Concatenation,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalAverageMaxPooling,
    GlobalAveragePooling,
    GroupNormalization,
    Input,
    MaxPooling,
    Multiplication,
    Operation,
    PadChannels,
    Rescaling,
    Resize,
    ScalarBias,
    ScalarScale,
    Shape,
    StochasticDepth,
    Subsample,
    row,
)


def _convolution(op: Convolution) -> str:
    stride = f", /{op.stride}" if op.stride > 1 else ""
    groups = f", {op.groups} groups" if op.groups > 1 else ""
    dilation = f", dilated {op.dilation}" if op.dilation > 1 else ""
    whitening = ", whitening" if op.frozen else ""
    return f"{op.kernel}×{op.kernel}, {op.filters}{groups}{stride}{dilation}{whitening}"


def _group_norm(op: GroupNormalization) -> str:
    return "layer norm" if op.groups == 1 else f"group norm, {op.groups}"


def _rescaling(op: Rescaling) -> str:
    return "1 −" if (op.scale, op.offset) == (-1, 1) else f"× {op.scale:g}{f' + {op.offset:g}' if op.offset else ''}"


_ACTIVATIONS = {"relu": "ReLU", "silu": "SiLU", "gelu": "GELU", "leaky_relu": "leaky ReLU", "sigmoid": "sigmoid"}

# operation -> (hue, label): the hue is the kind of operation that a colour stands for
_ROWS: dict[type, tuple[str, Callable[[Any], str]]] = {
    Input: ("input", lambda op: "image"),
    Convolution: ("convolution", _convolution),
    BatchNormalization: ("norm", lambda op: "batch norm"),
    GroupNormalization: ("norm", _group_norm),
    ScalarBias: ("norm", lambda op: "+ a number"),
    ScalarScale: ("norm", lambda op: "× a number"),
    ChannelScale: ("norm", lambda op: "layer scale"),
    Rescaling: ("norm", _rescaling),
    StochasticDepth: ("activation", lambda op: f"drop {op.rate:.2g}"),
    Activation: ("activation", lambda op: _ACTIVATIONS[op.kind]),
    MaxPooling: ("pool", lambda op: f"max-pool {op.kernel}×{op.kernel}, /{op.stride}"),
    AveragePooling: ("pool", lambda op: f"average {op.kernel}×{op.kernel}, /{op.stride}"),
    BlurPooling: ("pool", lambda op: f"blur, /{op.stride}"),
    GlobalAverageMaxPooling: ("pool", lambda op: "global average + max"),
    ChannelConvolution: ("convolution", lambda op: f"{op.kernel} along channels"),
    GlobalAveragePooling: ("pool", lambda op: "global average"),
    Subsample: ("pool", lambda op: f"every {op.stride}nd pixel" if op.stride == 2 else f"every {op.stride}th pixel"),
    PadChannels: ("pool", lambda op: f"zeros to {op.channels}"),
    Addition: ("addition", lambda op: "+"),
    Concatenation: ("addition", lambda op: "‖"),
    Multiplication: ("addition", lambda op: "×"),
    Resize: ("pool", lambda op: f"to {op.height}×{op.width}"),
    Flatten: ("pool", lambda op: "flatten"),
    Dense: ("convolution", lambda op: f"dense {op.units}"),
    Dropout: ("activation", lambda op: f"dropout {op.rate:g}"),
}


def hue(op: Operation) -> str:
    """The kind of operation: input, convolution, norm, activation, pool or addition."""
    return row(_ROWS, op, "labels")[0]


def label(op: Operation) -> str:
    """An operation in a few characters, as the papers' figures have it: `3×3, 64, /2`."""
    return row(_ROWS, op, "labels")[1](op)


def shape_label(shape: Shape) -> str:
    """A shape as `56×56×256`."""
    return "×".join(map(str, shape))


def block_label(name: str) -> str:
    """A block's, stage's or layer's name for people: `stage 3, block 2`."""
    words = [
        f"{word.rstrip('0123456789')} {word[len(word.rstrip('0123456789')) :]}".strip() for word in name.split(".")
    ]
    return ", ".join(words)
