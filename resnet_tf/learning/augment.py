"""Images on their way into the network: moved, mirrored, scaled. What happens to each is drawn by NumPy, so that every
backend sees the same batches; it is done on the device, in the step itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from resnet_tf.learning.recipes import Recipe

Tensor = Any

SCALE = 127.5  # pixels 0 to 255 become x / SCALE - 1: from -1 to 1, for every dataset, so that an export needs no table


def scaled(images: Any) -> Any:
    """What a network takes, float32 from -1 to 1, of pixels 0 to 255: NumPy's or a tensor."""
    if isinstance(images, np.ndarray):
        return images.astype(np.float32) / SCALE - 1
    from resnet_tf.learning.backend import keras

    return keras.ops.cast(images, "float32") / SCALE - 1


class Moves(NamedTuple):
    """What becomes of the images of k steps: down and right by so many pixels (k, n, 2) int32, and mirrored, (k, n)."""

    offsets: np.ndarray
    mirrored: np.ndarray


def moves(recipe: Recipe, indices: np.ndarray, epoch: int, seed: int, random: np.random.Generator) -> Moves:
    """Drawn for the images of these numbers, (k, n): by up to `shift` px each way, and half of them mirrored.

    With an alternating flip an image's number and the seed say whether its first epoch has it mirrored.
    """
    offsets, mirrored = np.zeros((*indices.shape, 2), np.int32), np.zeros(indices.shape, bool)
    for i, step in enumerate(indices):
        if recipe.shift:
            offsets[i] = random.integers(0, 2 * recipe.shift + 1, (len(step), 2)) - recipe.shift
        if recipe.flip == "random":
            mirrored[i] = random.random(len(step)) < 0.5
    if recipe.flip == "alternating":
        begins = np.random.default_rng(seed).random(int(indices.max()) + 1) < 0.5
        mirrored = begins[indices] ^ (epoch % 2 == 1)
    return Moves(offsets, mirrored)


def bordered(images: np.ndarray, border: int) -> np.ndarray:
    """Images with so many black pixels on every side: what can come in where one is moved."""
    return np.pad(images, ((0, 0), (border, border), (border, border), (0, 0))) if border else images


def picked(pool: Tensor, border: int, indices: Tensor, offsets: Tensor, mirrored: Tensor) -> Tensor:
    """Images (n, height, width, channels) out of a pool of bordered ones, each moved by no more than that and mirrored.

    One lookup does all of it: a pixel of the result knows which pixel of the pool it is.
    """
    from resnet_tf.learning.backend import keras

    ops = keras.ops
    _, tall, wide, channels = pool.shape
    height, width = tall - 2 * border, wide - 2 * border
    across = ops.arange(width, dtype="int32")[None, :]
    columns = ops.where(mirrored[:, None], width - 1 - across, across) + offsets[:, 1:] + border
    rows = ops.arange(height, dtype="int32")[None, :] + offsets[:, :1] + border + indices[:, None] * tall
    return ops.take(ops.reshape(pool, (-1, channels)), rows[:, :, None] * wide + columns[:, None, :], axis=0)
