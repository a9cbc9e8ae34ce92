"""Layers for training on TensorFlow, faster than Keras' own: the same variables, the same numbers.

They live in training only. What is exported is built of stock layers and given the trained weights, so that no file
ever needs this package.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from resnet_tf.design import graph as g
from resnet_tf.learning.backend import keras
from resnet_tf.learning.makers import MAKERS, Maker, convolution, normalization
from resnet_tf.learning.standardization import StandardizedConvolution

Tensor = Any


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Batch norm as TensorFlow's one operation, where Keras composes it of a dozen: a third of a step becomes a tenth.

    The operation gives the variance of a sample, N / (N - 1) times the mean square that Keras keeps: it is scaled back.
    """

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None) -> Tensor:
        if not (training and self.trainable):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        out, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs, scale=self.gamma, offset=self.beta, mean=[], variance=[], epsilon=self.epsilon, is_training=True
        )
        count = tf.cast(tf.size(inputs) // inputs.shape[-1], variance.dtype)
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance * (count - 1) / count)):
            moving.assign(self.momentum * moving + (1 - self.momentum) * now)
        return out


class GroupedConvolution(keras.layers.Conv2D):
    """A grouped convolution as TensorFlow's one operation; Keras has XLA compile it, 40 to 400 times slower on a CPU.

    Keras does so because plain TensorFlow lacks the operation on CPUs; oneDNN, which `backend` switches on, has it with
    its gradients.
    """

    def convolution_op(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        import tensorflow as tf

        return tf.nn.conv2d(inputs, kernel, self.strides, self.padding.upper(), dilations=self.dilation_rate)


def _convolution(op: g.Convolution, name: str, inputs: Any, seed: int | None) -> Tensor:
    if op.standardized:
        layer: type = StandardizedConvolution
    else:
        layer = GroupedConvolution if op.groups > 1 else keras.layers.Conv2D
    return convolution(op, name, inputs, seed, layer=layer)


def training_makers() -> dict[type, Maker]:
    """The table that a network is assembled from for training, on the backend that Keras runs on."""
    if keras.backend.backend() != "tensorflow":
        return MAKERS
    fused = partial(normalization, layer=FusedBatchNormalization)
    return {**MAKERS, g.Convolution: _convolution, g.BatchNormalization: fused}
