"""Images on their way into the network: moved, mirrored, scaled."""

from __future__ import annotations

import numpy as np

from resnet_tf.learning.recipes import Recipe

SCALE = 127.5  # pixels 0 to 255 become x / SCALE - 1: from -1 to 1, for every dataset, so that an export needs no table


def scaled(images: np.ndarray) -> np.ndarray:
    """What a network takes, float32 from -1 to 1, of pixels 0 to 255."""
    return images.astype(np.float32) / SCALE - 1


def augmented(images: np.ndarray, recipe: Recipe, random: np.random.Generator) -> np.ndarray:
    """Each image (n, height, width, channels) moved by up to `shift` px, black coming in, and mirrored at random."""
    images = _shifted(images, recipe.shift, random) if recipe.shift else images
    return _mirrored(images, random) if recipe.flip else images


def _shifted(images: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    count, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (most, most), (most, most), (0, 0)))
    corners = random.integers(0, 2 * most + 1, (count, 2))
    windows = (padded[i, y : y + height, x : x + width] for i, (y, x) in enumerate(corners))
    return np.stack(list(windows))


def _mirrored(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    chosen = random.random(len(images)) < 0.5
    return np.where(chosen[:, None, None, None], images[:, :, ::-1], images)
