"""What a design may cost: seven quantities, a most for any of them, what is left, and what would go over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Literal, NamedTuple

from resnet_tf.design.costs import Costs, costs
from resnet_tf.design.devices import Hardware, epoch_seconds
from resnet_tf.design.filesize import file_bytes
from resnet_tf.design.spec import Spec, SpecError, nearest_word
from resnet_tf.design.totals import totals

# images that are trained on in an epoch
EPOCHS = {"digits": 1_438, "mnist": 60_000, "cifar10": 50_000, "imagenet": 1_281_167}
EPOCH_TITLES = {"digits": "Digits", "mnist": "MNIST", "cifar10": "CIFAR-10", "imagenet": "ImageNet"}


@dataclass(frozen=True)
class Terms:
    """What memory, time and files are counted for. Without hardware no time is known."""

    batch: int = 32
    precision: str = "float32"
    optimizer: str = "sgd_momentum"
    images: int = EPOCHS["cifar10"]  # of an epoch
    hardware: Hardware | None = None
    format: str = "keras"


class Quantity(NamedTuple):
    """Something that a design costs, and how it is read off its costs; None where the terms leave it unknown."""

    name: str
    title: str
    unit: Literal["", "B", "s"]
    says: str
    of: Callable[[Costs, Terms], float | None]
    total: str = ""  # what it is called in the totals: then it is exact

    @property
    def exact(self) -> bool:
        return bool(self.total)


def _seconds(costs: Costs, terms: Terms) -> float | None:
    if terms.hardware is None or terms.precision not in terms.hardware.precisions:
        return None
    return epoch_seconds(costs, terms.hardware, terms.images, terms.batch, terms.precision)


def _training(costs: Costs, terms: Terms) -> float:
    return costs.memory(terms.batch, terms.precision, terms.optimizer).training.bytes


def _inference(costs: Costs, terms: Terms) -> float:
    return costs.memory(terms.batch, terms.precision, terms.optimizer).inference.bytes


_ROWS = (
    Quantity("parameters", "Parameters", "", "trainable parameters", lambda c, _: c.trainable_parameters, "parameters"),
    Quantity("macs", "MACs", "", "multiply-adds of convolutions and dense layers", lambda c, _: c.macs, "macs"),
    Quantity("activations", "Activations", "", "elements that convolutions and dense layers write",
             lambda c, _: c.activations, "activations"),
    Quantity("training", "To train", "B", "bytes to train", _training),
    Quantity("inference", "To answer", "B", "bytes to answer a batch", _inference),
    Quantity("epoch", "An epoch", "s", "seconds to train on all images once", _seconds),
    Quantity("file", "File", "B", "bytes of the exported file", lambda c, terms: file_bytes(c, terms.format)),
)  # fmt: skip
QUANTITIES: dict[str, Quantity] = {each.name: each for each in _ROWS}


class Budget(NamedTuple):
    """The most that a design may cost of a quantity."""

    quantity: str
    most: float


class Standing(NamedTuple):
    """Where a design stands: what it costs, and the most that it may; None where that is unknown or not set."""

    quantity: Quantity
    value: float | None
    most: float | None = None

    @property
    def left(self) -> float | None:
        """What is left; negative where the budget is exceeded."""
        return None if self.value is None or self.most is None else self.most - self.value

    @property
    def over(self) -> bool:
        return self.left is not None and self.left < 0


@lru_cache(maxsize=4096)
def spent(spec: Spec, terms: Terms, names: tuple[str, ...] = tuple(QUANTITIES)) -> tuple[float | None, ...]:
    """What a design costs of each quantity; counted layer by layer only where a total does not tell."""
    rows = [QUANTITIES[name] for name in names]
    whole, layers = totals(spec), None if all(row.exact for row in rows) else costs(spec)
    return tuple(row.of(layers, terms) if layers and not row.exact else getattr(whole, row.total) for row in rows)


def standings(spec: Spec, terms: Terms, budgets: Iterable[Budget] = ()) -> tuple[Standing, ...]:
    """Where a design stands in every quantity."""
    most = dict(budgets)
    return tuple(map(Standing, QUANTITIES.values(), spent(spec, terms), map(most.get, QUANTITIES)))


def over(spec: Spec, terms: Terms, budgets: Iterable[Budget]) -> tuple[Standing, ...]:
    """The budgets that a design exceeds: what an edit would, asked before it is made."""
    rows = tuple(budgets)
    values = spent(spec, terms, tuple(each.quantity for each in rows))
    found = (Standing(QUANTITIES[each.quantity], value, each.most) for each, value in zip(rows, values, strict=True))
    return tuple(each for each in found if each.over)


# --- budgets as text

_SIZES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_SPANS = {"": 1.0, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
_AMOUNT = re.compile(r"([\d.,_ ]*\d(?:[eE][+-]?\d+)?)\s*([A-Za-z]*)")
_MARK = "~"  # in a link: no browser escapes it
MOST_TEXT = 400  # characters


def amount(quantity: str, text: str) -> float:
    """A most as people write it: `25M`, `4.1 G`, `8 GB`, `90 s`, `2 h`. Raises SpecError for what is none."""
    row = QUANTITIES[known(quantity)]
    match = _AMOUNT.fullmatch(text.strip())
    units = _SPANS if row.unit == "s" else _SIZES
    unit = match[2].lower() if match else "?"
    if row.unit == "B":
        unit = unit.removesuffix("b")
    try:
        most = float(f"{float(re.sub(r'[, _]', '', match[1])) * units[unit]:.15g}") if match else 0.0
    except (KeyError, ValueError):
        most = 0.0
    if not (isfinite(most) and most > 0):
        examples = {"": "25M", "B": "8 GB", "s": "90 s"}
        raise SpecError(f"budget.{quantity}", f"a number above 0, as in {examples[row.unit]}", text)
    return most


def known(quantity: str) -> str:
    """The name of a quantity. Raises SpecError for any other, with the nearest."""
    if quantity not in QUANTITIES:
        rule = f"of one of {', '.join(QUANTITIES)}"
        raise SpecError("budget", rule, quantity, nearest_word(quantity, list(QUANTITIES)))
    return quantity


def to_text(budgets: Iterable[Budget]) -> str:
    """Budgets as a link holds them: `parameters~25000000~macs~4100000000`."""
    return _MARK.join(f"{each.quantity}{_MARK}{each.most:.15g}" for each in budgets)


def from_text(text: str) -> tuple[Budget, ...]:
    """The budgets of a link. Raises SpecError for whatever are none, however hostile."""
    if not text:
        return ()
    parts = text.split(_MARK)
    if len(text) > MOST_TEXT or len(parts) % 2:
        raise SpecError("budget", "quantities and numbers in turns", text[:40])
    return tuple(
        {name: Budget(name, amount(name, most)) for name, most in zip(parts[::2], parts[1::2], strict=True)}.values()
    )
