"""What an experiment found as rows of numbers by name, whatever its kind: for charts, and to be compared. No Keras."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from resnet_tf.learning.profile import Profile, profile_of
from resnet_tf.learning.versus import Figures, Versus, versus_of
from resnet_tf.lessons.results import Outcome
from resnet_tf.reports.record import Experiment, Kind

BY_EPOCH = ("validation_accuracy", "validation_loss", "accuracy", "loss", "learning_rate")
BY_BLOCK = ("output", "gradient", "rank", "branch", "around", "gradient_branch", "gradient_around", "variance")
TIMES = frozenset({"seconds", "images_per_second", "seconds_left"})  # what no second run has the same


class Row(NamedTuple):
    """Numbers of one thing. `along` is "epoch", "block", "part" (of a training) or "" where there is but one number."""

    of: str  # "validation_accuracy", "gradient"
    whose: str  # an arm, a side; "" where there is but one
    seed: int
    along: str
    places: tuple[Any, ...]  # epochs, blocks' names
    values: tuple[float | None, ...]

    @property
    def name(self) -> str:
        """As in "validation accuracy, plain-deep, seed 0"."""
        return ", ".join(part for part in (self.of.replace("_", " "), self.whose, f"seed {self.seed}") if part)

    @property
    def timed(self) -> bool:
        return self.of in TIMES


def rows(experiment: Experiment) -> tuple[Row, ...]:
    """All numbers that an experiment found. Raises KeyError, TypeError or ValueError where the record is no such."""
    return tuple(_READERS[experiment.kind](experiment))


def profile_in(experiment: Experiment) -> Profile:
    """The profile that an experiment of that kind found."""
    return profile_of(experiment.found)


def versus_in(experiment: Experiment) -> Versus:
    """What trainings in step found."""
    return versus_of(experiment.found)


def outcome_in(experiment: Experiment) -> Outcome:
    """The outcome that a lesson's experiment found."""
    return Outcome.of(experiment.found)


def _training(experiment: Experiment) -> Iterator[Row]:
    seed, epochs = int(experiment.asked["seed"]), experiment.found["epochs"]
    places = tuple(each["epoch"] for each in epochs)
    for of in BY_EPOCH:
        values = tuple(each.get(of) for each in epochs)
        if any(value is not None for value in values):
            yield Row(of, "", seed, "epoch", places, values)
    yield from _figures(experiment.found["result"], "at the end", seed)


def _figures(figures: Mapping[str, Any], whose: str, seed: int) -> Iterator[Row]:
    for of, value in figures.items():
        if isinstance(value, int | float):
            yield Row(of, whose, seed, "", (), (value,))


def _profile(experiment: Experiment) -> Iterator[Row]:
    found = profile_in(experiment)
    for side, flows in found.sides.items():
        for flow in flows:
            yield Row("loss", side, flow.seed, "", (), (flow.loss,))
            places = tuple(block.name for block in flow.blocks)
            for of in BY_BLOCK:
                yield Row(of, side, flow.seed, "block", places, tuple(getattr(each, of) for each in flow.blocks))
    for each in found.sums:
        yield from _figures(each._asdict() | {"seed": None}, "the formula's terms", each.seed)


def _versus(experiment: Experiment) -> Iterator[Row]:
    """The epochs of both sides at every seed, and their gradients by block before the first and after the last."""
    found = versus_in(experiment)
    for side, name in enumerate(found.sides):
        for seed in dict.fromkeys(each.seed for each in found.moments):
            told = [(each.epoch, each.figures[side]) for each in found.moments if each.seed == seed]
            known = [(epoch, figures) for epoch, figures in told if figures is not None]
            for of in Figures._fields:
                values = tuple(_finite(getattr(figures, of)) for _, figures in known)
                yield Row(of, name, seed, "epoch", tuple(epoch for epoch, _ in known), values)
    for side, name in enumerate(found.sides):
        for each in found.moments:
            norms = each.gradients[side]
            if norms is not None and each.epoch in (found.looks[0], found.looks[-1]):
                when = "at first weights" if each.epoch == 0 else f"after epoch {each.epoch}"
                yield Row("gradient", f"{name}, {when}", each.seed, "block", found.blocks, tuple(map(_finite, norms)))


def _finite(figure: float) -> float | None:
    return figure if math.isfinite(figure) else None


def _lesson(experiment: Experiment) -> Iterator[Row]:
    for arm in outcome_in(experiment).arms:
        for of in ("parameters", "macs", "depth"):
            yield Row(of, arm.name, 0, "", (), (getattr(arm, of),))
        for run in arm.runs:
            yield from _figures(run.figures, arm.name, run.seed)
            for of, values in run.curves.items():
                along = "block" if of in ("gradient", "mean_square") else "epoch"
                if "mean_iou" in run.figures:
                    along = "part"  # its loss is told some forty times, whatever the epochs
                yield Row(of, arm.name, run.seed, along, places(along, len(values)), values)


def places(along: str, count: int) -> Sequence[Any]:
    """Where so many values lie: from 1 on; parts of a training from 0 to 1."""
    return tuple(i / max(count - 1, 1) for i in range(count)) if along == "part" else tuple(range(1, count + 1))


_READERS: dict[Kind, Callable[[Experiment], Iterator[Row]]] = {
    "train": _training, "profile": _profile, "versus": _versus, "lesson": _lesson,
}  # fmt: skip
