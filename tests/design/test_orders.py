"""The orders that a design can have, and why not the others."""

import pytest

from resnet_tf.design.orders import ORDERS, in_orders
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import SpecError


def test_a_design_without_further_wishes_can_have_all_five_orders():
    spec = preset("resnet20_cifar10")
    possible, refused = in_orders(spec)
    assert len(ORDERS) == len(set(ORDERS)) == 5  # He 2016, Figure 4
    assert refused == {}
    assert possible == {order: edit(spec, order=order) for order in ORDERS}


def test_an_order_that_a_field_excludes_comes_with_its_reason():
    possible, refused = in_orders(edit(preset("resnet20_cifar10"), normalization={"kind": "fixup"}))
    assert [*possible] == ["post"]
    assert len(refused) == 4
    assert all("Fixup" in str(error) for error in refused.values())


def test_other_families_have_no_order():
    with pytest.raises(SpecError, match="family must be 'resnet'"):
        in_orders(preset("vgg16"))
