"""What an experiment found as rows of numbers by name, whatever its kind: for charts, and to be compared. No Keras."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import mean
from typing import Any, NamedTuple

from resnet_tf.design.path_lengths import path_lengths
from resnet_tf.design.spec import parse_spec
from resnet_tf.learning.path_findings import carried
from resnet_tf.learning.profile import Profile, profile_of
from resnet_tf.learning.studies import READ, LesionStudy, PathGradients, Score, SignalByDepth, Surface
from resnet_tf.learning.study_findings import by_size
from resnet_tf.learning.surface_findings import ring
from resnet_tf.learning.versus import Figures, Versus, versus_of
from resnet_tf.lessons.results import Outcome
from resnet_tf.reports.record import Experiment, Kind

BY_EPOCH = ("validation_accuracy", "validation_loss", "accuracy", "loss", "learning_rate")
BY_BLOCK = ("output", "gradient", "rank", "branch", "around", "gradient_branch", "gradient_around", "variance")
TIMES = frozenset({"seconds", "images_per_second", "seconds_left"})  # what no second run has the same


class Row(NamedTuple):
    """Numbers of one thing, each at its place.

    `along` is "epoch", "block", "part" (of a training), what else places are of, or "" where there is but one number.
    """

    of: str  # "validation_accuracy", "gradient"
    whose: str  # an arm, a side; "" where there is but one
    seed: int | None  # None of a figure over all seeds
    along: str
    places: tuple[Any, ...]  # epochs, blocks' names
    values: tuple[float | None, ...]

    @property
    def name(self) -> str:
        """As in "validation accuracy, plain-deep, seed 0"."""
        return ", ".join(part for part in (self.of.replace("_", " "), self.whose, self.sown) if part)

    @property
    def sown(self) -> str:
        """As in "seed 0"."""
        return "" if self.seed is None else f"seed {self.seed}"

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


def trainings(experiments: Sequence[Experiment]) -> Iterator[Experiment]:
    """The trainings among experiments, and those whose weights were studied, once for all studies of the same."""
    told: list[Experiment] = []
    for each in experiments:
        if each.kind == "train":
            told.append(each)
        elif "training" in each.found:
            found = each.found["training"]
            if all(found != other.found for other in told):
                told.append(replace(each, kind="train", name=each.asked["run"], found=found))
    yield from told


def study_in(experiment: Experiment) -> Any:
    """What a study found, as `learning/studies.py` has it."""
    return READ[experiment.asked["study"]](experiment.found["found"])


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
    """The epochs of both sides at every seed, and what was measured of blocks before the first and after the last."""
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
            if each.gradients[side] is not None and each.epoch in (found.looks[0], found.looks[-1]):
                when = "at first weights" if each.epoch == 0 else f"after epoch {each.epoch}"
                for of, both in (("gradient", each.gradients), ("rank", each.ranks), ("dead", each.dead)):
                    if both and (figures := both[side]):
                        values = tuple(map(_finite, figures))
                        yield Row(of, f"{name}, {when}", each.seed, "block", found.blocks, values)


def _finite(figure: float | None) -> float | None:
    return figure if figure is not None and math.isfinite(figure) else None


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


def _study(experiment: Experiment) -> Iterator[Row]:
    """The numbers of a study; before them those of the training whose weights it is of."""
    for training in trainings([experiment]):
        yield from _training(training)
    yield from _STUDIES[experiment.asked["study"]](study_in(experiment), experiment)


def _orders(found: Sequence[SignalByDepth], experiment: Experiment) -> Iterator[Row]:
    """A row for each figure of an order: means over the seeds, then the deviations."""
    figures = {
        "mean_square": "square", "variance": "variance", "branch_square": "branch", "gradient_square": "gradient",
    }  # fmt: skip
    for each in found:
        blocks = tuple(block.block for block in each.blocks)
        for of, field in figures.items():
            bands = [getattr(block, field) for block in each.blocks]
            yield Row(of, each.order, None, "block", blocks, tuple(band and _finite(band.mean) for band in bands))
            apart = tuple(band and _finite(band.deviation) for band in bands)
            yield Row(f"{of}_deviation", each.order, None, "block", blocks, apart)


def _paths(found: PathGradients, experiment: Experiment) -> Iterator[Row]:
    """How the gradient of a path, all paths and the gradient by all of them are spread over lengths."""
    branches = path_lengths(parse_spec(experiment.asked["spec"])).branches
    always = len(branches.paths) - 1 - found.lengths[-1].length  # branches that every path passes
    lengths = tuple(each.length + always for each in found.lengths)
    norms = [tuple(map(_finite, each.norms)) for each in found.lengths]
    known = [[norm for norm in each if norm is not None] for each in norms]
    for of, what in (("path_gradient", mean), ("path_gradient_least", min), ("path_gradient_most", max)):
        yield Row(of, "", None, "branches", lengths, tuple(what(each) if each else None for each in known))
    every = tuple(range(len(branches.paths)))
    yield Row("share_of_lengths", "all paths", None, "branches", every, branches.shares)
    yield Row("share_of_lengths", "their gradient", None, "branches", every, tuple(carried(found, branches)))
    for seed, whole in zip(found.seeds, found.wholes, strict=True):
        yield Row("gradient_by_all_paths", "", seed, "", (), (_finite(whole),))


def _lesions(found: LesionStudy, experiment: Experiment) -> Iterator[Row]:
    """Accuracies and losses of every lesion; beside each branch that is left out the network as it is."""
    seed = int(experiment.asked["seed"])
    blocks = tuple(each.blocks[0] for each in found.removed)
    for of, field in (("accuracy_without_one", "accuracy"), ("loss_without_one", "loss")):
        values = tuple(_finite(getattr(each.score, field)) for each in found.removed)
        yield Row(of, "without the block's branch", seed, "block", blocks, values)
        yield Row(of, "as it is", seed, "block", blocks, (_finite(getattr(found.whole, field)),) * len(blocks))
    sizes = by_size(found)
    yield Row("accuracy_without_several", "", seed, "left out", tuple(sizes), tuple(map(mean, sizes.values())))
    for of in filter(partial(getattr, found), ("several", "swapped")):
        lesions = getattr(found, of)
        names = tuple(" and ".join(each.blocks) for each in lesions)
        for field in Score._fields:
            values = tuple(_finite(getattr(each.score, field)) for each in lesions)
            yield Row(f"{field}_of_each_{of}", "", seed, "blocks", names, values)


def _surface(found: Surface, experiment: Experiment) -> Iterator[Row]:
    """The mean loss by distance from the weights, and the loss at every point."""
    seed = int(experiment.asked["seed"])
    steps = tuple(step for step in found.steps if step >= 0)
    yield Row("loss_around", "", seed, "distance", steps, tuple(_finite(ring(found, step)) for step in steps))
    for first, losses in zip(found.steps, found.losses, strict=True):
        yield Row("loss", f"at {first:+.2g} of the first direction", seed, "second", found.steps,
                  tuple(map(_finite, losses)))  # fmt: skip


_STUDIES: dict[str, Callable[[Any, Experiment], Iterator[Row]]] = {
    "paths": _paths, "variance": _orders, "lesion": _lesions, "surface": _surface,
}  # fmt: skip


def places(along: str, count: int) -> Sequence[Any]:
    """Where so many values lie: from 1 on; parts of a training from 0 to 1."""
    return tuple(i / max(count - 1, 1) for i in range(count)) if along == "part" else tuple(range(1, count + 1))


_READERS: dict[Kind, Callable[[Experiment], Iterator[Row]]] = {
    "train": _training, "profile": _profile, "versus": _versus, "study": _study, "lesson": _lesson,
}  # fmt: skip
