"""The space around a design, its totals, which share the counting, and the front: beside costs and published counts."""

import random

import pytest
from hypothesis import given, settings
from strategies import specs

from resnet_tf.design.costs import costs
from resnet_tf.design.front import front
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.space import BLOCKS, OWN, Space, residual, space
from resnet_tf.design.spec import ResNetSpec, parse_spec
from resnet_tf.design.totals import totals


def whole(spec):
    counted = costs(spec)
    return (counted.trainable_parameters, counted.macs, counted.flops, counted.activations, counted.depth)


def deeper(spec, by):
    """The design with more blocks in every stage, where its family's stages have blocks that are alike."""
    field = "convolutions" if spec.family == "vgg" else "blocks"
    stages = tuple(stage.model_copy(update={field: getattr(stage, field) + by}) for stage in spec.stages)
    return spec.model_copy(update={"stages": stages})


@settings(max_examples=200, deadline=None)
@given(specs())
def test_totals_are_the_costs_of_any_design_at_any_depth(spec):
    assert totals(spec) == whole(spec)
    assert totals(deeper(spec, 3)) == whole(deeper(spec, 3))


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_totals_are_the_costs_of_every_published_network(name):
    assert totals(preset(name)) == whole(preset(name))


@pytest.mark.parametrize(
    ("around", "name"),
    [
        ("resnet18", "resnet50"), ("resnet50", "resnet18"), ("resnet50", "resnet34"), ("resnet50", "resnet101"),
        ("resnet101", "resnet101"), ("resnet50", "wide_resnet50_2"), ("resnet50", "resnext50_32x4d"),
        ("vgg16", "resnet50"), ("resnet56_cifar10", "resnet20_cifar10"), ("resnet56_cifar10", "resnet110_cifar10"),
        ("wrn28_10_cifar10", "wrn28_10_cifar10"), ("resnext29_8x64d_cifar10", "resnext29_8x64d_cifar10"),
    ],
)  # fmt: skip
def test_the_space_around_a_design_holds_itself_and_published_relatives(around, name):
    wanted = preset(name)
    held = [design for design in space(preset(around)).designs if design.spec == wanted]
    assert [design.totals for design in held] == [whole(wanted)]


def test_every_design_of_a_space_is_one_that_the_spec_accepts():
    draw = random.Random(0)
    for name in ("resnet50", "resnet56_cifar10", "resnetv2_50d_gn", "resnet110_fixup_cifar10", "seresnext50_32x4d"):
        for design in draw.sample(space(preset(name)).designs, 60):
            assert parse_spec(design.spec.model_dump()) == design.spec
            assert design.totals == whole(design.spec)


def test_a_space_has_no_cut_shortcuts_and_a_design_with_some_is_counted_with_them():
    spec = preset("resnet50", cut_shortcuts=("stage1.block2", "stage4.block1"))
    assert space(spec).designs == space(preset("resnet50")).designs
    assert totals(spec) == whole(spec)
    assert totals(spec).parameters < totals(preset("resnet50")).parameters


def test_a_space_keeps_all_that_blocks_depths_and_widths_do_not_say():
    base = preset("seresnet50", input_shape=(160, 160, 3), classes=7)
    kept = set(ResNetSpec.model_fields) - {"stages", *(field for fields in BLOCKS.values() for field in fields)}
    for design in space(base).designs:
        assert all(getattr(design.spec, field) == getattr(base, field) for field in kept)
        assert [stage.stride for stage in design.spec.stages] == [stage.stride for stage in base.stages]


@pytest.mark.parametrize("name", ["resnet50", "resnet56_cifar10"])
def test_a_space_has_thousands_of_designs_each_once(name):
    found = space(preset(name))
    assert len(found.designs) > 2_000
    assert len({design.spec for design in found.designs}) == len(found.designs)


def test_what_makes_no_network_is_left_out_and_counted():
    """32 groups need inner widths that 32 divides: a width of 8 has none such."""
    found = space(preset("resnet56_cifar10"))
    grouped = [design for design in found.designs if design.block == "32 groups"]
    assert found.illegal > 0
    assert grouped
    assert all(2 * width % 32 == 0 for design in grouped for width in design.widths)


def test_a_block_that_is_none_of_the_named_stays_in_its_space():
    assert OWN in {design.block for design in space(preset("resnext101_64x4d")).designs}
    assert OWN not in {design.block for design in space(preset("resnet50")).designs}


def test_the_space_around_another_family_is_of_residual_networks_on_its_images():
    beside = residual(preset("vgg16", input_shape=(96, 96, 3), classes=5))
    assert (beside.block, beside.input_shape, beside.classes) == ("bottleneck", (96, 96, 3), 5)
    assert residual(preset("densenet40_12_cifar10")).stem == preset("resnet56_cifar10").stem
    assert isinstance(space(preset("vgg16")), Space)


def test_the_front_is_what_no_other_beats():
    draw = random.Random(0)
    pairs = [(draw.randint(1, 40), draw.randint(1, 40)) for _ in range(200)]
    beaten = {p for p in pairs for q in pairs if q != p and q[0] <= p[0] and q[1] >= p[1]}
    assert front(pairs, lambda p: p[0], lambda p: p[1]) == sorted(set(pairs) - beaten)
