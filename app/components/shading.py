"""More for the canvas to colour by: what was measured of the design on the desk, and what differs from another."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app import state
from resnet_tf.design.pairs import pairs
from resnet_tf.design.spec import Spec

if TYPE_CHECKING:
    from resnet_tf.runs.profiles import Profile


def measured(spec: Spec) -> dict[str, Any]:
    """The gradient norms of a design that was measured, as the canvas takes them; empty where all are 0."""
    found = state.profiled(spec)
    values = gradients(found.profile) if found else {}
    if found is None or not any(values.values()):  # a last layer that begins at zero lets none through
        return {}
    unit = "norm of dE/dy at first weights, logarithmic"
    return {"gradient": {"title": "gradient norm", "unit": unit, "log": True, "values": values,
                         "lines": thick_lines(spec, found.profile)}}  # fmt: skip


def thick_lines(spec: Spec, profile: Profile) -> dict[str, Any] | None:
    """How thick the line to each block is drawn and that around it, in px, by what comes back there; in words too.

    The line to a folded stage is that to its first block.
    """
    from app.components.strength import THICK, THIN, lines_of, of_flows, scale_of

    lines = lines_of(state.counted(spec).graph, of_flows(profile.flows))
    scale = scale_of(norm for each in lines.values() for norm in (each.branch, each.around))
    if scale is None:
        return None
    widths = {name: (scale.width(each.branch), scale.width(each.around)) for name, each in lines.items()}
    for name, (branch, _) in list(widths.items()):
        widths.setdefault(name.partition(".")[0], (branch, 0.0))
    low, high = (f"{float(f'{norm:.2g}'):g}" for norm in scale)
    return {"widths": widths, "said": f"lines {THIN:g} to {THICK:g} px: {low} to {high}"}


def differing(spec: Spec, other: Spec, title: str, *, asked: bool) -> dict[str, Any]:
    """How many layers of each block are not as in another design; counted where that is `asked` for.

    A block that the other lacks differs in all of its layers. What the other alone has is not on this canvas: the unit
    says how many blocks that are.
    """
    values, gone = differences(spec, other) if asked else ({}, 0)
    beyond = f"; {gone} of its blocks not here" if gone else ""
    unit = f"layers unlike {title}'s{beyond}"
    return {"differs": {"title": f"difference from {title}", "unit": unit, "values": values}}


@lru_cache(maxsize=64)
def differences(spec: Spec, other: Spec) -> tuple[dict[str, int], int]:
    """The layers of each block and stage that are not as in another design, and how many blocks that alone has."""
    values: dict[str, int] = {}
    gone = 0
    for pair in pairs(state.counted(other).graph, state.counted(spec).graph):
        if pair.b is None:
            gone += 1
            continue
        layers = {"same": 0, "added": pair.b.stop - pair.b.start}.get(pair.change, len(pair.what))
        stage = pair.b.name.partition(".")[0]
        values[pair.b.name] = layers
        if stage != pair.b.name:
            values[stage] = values.get(stage, 0) + layers
    return values, gone


def gradients(profile: Profile) -> dict[str, float]:
    """The norm of dE/dy of each block, a mean over seeds; of a stage, what leaves its last block."""
    from resnet_tf.runs.profiles import over_seeds

    values: dict[str, float] = {}
    for name, spread in over_seeds(profile.flows, lambda block: block.gradient).items():
        if math.isfinite(spread.mean):
            values[name] = values[name.partition(".")[0]] = spread.mean
    return values
