"""profile: how the error travels through a design at first weights, with and without shortcuts."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resnet_tf.cli.designs import Changes, DesignArgument, design
from resnet_tf.cli.output import AsJson, Cell, finite, print_json, print_table
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
    if as_json:
        print_json(finite({**found.as_json(), "findings": sentences(found)}))
        return
    print_table(*_table(found))
    print()
    for sentence in sentences(found):
        print(sentence)


def _tell(each: Measured) -> None:
    """On a terminal, how far it is: over the line before, which the end clears."""
    if sys.stderr.isatty():
        said = "" if each.profile else f"{each.done} of {each.of} passes"
        print(f"\r\x1b[K{said}", end="", file=sys.stderr, flush=True)


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
