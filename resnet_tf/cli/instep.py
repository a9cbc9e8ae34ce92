"""versus: a design and the same without some shortcuts, trained in step."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Annotated

import typer

from resnet_tf.cli.designs import Changes, DesignArgument, design
from resnet_tf.cli.output import AsJson, Cell, print_found, print_over
from resnet_tf.cli.training import Dataset, Devices, ImageSize, RecipeChanges, RecipeName
from resnet_tf.design.shortcuts import ALL
from resnet_tf.learning.versus import EPOCHS, MOST_EPOCHS, MOST_SEEDS, SEEDS

if TYPE_CHECKING:
    from resnet_tf.learning.instep import Advance
    from resnet_tf.learning.versus import Versus

Cut = Annotated[
    list[str],
    typer.Option("--cut", metavar="PART", default_factory=lambda: [ALL], show_default=ALL,
                 help="Whose shortcuts the other side lacks: all, a stage (stage2), a block (stage2.block1). "
                 "Repeatable."),
]  # fmt: skip
Epochs = Annotated[int, typer.Option(min=1, max=MOST_EPOCHS, metavar="N", help="Of each training.")]
Seeds = Annotated[
    int, typer.Option(min=1, max=MOST_SEEDS, metavar="N", help="How often both are trained: seeds 0 to N - 1.")
]


def versus(
    text: DesignArgument, *, changes: Changes, cut: Cut, epochs: Epochs = EPOCHS, seeds: Seeds = SEEDS,
    dataset: Dataset = "digits", recipe: RecipeName = "quick", recipe_changes: RecipeChanges,
    image_size: ImageSize = None, devices: Devices = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Trains a design and the same without its shortcuts, from the same weights on the same batches."""
    from resnet_tf.cli.networks import load_keras
    from resnet_tf.cli.plans import Folder, planned
    from resnet_tf.learning.capacity import check_memory
    from resnet_tf.learning.catalogue import what_changed
    from resnet_tf.learning.versus import sides_of

    given = design(text, changes)
    with tempfile.TemporaryDirectory() as folder:
        fields = [*recipe_changes, f"epochs={epochs}"]
        plan = planned(given, Folder(Path(folder)), dataset, recipe, fields, 0, image_size)
        if said := what_changed(given.spec, plan.spec):
            print(said, file=sys.stderr)
        sides = sides_of(plan.spec, cut)
        check_memory(plan.spec, plan.recipe)
        load_keras()
        from resnet_tf.learning.contrast import sentences
        from resnet_tf.learning.instep import in_step

        for each in in_step(sides, plan.dataset, plan.recipe, range(seeds), most_devices=devices):
            _tell(each)
    found = each.found
    print_found(found.as_json(), sentences(found), _table(found), as_json=as_json)


def _tell(each: Advance) -> None:
    said = f"seed {each.seed}, epoch {each.epoch} of {each.found.epochs}, {100 * each.done / each.of:.0f} %"
    print_over(said if each.done < each.of else "")


def _table(found: Versus) -> tuple[Sequence[str], list[list[Cell]]]:
    """A row for each epoch, means over the seeds that came to it."""
    columns = [
        (f"{title} {name}", found.curve(side, field))
        for field, title in (("loss", "loss"), ("validation_accuracy", "validation"))
        for side, name in enumerate(found.sides)
    ]
    rows: list[list[Cell]] = [
        [epoch, *(float(f"{mean(curve[epoch]):.4g}") if epoch in curve else None for _, curve in columns)]
        for epoch in range(1, found.epochs + 1)
    ]
    return ("epoch", *(title for title, _ in columns)), rows
