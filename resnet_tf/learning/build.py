"""A spec as a Keras model: one row per operation and one loop, on any Keras backend."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from resnet_tf.design import graph as g
from resnet_tf.design.expand import as_graph
from resnet_tf.design.spec import Spec
from resnet_tf.learning.backend import keras

layers, initializers = keras.layers, keras.initializers

Tensor: TypeAlias = Any
Seed: TypeAlias = int | None
# (operation, layer's name, what goes in, the layer's own seed) -> what comes out
Maker: TypeAlias = Callable[[Any, str, Sequence[Tensor], Seed], Tensor]

LEAKY_SLOPE = 0.01  # Maas 2013, torch; Keras' own default is 0.2


def build(spec_or_graph: Spec | g.LayerGraph, *, seed: Seed = None, name: str = "network") -> keras.Model:
    """A functional model whose layers carry the graph's names; it gives logits, not probabilities.

    It takes (batch, height, width, channels). With a seed every layer draws its first weights from the seed and its own
    name, so that a plain network and its residual twin begin alike. Convolutions are initialised as in He 2015
    (fan-out, normal). Only Keras' stock layers are used: what is saved loads without this package.
    """
    return assemble(as_graph(spec_or_graph), MAKERS, seed=seed, name=name)


def assemble(graph: g.LayerGraph, makers: dict[type, Maker], *, seed: Seed, name: str) -> keras.Model:
    """The model that a table of makers gives for a graph. Raises UnknownOperation for an operation without a row."""
    tensors: dict[str, Tensor] = {}
    for layer in graph:
        make = g.row(makers, layer.op, "build")
        tensors[layer.name] = make(layer.op, layer.name, [tensors[i] for i in layer.inputs], seed_of(seed, layer.name))
    with deep(graph):
        return keras.Model(tensors[graph.layers[0].name], tensors[graph.output.name], name=name)


def recursion_for(graph: g.LayerGraph) -> int:
    """How deep Python must be allowed to recurse, since Keras walks a model from its output layer by layer."""
    return 1_000 + 2 * len(graph)


@contextmanager
def deep(graph: g.LayerGraph) -> Iterator[None]:
    """Python's limit on recursion raised for the depth of a graph: ResNet-1202 has 4,800 layers."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, recursion_for(graph)))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def seed_of(seed: Seed, name: str) -> Seed:
    """A layer's own seed: the same for the same pair, whatever else the network has."""
    if seed is None:
        return None
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:4], "big") >> 1


def _input(op: g.Input, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return keras.Input(op.shape, name=name)


def convolution(
    op: g.Convolution, name: str, inputs: Sequence[Tensor], seed: Seed, *, layer: type = layers.Conv2D
) -> Tensor:
    """The convolution as a layer of Keras, or of one of its subclasses."""
    (x,) = inputs
    same = op.kernel == 1 or (op.stride == 1 and op.kernel % 2 == 1)  # where Keras' `same` is symmetric
    if not same:
        x = layers.ZeroPadding2D(op.padding, name=f"{name}.pad")(x)
    return layer(
        op.filters,
        op.kernel,
        strides=op.stride,
        padding="same" if same else "valid",
        groups=op.groups,
        use_bias=op.bias,
        kernel_initializer=initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal", seed=seed),
        name=name,
    )(x)


def normalization(
    op: g.BatchNormalization,
    name: str,
    inputs: Sequence[Tensor],
    seed: Seed,
    *,
    layer: type = layers.BatchNormalization,
) -> Tensor:
    """The norm as a layer of Keras, or of one of its subclasses."""
    return layer(momentum=op.momentum, epsilon=op.epsilon, name=name)(inputs[0])


def _activation(op: g.Activation, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    if op.kind == "leaky_relu":
        return layers.LeakyReLU(LEAKY_SLOPE, name=name)(inputs[0])
    return layers.Activation(op.kind, name=name)(inputs[0])


def _max_pooling(op: g.MaxPooling, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    (x,) = inputs
    if op.padding:
        sides = (op.padding, op.padding)
        x = keras.ops.pad(x, ((0, 0), sides, sides, (0, 0)), constant_values=-float("inf"))
    return layers.MaxPooling2D(op.kernel, op.stride, name=name)(x)


def _average_pooling(op: g.AveragePooling, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.AveragePooling2D(op.kernel, op.stride, padding="same", name=name)(inputs[0])


def _global_average(op: g.GlobalAveragePooling, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.GlobalAveragePooling2D(keepdims=op.keep_axes, name=name)(inputs[0])


def _subsample(op: g.Subsample, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.MaxPooling2D(1, op.stride, name=name)(inputs[0])


def _pad_channels(op: g.PadChannels, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    (x,) = inputs
    # told that channels come first, the layer pads the last two axes: here width by nothing, and channels
    return layers.ZeroPadding2D(((0, 0), (0, op.channels - x.shape[-1])), data_format="channels_first", name=name)(x)


def _addition(op: g.Addition, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.Add(name=name)(inputs)


def _multiplication(op: g.Multiplication, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.Multiply(name=name)(inputs)


def _flatten(op: g.Flatten, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.Flatten(name=name)(inputs[0])


def _dense(op: g.Dense, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    # uniform within +-1/sqrt(fan in), as torch's linear layer: the first logits are small
    kernel = initializers.VarianceScaling(1 / 3, "fan_in", "uniform", seed=seed)
    return layers.Dense(op.units, use_bias=op.bias, kernel_initializer=kernel, name=name)(inputs[0])


def _dropout(op: g.Dropout, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.Dropout(op.rate, seed=seed, name=name)(inputs[0])


MAKERS: dict[type, Maker] = {
    g.Input: _input,
    g.Convolution: convolution,
    g.BatchNormalization: normalization,
    g.Activation: _activation,
    g.MaxPooling: _max_pooling,
    g.AveragePooling: _average_pooling,
    g.GlobalAveragePooling: _global_average,
    g.Subsample: _subsample,
    g.PadChannels: _pad_channels,
    g.Addition: _addition,
    g.Multiplication: _multiplication,
    g.Flatten: _flatten,
    g.Dense: _dense,
    g.Dropout: _dropout,
}
