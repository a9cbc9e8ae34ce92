"""Generated code gives the network that its design describes: the same counts, layers, first weights and outputs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Literal, get_args, get_origin

import numpy as np
import pytest

from resnet_tf.design.code import to_python
from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.spec import (
    DenseNetSpec,
    DenseStage,
    EfficientChannelAttention,
    Head,
    Normalization,
    ResNetSpec,
    SqueezeExcitation,
    Stage,
    Stem,
    VGGSpec,
    VGGStage,
)
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build

pytestmark = pytest.mark.keras

SMALL = Stem(kernel=3, stride=1, widths=(8,), pool="none")
DEEP = Stem(kernel=3, stride=2, widths=(6, 4, 8), pool="none")
TWO = (Stage(blocks=2, width=8), Stage(blocks=2, width=16, stride=2))
THREE = (*TWO, Stage(blocks=2, width=24, stride=2))
GROUP = Normalization(kind="group", groups=4)
PLAIN_NORM = Normalization(kind="none")
STANDARDIZED = Normalization(kind="group", groups=2, epsilon=1e-3, weight_standardization=True)


def small(**axes):
    """A residual network of few blocks, with some of its axes turned."""
    return ResNetSpec(**{"input_shape": (33, 30, 3), "classes": 5, "stem": SMALL, "stages": TWO, **axes})


def bottleneck(**axes):
    return small(**{"block": "bottleneck", "expansion": 2, **axes})


def dense(**axes):
    stages = (DenseStage(blocks=2), DenseStage(blocks=3))
    return DenseNetSpec(
        **{"input_shape": (32, 30, 3), "classes": 5, "stem": SMALL, "stages": stages, "growth": 6, **axes}
    )


def vgg(**axes):
    stages = (VGGStage(convolutions=2, width=6), VGGStage(convolutions=1, width=8))
    return VGGSpec(**{"input_shape": (16, 18, 3), "classes": 5, "stages": stages, "hidden": (10, 7), **axes})


SPECS = {
    "basic": small(stem=Stem(widths=(8,)), zero_init_residual=True),
    "bottleneck": bottleneck(stem=Stem(kernel=5, widths=(8,), pool="average"), bias="all", stride_at="1x1"),
    "plain": small(block="plain", activation="leaky_relu", initializer="lecun_normal", bias="unnormalized"),
    "no shortcut, no norm": small(shortcut="none", normalization=PLAIN_NORM, order="pre", bias="unnormalized"),
    "without strides": small(stages=(Stage(blocks=2, width=8),), initializer="glorot_normal"),
    "shortcut a": small(stages=THREE, shortcut="zero-padding", stochastic_depth=0.5),
    "shortcut a, last block": small(stages=THREE, shortcut="zero-padding", stride_at="last-block", order="pre"),
    "shortcut a, pre, every block shared": bottleneck(
        stages=THREE, shortcut="zero-padding", order="activation-only-pre", shared_preactivation="always"
    ),
    "shortcut c": small(shortcut="projection-everywhere", order="norm-after-addition", bias="unnormalized"),
    "shortcut d": bottleneck(stages=THREE, stem=DEEP, shortcut="average-pool", attention=EfficientChannelAttention()),
    "shortcut d, dilated": bottleneck(stages=THREE, shortcut="average-pool", output_stride=1, order="pre"),
    "wide shortcuts": small(stages=THREE, shortcut_kernel=3, activation="silu", initializer="he_uniform"),
    "wide shortcuts everywhere, dilated": bottleneck(
        stages=(*THREE, Stage(blocks=2, width=24, stride=2)), shortcut="projection-everywhere", shortcut_kernel=3,
        output_stride=2, head=Head(pool="none"),
    ),
    "wide shortcuts where a stage is dilated": small(
        stages=THREE[:2], shortcut="projection-everywhere", shortcut_kernel=3, output_stride=1, order="pre"
    ),
    "dilated basic": small(stages=THREE, output_stride=2, order="activation-before-addition"),
    "last block": small(stages=THREE, stride_at="last-block", order="pre", normalization=STANDARDIZED),
    "last block, post": bottleneck(stages=THREE, stride_at="last-block", stochastic_depth=0.3),
    "first shared": bottleneck(order="pre", shared_preactivation="first", stages=(Stage(blocks=3, width=4), *TWO[1:])),
    "first shared, subsampled": bottleneck(
        order="pre", shared_preactivation="first", stride_at="last-block", stem=SMALL,
        stages=(Stage(blocks=1, width=4, stride=2), Stage(blocks=2, width=8, stride=2)),
    ),
    "never shared": bottleneck(order="pre", shared_preactivation="never", normalization=GROUP, attention={}),
    "activation only": bottleneck(order="activation-only-pre", activation="gelu", stem=DEEP),
    "wide, grouped, reduced": bottleneck(
        stages=(Stage(blocks=2, width=8), Stage(blocks=2, width=24, stride=3)), bottleneck_factor=1.5, groups=3,
        reduce_first=2, initializer="orthogonal", attention=SqueezeExcitation(ratio=0.3, divisor=2), expansion=3,
    ),
    "blurred": bottleneck(stages=THREE, antialias="blur", stem=Stem(kernel=3, widths=(4, 8), pool="max-blur")),
    "averaged": small(stages=THREE, antialias="average", stem=Stem(widths=(8,), pool="max-zero-padded"),
                      order="norm-after-addition", activation="gelu"),
    "averaged, 1x1": bottleneck(stages=THREE, antialias="average", stride_at="1x1", shortcut="average-pool"),
    "strided stem": small(stem=Stem(kernel=3, stride=1, widths=(4, 8), pool="convolution"), order="pre",
                          activation="silu", head=Head(pool="average-max")),
    "patches": small(stem=Stem(kernel=4, stride=4, widths=(8,), pool="none", patch=True), layer_scale=0.1,
                     normalization=Normalization(kind="layer", epsilon=1e-3), initializer="he_normal"),
    "standardised patches": bottleneck(
        stem=Stem(kernel=2, stride=2, widths=(8,), pool="none", patch=True), normalization=STANDARDIZED, groups=2,
        head=Head(hidden=(9, 4), dropout=0.2), activation="silu", bias="all",
    ),
    "whitened": bottleneck(stem=Stem(kernel=3, stride=2, widths=(12, 8), whitening=True), bias="all"),
    "whitened, fixup": small(stem=Stem(kernel=2, stride=2, widths=(8,), pool="none", patch=True, whitening=True),
                             normalization=Normalization(kind="fixup")),
    "fixup": small(normalization=Normalization(kind="fixup"), stem=Stem(kernel=3, widths=(4, 8)), stages=THREE,
                   dropout=0.2, bias="unnormalized"),
    "fixup, bottlenecks": bottleneck(normalization=Normalization(kind="fixup"), antialias="blur", stages=THREE,
                                     shortcut="projection-everywhere", initializer="orthogonal",
                                     head=Head(dropout=0.1, hidden=(6,))),
    "fixup, last block": small(normalization=Normalization(kind="fixup"), stride_at="last-block", stages=THREE),
    "dropout": small(order="pre", dropout=0.3, initializer="glorot_uniform", shortcut="projection-everywhere",
                     normalization=Normalization(epsilon=1e-3, momentum=0.8)),
    "cut": bottleneck(
        stages=THREE, cut_shortcuts=("stage1.block1", "stage2.block2", "stage3.block1"), zero_init_residual=True,
        layer_scale=0.1, stochastic_depth=0.2, attention=SqueezeExcitation(ratio=0.5),
    ),
    "cut, shared": small(
        stages=THREE, order="pre", shared_preactivation="first", cut_shortcuts=("stage1.block1", "stage2.block1")
    ),
    "cut, padded, strides last": small(
        stages=THREE, shortcut="zero-padding", stride_at="last-block", cut_shortcuts=("stage1.block2", "stage2.block1")
    ),
    "cut everywhere": small(cut_shortcuts=("stage1.block1", "stage1.block2", "stage2.block1", "stage2.block2")),
    "maps of a pre-activation network": small(order="pre", head=Head(pool="none")),
    "gates of little maps": bottleneck(attention=EfficientChannelAttention(gamma=1.0, beta=2.0), layer_scale=1e-3),
    "scaled, gated": small(
        stages=THREE, shortcut_scale=0.5, branch_scale=0.25, shortcut_gate="shortcut", cut_shortcuts=("stage1.block2",)
    ),
    "gated both ways": bottleneck(order="pre", shortcut_gate="exclusive", attention=SqueezeExcitation(ratio=0.5)),
    "no norm, scaled": small(normalization=PLAIN_NORM, layer_scale=0.5, order="activation-before-addition", bias="all"),
    "vgg": vgg(),
    "vgg without dense layers": vgg(hidden=(), dropout=0.0),
    "densenet": dense(stem=Stem(widths=(8,)), dropout=0.2),
    "densenet for cifar": dense(bottleneck=0, compression=1.0, activation="silu", initializer="he_normal"),
    "densenet, group norm": dense(
        stem=Stem(kernel=3, widths=(4, 8), pool="convolution"), normalization=Normalization(kind="group", groups=2),
        growth=4, head=Head(pool="average-max", hidden=(6,), dropout=0.1),
    ),
    "densenet, standardised": dense(
        stem=Stem(kernel=2, stride=2, widths=(8,), pool="max-blur", patch=True), head=Head(pool="none"),
        normalization=Normalization(kind="none", weight_standardization=True), compression=0.3,
    ),
}  # fmt: skip

RUNNER = Path(__file__).with_name("run_generated.py")


def plain(config):
    """A layer's settings without what has no effect, and what its weights begin as without the seed."""
    kept = ("rate", "noise_shape", "epsilon", "momentum", "groups", "negative_slope", "activation", "dilation_rate")
    chosen = {key: config[key] for key in kept if key in config}
    chosen |= {key: beginning(value) for key, value in config.items() if key.endswith("_initializer") and value}
    return json.loads(json.dumps(chosen))


