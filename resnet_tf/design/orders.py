"""The orders of norms and activations in a block that a design can have (He 2016, Figure 4)."""

from __future__ import annotations

from typing import get_args

from resnet_tf.design.presets import edit
from resnet_tf.design.spec import Order, ResNetSpec, Spec, SpecError

ORDERS: tuple[Order, ...] = get_args(Order)


def in_orders(spec: Spec) -> tuple[dict[Order, ResNetSpec], dict[Order, SpecError]]:
    """The design in each order that its other fields allow, and why it cannot have each of the others.

    Raises SpecError for a design of another family, which has no order.
    """
    if not isinstance(spec, ResNetSpec):
        raise SpecError("family", "'resnet', whose norms and activations have an order", spec.family, "resnet")
    possible: dict[Order, ResNetSpec] = {}
    refused: dict[Order, SpecError] = {}
    for order in ORDERS:
        try:
            changed = edit(spec, order=order)
        except SpecError as error:
            refused[order] = error
        else:
            assert isinstance(changed, ResNetSpec)
            possible[order] = changed
    return possible, refused
