"""More for the canvas to colour by: what was measured of the design on the desk."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from app import state
from resnet_tf.design.spec import Spec

if TYPE_CHECKING:
    from resnet_tf.runs.profiles import Profile


def measured(spec: Spec) -> dict[str, Any]:
    """The gradient norms of a design whose profile is there, as the canvas takes them; empty before."""
    found = state.profiled(spec)
    if found is None:
        return {}
    unit = "norm of dE/dy at first weights"
    return {"gradient": {"title": "gradient norm", "unit": unit, "values": gradients(found.profile)}}


def gradients(profile: Profile) -> dict[str, float]:
    """The norm of dE/dy of each block, a mean over seeds; of a stage, what leaves its last block."""
    from resnet_tf.runs.profiles import over_seeds

    values: dict[str, float] = {}
    for name, spread in over_seeds(profile.flows, lambda block: block.gradient).items():
        if math.isfinite(spread.mean):
            values[name] = values[name.partition(".")[0]] = spread.mean
    return values