def beginning(value):
    """An initializer as numbers and words: Keras has names for some of one kind."""
    made = keras.initializers.get(value)
    if isinstance(made, keras.initializers.VarianceScaling):
        return [made.scale, made.mode, made.distribution]
    return [value["class_name"], {k: v for k, v in value["config"].items() if k != "seed"}]


def randomised(model):
    """The model with weights that are no longer what they began as: moving statistics too."""
    random = np.random.default_rng(3)
    for weight in model.weights:
        spread = random.uniform(0.5, 1.5, weight.shape) if "variance" in weight.path else random.normal(
            1.0 if "gamma" in weight.path else 0.0, 0.3 if len(weight.shape) < 2 else 1.2 / weight.shape[-2] ** 0.5,
            weight.shape,
        )  # fmt: skip
        weight.assign(spread)
    return model


def weights_of(model):
    return {
        f"{layer.name}/{i}": keras.ops.convert_to_numpy(weight)
        for layer in model.layers
        for i, weight in enumerate(layer.weights)
        if "seed_generator" not in weight.path
    }


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """For each design what our model gives, and what the code gives in a fresh process of Keras alone."""
    folder = tmp_path_factory.mktemp("generated")
    ours = {}
    for i, (name, spec) in enumerate(SPECS.items()):
        model = build(spec, seed=1)
        first = weights_of(model)
        configs = {layer.name: plain(layer.get_config()) for layer in model.layers}
        randomised(model)
        images = np.random.default_rng(i).normal(size=(2, *spec.input_shape)).astype(np.float32)
        given = weights_of(model)
        calm = keras.ops.convert_to_numpy(model(images, training=False))
        trained = keras.ops.convert_to_numpy(model(images, training=True))
        (folder / f"{i}.py").write_text(to_python(spec))
        np.savez(folder / f"{i}.npz", images=images, **given)
        ours[name] = {
            "first": first, "configs": configs, "calm": calm, "trained": trained, "after": weights_of(model),
            "count": model.count_params(), "names": [layer.name for layer in expand(spec)],
        }  # fmt: skip
    subprocess.run([sys.executable, "-I", str(RUNNER), str(folder)], check=True, timeout=600)
    theirs = {}
    for i, name in enumerate(SPECS):
        facts = json.loads((folder / f"{i}.json").read_text())
        with np.load(folder / f"{i}.out.npz") as arrays:
            theirs[name] = {**facts, **{key: arrays[key] for key in arrays}}
    return {name: (ours[name], theirs[name]) for name in SPECS}


