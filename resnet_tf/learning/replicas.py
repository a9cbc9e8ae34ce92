"""A network in training on several devices of one machine, on TensorFlow: one model's layers, each called on every
device with its part of the batch.

Weights are kept on the first device and sent to the others with each step, which send their gradients back; what a step
gives is what one device would give, up to rounding, since batch norm's statistics are those of the whole batch. Only
dropouts draw other numbers, a mask for each part. `tf.distribute.MirroredStrategy` would keep the weights everywhere,
but in it Keras clips gradients, and we would measure them, part by part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras.src.models.functional import operation_fn  # what `Functional.call` itself walks a model with

from resnet_tf.learning.backend import keras

Tensor = Any


class Parts:
    """The parts of what is one tensor on one device; to Keras it is a leaf."""

    def __init__(self, each: Sequence[Tensor]) -> None:
        self.each = each


class Replicas:
    """A model on several devices; called in training, with as many images for each."""

    def __init__(self, model: keras.Model, devices: Sequence[str]) -> None:
        import tensorflow as tf

        self._tf, self._model, self._devices = tf, model, devices

    def __call__(self, images: Tensor) -> Tensor:
        """The logits of images (n, height, width, channels); the number of devices must divide n."""
        parts = Parts(self._tf.split(images, len(self._devices)))
        logits = self._model._run_through_graph([parts], operation_fn=self._everywhere)
        return self._tf.concat(logits.each, axis=0)

    def _everywhere(self, layer: Any) -> Callable[..., Parts]:
        """A layer as a function of parts."""
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            return lambda inputs, mask=None: Parts(self._normalized(layer, inputs.each))
        call = operation_fn(layer, training=True)

        def on_each(*args: Any, **kwargs: Any) -> Parts:
            outputs = []
            for i, device in enumerate(self._devices):
                own_args, own_kwargs = keras.tree.map_structure(
                    lambda x, i=i: x.each[i] if isinstance(x, Parts) else x, (args, kwargs)
                )
                with self._tf.device(device):
                    outputs.append(call(*own_args, **own_kwargs))
            return Parts(outputs)

        return on_each

    def _normalized(self, layer: keras.layers.BatchNormalization, parts: Sequence[Tensor]) -> list[Tensor]:
        """Batch norm by the mean and variance of all parts together, in float32."""
        tf = self._tf
        axes = list(range(len(parts[0].shape) - 1))
        wide = self._on_each(lambda part: tf.cast(part, tf.float32), parts)
        mean = self._mean(self._on_each(lambda part: tf.reduce_mean(part, axes), wide))
        variance = self._mean(
            self._on_each(lambda part: tf.reduce_mean(tf.math.squared_difference(part, mean), axes), wide)
        )
        for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
            moving.assign(layer.momentum * moving + (1 - layer.momentum) * now)
        scale, offset = layer.gamma.value, layer.beta.value
        return self._on_each(
            lambda part: tf.cast(
                tf.nn.batch_normalization(part, mean, variance, offset, scale, layer.epsilon), parts[0].dtype
            ),
            wide,
        )

    def _mean(self, parts: Sequence[Tensor]) -> Tensor:
        return self._tf.add_n(parts) / len(parts)

    def _on_each(self, function: Callable[[Tensor], Tensor], parts: Sequence[Tensor]) -> list[Tensor]:
        outputs = []
        for device, part in zip(self._devices, parts, strict=True):
            with self._tf.device(device):
                outputs.append(function(part))
        return outputs
