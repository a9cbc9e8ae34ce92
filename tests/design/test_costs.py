"""Costs against published figures and against formulas worked out by hand."""

from math import prod

import pytest
from hypothesis import given, settings
from strategies import specs

from resnet_tf.design import graph as g
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


def test_a_kernel_that_whitens_has_no_gradient_and_its_image_is_not_kept_for_one():
    """By hand: 27 * 4 weights that are there and are not trained, and an image of 3 * 64."""
    stem = TINY.stem.model_copy(update={"whitening": True})
    plain, whitened = (costs(spec).memory(batch=10) for spec in (TINY, TINY.model_copy(update={"stem": stem})))
    assert whitened.parameters == plain.parameters
    assert whitened.gradients.bytes == plain.gradients.bytes - 4 * 27 * 4
    assert whitened.slots.bytes == plain.slots.bytes - 4 * 27 * 4
    assert whitened.activations.bytes == plain.activations.bytes - 4 * 10 * 3 * 64


def test_the_workspace_and_the_weights_in_half_precision_are_what_the_formula_says():
    """By hand: most gradients meet at the addition, three maps of 8 x 8 x 4; going forward three live there too."""
    counted = costs(TINY)
    trainable, fixed = counted.trainable_parameters, counted.non_trainable_parameters
    assert counted.parameters == trainable + fixed
    most = 3 * 64 * 4
    assert counted.memory(batch=10).workspace == (4 * 10 * most, False)
    assert counted.memory(batch=10).inference == (4 * (trainable + fixed) + 4 * 10 * most, False)
    for precision in ("mixed_bfloat16", "mixed_float16"):
        half = counted.memory(batch=10, precision=precision)
        assert half.workspace == (2 * 10 * most + 2 * trainable, False)
        assert half.inference.bytes == 4 * (trainable + fixed) + 2 * trainable + 2 * 10 * most
        assert (half.parameters, half.slots) == (counted.memory().parameters, counted.memory().slots)


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
    assert slots["adamw"] == slots["adam"]
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
    assert counted.parameters == counted.trainable_parameters + counted.non_trainable_parameters
    first = {block.stage: block.kind for block in reversed(counted.graph.blocks)}
    assert {stage.name: stage.kind for stage in counted.stages} == first


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


# an operation on (6, 4, 8): the shape it gives, trainable and fixed parameters, MACs, elementwise work, by hand
PIXELS, CHANNELS = 24, 8
ALL = PIXELS * CHANNELS
BY_HAND = [
    (g.Convolution(16, 3, bias=True), (6, 4, 16), 9 * 8 * 16 + 16, 0, 9 * 8 * 16 * PIXELS, 16 * PIXELS),
    (g.Convolution(16, 3, initializer="whitening"), (6, 4, 16), 0, 9 * 8 * 16, 9 * 8 * 16 * PIXELS, 0),
    (g.Convolution(16, 3, 2, groups=4), (3, 2, 16), 9 * 2 * 16, 0, 9 * 2 * 16 * 6, 0),
    (g.Convolution(16, 3, dilation=2), (6, 4, 16), 9 * 8 * 16, 0, 9 * 8 * 16 * PIXELS, 0),
    (g.Convolution(16, 2, 2, padded=False), (3, 2, 16), 4 * 8 * 16, 0, 4 * 8 * 16 * 6, 0),
    (g.BatchNormalization(1e-5, 0.9), (6, 4, 8), 16, 16, 0, 2 * ALL),
    (g.GroupNormalization(4, 1e-5), (6, 4, 8), 16, 0, 0, 5 * ALL),
    (g.ScalarBias(), (6, 4, 8), 1, 0, 0, ALL),
    (g.ScalarScale(), (6, 4, 8), 1, 0, 0, ALL),
    (g.ChannelScale(0.1), (6, 4, 8), 8, 0, 0, ALL),
    (g.Rescaling(0.5), (6, 4, 8), 0, 0, 0, ALL),
    (g.Rescaling(-1.0, 1.0), (6, 4, 8), 0, 0, 0, 2 * ALL),
    (g.StochasticDepth(0.1), (6, 4, 8), 0, 0, 0, 0),
    (g.Activation("relu"), (6, 4, 8), 0, 0, 0, ALL),
    (g.Activation("leaky_relu"), (6, 4, 8), 0, 0, 0, ALL),
    (g.Activation("silu"), (6, 4, 8), 0, 0, 0, 4 * ALL),
    (g.MaxPooling(3, 2, 1), (3, 2, 8), 0, 0, 0, 8 * 6 * 8),  # a maximum of nine is eight comparisons
    (g.AveragePooling(2, 2), (3, 2, 8), 0, 0, 0, 4 * 6 * 8),
    (g.BlurPooling(2), (3, 2, 8), 0, 0, 0, 18 * 6 * 8),  # nine products and their sum
    (g.GlobalAveragePooling(), (8,), 0, 0, 0, ALL),
    (g.GlobalAveragePooling(keep_axes=True), (1, 1, 8), 0, 0, 0, ALL),
    (g.GlobalAverageMaxPooling(), (8,), 0, 0, 0, 2 * ALL + 2 * 8),
    (g.Subsample(2), (3, 2, 8), 0, 0, 0, 0),
    (g.PadChannels(12), (6, 4, 12), 0, 0, 0, 0),
    (g.Resize(12, 8, "nearest"), (12, 8, 8), 0, 0, 0, 0),
    (g.Resize(12, 8, "bilinear"), (12, 8, 8), 0, 0, 0, 8 * 4 * ALL),  # four products, four additions
    (g.Flatten(), (ALL,), 0, 0, 0, 0),
    (g.Dropout(0.5), (6, 4, 8), 0, 0, 0, 0),
]


