"""Weight standardisation (Qiao 2019): the one layer that Keras lacks, and the same network without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from resnet_tf.design import graph as g
from resnet_tf.learning.backend import keras

Tensor = Any
EPSILON = 1e-8  # as BiT has it (Kolesnikov 2020)


def standardized(kernel: Tensor) -> Tensor:
    """A kernel (height, width, channels in, filters) of mean 0 and variance 1 per filter."""
    mean = keras.ops.mean(kernel, axis=(0, 1, 2), keepdims=True)
    variance = keras.ops.var(kernel, axis=(0, 1, 2), keepdims=True)
    return (kernel - mean) * keras.ops.rsqrt(variance + EPSILON)


@keras.saving.register_keras_serializable("resnet_tf")
class StandardizedConvolution(keras.layers.Conv2D):
    """A convolution that standardises its kernel whenever it is used."""

    def convolution_op(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        return super().convolution_op(inputs, standardized(kernel))


def plain(graph: g.LayerGraph) -> g.LayerGraph:
    """The graph without standardisation: the same layers, to be given the kernels as they were used."""
    return replace(graph, layers=tuple(layer._replace(op=_plain(layer.op)) for layer in graph.layers))


def _plain(op: g.Operation) -> g.Operation:
    return replace(op, standardized=False) if isinstance(op, g.Convolution) and op.standardized else op


def is_standardized(graph: g.LayerGraph) -> bool:
    return any(isinstance(layer.op, g.Convolution) and layer.op.standardized for layer in graph)
