"""How networks are measured, a row each: a design and a setting -> what gives figures and curves for a seed.

What is built and compiled is made once for all seeds of an arm.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from statistics import median
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.features import features, fpn, segmentation
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.presets import edit
from resnet_tf.design.spec import Spec
from resnet_tf.learning.augment import scaled
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import assemble, build
from resnet_tf.learning.datasets import load
from resnet_tf.learning.formula import terms
from resnet_tf.learning.gradients import Batch, Profiler
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.scenes import BATCH as CANVASES
from resnet_tf.learning.scenes import CLASSES, segmented
from resnet_tf.learning.shelf import Shelf
from resnet_tf.learning.signals import vanishing
from resnet_tf.learning.train import Event, train
from resnet_tf.lessons.experiments import TIMED, Measure, Setting

BATCH = 64  # images that a profile is made with
ROUNDS = 5
SMALL = 0.25  # by which weights are multiplied where they are to be small
CHANNELS = 16  # of the feature pyramid and the head on it
SIDES = 3  # times as wide as a digit is a canvas


class Reading(NamedTuple):
    """Numbers, and rows of numbers by epoch, step or block."""

    figures: dict[str, float]
    curves: dict[str, list[float]]


Measured: TypeAlias = Callable[[int], Reading]  # of a seed


def _training(spec: Spec, setting: Setting) -> Measured:
    """`accuracy` on validation images, `train_accuracy` and `loss` over the last epoch, `images_per_second`.

    A network whose loss is no number any more answers nothing right: its accuracies are 0.
    """
    shelf = Shelf()

    def measured(seed: int) -> Reading:
        return _trained(spec, setting, seed, shelf)[0]

    return measured


def _trained(spec: Spec, setting: Setting, seed: int, shelf: Shelf) -> tuple[Reading, Mapping[str, np.ndarray]]:
    """What came of a training, and the weights after its last whole epoch."""
    epochs, weights = [], {}
    for last in train(spec, setting.dataset, setting.recipe, seed, shelf=shelf):
        if last.kind == "epoch":
            epochs.append(last.values)
        elif last.kind == "checkpoint":  # each holds all of the weights: only the last is kept
            weights = last.values["state"].weights
    return _read(last, epochs), weights


def _read(last: Event, epochs: Sequence[Mapping[str, Any]]) -> Reading:
    curves = {name: [values[name] for values in epochs] for name in ("loss", "accuracy", "validation_accuracy")}
    if last.kind == "diverged":
        return Reading({"accuracy": 0.0, "train_accuracy": 0.0, "diverged_at_step": last.step}, curves)
    figures = {
        "accuracy": last.values["validation_accuracy"],
        "train_accuracy": epochs[-1]["accuracy"],
        "loss": epochs[-1]["loss"],
        "seconds": last.values["seconds"],
    }
    if speed := last.values["images_per_second"]:
        figures["images_per_second"] = speed
    return Reading(figures, curves)


def _flow(spec: Spec, setting: Setting, scale: float = 1.0) -> Measured:
    """At initialisation: `reach`, the first block's gradient over the last one's, and `growth` of the mean square.

    The curves are by block: the norm of dE/dy, and the mean square of y. The weights of blocks are scaled.
    """
    profiler, batch = Profiler(spec), _batch(spec, setting)
    images, layers = len(batch[0]), profiler.graph.layers
    numbers = {block.name: images * prod(layers[block.stop - 1].shape) for block in profiler.graph.blocks}

    def measured(seed: int) -> Reading:
        flow = profiler.flow(batch, seed, None if scale == 1 else _scaled_weights(spec, seed, scale))
        blocks = [block for block in flow.blocks if block.name.startswith("stage")]
        squares = {block.name: block.output**2 / numbers[block.name] for block in blocks}
        first = [square for name, square in squares.items() if name.startswith("stage1.")]
        return Reading(
            {"reach": vanishing(flow), "growth": first[-1] / first[0]},
            {"gradient": [block.gradient for block in blocks], "mean_square": [*squares.values()]},
        )

    return measured


def _scaled_weights(spec: Spec, seed: int, scale: float) -> dict[str, np.ndarray]:
    weights = {each.path: keras.ops.convert_to_numpy(each) for each in build(spec, seed=seed).weights}
    return {
        path: array * scale if path.startswith("stage") and path.endswith("/kernel") else array
        for path, array in weights.items()
    }


def _formula(spec: Spec, setting: Setting) -> Measured:
    """`formula_error`: what the talk's formula leaves over on its longest span, and `direct`, dE/dx_K's norm.

    Both are shares of the norm of dE/dx_l.
    """
    graph, batch = expand(spec), _batch(spec, setting)

    def measured(seed: int) -> Reading:
        found = terms(graph, batch, seed=seed)
        total = float(np.linalg.norm(found.total))
        return Reading({"formula_error": found.error, "direct": float(np.linalg.norm(found.direct)) / total}, {})

    return measured


def _batch(spec: Spec, setting: Setting) -> Batch:
    """The first images to train on."""
    split = load(setting.dataset, spec.input_shape).train
    chosen = np.arange(min(BATCH, len(split)))
    return scaled(split.batch(chosen)), split.labels[chosen]


def _forward(spec: Spec, setting: Setting) -> Measured:
    """`images_per_second` of a forward pass of a few images: the median of some rounds, compiled before."""
    model = assemble(expand(spec), training_makers(), seed=0, name="network")
    model.compile(jit_compile=keras.backend.backend() == "jax")  # as in training

    def measured(seed: int) -> Reading:
        images = np.random.default_rng(seed).normal(size=(TIMED, *spec.input_shape)).astype(np.float32)
        model.predict_on_batch(images)
        seconds = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            model.predict_on_batch(images)
            seconds.append(time.perf_counter() - began)
        return Reading({"images_per_second": TIMED / median(seconds)}, {})

    return measured


def _segmentation(spec: Spec, setting: Setting, *, classifier: bool = False) -> Measured:
    """`mean_iou` of a segmentation network on this backbone, `backbone_share` of its parameters.

    It sees as many canvases as a training sees digits. With `classifier` the backbone begins with the weights of one
    that was trained before; of that network there is also the `accuracy`.
    """
    graph = _segmenter(spec)
    body = costs(features(spec)).parameters / costs(graph).parameters
    data, shelf = load(setting.dataset, spec.input_shape), Shelf()
    steps = max(setting.recipe.epochs * len(data.train) // CANVASES, 1)
    times = max(spec.input_shape[0] // data.card.image_shape[0], 1)

    def measured(seed: int) -> Reading:
        weights: Mapping[str, np.ndarray] = {}
        figures: dict[str, float] = {"backbone_share": body}
        if classifier:
            reading, trained = _trained(spec, setting, seed, shelf)
            weights = {path: each for path, each in trained.items() if not path.startswith("head.")}
            figures["accuracy"] = reading.figures["accuracy"]
        run = segmented(graph, data, steps, seed, weights=weights, times=times)
        return Reading({**figures, "mean_iou": run.mean_iou}, {"loss": run.losses[:: max(steps // 40, 1)]})

    return measured


def _segmenter(spec: Spec) -> LayerGraph:
    height, width, channels = spec.input_shape
    wide = edit(spec, input_shape=(SIDES * height, SIDES * width, channels))
    return segmentation(fpn(features(wide), channels=CHANNELS), CLASSES, channels=CHANNELS)


MEASURES: dict[Measure, Callable[[Spec, Setting], Measured]] = {
    "training": _training,
    "flow": _flow,
    "flow of small weights": partial(_flow, scale=SMALL),
    "formula": _formula,
    "forward": _forward,
    "segmentation": _segmentation,
    "segmentation from a classifier": partial(_segmentation, classifier=True),
}