def pair(compared, name):
    """What ours gives and what the code gives; fails where the code could not be run."""
    ours, theirs = compared[name]
    assert "error" not in theirs, theirs["error"]
    return ours, theirs


def part(arrays, name):
    return {key.removeprefix(f"{name}:"): value for key, value in arrays.items() if key.startswith(f"{name}:")}


def test_generated_code_needs_keras_alone(compared):
    assert not any(theirs.get("ours_loaded") for _, theirs in compared.values())


@pytest.mark.parametrize("name", SPECS)
def test_generated_code_has_the_parameters_and_the_layers_of_the_graph(compared, name):
    ours, theirs = pair(compared, name)
    assert theirs["count"] == ours["count"] == costs(SPECS[name]).parameters
    assert set(ours["names"]) <= set(theirs["layers"])
    assert theirs["printed"].split()[0] == f"{ours['count']:,}"


@pytest.mark.parametrize("name", SPECS)
def test_generated_code_with_copied_weights_gives_the_same_outputs(compared, name):
    ours, theirs = pair(compared, name)
    assert np.abs(ours["calm"]).max() > 1e-3
    np.testing.assert_allclose(theirs["calm"], ours["calm"], rtol=1e-5, atol=1e-5 * np.abs(ours["calm"]).max())


def draws(spec):
    """Whether training draws anything at random."""
    return any(type(layer.op).__name__ in ("Dropout", "StochasticDepth") and layer.op.rate for layer in expand(spec))


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if not draws(spec)])
def test_generated_code_trains_on_the_same_outputs_and_keeps_the_same_statistics(compared, name):
    ours, theirs = pair(compared, name)
    np.testing.assert_allclose(theirs["trained"], ours["trained"], rtol=1e-5, atol=1e-5 * np.abs(ours["trained"]).max())
    after = part(theirs, "after")
    assert after.keys() == ours["after"].keys()
    for key, value in ours["after"].items():
        np.testing.assert_allclose(after[key], value, rtol=1e-5, atol=1e-5 * max(np.abs(value).max(), 1e-3))


