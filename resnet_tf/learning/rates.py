"""The learning-rate range test (Smith 2017, arXiv:1506.01186, section 3.3): a few steps, each at a higher rate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.engine import Steps
from resnet_tf.learning.machine import machine
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.train import Training

LOWEST, HIGHEST = 1e-5, 10.0
KEPT = 0.9  # of the smoothed loss, at each step
WORSE = 1.25  # times the first loss, which is about that of guessing: there the test ends


class Point(NamedTuple):
    """A step of the test: its rate, its loss, and the loss smoothed over the steps before."""

    rate: float
    loss: float
    smoothed: float


def range_test(
    spec: Spec, dataset: str | DatasetCard, recipe: Recipe, seed: int = 0, steps: int = 100
) -> Iterator[Point]:
    """The points of a test whose rates climb evenly in their logarithm, from 1e-5 to 10; it ends where the loss bursts.

    Everything else is as the recipe says. Raises SpecError for fewer than 10 steps, and what `train` raises.
    """
    if steps < 10:
        raise SpecError("steps", "at least 10", steps, 10)
    training = Training(spec, dataset, recipe, seed)
    training.prepare(machine(training.shape))
    rates = np.geomspace(LOWEST, HIGHEST, steps).astype(np.float32)
    mean, first = 0.0, math.inf
    for i, (step, rate) in enumerate(zip(_endless(training), rates, strict=False), 1):
        (tally,) = training.several(step._replace(rates=np.array([rate], np.float32)))
        loss = tally.means["loss"]
        if not math.isfinite(loss):
            return
        mean = KEPT * mean + (1 - KEPT) * loss
        smoothed = mean / (1 - KEPT**i)
        first = loss if i == 1 else first
        yield Point(float(rate), loss, smoothed)
        if smoothed > WORSE * first:
            return


def _endless(training: Training) -> Iterator[Steps]:
    """The steps of one epoch after another, one by one."""
    while True:
        plan = training.plan()
        for i in range(len(plan.rates)):
            yield Steps(*(each[i : i + 1] for each in plan))
        training.epoch += 1


def suggested(points: Sequence[Point]) -> float | None:
    """The rate at which the smoothed loss falls fastest over the rate's logarithm, before it is at its lowest.

    None where it never falls. What comes after the lowest is no guide: a network that burst may seem to recover.
    """
    lowest = min(range(len(points)), key=lambda i: points[i].smoothed, default=0)
    slopes = [
        ((b.smoothed - a.smoothed) / math.log(b.rate / a.rate), math.sqrt(a.rate * b.rate))
        for a, b in pairwise(points[: lowest + 1])
    ]
    steepest = min(slopes, default=(0.0, 0.0))
    return steepest[1] if steepest[0] < 0 else None
