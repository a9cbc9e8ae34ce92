"""Scenes of scattered digits with a class for every pixel, and a segmentation network that is trained on them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from resnet_tf.design.graph import LayerGraph
from resnet_tf.learning.augment import scaled
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import assemble
from resnet_tf.learning.checkpoint import give
from resnet_tf.learning.datasets import Data, Split
from resnet_tf.learning.kernels import training_makers

SIDE, DIGITS, TIMES = 48, 3, 2
CLASSES = 11  # ten digits and what is between them
INK = 64  # of 255: what is darker belongs to the digit
BATCH = 32
JUDGED = 128  # canvases
RATE = 3e-3


class Segmented(NamedTuple):
    """What came of a training: the loss of each step, and how well every pixel of other canvases was told."""

    losses: list[float]
    mean_iou: float
    seconds: float  # of all steps, the first one's compiling among them


def canvases(
    split: Split, count: int, random: np.random.Generator, side: int = SIDE, digits: int = DIGITS, times: int = TIMES
) -> tuple[np.ndarray, np.ndarray]:
    """Images (count, side, side, 1) uint8 and the class of every pixel, (count, side, side): 0, or a label plus 1.

    Each has so many images of the split, enlarged so many times, at random places; a later one covers an earlier one.
    """
    images = np.zeros((count, side, side), np.uint8)
    labels = np.zeros((count, side, side), np.int32)
    for image, label in zip(images, labels, strict=True):
        for index in random.integers(0, len(split), digits):
            digit = split.images[index, :, :, 0].repeat(times, 0).repeat(times, 1)
            y, x = random.integers(0, side - len(digit) + 1, 2)
            window = np.s_[y : y + len(digit), x : x + len(digit)]
            inked = digit > INK
            image[window] = np.where(inked, digit, image[window])
            label[window] = np.where(inked, split.labels[index] + 1, label[window])
    return images[..., None], labels


def intersection_over_union(answers: np.ndarray, truth: np.ndarray) -> float:
    """The mean over the ten digits of |answered and true| / |answered or true|, over all pixels."""
    shares = []
    for digit in range(1, CLASSES):
        said, is_so = answers == digit, truth == digit
        shares.append((said & is_so).sum() / max((said | is_so).sum(), 1))
    return float(np.mean(shares))


def segmented(
    graph: LayerGraph, data: Data, steps: int, seed: int = 0, *, weights: Mapping[str, np.ndarray] | None = None,
    digits: int = DIGITS, times: int = TIMES,
) -> Segmented:  # fmt: skip
    """What a segmentation network reaches in so many steps of 32 canvases, on canvases of digits that it never saw.

    `graph` is that of `design.features.segmentation`, for square canvases and `CLASSES`. Weights are drawn from the
    seed, but for those that are given by their paths.
    """
    side, random = graph.input_shape[0], np.random.default_rng(seed)
    model = assemble(graph, training_makers(), seed=seed, name="segmenter")
    give(model, weights or {})
    schedule = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(schedule), loss, jit_compile=keras.backend.backend() == "jax")
    began, losses = time.perf_counter(), []
    for _ in range(steps):
        images, labels = canvases(data.train, BATCH, random, side, digits, times)
        losses.append(float(model.train_on_batch(scaled(images), labels)))
    seconds = time.perf_counter() - began
    images, truth = canvases(data.validation, JUDGED, np.random.default_rng([seed, 1]), side, digits, times)
    answers = model.predict(scaled(images), batch_size=BATCH, verbose=0).argmax(-1)
    return Segmented(losses, intersection_over_union(answers, truth), seconds)
