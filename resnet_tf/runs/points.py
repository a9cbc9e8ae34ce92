"""A run as other programs take it: named values by step, and what was decided before it began. No client of theirs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from resnet_tf.design.costs import costs
from resnet_tf.design.spec import Spec
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.recipes import Recipe

KINDS = ("step", "epoch")  # the events that have points
_LEFT_OUT = ("seconds_left",)


class Point(NamedTuple):
    """A value of a metric after a step; `time` in unix seconds."""

    key: str
    step: int
    value: float
    time: float


class Asked(Protocol):
    """What somebody asked for: a run of the records, or a plan of the command line."""

    @property
    def spec(self) -> Spec: ...
    @property
    def dataset(self) -> DatasetCard | None: ...
    @property
    def recipe(self) -> Recipe | None: ...
    @property
    def seed(self) -> int: ...


class Told(Protocol):
    """An event, wherever it is kept."""

    @property
    def kind(self) -> str: ...
    @property
    def step(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def values(self) -> dict[str, Any]: ...


def points_of(events: Iterable[Told], began: float) -> Iterator[Point]:
    """The points of events; what is no finite number is none. `began` in unix seconds."""
    for event in events:
        for name, value in event.values.items():
            if isinstance(value, int | float) and math.isfinite(value) and name not in _LEFT_OUT:
                yield Point(f"{event.kind}/{name}", event.step, float(value), began + event.seconds)


def parameters_of(asked: Asked) -> dict[str, Any]:
    """All that was decided before a training began, and what the design costs, by dotted names."""
    counted = costs(asked.spec)
    fields = {
        "design": asked.spec.model_dump(mode="json"),
        "recipe": asked.recipe.model_dump(mode="json") if asked.recipe else {},
        "costs": {
            name: getattr(counted, name)
            for name in ("parameters", "trainable_parameters", "macs", "flops", "activations")
        },
    }
    named = {f"{part}.{name}": value for part, values in fields.items() for name, value in values.items()}
    return {**named, "dataset": asked.dataset.name if asked.dataset else None, "seed": asked.seed}
