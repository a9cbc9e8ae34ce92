"""The kernel of a stem that whitens, made of the images (Jordan 2024, arXiv:2404.00498, section 3.1). NumPy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_tf.design import graph as g
from resnet_tf.learning.augment import scaled

if TYPE_CHECKING:
    from resnet_tf.learning.datasets import Split

IMAGES, PATCHES = 1_000, 100  # so many images are looked at, and so many patches of each
SMALLEST = 1e-6  # such a variance is that of images of one colour
FLAT = 5e-4  # of the mean variance, added to all: what hardly varies at all is noise, not to be blown up (Jordan 2024)


def whitened(graph: g.LayerGraph) -> g.Layer | None:
    """The convolution of a network that whitens, if there is one."""
    return next((layer for layer in graph if isinstance(layer.op, g.Convolution) and layer.op.frozen), None)


def whiten(model: Any, graph: g.LayerGraph, split: Split, seed: int) -> None:
    """Makes the kernel that whitens of some images of a split; a network without one stays as it is."""
    layer = whitened(graph)
    if layer is None:
        return
    random = np.random.default_rng(seed)
    images = scaled(split.batch(random.permutation(len(split))[:IMAGES]))
    kernel = model.get_layer(layer.name).kernel
    found = patches(images, kernel.shape[0], random)
    kernel.assign(whitening_kernel(found, kernel.shape[-1]).reshape(kernel.shape))


def patches(images: np.ndarray, side: int, random: np.random.Generator, count: int = PATCHES) -> np.ndarray:
    """`count` patches of each image (n, height, width, channels), anywhere in it: (n * count, side * side * channels).

    Where an image is smaller than that, the rest of a patch is 0, as what a convolution is padded with.
    """
    room = [max(side - extent, 0) for extent in images.shape[1:3]]
    images = np.pad(images, ((0, 0), (0, room[0]), (0, room[1]), (0, 0)))
    which = np.repeat(np.arange(len(images)), count)[:, None, None]
    corners = [random.integers(0, extent - side + 1, len(which)) for extent in images.shape[1:3]]
    rows, columns = corners[0][:, None, None], corners[1][:, None, None]
    span = np.arange(side)
    return images[which, rows + span[:, None], columns + span].reshape(len(which), -1)


def whitening_kernel(found: np.ndarray, filters: int) -> np.ndarray:
    """The directions in which patches (n, d) vary, most first, each scaled to variance 1: (d, filters).

    Past the d-th they come again with the other sign.
    """
    variances, directions = np.linalg.eigh(np.cov(found, rowvar=False).reshape(found.shape[1], -1))
    variances, directions = variances[::-1], directions[:, ::-1]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=0)[None], axis=0)
    directions = directions * np.sign(largest)  # either sign is right: this one whatever the library prefers
    scaled = directions / np.sqrt(np.maximum(variances, 0) + FLAT * max(variances.mean(), SMALLEST))
    return np.concatenate([scaled, -scaled], axis=1)[:, :filters].astype(np.float32)
