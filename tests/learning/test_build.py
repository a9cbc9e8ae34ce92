"""What is built is what was counted, and computes what other libraries compute."""

import json

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from strategies import specs

from resnet_tf.design import graph as g
from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.moves import outcome
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import ResNetSpec, Stage, Stem
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build, folded
from resnet_tf.learning.imported import imported_file

pytestmark = pytest.mark.keras


def profiled_flops(model):
    """FLOPs of convolutions and dense layers (MatMul), as TensorFlow's own profiler counts them in the traced graph."""
    image = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    tf.config.run_functions_eagerly(True)  # a grouped convolution is a function of its own: trace it in place
    try:
        traced = tf.function(lambda x: model(x, training=False)).get_concrete_function(image)
    finally:
        tf.config.run_functions_eagerly(False)
    options = {**tf.compat.v1.profiler.ProfileOptionBuilder.float_operation(), "output": "none"}
    profile = tf.compat.v1.profiler.profile(traced.graph, cmd="op", options=options)
    counted, node = {}, profile
    while node.children:
        node = node.children[0]
        counted[node.name] = node.float_ops
    return counted["Conv2D"] + counted["MatMul"]


def count(weights):
    return sum(int(np.prod(weight.shape)) for weight in weights)


# one of each kind: what is counted of the others, and of each as a whole, is held to published counts
BUILT = (
    "resnet18", "resnet50", "resnet34_a", "resnet34_c", "resnet50_v1", "plain18", "vgg16", "resnet10t", "resnet26d",
    "resnet50c", "resnet50s", "resnetv2_18d", "resnetv2_50", "resnetv2_50t", "resnetv2_50d_gn", "resnetv2_50x1_bit",
    "resnet50_gn", "wide_resnet50_2", "keras_resnet50", "keras_resnet50v2", "keras_densenet121", "resnext50_32x4d",
    "seresnet18", "seresnext26t_32x4d", "senet154", "resnetrs50", "ecaresnet26t", "ecaresnetlight", "resnetblur18",
    "resnetaa34d", "seresnetaa50d", "densenet121", "densenet40_12_cifar10", "densenet_bc100_12_cifar10",
    "resnet20_cifar10", "resnet56_b_cifar10", "plain56_cifar10", "preresnet164_cifar10", "wrn28_10_dropout_cifar10",
    "resnext29_8x64d_cifar10", "resnet110_norm_after_addition_cifar10", "resnet110_activation_only_pre_cifar10",
    "resnet110_stochastic_depth_cifar10", "resnet110_fixup_cifar10",
)  # fmt: skip
MOST_BLOCKS = 3  # a first, a last and one between: there are no others in a stage


def short(name):
    """A preset with few blocks in a stage; a VGG with narrow dense layers."""
    spec = PRESETS[name].spec
    if spec.family == "vgg":
        return preset(name, hidden=(256,))
    return preset(name, stages=[{**each.model_dump(), "blocks": min(each.blocks, MOST_BLOCKS)} for each in spec.stages])


@pytest.mark.parametrize("name", BUILT)
def test_a_preset_is_built_with_the_parameters_and_the_flops_that_were_counted(name):
    built_as_counted(short(name))


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("resnet18", [("stage1", "insert"), ("stage2.block1", "cut"), ("stage3.block2", "duplicate")]),
        ("resnet20_cifar10", [("stage2", "block=bottleneck"), ("stage1", "cut-all"), ("stage2", "double-on")]),
        ("densenet40_12_cifar10", [("stage2", "remove"), ("stage1.block3", "duplicate"), ("network", "widen")]),
        ("vgg16", [("stage2", "duplicate"), ("stage6", "remove"), ("stage3", "halve-on")]),
    ],
)
def test_a_design_that_moves_made_is_built_with_the_parameters_and_the_flops_that_were_counted(name, steps):
    spec = short(name)
    for part, move in steps:
        spec = outcome(spec, part, move).spec
    built_as_counted(spec)


def built_as_counted(spec):
    """Holds a model to the counts of its spec."""
    counted, model = costs(spec), folded(build(spec), spec)
    assert model.count_params() == counted.parameters
    assert count(model.trainable_weights) == counted.trainable_parameters
    assert count(model.non_trainable_weights) == counted.non_trainable_parameters
    # a number that Fixup learns is a dense layer that reads a one: a product to the profiler, a parameter to us
    numbers = sum(isinstance(layer.op, g.ScalarBias | g.ScalarScale) for layer in expand(spec))
    assert profiled_flops(model) == 2 * (counted.macs + numbers)


