"""Trainings in step in the records: what is asked and how long it takes, and what pages may know of what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from typing import Any

from resnet_tf.design.costs import costs
from resnet_tf.design.devices import Hardware
from resnet_tf.design.spec import ResNetSpec, Spec
from resnet_tf.learning.contrast import QUANTITIES, alive, differs, diverged, reaches
from resnet_tf.learning.profile import WITH, WITHOUT
from resnet_tf.learning.recipes import Recipe, recipe
from resnet_tf.learning.versus import EPOCHS, SEEDS, Versus, check_counts, sides_of, versus_of
from resnet_tf.runs.laboratory import digest
from resnet_tf.runs.profiles import IMAGES, fitted_to_images
from resnet_tf.runs.records import MEASURED, Run, StoredEvent

__all__ = ["EPOCHS", "QUANTITIES", "SEEDS", "WITH", "WITHOUT", "Found", "Question", "Versus", "alive", "differs",
           "diverged", "expected_seconds", "question", "reaches", "so_far", "versus_of"]  # fmt: skip

EDITION = 1  # of what is trained and measured: raised, older ones are done anew
TRAINED = 0.8  # of the images: the others are for validation
FLOPS = 150e9  # a second, of a machine that was not measured (2 cores reach about that)
BUILT = 4.0  # seconds of building and compiling a side, and
LAYER = 0.1  # as many for each of its layers


@dataclass(frozen=True)
class Question:
    """What both sides are, as they fit the images, and for how long and how often they are trained."""

    sides: dict[str, ResNetSpec]  # the design's own first
    parts: tuple[str, ...]
    recipe: Recipe
    seeds: int

    @property
    def spec(self) -> ResNetSpec:
        return next(iter(self.sides.values()))

    @cached_property
    def key(self) -> str:
        """What the runs that ask the same have in common."""
        sides = {name: spec.model_dump(mode="json") for name, spec in self.sides.items()}
        return digest("versus", EDITION, sides, self.recipe.model_dump(mode="json"), self.seeds)

    @property
    def asked(self) -> dict[str, Any]:
        """What a worker is told beside the design."""
        return {"parts": list(self.parts), "recipe": self.recipe.model_dump(mode="json"), "seeds": self.seeds}


def question(spec: Spec, parts: Sequence[str], epochs: int = EPOCHS, seeds: int = SEEDS) -> Question:
    """The question whether a design does with the shortcuts of some parts what it does without.

    Raises SpecError for a design that has none, or no head, for a part that is none, and for too many epochs or seeds.
    """
    check_counts(epochs, seeds)
    fitted = fitted_to_images(spec)
    sides = sides_of(fitted, parts)
    name = "gentle" if next(iter(sides.values())).normalization.kind == "none" else "quick"
    return Question(sides, tuple(parts), recipe(name, epochs=epochs), seeds)


def expected_seconds(asked: Question, hardware: Hardware | None) -> float:
    """Seconds that a worker takes for it once it begins, estimated: as the machine was measured, if it was."""
    batch, epochs = asked.recipe.batch_size, asked.seeds * asked.recipe.epochs
    steps = int(TRAINED * IMAGES.images) // batch
    answers = ceil((1 - TRAINED) * IMAGES.images / batch) / 3  # a pass forward is a third of a step
    total = 0.0
    for spec in asked.sides.values():
        counted = costs(spec)
        each = hardware.step_seconds(counted, batch, "float32") if hardware else 6 * counted.macs * batch / FLOPS
        total += epochs * (steps + answers) * each + BUILT + LAYER * len(counted.layers)
    return total


@dataclass(frozen=True)
class Found:
    """What came of it by now, where and when (unix seconds)."""

    versus: Versus
    device: str
    measured: float
    made: Mapping[str, Any] = field(default_factory=dict)  # with which software, of which images (see `provenance`)


def so_far(run: Run, told: StoredEvent) -> Found:
    """What is known: by the event that has all of it, or by the one that it began with and the epochs since."""
    versus = versus_of(told.values, None if told.kind == MEASURED else run.epochs)
    return Found(versus, run.device or "", run.started or run.created, told.values.get("made") or {})