@pytest.mark.parametrize("name", SPECS)
def test_generated_layers_are_set_and_begin_as_ours(compared, name):
    """Rates, epsilons, momenta, initialisers; and the first weights where they are not drawn."""
    ours, theirs = pair(compared, name)
    first = part(theirs, "first")
    assert first.keys() == ours["first"].keys()
    for key, value in ours["first"].items():
        if value.size and (value == value.flat[0]).all():
            np.testing.assert_array_equal(first[key].reshape(value.shape), value, err_msg=key)
    configs = {key: plain(config) for key, config in theirs["configs"].items()}
    for layer, config in ours["configs"].items():
        if configs.get(layer):
            shared = configs[layer].keys() & config.keys()
            assert {k: configs[layer][k] for k in shared} == {k: config[k] for k in shared}, layer


def literals(model):
    """Every field of a part of a spec that takes one of some words, with the words."""
    for name, field in model.model_fields.items():
        if get_origin(field.annotation) is Literal:
            yield name, get_args(field.annotation)
        elif field.annotation is bool:
            yield name, (False, True)


PARTS = {
    ResNetSpec: lambda spec: spec if isinstance(spec, ResNetSpec) else None,
    Stem: lambda spec: getattr(spec, "stem", None),
    Normalization: lambda spec: getattr(spec, "normalization", None),
    Head: lambda spec: getattr(spec, "head", None),
}


@pytest.mark.parametrize(
    ("model", "field", "value"),
    [(model, field, value) for model in PARTS for field, values in literals(model) for value in values],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_every_value_of_every_axis_is_in_some_network_that_was_compared(model, field, value):
    parts = [PARTS[model](spec) for spec in SPECS.values()]
    assert any(part is not None and getattr(part, field) == value for part in parts)


@pytest.mark.parametrize(
    "has",
    [
        lambda spec: spec.groups > 1, lambda spec: spec.reduce_first > 1, lambda spec: spec.bottleneck_factor > 1,
        lambda spec: spec.dropout, lambda spec: spec.stochastic_depth, lambda spec: spec.layer_scale is not None,
        lambda spec: spec.output_stride is not None, lambda spec: isinstance(spec.attention, SqueezeExcitation),
        lambda spec: isinstance(spec.attention, EfficientChannelAttention), lambda spec: spec.attention is None,
        lambda spec: spec.shortcut_scale < 1, lambda spec: spec.branch_scale < 1,
        lambda spec: len(spec.stem.widths) > 2, lambda spec: spec.head.hidden, lambda spec: spec.head.dropout,
    ],
)  # fmt: skip
def test_every_number_of_every_axis_is_turned_in_some_network_that_was_compared(has):
    assert any(isinstance(spec, ResNetSpec) and has(spec) for spec in SPECS.values())
