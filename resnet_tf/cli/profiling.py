"""profile: how the error travels through a design at first weights, with and without shortcuts."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resnet_tf.cli.designs import Changes, DesignArgument, design
from resnet_tf.cli.output import AsJson, Cell, print_found, print_over
from resnet_tf.cli.training import Dataset, ImageSize
from resnet_tf.learning.profile import BATCH, MOST_SEEDS, SEEDS

if TYPE_CHECKING:
    from resnet_tf.learning.measure import Measured
    from resnet_tf.learning.profile import Profile
    from resnet_tf.learning.signals import BlockSignal, GradientFlow

Seeds = Annotated[
    int, typer.Option(min=1, max=MOST_SEEDS, metavar="N", help="How many times weights are drawn: seeds 0 to N - 1.")
]


def profile(
    text: DesignArgument, changes: Changes, seeds: Seeds = SEEDS, dataset: Dataset = "digits",
    image_size: ImageSize = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Measures the gradient of every block at first weights, and of the same design without its shortcuts."""
    from resnet_tf.cli.networks import load_keras
    from resnet_tf.cli.plans import Folder
    from resnet_tf.learning.capacity import check_pass
    from resnet_tf.learning.catalogue import fit, what_changed

    spec = design(text, changes).spec
    with tempfile.TemporaryDirectory() as folder:
        card = Folder(Path(folder)).card(dataset)
        fitted = fit(spec, card, image_size)
        if said := what_changed(spec, fitted).replace("Trained with", "Measured with", 1):
            print(said, file=sys.stderr)
        check_pass(fitted, BATCH)
        load_keras()
        from resnet_tf.learning.findings import sentences
        from resnet_tf.learning.measure import profiled

        for each in profiled(fitted, card, range(seeds)):
            _tell(each)
    found = each.profile
    assert found is not None  # the last one has it
    print_found(found.as_json(), sentences(found), _table(found), as_json=as_json)


def _tell(each: Measured) -> None:
    print_over("" if each.profile else f"{each.done} of {each.of} passes")


def _table(found: Profile) -> tuple[Sequence[str], list[list[Cell]]]:
    """A row for each block, means over seeds."""
    from resnet_tf.learning.findings import joined_side
    from resnet_tf.learning.signals import over_seeds

    joined = found.sides[joined_side(found)]
    columns: list[tuple[str, Sequence[GradientFlow], Callable[[BlockSignal], float | None]]] = [
        (f"dE/dy {side}", flows, lambda block: block.gradient) for side, flows in found.sides.items()
    ]
    columns += [
        ("branch", joined, lambda block: block.branch), ("shortcut", joined, lambda block: block.around),
        ("back by branch", joined, lambda block: block.gradient_branch),
        ("back by shortcut", joined, lambda block: block.gradient_around),
        ("rank", found.flows, lambda block: block.rank),
    ]  # fmt: skip
    means = [{name: each.mean for name, each in over_seeds(flows, what).items()} for _, flows, what in columns]
    names = [block.name for block in found.flows[0].blocks]
    rows: list[list[Cell]] = [[name, *(_figure(each.get(name)) for each in means)] for name in names]
    return ("block", *(title for title, _, _ in columns)), rows


def _figure(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")
