"""What came of an experiment, as JSON and back, and the outcomes that this package brings. No Keras."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from pydantic import TypeAdapter, ValidationError

from resnet_tf.design.part import spec_error
from resnet_tf.lessons.experiments import Mode
from resnet_tf.lessons.verdicts import Finding, Verdict

COUNTED = ("parameters", "macs", "depth")


@dataclass(frozen=True)
class Run:
    """What was measured of a network with one seed: numbers, and rows of numbers by epoch, step or block."""

    seed: int
    figures: dict[str, float]
    curves: dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class ArmOutcome:
    """A network that took part: the link that opens it, what it costs for one image (exact), and its runs."""

    name: str
    link: str
    input_shape: tuple[int, int, int]
    parameters: int  # trainable
    macs: int
    depth: int
    runs: tuple[Run, ...]

    def numbers(self, seeds: int) -> Mapping[str, tuple[float, ...]]:
        """Every figure, a number for each of so many seeds; what is counted is the same for all."""
        counted = {name: (getattr(self, name),) * seeds for name in COUNTED}
        measured = set.intersection(*({*run.figures} for run in self.runs)) if self.runs else set()
        return {**counted, **{name: tuple(run.figures[name] for run in self.runs) for name in measured}}


@dataclass(frozen=True)
class Outcome:
    """What came of a lesson's experiment, and all that is needed to have it again.

    `data` is the SHA-256 of the images and labels, empty where none were used; `date` that of the begin, in UTC.
    """

    lesson: str
    mode: Mode
    verdict: Verdict
    findings: tuple[Finding, ...]
    arms: tuple[ArmOutcome, ...]
    seeds: tuple[int, ...]
    seconds: float
    device: str
    versions: dict[str, str]
    data: str
    date: str
    command: str

    def arm(self, name: str) -> ArmOutcome:
        """The arm of a name. Raises KeyError where there is none."""
        return {arm.name: arm for arm in self.arms}[name]

    def as_json(self) -> dict[str, Any]:
        """All fields, in types that JSON has."""
        return _ADAPTER.dump_python(self, mode="json")

    @classmethod
    def from_json(cls, text: str | bytes) -> Outcome:
        """The outcome in a JSON text. Raises SpecError for anything else."""
        try:
            return _ADAPTER.validate_json(text)
        except ValidationError as error:
            raise spec_error(error, "outcome") from None

    @classmethod
    def of(cls, fields: Any) -> Outcome:
        """The outcome whose fields `as_json` gave. Raises SpecError for anything else."""
        return cls.from_json(json.dumps(fields))


_ADAPTER = TypeAdapter(Outcome)


def file_name(lesson: str, mode: Mode) -> str:
    """What the file of an outcome is called, among those that the package brings."""
    return f"{lesson}-{mode}.json"


@lru_cache
def recorded(lesson: str, mode: Mode) -> Outcome | None:
    """The outcome that this package brings for a lesson, by its name; None where it brings none."""
    file = resources.files("resnet_tf.lessons").joinpath("outcomes", file_name(lesson, mode))
    return Outcome.from_json(file.read_text(encoding="utf-8")) if file.is_file() else None
