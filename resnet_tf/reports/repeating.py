"""Does an experiment of a report again, as it was asked for. Keras is loaded here."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeAlias

from resnet_tf.design.spec import SpecError, parse_spec
from resnet_tf.learning.backend import device, keras
from resnet_tf.learning.capacity import check_pass
from resnet_tf.learning.catalogue import DATASETS, DatasetCard
from resnet_tf.learning.datasets import load
from resnet_tf.learning.instep import in_step
from resnet_tf.learning.measure import profiled
from resnet_tf.learning.profile import BATCH, MOST_SEEDS
from resnet_tf.learning.provenance import provenance
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.studying import STUDIES, Weights
from resnet_tf.learning.train import train
from resnet_tf.learning.versus import check_counts
from resnet_tf.lessons.course import lesson
from resnet_tf.lessons.running import run
from resnet_tf.reports.record import Experiment, Kind, Made
from resnet_tf.reports.subjects import now

Tell: TypeAlias = Callable[[str], None]


class Unrepeatable(RuntimeError):
    """An experiment that a report alone does not bring back; the sentence says what else it takes."""


def images_of(experiment: Experiment, given: DatasetCard | None = None) -> DatasetCard | None:
    """What an experiment is done on: a dataset that is always there, or somebody's own that are `given`.

    None for a lesson, which has its own. Raises Unrepeatable where they are not there, or the experiment begins with
    weights that the report does not hold.
    """
    asked = experiment.asked
    if experiment.kind == "lesson":
        return None
    if asked.get("start"):
        raise Unrepeatable(f"{experiment.name} begins with {asked['start']}, whose weights no report holds")
    if asked.get("own") and given is None:
        raise Unrepeatable(f"{experiment.name} is of {experiment.made.images}: give those images with --dataset FILE")
    if asked.get("own"):
        return given
    if asked["dataset"] not in DATASETS:
        raise SpecError("dataset", f"one of {', '.join(DATASETS)}", asked["dataset"])
    return DATASETS[asked["dataset"]]


def place(experiment: Experiment, card: DatasetCard | None) -> Made:
    """Where it would be made now, and of which images: known before anything is computed."""
    fingerprint = experiment.made.data  # a lesson's is known when it is done
    if card is not None:
        fingerprint = load(card, parse_spec(experiment.asked["spec"]).input_shape).fingerprint
    told = provenance(keras.backend.backend(), fingerprint)
    where = f"{device().name}, {told['cores']} cores"
    return Made(where, told["versions"], experiment.made.images, fingerprint, now(), None, experiment.made.command)


def repeated(
    experiment: Experiment, made: Made, card: DatasetCard | None, tell: Tell = lambda line: None
) -> Experiment:
    """The experiment as it came out now. `tell` is given a line for each epoch, pass or network.

    Raises SpecError where the record makes no experiment, and whatever the experiment itself raises.
    """
    began = time.perf_counter()
    found = _REPEATS[experiment.kind](experiment, card, tell)
    data = found["data"] if experiment.kind == "lesson" else made.data
    seconds = round(time.perf_counter() - began, 1)
    done = Made(made.device, made.versions, made.images, data, made.date, seconds, made.command)
    return Experiment(experiment.kind, experiment.name, experiment.asked, found, done)


def _train(experiment: Experiment, card: DatasetCard | None, tell: Tell) -> dict[str, Any]:
    found, _ = _trained(experiment, experiment.found, card, tell)
    return found


def _trained(
    experiment: Experiment, then: dict[str, Any], card: DatasetCard | None, tell: Tell
) -> tuple[dict[str, Any], Weights]:  # fmt: skip
    """What a training finds, and the weights that were judged; one that was stopped is stopped after as many epochs."""
    asked = experiment.asked
    spec, recipe = parse_spec(asked["spec"]), Recipe(**asked["recipe"])
    most = len(then["epochs"]) if then.get("state") != "finished" else recipe.epochs
    epochs: list[dict[str, Any]] = []
    result: dict[str, Any] = {}
    weights: Weights = {}
    assert card is not None
    for event in train(spec, card, recipe, int(asked["seed"])):
        if event.kind == "epoch":
            epochs.append({"epoch": event.epoch, "step": event.step, **event.values})
            tell(f"{experiment.name}: epoch {event.epoch} of {most}")
        elif event.kind in ("finished", "diverged"):
            result = event.values
        elif event.kind == "checkpoint":
            weights = event.values["state"].judged
            if event.epoch == most and most < recipe.epochs:
                break
    return {"epochs": epochs, "result": result, "state": then.get("state")}, weights


def _study(experiment: Experiment, card: DatasetCard | None, tell: Tell) -> dict[str, Any]:
    """A study of a design at first weights; or a training, and then a study of what came of it."""
    asked, found = experiment.asked, dict[str, Any]()
    weights: Weights = {}
    if asked["study"] not in STUDIES:
        raise SpecError("study", f"one of {', '.join(STUDIES)}", asked["study"])
    spec = parse_spec(asked["spec"])
    check_pass(spec, BATCH)
    assert card is not None
    if "training" in experiment.found:
        found["training"], weights = _trained(experiment, experiment.found["training"], card, tell)
    for each in STUDIES[asked["study"]](spec, load(card, spec.input_shape), weights):
        tell(f"{experiment.name}: {each.done} of {each.of}, {each.what}")
    return found | each.found


def _profile(experiment: Experiment, card: DatasetCard | None, tell: Tell) -> dict[str, Any]:
    spec, seeds = parse_spec(experiment.asked["spec"]), [int(seed) for seed in experiment.asked["seeds"]]
    if not 1 <= len(seeds) <= MOST_SEEDS:
        raise SpecError("seeds", f"1 to {MOST_SEEDS} of them", len(seeds))
    check_pass(spec, BATCH)
    assert card is not None
    for each in profiled(spec, card, seeds):
        tell(f"{experiment.name}: {each.done} of {each.of} passes")
    assert each.profile is not None  # the last one has it
    return each.profile.as_json()


def _versus(experiment: Experiment, card: DatasetCard | None, tell: Tell) -> dict[str, Any]:
    asked = experiment.asked
    sides = {name: parse_spec(fields) for name, fields in asked["sides"].items()}
    recipe = Recipe(**asked["recipe"])
    check_counts(recipe.epochs, len(asked["seeds"]))
    assert card is not None
    for each in in_step(sides, card, recipe, [int(seed) for seed in asked["seeds"]]):
        if each.moment:
            tell(f"{experiment.name}: seed {each.seed}, epoch {each.epoch} of {recipe.epochs}")
    return each.found.as_json()


def _lesson(experiment: Experiment, card: DatasetCard | None, tell: Tell) -> dict[str, Any]:
    asked = experiment.asked
    if asked["mode"] not in ("quick", "full"):
        raise SpecError("mode", "quick or full", asked["mode"])
    return run(lesson(asked["lesson"]), asked["mode"], asked["seeds"], tell).as_json()


_REPEATS: dict[Kind, Callable[[Experiment, DatasetCard | None, Tell], dict[str, Any]]] = {
    "train": _train, "profile": _profile, "versus": _versus, "study": _study, "lesson": _lesson,
}  # fmt: skip
