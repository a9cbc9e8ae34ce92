"""Other shapes cost what they say they cost, and what the wide-ResNet paper's own pairs cost."""

import time

import pytest
from hypothesis import given, settings
from strategies import resnets

from resnet_tf.design.alternatives import LEAST, alternatives
from resnet_tf.design.costs import costs
from resnet_tf.design.presets import preset

NAMES = ["resnet50", "resnet18", "resnet20_cifar10", "wrn28_10_cifar10", "resnext50_32x4d", "densenet121", "vgg16",
         "seresnet50", "senet154", "resnetrs50"]  # fmt: skip


def shape(spec):
    return [stage.blocks for stage in spec.stages], [stage.width for stage in spec.stages]


@pytest.mark.parametrize("spent", ["macs", "parameters"])
@pytest.mark.parametrize("name", NAMES)
def test_they_cost_what_is_said_and_all_of_the_budget_but_two_percent(name, spent):
    own = costs(preset(name))
    most = own.macs if spent == "macs" else own.trainable_parameters
    found = alternatives(preset(name), spent)
    assert found
    for each in found:
        counted = costs(each.spec)
        assert (counted.depth, counted.trainable_parameters, counted.macs) == (each.depth, each.parameters, each.macs)
        assert LEAST <= getattr(each, spent) / most <= 1
        deeper = counted.depth > own.depth
        assert each.words == ("Deeper, narrower" if deeper else "Shallower, wider")
        assert (each.width < 1) == deeper


def test_wrn_40_8_is_the_deeper_wrn_28_10():
    """Zagoruyko 2016, table 4, has both: 36.5 M and 35.7 M parameters, 4.00 % and 4.27 % error."""
    deeper = next(each for each in alternatives(preset("wrn28_10_cifar10")) if each.depth == 38)
    assert shape(deeper.spec) == ([6, 6, 6], [128, 256, 512])
    assert round(deeper.parameters / 1e6, 1) == 35.7
    assert deeper.spec.stem.widths == (16,)


def test_wrn_40_4_has_the_cost_of_a_wrn_28_of_width_5():
    shallower = next(each for each in alternatives(preset("wrn40_4_cifar10"), "parameters") if each.depth == 26)
    assert shape(shallower.spec)[0] == [4, 4, 4]
    assert shallower.spec.stages[0].width / 16 == pytest.approx(5, rel=0.02)


def test_both_ways_are_offered_for_resnet50_in_a_tenth_of_a_second():
    spec = preset("resnet50", classes=999)  # that nothing has counted yet
    costs(spec)
    began = time.process_time()
    found = alternatives(spec)
    assert time.process_time() - began < 0.1 * 3  # on a machine that is busy with other tests
    assert [each.words for each in found] == 3 * ["Shallower, wider"] + 3 * ["Deeper, narrower"]


def test_a_larger_budget_is_spent():
    found = alternatives(preset("resnet50"), "macs", 2 * costs(preset("resnet50")).macs)
    assert any(each.words == "Deeper, wider" for each in found)
    assert all(LEAST <= each.macs / (2 * costs(preset("resnet50")).macs) <= 1 for each in found)


def test_nothing_is_offered_where_nothing_fits():
    assert alternatives(preset("resnet50"), "parameters", 10) == []


@settings(max_examples=20, deadline=None)
@given(resnets())
def test_whatever_is_offered_is_a_network_within_the_budget(spec):
    for each in alternatives(spec, "parameters"):
        counted = costs(each.spec)
        assert LEAST * costs(spec).trainable_parameters <= counted.trainable_parameters == each.parameters
        assert each.parameters <= costs(spec).trainable_parameters
