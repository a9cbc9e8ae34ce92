"""presets: the published networks, by name, family and what they cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import typer

from resnet_tf.cli.designing import about, counts
from resnet_tf.cli.output import AsJson, Cell, print_json, print_table
from resnet_tf.design.costs import Costs, costs
from resnet_tf.design.labels import shape_label
from resnet_tf.design.presets import PRESETS, Preset
from resnet_tf.design.spec import SpecError, nearest_word


class Row(NamedTuple):
    """A preset with its costs."""

    preset: Preset
    costs: Costs

    @property
    def error(self) -> float | None:
        """The first published error, in percent."""
        return next(iter(self.preset.published.values()), None)


Order = Literal["name", "params", "macs", "activations", "depth", "error"]
_ORDERS: dict[Order, Callable[[Row], Any]] = {
    "name": lambda row: row.preset.name,
    "params": lambda row: row.costs.trainable_parameters,
    "macs": lambda row: row.costs.macs,
    "activations": lambda row: row.costs.activations,
    "depth": lambda row: row.costs.depth,
    "error": lambda row: (row.error is None, row.error),
}
_SUFFIXES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([KMGBT]?)", re.IGNORECASE)

Size = Annotated[str | None, typer.Option(metavar="SIZE", show_default=False)]


def presets(
    like: Annotated[str, typer.Option(help="Those whose name, title or group has this.", show_default=False)] = "",
    family: Annotated[str, typer.Option(help="resnet, densenet or vgg.", show_default=False)] = "",
    sort: Annotated[Order | None, typer.Option(help="Smallest first.", show_default=False)] = None,
    *, max_macs: Size = None, min_macs: Size = None, max_params: Size = None, min_params: Size = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Lists published networks. A SIZE is a number such as 5G, 25.6M or 300K."""
    families = [*dict.fromkeys(each.family for each in PRESETS.values())]
    if family and family not in families:
        raise SpecError("family", f"one of {', '.join(families)}", family, nearest_word(family, families))
    bounds = [
        ("macs", _size("max-macs", max_macs), 1), ("macs", _size("min-macs", min_macs), -1),
        ("trainable_parameters", _size("max-params", max_params), 1),
        ("trainable_parameters", _size("min-params", min_params), -1),
    ]  # fmt: skip
    chosen = (each for each in PRESETS.values() if family in ("", each.family) and _is_like(each, like))
    counted = (Row(each, costs(each.spec)) for each in chosen)
    rows = [
        row for row in counted
        if all(bound is None or sign * getattr(row.costs, of) <= sign * bound for of, bound, sign in bounds)
    ]  # fmt: skip
    if sort:
        rows.sort(key=_ORDERS[sort])
    if as_json:
        print_json([{**about(row.preset), **counts(row.costs)} for row in rows])
        return
    head = ("name", "title", "input", "parameters", "macs", "depth", "error %")
    print_table(head, map(_preset_cells, rows))


def _is_like(each: Preset, text: str) -> bool:
    return text.lower() in f"{each.name} {each.title} {each.group}".lower()


def _size(field: str, text: str | None) -> float | None:
    """A number as people write it: 5G, 25.6M, 300K."""
    if text is None:
        return None
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise SpecError(field, "a number such as 5G, 25.6M or 300K", text)
    return float(found[1]) * _SUFFIXES[found[2].upper()]


def _preset_cells(row: Row) -> Sequence[Cell]:
    each, counted = row
    shape = shape_label(each.spec.input_shape)
    return each.name, each.title, shape, counted.trainable_parameters, counted.macs, counted.depth, row.error
