"""Times the probes of a calibration with the engine that trains: its kernels, its update, its way with images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import TypeAlias

import numpy as np

from resnet_tf.design.calibration import CLASSES, PROBES, Probe
from resnet_tf.design.graph import LayerGraph
from resnet_tf.learning.build import assemble
from resnet_tf.learning.engine import engine, planned
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.optimizers import optimizer
from resnet_tf.learning.recipes import Recipe

Clock: TypeAlias = Callable[[], float]
Steps: TypeAlias = Callable[[int], None]  # takes so many steps
ROUNDS = 3  # the median of them counts
ROUND = 0.12  # seconds that one takes at least
MOST_STEPS = 16
POOL = 128  # images to choose from
RECIPE = Recipe()


def probed(clock: Clock = time.perf_counter) -> Iterator[tuple[Probe, float]]:
    """The seconds of a training step of each probe, one after another."""
    for probe in PROBES:
        yield probe, step_seconds(traced(probe.graph, probe.batch, CLASSES), clock=clock)


def traced(graph: LayerGraph, batch: int, classes: int) -> Steps:
    """A `stepper` that has taken its first step, which traces and compiles."""
    steps = stepper(graph, batch, classes)
    steps(1)
    return steps


def step_seconds(
    steps: Steps, rounds: int = ROUNDS, least: float = ROUND, clock: Clock = time.perf_counter
) -> float:  # fmt: skip
    """Seconds of a training step: the median of some rounds, each of so many seconds at least."""
    once = _timed(steps, 1, clock)
    count = min(max(round(least / once), 1), MOST_STEPS)
    return median(_timed(steps, count, clock) / count for _ in range(rounds))


def stepper(graph: LayerGraph, batch: int, classes: int) -> Steps:
    """What takes so many steps of training a graph, as a training with the usual recipe does."""
    random = np.random.default_rng(0)
    model = assemble(graph, training_makers(), seed=0, name="network")
    trainer = engine(model, optimizer(RECIPE, model), RECIPE, classes)
    pool = trainer.put(
        random.integers(0, 256, (POOL, *graph.input_shape), np.uint8), random.integers(0, classes, POOL, np.int32)
    )

    def steps(count: int) -> None:
        indices = random.integers(0, POOL, (count, batch), np.int32)
        trainer.run(pool, planned(RECIPE, indices, [0.01] * count, 0, 0, random))

    return steps


def _timed(steps: Steps, count: int, clock: Clock) -> float:
    began = clock()
    steps(count)
    return clock() - began
