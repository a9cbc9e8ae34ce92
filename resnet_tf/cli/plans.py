"""A folder that `train` writes: what was asked for, every event, checkpoints, the trained network."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_tf.cli.designs import PLAN, Design, changed
from resnet_tf.cli.output import finite
from resnet_tf.design.spec import Spec, parse_spec
from resnet_tf.learning import catalogue
from resnet_tf.learning.catalogue import DATASETS, DatasetCard
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.recipes import recipe as recipe_named
from resnet_tf.runs.checkpoints import Checkpoints

if TYPE_CHECKING:
    from resnet_tf.learning.train import Event


@dataclass(frozen=True)
class Plan:
    """A training as it was asked for; the design is fitted to the dataset."""

    name: str
    spec: Spec
    dataset: DatasetCard
    recipe: Recipe
    seed: int
    start: str | None = None  # what it begins with instead of drawn weights, as `networks.begun` reads it

    def as_json(self) -> dict[str, Any]:
        """All of it; somebody's own images by their file, which lies in the same folder."""
        images = Path(self.dataset.path).name if self.dataset.path else self.dataset.name
        return {
            "name": self.name, "spec": self.spec.model_dump(mode="json"), "dataset": images,
            "recipe": self.recipe.model_dump(mode="json"), "seed": self.seed, "start": self.start,
        }  # fmt: skip


@dataclass(frozen=True)
class Folder:
    """The folder of one training."""

    path: Path

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(self.path / "checkpoints")

    @property
    def log(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def holds_a_training(self) -> bool:
        return (self.path / PLAN).is_file()

    def plan(self) -> Plan:
        """What was asked for here."""
        fields = json.loads((self.path / PLAN).read_text())
        return Plan(
            fields["name"], parse_spec(fields["spec"]), self._card(fields["dataset"]), Recipe(**fields["recipe"]),
            fields["seed"], fields.get("start"),
        )  # fmt: skip

    def begin(self, plan: Plan) -> None:
        """Writes down what is asked for: whole, then moved."""
        self.path.mkdir(parents=True, exist_ok=True)
        unfinished = self.path / f".{PLAN}.{os.getpid()}"
        unfinished.write_text(json.dumps(plan.as_json(), indent=2) + "\n")
        unfinished.replace(self.path / PLAN)

    def card(self, dataset: str) -> DatasetCard:
        """The card of a dataset by its name, or of somebody's own images, which are checked and kept here."""
        if dataset in DATASETS or not os.path.exists(dataset):
            return catalogue.dataset(dataset)
        from resnet_tf.learning import archives

        self.path.mkdir(parents=True, exist_ok=True)
        return archives.keep(archives.read(dataset), Path(dataset).resolve().stem, self.path)

    def _card(self, dataset: str) -> DatasetCard:
        if dataset in DATASETS:
            return DATASETS[dataset]
        from resnet_tf.learning.archives import card_of

        return card_of(self.path / dataset)

    def write(self, event: Event) -> None:
        """Writes down an event, as a line of JSON."""
        with self.log.open("a") as log:
            log.write(json.dumps(finite(event._asdict())) + "\n")

    def events(self, kind: str) -> Iterator[dict[str, Any]]:
        """The events of a kind, in the order in which they were told."""
        told = (json.loads(line) for line in self.log.read_text().splitlines()) if self.log.exists() else ()
        return (event for event in told if event["kind"] == kind)

    def epochs(self, most: int) -> tuple[dict[str, Any], ...]:
        """The values of each epoch up to the `most`th; of one that was done again the last."""
        told = {event["epoch"]: {"epoch": event["epoch"], **event["values"]} for event in self.events("epoch")}
        return tuple(told[epoch] for epoch in sorted(told) if epoch <= most)


def planned(
    design: Design, folder: Folder, dataset: str, recipe: str, changes: Sequence[str], seed: int,
    image_size: int | None, start: str | None = None,
) -> Plan:  # fmt: skip
    """The training of a design, fitted to a dataset and to what it begins with, some of a recipe's fields changed."""
    fields = recipe_named(recipe).model_dump(mode="json")
    chosen = Recipe(**fields | changed(fields, changes))
    card = folder.card(dataset)
    if start is None:
        return Plan(design.name, catalogue.fit(design.spec, card, image_size), card, chosen, seed)
    from resnet_tf.cli.starts import begun, whole
    from resnet_tf.learning.start import fit, given

    start = whole(start)
    fitted = fit(design.spec, card, image_size, given(begun(start)).shapes)
    return Plan(design.name, fitted, card, chosen, seed, start)