@pytest.mark.parametrize(("op", "shape", "trainable", "fixed", "macs", "elementwise"), BY_HAND, ids=str)
def test_an_operation_costs_what_is_worked_out_by_hand(op, shape, trainable, fixed, macs, elementwise):
    assert g.SHAPES[type(op)](op, (6, 4, 8)) == shape
    layers = (
        g.Layer("input", g.Input((6, 4, 8)), (), (6, 4, 8), "path"),
        g.Layer("it", op, ("input",), shape, "path"),
    )
    (_, cost) = costs(g.LayerGraph(layers, (g.Block("it", "it", "it", 1, 2, "none"),))).layers
    assert (cost.trainable_parameters, cost.non_trainable_parameters) == (trainable, fixed)
    assert (cost.macs, cost.flops) == (macs, 2 * macs + elementwise)
    assert cost.activations == (prod(shape) if macs else 0)


def two_into_one(op, shape):
    layers = (
        g.Layer("input", g.Input((6, 4, 8)), (), (6, 4, 8), "path"),
        g.Layer("new", g.Convolution(8, 3), ("input",), (6, 4, 8), "branch"),
        g.Layer("it", op, ("new", "input"), shape, "join"),
    )
    return costs(g.LayerGraph(layers, (g.Block("it", "it", "it", 1, 3, "none"),))).layers[-1]


def test_joins_cost_what_is_worked_out_by_hand():
    assert two_into_one(g.Addition(), (6, 4, 8)).flops == ALL
    assert two_into_one(g.Multiplication(), (6, 4, 8)).flops == ALL
    concatenated = two_into_one(g.Concatenation(), (6, 4, 16))
    assert (concatenated.flops, concatenated.shape) == (0, (6, 4, 16))
    assert g.SHAPES[g.Concatenation](g.Concatenation(), (6, 4, 8), (6, 4, 3)) == (6, 4, 11)


def test_a_channel_convolution_and_a_dense_layer_cost_their_kernels():
    layers = (
        g.Layer("input", g.Input((1, 1, 8)), (), (1, 1, 8), "path"),
        g.Layer("line", g.ChannelConvolution(3), ("input",), (1, 1, 8), "gate"),
        g.Layer("flat", g.Flatten(), ("line",), (8,), "path"),
        g.Layer("dense", g.Dense(5), ("flat",), (5,), "path"),
        g.Layer("bare", g.Dense(4, bias=False), ("dense",), (4,), "path"),
    )
    (_, line, _, dense, bare) = costs(g.LayerGraph(layers, (g.Block("it", "it", "it", 1, 5, "none"),))).layers
    assert (line.trainable_parameters, line.macs, line.flops) == (3, 24, 48)
    assert (dense.trainable_parameters, dense.macs, dense.flops) == (45, 40, 85)
    assert (bare.trainable_parameters, bare.macs, bare.flops) == (20, 20, 40)


@pytest.mark.parametrize(
    ("op", "field", "step"),
    [
        (g.Convolution(8, 3), 3, 1), (g.Convolution(8, 3, 2), 3, 2), (g.Convolution(8, 3, dilation=2), 5, 1),
        (g.MaxPooling(3, 2, 1), 3, 2), (g.AveragePooling(2, 2), 2, 2), (g.BlurPooling(2), 3, 2), (g.Subsample(2), 1, 2),
        (g.ChannelScale(1.0), 1, 1),
    ],
)  # fmt: skip
def test_one_operation_sees_its_kernel_and_a_second_sees_further_by_its_stride(op, field, step):
    """Araujo 2019: r = (k - 1) + 1 after one layer, and (k - 1) strides more after a second, here of 3."""
    first = g.SHAPES[type(op)](op, (32, 32, 8))
    layers = (
        g.Layer("input", g.Input((32, 32, 8)), (), (32, 32, 8), "path"),
        g.Layer("it", op, ("input",), first, "path"),
        g.Layer("next", g.Convolution(8, 3), ("it",), first, "path"),
    )
    counted = costs(g.LayerGraph(layers, (g.Block("it", "it", "it", 1, 3, "none"),))).layers
    assert [cost.receptive_field for cost in counted] == [1, field, field + 2 * step]
