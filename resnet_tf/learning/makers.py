"""A layer of Keras for each operation: one row each, of stock layers, on any backend."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from resnet_tf.design import graph as g
from resnet_tf.design.initializers import VARIANCES, WHITENING
from resnet_tf.learning.backend import keras
from resnet_tf.learning.standardization import StandardizedConvolution

layers, initializers = keras.layers, keras.initializers

Tensor: TypeAlias = Any
Seed: TypeAlias = int | None
# (operation, layer's name, what goes in, the layer's own seed) -> what comes out
Maker: TypeAlias = Callable[[Any, str, Sequence[Tensor], Seed], Tensor]

LEAKY_SLOPE = 0.01  # Maas 2013, torch; Keras' own default is 0.2


def _input(op: g.Input, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return keras.Input(op.shape, name=name)


def convolution(
    op: g.Convolution, name: str, inputs: Sequence[Tensor], seed: Seed, *, layer: type = layers.Conv2D
) -> Tensor:
    """The convolution as a layer of Keras, or of one of its subclasses."""
    (x,) = inputs
    same = op.padding == 0 or (op.stride == 1 and op.padded)  # where Keras' `same` or `valid` is symmetric
    if not same:
        x = layers.ZeroPadding2D(op.padding, name=f"{name}.pad")(x)
    return layer(
        op.filters,
        op.kernel,
        strides=op.stride,
        padding="same" if same and op.padded else "valid",
        dilation_rate=op.dilation,
        groups=op.groups,
        use_bias=op.bias,
        kernel_initializer=initializer(op.initializer, op.gain, seed),
        bias_initializer=initializers.Constant(op.first_bias) if op.first_bias else "zeros",
        trainable=not op.frozen,
        name=name,
    )(x)


def initializer(name: str, gain: float, seed: Seed) -> keras.initializers.Initializer:
    """The first weights of a kernel: as a paper named it, their deviation times `gain`."""
    if gain == 0:
        return initializers.Zeros()
    if name in ("orthogonal", WHITENING):
        return initializers.Orthogonal(gain, seed=seed)
    scale, mode, distribution = VARIANCES[name]
    return initializers.VarianceScaling(scale * gain**2, mode, distribution, seed=seed)


def _convolution(op: g.Convolution, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return convolution(op, name, inputs, seed, layer=StandardizedConvolution if op.standardized else layers.Conv2D)


def normalization(
    op: g.BatchNormalization,
    name: str,
    inputs: Sequence[Tensor],
    seed: Seed,
    *,
    layer: type = layers.BatchNormalization,
) -> Tensor:
    """The norm as a layer of Keras, or of one of its subclasses."""
    scale = _scale(op.starts_at_zero)
    return layer(momentum=op.momentum, epsilon=op.epsilon, gamma_initializer=scale, name=name)(inputs[0])


def _scale(zero: bool) -> str:
    return "zeros" if zero else "ones"


def _group_normalization(op: g.GroupNormalization, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    layer = layers.GroupNormalization(
        op.groups, epsilon=op.epsilon, gamma_initializer=_scale(op.starts_at_zero), name=name
    )
    return layer(inputs[0])


def _number(x: Tensor, units: int, initial: float, name: str) -> Tensor:
    """Learnt numbers, of shape (batch, 1, 1, units) or (batch, units): a dense layer that reads a one.

    Keras has no layer that only adds or multiplies by what it learnt, and what is exported is made of stock layers.
    """
    flat = keras.ops.reshape(x, (-1, math.prod(x.shape[1:])))
    one = keras.ops.ones_like(flat[:, :1])
    start = initializers.Constant(initial)
    learnt = layers.Dense(units, use_bias=False, kernel_initializer=start, name=name)(one)
    return layers.Reshape((1,) * (len(x.shape) - 2) + (units,), name=f"{name}.axes")(learnt)


def _scalar_bias(op: g.ScalarBias, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    (x,) = inputs
    return layers.Add(name=f"{name}.add")([x, _number(x, 1, 0.0, name)])


def _scalar_scale(op: g.ScalarScale, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    (x,) = inputs
    return layers.Multiply(name=f"{name}.times")([x, _number(x, 1, 1.0, name)])


def _channel_scale(op: g.ChannelScale, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    (x,) = inputs
    return layers.Multiply(name=f"{name}.times")([x, _number(x, x.shape[-1], op.initial, name)])


def _rescaling(op: g.Rescaling, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.Rescaling(op.scale, op.offset, name=name)(inputs[0])


def _stochastic_depth(op: g.StochasticDepth, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.Dropout(op.rate, noise_shape=(None, 1, 1, 1), seed=seed, name=name)(inputs[0])


def _activation(op: g.Activation, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    if op.kind == "leaky_relu":
        return layers.LeakyReLU(LEAKY_SLOPE, name=name)(inputs[0])
    return layers.Activation(op.kind, name=name)(inputs[0])


def _max_pooling(op: g.MaxPooling, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    (x,) = inputs
    if op.padding:
        sides = (op.padding, op.padding)
        x = keras.ops.pad(x, ((0, 0), sides, sides, (0, 0)), constant_values=0.0 if op.zeros else -float("inf"))
    return layers.MaxPooling2D(op.kernel, op.stride, name=name)(x)


def _average_pooling(op: g.AveragePooling, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    padding = "valid" if op.whole else "same"
    return layers.AveragePooling2D(op.kernel, op.stride, padding=padding, name=name)(inputs[0])


def _blur_pooling(op: g.BlurPooling, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    """1-2-1 is a mean of two neighbours, taken twice: no weights, and nothing but stock layers."""
    (x,) = inputs
    x = keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    x = layers.AveragePooling2D(2, 1, name=f"{name}.half")(x)
    return layers.AveragePooling2D(2, op.stride, name=name)(x)


def _global_average(op: g.GlobalAveragePooling, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.GlobalAveragePooling2D(keepdims=op.keep_axes, name=name)(inputs[0])


def _average_max(op: g.GlobalAverageMaxPooling, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    (x,) = inputs
    both = [
        layers.GlobalAveragePooling2D(name=f"{name}.mean")(x),
        layers.GlobalMaxPooling2D(name=f"{name}.max")(x),
    ]
    return layers.Average(name=name)(both)


def _channel_convolution(op: g.ChannelConvolution, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    (x,) = inputs
    channels = x.shape[-1]
    x = layers.Reshape((channels, 1), name=f"{name}.line")(x)
    kernel = initializers.VarianceScaling(1 / 3, "fan_in", "uniform", seed=seed)  # torch's, as timm leaves it
    x = layers.Conv1D(1, op.kernel, padding="same", use_bias=False, kernel_initializer=kernel, name=name)(x)
    return layers.Reshape((1, 1, channels), name=f"{name}.axes")(x)


def _subsample(op: g.Subsample, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.MaxPooling2D(1, op.stride, name=name)(inputs[0])


def _pad_channels(op: g.PadChannels, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    (x,) = inputs
    # told that channels come first, the layer pads the last two axes: here width by nothing, and channels
    return layers.ZeroPadding2D(((0, 0), (0, op.channels - x.shape[-1])), data_format="channels_first", name=name)(x)


def _addition(op: g.Addition, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.Add(name=name)(inputs)


def _concatenation(op: g.Concatenation, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.Concatenate(name=name)(inputs[::-1])


def _resize(op: g.Resize, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.Resizing(op.height, op.width, op.interpolation, name=name)(inputs[0])


def _multiplication(op: g.Multiplication, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.Multiply(name=name)(inputs)


def _flatten(op: g.Flatten, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.Flatten(name=name)(inputs[0])


def _dense(op: g.Dense, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    # uniform within +-1/sqrt(fan in), as torch's linear layer: the first logits are small
    kernel = initializers.VarianceScaling(op.gain**2 / 3, "fan_in", "uniform", seed=seed) if op.gain else "zeros"
    return layers.Dense(op.units, use_bias=op.bias, kernel_initializer=kernel, name=name)(inputs[0])


def _dropout(op: g.Dropout, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    return layers.Dropout(op.rate, seed=seed, name=name)(inputs[0])


MAKERS: dict[type, Maker] = {
    g.Input: _input,
    g.Convolution: _convolution,
    g.BatchNormalization: normalization,
    g.GroupNormalization: _group_normalization,
    g.ScalarBias: _scalar_bias,
    g.ScalarScale: _scalar_scale,
    g.ChannelScale: _channel_scale,
    g.Rescaling: _rescaling,
    g.StochasticDepth: _stochastic_depth,
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
    g.Dropout: _dropout,
}
