"""The images that an export is calibrated with and proven on: a dataset's own, or random ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from resnet_tf.design.costs import costs
from resnet_tf.design.graph import LayerGraph, Shape
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.datasets import Data, DatasetUnavailable, Split, load

CALIBRATION = 200  # images, from which the range of every map is read
MOST_TRIED, LEAST_TRIED = 1_000, 4
PATIENCE = 2e11  # MACs that each file is tried with: some ten seconds on two cores
RANDOM = 64  # random images tell less: enough of them


@dataclass(frozen=True)
class Samples:
    """Images (n, height, width, channels) uint8 of a design's own size, their labels if they have any, where from."""

    pixels: np.ndarray
    labels: np.ndarray | None
    about: str

    def __len__(self) -> int:
        return len(self.pixels)


def images(dataset: DatasetCard, input_shape: Shape) -> tuple[Data | None, str]:
    """The images that a network was trained on; None, and a sentence for people, where they cannot be had."""
    try:
        return load(dataset, input_shape), ""
    except DatasetUnavailable as error:
        return None, f"{error}. The files are calibrated with random images, and compared on them."


def for_calibration(graph: LayerGraph, data: Data | None) -> Samples:
    """Images to read the ranges of maps from: of those that it was trained on, where there are any."""
    count = min(CALIBRATION, 4 * _affordable(graph))
    return _random(graph, min(count, RANDOM), 1) if data is None else _drawn(data.train, count, "training", data)


def for_trial(graph: LayerGraph, data: Data | None) -> Samples:
    """Images to compare answers on: validation images, which it was not trained on."""
    count = _affordable(graph)
    return _random(graph, min(count, RANDOM), 0) if data is None else _drawn(data.validation, count, "validation", data)


def _affordable(graph: LayerGraph) -> int:
    return min(max(int(PATIENCE / max(costs(graph).macs, 1)), LEAST_TRIED), MOST_TRIED)


def _drawn(split: Split, count: int, part: str, data: Data) -> Samples:
    """Images drawn evenly from a split, whose classes may come one after another."""
    indices = np.unique(np.linspace(0, len(split) - 1, min(count, len(split))).round().astype(int))
    about = f"{len(indices):,} {part} images of {data.card.title}"
    return Samples(split.batch(indices), split.labels[indices], about)


def _random(graph: LayerGraph, count: int, seed: int) -> Samples:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, *graph.input_shape), np.uint8)
    return Samples(pixels, None, f"{count:,} images of random pixels (seed {seed})")
