"""Does a lesson's experiment: every network, every seed, every measure; then what came out of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from resnet_tf.design.costs import costs
from resnet_tf.design.links import to_link
from resnet_tf.design.spec import SpecError
from resnet_tf.learning.backend import device
from resnet_tf.learning.capacity import processor
from resnet_tf.learning.card import versions
from resnet_tf.learning.datasets import load
from resnet_tf.lessons.course import Lesson
from resnet_tf.lessons.experiments import Arm, Mode, Setting
from resnet_tf.lessons.measures import MEASURES, Reading
from resnet_tf.lessons.results import ArmOutcome, Outcome, Run
from resnet_tf.lessons.verdicts import finding, verdict

DIGITS = 5  # of a curve's numbers, that count
Tell = Callable[[str], None]


class Step(NamedTuple):
    """A network that was measured with a seed, and how long that took."""

    arm: str
    seed: int
    seconds: float


def run(lesson: Lesson, mode: Mode = "quick", seeds: int | None = None, tell: Tell = lambda line: None) -> Outcome:
    """What comes of a lesson's experiment on this machine, with the setting's own seeds or so many from 0 on.

    `tell` is given a line for each network and seed. Raises SpecError for fewer seeds than one.
    """
    for step in steps(lesson, mode, seeds):
        if isinstance(step, Outcome):
            return step
        tell(f"{step.arm}, seed {step.seed}: {step.seconds:.1f} s")
    raise AssertionError("an experiment ends with its outcome")


def steps(lesson: Lesson, mode: Mode = "quick", seeds: int | None = None) -> Iterator[Step | Outcome]:
    """The same, step by step; the outcome is the last. Raises SpecError for fewer seeds than one."""
    if seeds is not None and seeds < 1:
        raise SpecError("seeds", "at least 1", seeds, 1)
    setting = lesson.experiment.setting(mode)
    chosen = setting.seeds if seeds is None else tuple(range(seeds))
    date, began = datetime.now(UTC), time.perf_counter()
    arms: list[ArmOutcome] = []
    for arm in setting.arms:
        arms.append((yield from _arm(arm, setting, chosen)))
    figures = {arm.name: arm.numbers(len(chosen)) for arm in arms}
    findings = tuple(finding(check, figures) for check in lesson.experiment.checks)
    yield Outcome(
        lesson.name, mode, verdict(findings), findings, tuple(arms), chosen, round(time.perf_counter() - began, 1),
        f"{device().name}, {os.cpu_count()} cores", {**versions(), "processor": processor()}, _fingerprint(setting),
        date.isoformat(timespec="seconds"), command(lesson, mode, seeds),
    )  # fmt: skip


def command(lesson: Lesson, mode: Mode, seeds: int | None = None) -> str:
    """The line that does the same again."""
    more = "" if seeds is None else f" --seeds {seeds}"
    return f"python -m resnet_tf.lessons --lesson {lesson.number} --{mode}{more}"


def _arm(arm: Arm, setting: Setting, seeds: tuple[int, ...]) -> Generator[Step, None, ArmOutcome]:
    """Measures a network with every seed."""
    spec = setting.fitted(arm)
    measures = [MEASURES[measure](spec, setting) for measure in arm.measures]
    runs = []
    for seed in seeds if measures else ():
        began = time.perf_counter()
        readings = [measured(seed) for measured in measures]
        runs.append(_run(seed, readings))
        yield Step(arm.name, seed, time.perf_counter() - began)
    counted = costs(spec)
    return ArmOutcome(
        arm.name, to_link(spec), spec.input_shape, counted.trainable_parameters, counted.macs, counted.depth,
        tuple(runs),
    )  # fmt: skip


def _run(seed: int, readings: list[Reading]) -> Run:
    figures = {name: number for reading in readings for name, number in reading.figures.items()}
    curves = {
        name: tuple(float(f"{number:.{DIGITS}g}") for number in curve)
        for reading in readings
        for name, curve in reading.curves.items()
    }
    return Run(seed, figures, curves)


def _fingerprint(setting: Setting) -> str:
    """Of the images, where any arm is measured with them."""
    measured = [arm for arm in setting.arms if {*arm.measures} - {"forward"}]
    return load(setting.dataset, setting.fitted(measured[0]).input_shape).fingerprint if measured else ""
