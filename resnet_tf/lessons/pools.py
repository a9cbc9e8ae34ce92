"""How maps are made smaller, on one image, in NumPy: a max-pool, a strided convolution, a stride alone, an average."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from resnet_tf.learning.datasets import load

SIDE = 16  # px of an image
_EDGE = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8  # Sobel's: what a first layer learns


@lru_cache
def digit(which: int) -> np.ndarray:
    """The first bundled digit of a class, (16, 16) from 0 to 1."""
    split = load("digits", (SIDE, SIDE, 1)).train
    return split.batch([int(np.argmax(split.labels == which))])[0, :, :, 0] / 255


def moved(image: np.ndarray, pixels: int) -> np.ndarray:
    """The image so many pixels to the right."""
    return np.pad(image, ((0, 0), (pixels, 0)))[:, : image.shape[1]]


def _windows(image: np.ndarray, size: int) -> np.ndarray:
    """What every second window of an image sees, (height / 2, width / 2, size, size); padded by half of its size."""
    padded = np.pad(image, ((size - 1) // 2, size // 2))
    return np.lib.stride_tricks.sliding_window_view(padded, (size, size))[::2, ::2]


def maximum(image: np.ndarray) -> np.ndarray:
    """The largest of 3 x 3, at every second place."""
    return _windows(image, 3).max(axis=(2, 3))


def convolution(image: np.ndarray) -> np.ndarray:
    """A 3 x 3 convolution that finds edges, at every second place, and a ReLU."""
    return np.maximum((_windows(image, 3) * _EDGE).sum(axis=(2, 3)), 0)


def stride(image: np.ndarray) -> np.ndarray:
    """Every second pixel."""
    return image[::2, ::2]


def average(image: np.ndarray) -> np.ndarray:
    """The mean of 2 x 2, at every second place."""
    return _windows(image, 2).mean(axis=(2, 3))


POOLS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "max-pool": maximum, "convolution": convolution, "strided": stride, "average": average,
}  # fmt: skip
