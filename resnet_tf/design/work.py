"""What a training step does, layer by layer: how much is multiplied, and how much is read and written.

The two figures of a roofline (Williams 2009), forwards and backwards apart. A pass over a tensor counts its elements
once for each time that they are read or written; nothing is taken to stay in a cache, and no two operations to be one.
Backwards a convolution or a dense layer multiplies twice as much as forwards, once for its kernel's gradient and once
for its input's, which the image needs none of; a tensor that several layers read has its gradients added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, NamedTuple

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
    Layer,
    LayerGraph,
    MaxPooling,
    Multiplication,
    PadChannels,
    Rescaling,
    Resize,
    ScalarBias,
    ScalarScale,
    StochasticDepth,
    Subsample,
    row,
)

if TYPE_CHECKING:
    from resnet_tf.design.costs import Cost


class Pass(NamedTuple):
    """One way through a layer, for one image."""

    flops: int
    elements: int  # read and written

    def __bool__(self) -> bool:
        return self.flops > 0 or self.elements > 0


class Work(NamedTuple):
    """What a step does in a layer: for each image forwards and backwards, and once for its weights."""

    layer: Layer
    forward: Pass
    backward: Pass
    parameters: int


class _Passes(NamedTuple):
    """How often all elements of a layer's inputs and of its output pass, forwards and backwards."""

    inputs: int
    output: int
    inputs_back: int
    output_back: int


_NONE = _Passes(0, 0, 0, 0)
_COPIED = _Passes(1, 1, 1, 1)  # read, written; the gradient likewise
_MULTIPLIED = _Passes(1, 1, 2, 2)  # its input's gradient, from the output's; its kernel's, from both
_NORMED = _Passes(2, 1, 3, 2)  # statistics, then the scaling: each a pass of its own, both ways

# operation -> its passes; the gradient of a pool by maxima and of an activation needs what went in or came out
_PASSES: dict[type, _Passes] = {
    Input: _NONE,
    Convolution: _MULTIPLIED,
    BatchNormalization: _NORMED,
    GroupNormalization: _NORMED,
    ScalarBias: _Passes(1, 1, 0, 1),
    ScalarScale: _MULTIPLIED,
    ChannelScale: _MULTIPLIED,
    Rescaling: _COPIED,
    StochasticDepth: _COPIED,
    Activation: _Passes(1, 1, 2, 1),
    MaxPooling: _Passes(1, 1, 2, 2),
    AveragePooling: _COPIED,
    BlurPooling: _COPIED,
    GlobalAveragePooling: _COPIED,
    GlobalAverageMaxPooling: _Passes(2, 1, 3, 1),
    ChannelConvolution: _MULTIPLIED,
    Subsample: _COPIED,
    PadChannels: _COPIED,
    Addition: _Passes(1, 1, 0, 0),  # both inputs share the output's gradient as it is
    Concatenation: _COPIED,
    Multiplication: _MULTIPLIED,
    Resize: _COPIED,
    Flatten: _NONE,
    Dense: _MULTIPLIED,
    Dropout: _COPIED,
}
_ADDED_UP = 3  # passes over a gradient that is added to another: two are read, one is written


def work(graph: LayerGraph, costs: Sequence[Cost]) -> Iterator[Work]:
    """What a training step does in each layer, in the order of the way forward, from what each costs."""
    readers = Counter(name for layer in graph.layers for name in layer.inputs)
    image = graph.layers[0].name
    for layer, cost in zip(graph.layers, costs, strict=True):
        passes = row(_PASSES, layer.op, "work")
        read = sum(prod(graph.by_name[name].shape) for name in layer.inputs)
        written = prod(layer.shape)
        forward = Pass(cost.flops, passes.inputs * read + passes.output * written)
        summed = _ADDED_UP * max(readers[layer.name] - 1, 0) * written if layer.name != image else 0
        back = passes.inputs_back * read + passes.output_back * written + summed
        yield Work(layer, forward, Pass(_flops_back(layer, cost, image), back), cost.trainable_parameters)


def _flops_back(layer: Layer, cost: Cost, image: str) -> int:
    """Of its kernel's gradient and its input's, where there are such; what is elementwise costs as much again."""
    gradients = 2 * cost.macs
    elementwise = cost.flops - gradients
    kernel = 0 if isinstance(layer.op, Convolution) and layer.op.frozen else gradients
    return kernel + (0 if image in layer.inputs else gradients) + elementwise


# what passes for each trainable parameter in a step, in float32: read forwards and backwards, its gradient written and
# read for its norm; then gradient, weight and momentum read, weight and momentum written
_UPDATE = 4 * 9


def update_bytes(trainable: int) -> int:
    """Bytes that are read and written for so many weights in a step with momentum, however large the batch."""
    return _UPDATE * trainable