def test_a_network_of_1202_layers_is_built():
    spec = preset("resnet1202_cifar10", block="plain", shortcut="none", normalization={"kind": "none"})
    assert build(spec).count_params() == costs(spec).parameters
    assert costs(spec).depth == 1202


@settings(max_examples=20, deadline=None, derandomize=True)
@given(specs())
def test_any_design_is_built_in_the_shapes_and_with_the_parameters_of_its_graph(spec):
    graph, model = expand(spec), build(spec)
    assert model.count_params() == costs(spec).parameters
    assert count(model.trainable_weights) == costs(spec).trainable_parameters
    assert model.output_shape[1:] == graph.output.shape
    for layer in graph:
        if isinstance(layer.op, g.Convolution | g.Addition | g.Concatenation | g.Dense):
            assert model.get_layer(layer.name).output.shape[1:] == layer.shape


@pytest.mark.parametrize("kind", ["shortcut", "exclusive"])
def test_a_gated_block_computes_he_2016s_formula(kind):
    """y = F + (1 - g) x or y = g F + (1 - g) x, and ReLU after it, with W and b as they are in the model."""
    axes = {"shortcut_scale": 0.5, "branch_scale": 0.25, "shortcut_gate": kind}
    spec = preset("resnet20_cifar10", input_shape=(8, 8, 3), stages=[{"blocks": 2, "width": 16}], **axes)
    model = build(spec, seed=3)
    gate = model.get_layer("stage1.block2.shortcut.gate.conv")
    assert np.all(keras.ops.convert_to_numpy(gate.bias) == -6)  # He 2016's best
    gate.bias.assign(np.linspace(-2, 2, 16, dtype=np.float32))
    at = ["stage1.block1.act", "stage1.block2.norm2", "stage1.block2.act"]
    images = np.random.default_rng(0).normal(size=(3, 8, 8, 3)).astype(np.float32)
    seen = keras.Model(model.input, [model.get_layer(name).output for name in at])(images)
    x, branch, y = (keras.ops.convert_to_numpy(each) for each in seen)
    kernel, bias = (keras.ops.convert_to_numpy(each) for each in (gate.kernel, gate.bias))
    g_of_x = 1 / (1 + np.exp(-(x @ kernel[0, 0] + bias)))
    expected = 0.25 * branch * (g_of_x if kind == "exclusive" else 1) + (1 - g_of_x) * 0.5 * x
    np.testing.assert_allclose(y, np.maximum(expected, 0), atol=1e-5)
    assert np.ptp(g_of_x) > 0.1


@pytest.mark.parametrize(
    "axes", [{"shortcut_scale": 0.5, "branch_scale": 0.5}, {"shortcut_gate": "exclusive", "shortcut_gate_bias": -5.0}]
)
def test_a_design_with_scaled_or_gated_shortcuts_comes_back_from_its_keras_file(axes):
    spec = preset("resnet20_cifar10", **axes)
    assert imported_file("network.json", build(spec).to_json().encode()).spec == spec


def test_layers_carry_the_names_of_the_graph():
    for name in ("resnet20_cifar10", "seresnet50", "vgg16"):
        spec = short(name)
        built, names = ({layer.name for layer in layers} for layers in (build(spec).layers, expand(spec)))
        assert names <= built
        assert built - names <= {f"{name}.pad" for name in names}


def weights(model):
    return {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.weights}


def test_a_seed_makes_the_weights_repeatable_and_another_seed_makes_others():
    spec = preset("resnet20_cifar10")
    first, again, other = (weights(build(spec, seed=seed)) for seed in (7, 7, 8))
    assert all(np.array_equal(first[path], again[path]) for path in first)
    kernels = [path for path in first if path.endswith("kernel")]
    assert not any(np.array_equal(first[path], other[path]) for path in kernels)


def test_a_plain_network_begins_with_the_weights_of_its_residual_twin():
    residual, plain = (weights(build(preset(name), seed=3)) for name in ("resnet20_cifar10", "plain20_cifar10"))
    assert residual.keys() == plain.keys()
    assert all(np.array_equal(residual[path], plain[path]) for path in residual)


