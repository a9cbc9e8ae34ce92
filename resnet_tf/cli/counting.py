"""count: what a design costs, exactly; what it takes, estimated; and whether that is more than it may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import typer

from resnet_tf.cli.designing import COUNTED, counts
from resnet_tf.cli.designs import Changes, DesignArgument, design
from resnet_tf.cli.failures import OVER
from resnet_tf.cli.output import AsJson, Cell, print_json, print_table, size
from resnet_tf.design.budget import EPOCHS, QUANTITIES, Budget, Standing, Terms, amount, standings
from resnet_tf.design.costs import Cost, Costs, costs
from resnet_tf.design.devices import DEVICES, check_on, device, fits_on
from resnet_tf.design.filesize import FILES
from resnet_tf.design.labels import shape_label
from resnet_tf.design.spec import SpecError, nearest_word

Part = Literal["layer", "block", "stage"]
_PARTS: dict[Part, str] = {"layer": "layers", "block": "blocks", "stage": "stages"}


Budgets = Annotated[
    list[str],
    typer.Option(
        "--budget", metavar="QUANTITY=MOST", default_factory=list, show_default=False,
        help="Exit with 1 where it costs more: parameters=25M, training='8 GB', epoch=90s, of "
        f"{', '.join(QUANTITIES)}. Repeatable.",
    ),
]  # fmt: skip


def count(
    text: DesignArgument, changes: Changes, budget: Budgets,
    by: Annotated[Part | None, typer.Option(help="Also what each of these has.", show_default=False)] = None,
    batch: Annotated[int, typer.Option(help="Images in the memory.")] = 32,
    precision: Annotated[str, typer.Option(help="float32, mixed_bfloat16 or mixed_float16.")] = "float32",
    optimizer: Annotated[str, typer.Option(help="sgd, sgd_momentum, adam or adamw.")] = "sgd_momentum",
    on: Annotated[
        str, typer.Option("--device", metavar="GPU", help=f"Estimate an epoch on one of {', '.join(DEVICES)}.")
    ] = "",
    epoch: Annotated[
        str, typer.Option(metavar="DATA", help=f"{', '.join(EPOCHS)}, or a number of images.")
    ] = "cifar10",
    format: Annotated[str, typer.Option(help=f"The file that is sized: {', '.join(FILES)}.")] = "keras",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Counts parameters, multiply-adds and more. All but memory, time and file is exact, and for one image."""
    spec = design(text, changes).spec
    counted = costs(spec)
    terms = Terms(batch, precision, optimizer, _images(epoch), device(on) if on else None, format)
    if terms.hardware:
        check_on(terms.hardware, precision)
    stands = standings(spec, terms, [_budget(each) for each in budget])
    parts = getattr(counted, _PARTS[by]) if by else ()
    if as_json:
        document = _document(counted, terms, stands)
        if by:
            document[_PARTS[by]] = [{**part._asdict(), "parameters": part.parameters} for part in parts]
        print_json(document)
    else:
        if by:
            head = (by, "kind", "gives", "parameters", "macs", "activations", "sees px")
            print_table(head, map(_part_cells, parts))
            print()
        print_table(("", ""), [(COUNTED[name], number) for name, number in counts(counted).items()])
        _print_estimates(counted, terms, stands)
    if any(each.over for each in stands):
        raise typer.Exit(OVER)


def _document(counted: Costs, terms: Terms, stands: Sequence[Standing]) -> dict[str, Any]:
    memory = counted.memory(terms.batch, terms.precision, terms.optimizer)._asdict()
    asked = {"batch": terms.batch, "precision": terms.precision, "optimizer": terms.optimizer}
    return {
        **counts(counted),
        "memory": asked | {name: amount._asdict() for name, amount in memory.items()},
        "fits_on": fits_on(memory["training"].bytes),
        "epoch": {"images": terms.images, "device": terms.hardware.title if terms.hardware else None},
        "file": {"format": terms.format},
        "quantities": {each.quantity.name: _standing(each) for each in stands},
    }


def _images(epoch: str) -> int:
    """Images of an epoch, by a dataset's name or as a number."""
    if epoch in EPOCHS:
        return EPOCHS[epoch]
    if not epoch.isdecimal() or not int(epoch):
        rule = f"one of {', '.join(EPOCHS)}, or a number of images"
        raise SpecError("epoch", rule, epoch, nearest_word(epoch, list(EPOCHS)))
    return int(epoch)


def _budget(text: str) -> Budget:
    name, _, most = text.partition("=")
    return Budget(name, amount(name, most))


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "value": standing.value, "exact": standing.quantity.exact, "unit": standing.quantity.unit,
        "budget": standing.most, "left": standing.left, "over": standing.over,
    }  # fmt: skip


def _print_estimates(counted: Costs, terms: Terms, stands: Sequence[Standing]) -> None:
    """Memory, time and file, and where the design stands with its budgets."""
    memory = counted.memory(terms.batch, terms.precision, terms.optimizer)
    room = fits_on(memory.training.bytes)
    print(
        f"\nmemory of {terms.batch:,} images in {terms.precision}, {terms.optimizer} (estimated): "
        f"training {size(memory.training.bytes)}, inference {size(memory.inference.bytes)}; "
        f"training {f'fits on {room}' if room else 'needs more than 80 GB'}"
    )
    values = {each.quantity.name: each.value for each in stands}
    if terms.hardware:
        print(f"an epoch of {terms.images:,} images on {terms.hardware.title} (estimated): {values['epoch']:,.3g} s")
    print(f"a file as {terms.format} (estimated): {size(int(values['file']))}")
    rows = [
        (each.quantity.title, *map(_whole, (each.value, each.most, abs(each.left))), "over" if each.over else "left")
        for each in stands if each.left is not None
    ]  # fmt: skip
    if rows:
        print()
        print_table(("budget", "costs", "at most", "", ""), rows)


def _whole(number: float) -> int | float:
    """A whole number as one, with its thousands marked where it is printed."""
    return int(number) if float(number).is_integer() else number


def _part_cells(part: Cost) -> Sequence[Cell]:
    shape = shape_label(part.shape)
    return part.name, part.kind, shape, part.parameters, part.macs, part.activations, part.receptive_field
