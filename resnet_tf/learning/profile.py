"""What a design passes on at its first weights, over seeds, beside itself with other shortcuts; no Keras.

`measure.py` finds it out, `findings.py` says it in sentences.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from resnet_tf.learning.signals import BlockSignal, GradientFlow, LayerSignal

BATCH = 32  # images
SEEDS = 5
MOST_SEEDS = 100
WITH, WITHOUT, ALONE = "with shortcuts", "without shortcuts", "this design"  # sides of a comparison
DIGITS = 6  # that are kept of a figure: float32 has no more that mean anything


class Sum(NamedTuple):
    """The formula's terms at one seed, as norms: dE/dx_l = dE/dx_K + dE/dx_K d/dx_l (sum of F) + what is left over."""

    seed: int
    first: str  # the block that takes x_l
    last: str  # the one that gives x_K
    blocks: int  # from the first to the last
    after: str  # what follows their additions, "" where nothing does: there the formula is exact
    total: float  # of dE/dx_l
    direct: float  # of dE/dx_K
    branches: float
    remainder: float

    @property
    def share(self) -> float:
        """The remainder's norm over the gradient's."""
        return self.remainder / self.total if self.total else math.nan


@dataclass(frozen=True)
class Profile:
    """Signals of a design over seeds, and of its counterpart with other shortcuts, where it has one, over the same."""

    own: str  # which of the sides the design is
    sides: Mapping[str, tuple[GradientFlow, ...]]
    sums: tuple[Sum, ...]  # one for each seed; none where no shortcut is an identity
    images: int
    data: str  # what the images are of

    @property
    def flows(self) -> tuple[GradientFlow, ...]:
        """The design's own."""
        return self.sides[self.own]

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(flow.seed for flow in self.flows)

    def as_json(self) -> dict[str, Any]:
        """All fields, in types that JSON has, six digits of each figure; `profile_of` reads them again."""
        return {
            "own": self.own,
            "sides": {side: [_flow_as_json(flow) for flow in flows] for side, flows in self.sides.items()},
            "sums": [_rounded(each._asdict()) for each in self.sums],
            "images": self.images,
            "data": self.data,
        }


def profile_of(fields: Mapping[str, Any]) -> Profile:
    """The profile that `as_json` wrote; what JSON has no number for is not a number again."""
    return Profile(
        own=fields["own"],
        sides={side: tuple(map(_flow_of, flows)) for side, flows in fields["sides"].items()},
        sums=tuple(Sum(**{name: _number(name, value) for name, value in each.items()}) for each in fields["sums"]),
        images=fields["images"],
        data=fields["data"],
    )


def dead_units(flow: GradientFlow) -> dict[str, float]:
    """The share of each block's ReLU channels that no image makes positive, averaged over its ReLUs; 0 to 1."""
    found: dict[str, list[float]] = {}
    for layer in flow.layers:
        if layer.dead is not None:
            found.setdefault(layer.name.rpartition(".")[0], []).append(layer.dead)
    return {name: sum(shares) / len(shares) for name, shares in found.items()}


# --- as JSON: a list for each figure, since a flow of 600 blocks would say each name 600 times

_ALWAYS = {"loss", "output", "gradient", "rank", "total", "direct", "branches", "remainder"}  # a number or none at all


def _flow_as_json(flow: GradientFlow) -> dict[str, Any]:
    activations = [layer for layer in flow.layers if layer.dead is not None]
    return _rounded({
        "loss": flow.loss,
        "seed": flow.seed,
        "blocks": _columns(flow.blocks, BlockSignal._fields),
        "layers": _columns(activations, ("name", "output", "dead")),
    })  # fmt: skip


def _flow_of(fields: Mapping[str, Any]) -> GradientFlow:
    blocks, layers = fields["blocks"], fields["layers"]
    return GradientFlow(
        _number("loss", fields["loss"]),
        fields["seed"],
        tuple(BlockSignal(**each) for each in _rows(blocks)),
        tuple(LayerSignal(**each) for each in _rows(layers)),
    )


def _columns(rows: Sequence[Any], names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: [getattr(each, name) for each in rows] for name in names}


def _rows(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    return [
        {name: _number(name, value) for name, value in zip(columns, values, strict=True)}
        for values in zip(*columns.values(), strict=True)
    ]


def _number(name: str, value: Any) -> Any:
    return math.nan if value is None and name in _ALWAYS else value


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