def test_convolutions_begin_with_the_deviation_of_he_2015():
    model = build(preset("resnet18"), seed=0)
    for name, fan_out in (
        ("stem.conv", 49 * 64),
        ("stage4.block2.conv2", 9 * 512),
        ("stage3.block1.shortcut.conv", 256),
    ):
        kernel = keras.ops.convert_to_numpy(model.get_layer(name).kernel)
        assert kernel.std() == pytest.approx((2 / fan_out) ** 0.5, rel=0.02)
        assert abs(kernel.mean()) < 0.05 * kernel.std()


def signed(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def peer_name(name, version):
    """keras.applications' name of one of our layers."""
    fixed = {
        "stem.conv": "conv1_conv",
        "stem.norm": "conv1_bn",
        "head.norm": "post_bn",
        "head.classifier": "predictions",
    }
    if name in fixed:
        return fixed[name]
    stage, block, *rest = name.split(".")
    at = f"conv{int(stage[-1]) + 1}_block{block.removeprefix('block')}"
    if rest[0] == "shortcut":
        return f"{at}_0_{'bn' if rest[1] == 'norm' else 'conv'}"
    kind, number = rest[0][:-1], int(rest[0][-1])
    if kind == "conv":
        return f"{at}_{number}_conv"
    number -= version == 2  # there a norm is named by the convolution before it
    return f"{at}_{number}_bn" if number else f"{at}_preact_bn"


@pytest.mark.parametrize(
    ("name", "peer", "version"),
    [("keras_resnet50", keras.applications.ResNet50, 1), ("keras_resnet50v2", keras.applications.ResNet50V2, 2)],
)
def test_with_the_weights_of_keras_applications_it_gives_the_same_logits(name, peer, version):
    theirs = peer(weights=None, input_shape=(64, 64, 3), classes=10, classifier_activation=None)
    random = np.random.default_rng(1)
    for weight in theirs.weights:
        spread = 0.1 * random.random(weight.shape) + (0.5 if "gamma" in weight.path or "variance" in weight.path else 0)
        weight.assign(weight + spread if "kernel" not in weight.path else weight)
    if version == 2:  # it pads the first pool with zeros, which is right only for a map that is nowhere negative
        theirs.get_layer("conv1_conv").bias.assign(np.full(64, 20.0))
    ours = build(preset(name, input_shape=(64, 64, 3), classes=10))
    for layer in ours.layers:
        if layer.weights:
            layer.set_weights(theirs.get_layer(peer_name(layer.name, version)).get_weights())
    images = signed(2, 64, 64, 3)
    expected = theirs(images).numpy()
    assert expected.std() > 0.01
    np.testing.assert_allclose(ours(images), expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_only_stock_layers_are_used_so_that_a_saved_model_loads_anywhere():
    specs = [short(name) for name in ("resnet50", "resnet34_a", "seresnet50", "resnet50d", "vgg16")]
    for spec in specs:
        modules = {layer.get("module") for layer in json.loads(build(spec).to_json())["config"]["layers"]}
        assert modules <= {"keras.layers", "keras.src.ops.numpy"}


def test_an_operation_without_a_row_is_an_error():
    class Rotation:
        pass

    layers = (
        g.Layer("input", g.Input((4, 4, 3)), (), (4, 4, 3), "path"),
        g.Layer("turn", Rotation(), ("input",), (4, 4, 3), "path"),
    )
    with pytest.raises(g.UnknownOperation, match="build has no row for Rotation"):
        build(g.LayerGraph(layers, ()))


def test_a_network_of_every_axis_at_once_is_built_in_the_shapes_of_its_graph():
    spec = ResNetSpec(
        input_shape=(33, 47, 4), classes=7, stem=Stem(kernel=5, stride=3, widths=(6, 8), pool="convolution"),
        stages=(Stage(blocks=2, width=8), Stage(blocks=1, width=12, stride=2)), block="bottleneck", expansion=2,
        groups=2, order="pre", shortcut="average-pool", activation="gelu", attention={}, bias="all",
    )  # fmt: skip
    model = build(spec)
    assert {layer.name: layer.output.shape[1:] for layer in model.layers if not layer.name.endswith(".pad")} == {
        layer.name: layer.shape for layer in expand(spec)
    }
    assert model(signed(2, 33, 47, 4)).shape == (2, 7)
