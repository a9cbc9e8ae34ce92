"""Designs and their runs become a report: counted, with the curves of those that were trained or measured. No Keras."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from resnet_tf.design.links import to_link
from resnet_tf.design.published import HE2016
from resnet_tf.design.spec import Spec
from resnet_tf.learning.card import versions
from resnet_tf.learning.catalogue import DATASETS, DEFAULT
from resnet_tf.learning.recipes import DEFAULT as QUICK
from resnet_tf.learning.recipes import RECIPES, Recipe
from resnet_tf.reports.record import Experiment, Made, Report, design_of
from resnet_tf.runs.records import Run

if TYPE_CHECKING:
    from resnet_tf.runs.profiles import Profiled
    from resnet_tf.runs.versus import Found, Question
    from resnet_tf.runs.workbench import Workbench

_ABOUT = ("name", "title", "source", "reached")  # what a recipe says of itself and no training is told


class Subject(NamedTuple):
    """What a report is of: a design under a name, with its training and its profile where there are any."""

    name: str
    about: str  # where it is from
    spec: Spec
    run: Run | None = None
    profiled: Profiled | None = None


def title_of(subjects: Sequence[Subject]) -> str:
    """What a report of subjects is called."""
    return " beside ".join(each.name for each in subjects)


def report_of(bench: Workbench, subjects: Sequence[Subject]) -> Report:
    """The report of designs side by side, or of one; what their runs did is asked of a workbench."""
    experiments = [trained(bench, each.name, each.run) for each in subjects if each.run and each.run.epochs]
    experiments += [profiled(each.name, each.profiled) for each in subjects if each.profiled]
    designs = tuple(design_of(each.spec, each.name, each.about) for each in subjects)
    recipes = [each.run.recipe.source for each in subjects if each.run and each.run.recipe]
    images = [each.run.dataset.source for each in subjects if each.run and each.run.dataset]
    measured = [HE2016, DATASETS[DEFAULT].source] if any(each.profiled for each in subjects) else []
    sources = [design.source for design in designs] + recipes + images + measured
    return Report(
        title_of(subjects), about(len(designs), experiments), now(), designs,
        tuple(experiments), versions(), tuple(dict.fromkeys(sources)),
    )  # fmt: skip


def about(designs: int, experiments: Sequence[Experiment]) -> str:
    """What is in a report, in a sentence."""
    kinds = {
        "train": ("training", "trainings"), "profile": ("gradient profile", "gradient profiles"),
        "versus": ("comparison in step", "comparisons in step"), "study": ("study", "studies"),
    }  # fmt: skip
    said = [f"{designs} design{'s' if designs != 1 else ''} counted"]
    for kind, names in kinds.items():
        if count := sum(each.kind == kind for each in experiments):
            said.append(f"{count} {names[count != 1]}")
    return ", ".join(said) + "."


def now() -> str:
    """This moment in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def then(seconds: float | None) -> str:
    """A moment of unix seconds, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else ""


def device_of(name: str | None, made: Mapping[str, Any]) -> str:
    """A device as `lessons` say it: with the cores of the CPU, where they were told."""
    return f"{name or ''}, {made['cores']} cores" if made.get("cores") else name or ""


# --- a training


def trained(bench: Workbench, name: str, run: Run) -> Experiment:
    """A run of a training, as far as it came: the values of each epoch, and how it ended."""
    assert run.dataset is not None
    assert run.recipe is not None
    whole = bench.run(run.id)  # a brief one has its last epoch alone
    told = [event.values for kind in ("finished", "diverged") for event in bench.events(run.id, (kind,))]
    told_first = max(bench.events(run.id, ("compiling",)), key=lambda event: event.seq, default=None)
    said = told_first.values if told_first else {}
    asked = {
        "spec": run.spec.model_dump(mode="json"), "dataset": run.dataset.name, "own": run.dataset.path is not None,
        "recipe": run.recipe.model_dump(mode="json"), "seed": run.seed,
        "start": run.start.title if run.start else None,
    }  # fmt: skip
    made = Made(
        device_of(run.device, said), said.get("versions", {}), run.dataset.title, said.get("data", ""),
        then(run.started or run.created), run.seconds, train_command(run),
    )  # fmt: skip
    found = {"epochs": list(whole.epochs), "result": told[-1] if told else {}, "state": run.state}
    return Experiment("train", name, asked, found, made)


def train_command(run: Run) -> str:
    """The line that trains the same design so."""
    assert run.dataset is not None
    assert run.recipe is not None
    images = "YOUR_IMAGES.npz" if run.dataset.path else run.dataset.name
    base = RECIPES.get(run.recipe.name, RECIPES[QUICK])
    words = ["resnet_tf", "train", to_link(run.spec), "--dataset", images, "--recipe", base.name]
    words += [word for change in changes(run.recipe, base) for word in ("--with", change)]
    return shlex.join((*words, "--seed", str(run.seed), *_size(run.spec), "-o", "again"))


def _size(spec: Spec) -> tuple[str, ...]:
    """The option that keeps a design's images at their size, which is one number a side."""
    height, width, _ = spec.input_shape
    return ("--image-size", str(height)) if height == width else ()


