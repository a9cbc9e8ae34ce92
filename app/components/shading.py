"""More for the canvas to colour by: what was measured of the design on the desk."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from app import state
from resnet_tf.design.spec import Spec

if TYPE_CHECKING:
    from resnet_tf.runs.profiles import Profile


def measured(spec: Spec) -> dict[str, Any]:
    """The gradient norms of a design that was measured, as the canvas takes them; empty where all are 0."""
    found = state.profiled(spec)
    values = gradients(found.profile) if found else {}
    if not any(values.values()):  # a last layer that begins at zero lets none through
        return {}
    unit = "norm of dE/dy at first weights, logarithmic"
    return {"gradient": {"title": "gradient norm", "unit": unit, "log": True, "values": values}}


def gradients(profile: Profile) -> dict[str, float]:
    """The norm of dE/dy of each block, a mean over seeds; of a stage, what leaves its last block."""
    from resnet_tf.runs.profiles import over_seeds

    values: dict[str, float] = {}
    for name, spread in over_seeds(profile.flows, lambda block: block.gradient).items():
        if math.isfinite(spread.mean):
            values[name] = values[name.partition(".")[0]] = spread.mean
    return values
