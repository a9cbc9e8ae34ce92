"""A network that answers, as a function of its weights: compiled once, asked with any number of sets of weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from resnet_tf.learning.backend import keras
from resnet_tf.learning.gradients import Batch
from resnet_tf.learning.makers import Tensor

ops = keras.ops

Weights: TypeAlias = Mapping[str, Tensor]  # by their paths

AT_ONCE = 256  # images


def inference(model: keras.Model) -> Callable[[Weights, Tensor], Tensor]:
    """The logits of images in inference mode: norms use their moving statistics, nothing is dropped.

    The model's own variables are neither read, where a weight is given, nor changed.
    """
    parts = model.trainable_variables, model.non_trainable_variables

    def logits(weights: Weights, images: Tensor) -> Tensor:
        given = ([weights.get(each.path, each.value) for each in part] for part in parts)
        return model.stateless_call(*given, images, training=False)[0]

    return logits


def tensors(model: keras.Model, weights: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """The weights of a model on its device, from arrays by path. Raises KeyError for one that is not there."""
    return {weight.path: ops.convert_to_tensor(weights[weight.path], weight.dtype) for weight in model.weights}


def batches(batch: Batch, at_once: int = AT_ONCE) -> Iterator[tuple[Tensor, Tensor]]:
    """The images and classes of a large batch on the device, a part at a time."""
    images, labels = batch
    for start in range(0, len(labels), at_once):
        part = slice(start, start + at_once)
        yield ops.convert_to_tensor(images[part]), ops.convert_to_tensor(labels[part])


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors, compiled where the backend compiles; nothing of it is differentiated."""
    return _COMPILERS[keras.backend.backend()](function)


def _tensorflow(function: Callable[..., Any]) -> Callable[..., Any]:
    import tensorflow as tf

    return tf.function(function, autograph=False)


def _jax(function: Callable[..., Any]) -> Callable[..., Any]:
    import jax

    return jax.jit(function)


def _torch(function: Callable[..., Any]) -> Callable[..., Any]:
    import torch

    return torch.no_grad()(function)


_COMPILERS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "tensorflow": _tensorflow,
    "jax": _jax,
    "torch": _torch,
}