def changes(recipe: Recipe, base: Recipe) -> list[str]:
    """What a recipe has otherwise than another, as `--with` takes it."""
    ours, theirs = (each.model_dump(mode="json", exclude=set(_ABOUT)) for each in (recipe, base))
    return [f"{name}={_said(value)}" for name, value in ours.items() if value != theirs[name]]


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# --- a profile


def profiled(name: str, found: Profiled) -> Experiment:
    """How signals travel through a design at first weights, as it was measured."""
    seeds = list(found.profile.seeds)
    asked = {"spec": found.spec.model_dump(mode="json"), "dataset": DEFAULT, "seeds": seeds}
    words = ("resnet_tf", "profile", to_link(found.spec), "--seeds", str(len(seeds)), *_size(found.spec))
    made = found.made
    return Experiment(
        "profile", name, asked, found.profile.as_json(),
        Made(device_of(found.device, made), made.get("versions", {}), found.profile.data, made.get("data", ""),
             then(found.measured), None, shlex.join(words)),
    )  # fmt: skip


# --- two networks trained in step


def report_of_versus(asked: Question, found: Found, name: str) -> Report:
    """The report of a design with and without some of its shortcuts, trained in step."""
    designs = tuple(design_of(spec, f"{name}, {side}", "fitted to the images") for side, spec in asked.sides.items())
    experiment = versus(asked, found, name)
    sources = [*(design.source for design in designs), asked.recipe.source, DATASETS[DEFAULT].source]
    title = f"{name}, {' and '.join(asked.sides)}"
    return Report(
        title, about(len(designs), [experiment]), now(), designs, (experiment,), versions(),
        tuple(dict.fromkeys(sources)),
    )  # fmt: skip


def versus(asked: Question, found: Found, name: str) -> Experiment:
    """What came of both sides, epoch by epoch and seed by seed."""
    recipe = asked.recipe.model_dump(mode="json")
    sides = {side: spec.model_dump(mode="json") for side, spec in asked.sides.items()}
    wanted = {"spec": asked.spec.model_dump(mode="json"), "sides": sides, "dataset": DEFAULT, "recipe": recipe,
              "seeds": list(range(asked.seeds))}  # fmt: skip
    cuts = [word for part in asked.parts for word in ("--cut", part)]
    words = ["resnet_tf", "versus", to_link(asked.spec), *cuts, "--epochs", str(asked.recipe.epochs)]
    words += ["--seeds", str(asked.seeds), "--recipe", asked.recipe.name, *_size(asked.spec)]
    made = Made(
        device_of(found.device, found.made), found.made.get("versions", {}), found.versus.data,
        found.made.get("data", ""), then(found.measured), None, shlex.join(words),
    )  # fmt: skip
    return Experiment("versus", name, wanted, found.versus.as_json(), made)
