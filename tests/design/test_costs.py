"""Costs against published figures and against formulas worked out by hand."""

import pytest
from hypothesis import given, settings
from strategies import specs

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.graph import LayerGraph, UnknownOperation
from resnet_tf.design.memory import OPTIMIZERS, PRECISIONS
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import ResNetSpec, SpecError, Stage, Stem

# Araujo et al. 2019, "Computing Receptive Fields of Convolutional Neural Networks" (Distill), table of models: its
# resnet_v1 and v2 have the stride where ResNet v1 and keras.applications V2 have it
FIELDS = {"resnet50_v1": 483, "resnet101_v1": 1027, "resnet152_v1": 1507, "keras_resnet50v2": 483,
          "keras_resnet101v2": 1027, "keras_resnet152v2": 1507, "vgg16": 212}  # fmt: skip

# timm's results/benchmark-infer tables (Apache-2.0): (side of the image, millions of activations)
ACTIVATIONS = {
    "resnet18": (160, 1.27), "resnet34": (160, 1.91), "resnet50": (160, 5.67), "resnet101": (160, 8.28),
    "resnet152": (160, 11.51),
    "resnet50d": (160, 6.08), "resnetrs50": (160, 6.2), "seresnet50": (160, 5.69), "resnext50_32x4d": (160, 7.35),
    "resnext101_32x8d": (176, 19.37), "wide_resnet50_2": (176, 8.97), "wide_resnet101_2": (176, 13.18),
    "resnetv2_50": (224, 11.11), "resnetv2_101": (224, 16.23), "vgg16": (224, 13.56), "vgg19": (224, 14.86),
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_the_receptive_field_is_the_published_one(name):
    assert costs(preset(name)).receptive_field == FIELDS[name]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_those_that_timm_measured(name):
    side, millions = ACTIVATIONS[name]
    assert round(costs(preset(name, input_shape=(side, side, 3))).activations / 1e6, 2) == millions


def test_resnet152_does_less_than_vgg19():
    """The talk's claim, in He 2015's own figures: 11.3 G against 19.6 G multiply-adds."""
    ours, vgg = costs(preset("resnet152_v1")), costs(preset("vgg19"))
    assert f"{ours.macs / 1e9:.1f}" == "11.3"
    assert f"{vgg.macs / 1e9:.1f}" == "19.6"
    assert ours.trainable_parameters < vgg.trainable_parameters


TINY = ResNetSpec(
    input_shape=(8, 8, 3),
    classes=5,
    stem=Stem(kernel=3, stride=1, widths=(4,), pool="none"),
    stages=(Stage(blocks=1, width=4),),
)


def test_flops_are_two_macs_and_the_elementwise_work():
    """By hand: stem conv 3*9*4 on 64 px; two 3x3 of 4 -> 4; dense 4 x 5; 3 norms, 3 ReLUs, a sum, a mean, a bias."""
    macs = 64 * (27 * 4 + 2 * 36 * 4) + 20
    elements = 64 * 4
    elementwise = 3 * 2 * elements + 3 * elements + elements + elements + 5
    counted = costs(TINY)
    assert counted.macs == macs
    assert counted.flops == 2 * macs + elementwise


def test_memory_is_what_the_formula_says():
    """By hand, for a batch of 10 in float32: gradients need the image, each norm's input and each ReLU's output."""
    counted = costs(TINY)
    memory = counted.memory(batch=10)
    parameters = 27 * 4 + 2 * 36 * 4 + 3 * 2 * 4 + 4 * 5 + 5
    assert memory.parameters == (4 * (parameters + 3 * 2 * 4), True)
    assert memory.gradients == (4 * parameters, True)
    assert memory.slots == (4 * parameters, True)
    maps = 3 * 64 + 3 * 64 * 4 + 3 * 64 * 4 + 4  # image; inputs of 3 norms; outputs of 3 ReLUs; input of the classifier
    assert memory.activations == (4 * 10 * maps, False)
    assert memory.training.bytes == sum(part.bytes for part in memory[:5])


def test_memory_grows_with_the_batch_by_its_activations_alone():
    counted = costs(preset("resnet50"))
    one, two = counted.memory(batch=1), counted.memory(batch=2)
    assert two.activations.bytes == 2 * one.activations.bytes
    assert two.parameters == one.parameters
    assert two.gradients == one.gradients


def test_optimisers_keep_what_they_keep_and_half_precision_halves_activations():
    counted = costs(preset("resnet18"))
    slots = {name: counted.memory(optimizer=name).slots.bytes for name in OPTIMIZERS}
    assert slots["adam"] == 2 * slots["sgd_momentum"] == 8 * counted.trainable_parameters
    assert slots["sgd"] == 0
    halves = {name: counted.memory(precision=name).activations.bytes for name in PRECISIONS}
    assert halves["float32"] == 2 * halves["mixed_bfloat16"]


@pytest.mark.parametrize(
    ("options", "field"),
    [({"batch": 0}, "batch"), ({"precision": "float31"}, "precision"), ({"optimizer": "admw"}, "optimizer")],
)
def test_memory_refuses_what_it_does_not_know(options, field):
    with pytest.raises(SpecError) as caught:
        costs(TINY).memory(**options)
    assert caught.value.field == field
    assert caught.value.nearest is not None


@pytest.mark.parametrize("name", PRESETS)
def test_blocks_stages_and_layers_add_up_to_the_whole(name):
    counted = costs(preset(name))
    for parts in (counted.layers, counted.blocks, counted.stages):
        assert sum(part.trainable_parameters for part in parts) == counted.trainable_parameters
        assert sum(part.non_trainable_parameters for part in parts) == counted.non_trainable_parameters
        assert sum(part.macs for part in parts) == counted.macs
        assert sum(part.flops for part in parts) == counted.flops
        assert sum(part.activations for part in parts) == counted.activations
    assert sum(stage.depth for stage in counted.stages) == counted.depth


@settings(max_examples=100, deadline=None)
@given(specs())
def test_any_design_is_counted(spec):
    counted = costs(spec)
    assert counted.macs > 0
    assert counted.flops > 2 * counted.macs
    assert counted.memory(batch=2).training.bytes > counted.memory(batch=2).inference.bytes * 0.5
    assert counted.receptive_field >= 1


def test_an_operation_without_a_row_is_an_error_and_never_a_silent_zero():
    class Strange:
        pass

    graph = expand(TINY)
    odd = graph.layers[3]._replace(op=Strange())
    with pytest.raises(UnknownOperation, match="costs has no row for Strange"):
        costs(LayerGraph((*graph.layers[:3], odd, *graph.layers[4:]), graph.blocks))


def test_a_design_of_a_hundred_gigabytes_is_counted():
    wide = ResNetSpec(block="bottleneck", stages=(Stage(blocks=50, width=4096), Stage(blocks=50, width=8192, stride=2)))
    assert costs(wide).memory(batch=32).training.bytes > 100e9
