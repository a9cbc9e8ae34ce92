"""What flows back through a network, against PyTorch's autograd, finite differences and numbers known by heart."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from filling import fill, image

from resnet_tf.design.expand import expand
from resnet_tf.design.presets import edit
from resnet_tf.design.spec import ResNetSpec, SpecError, Stage, Stem
from resnet_tf.learning.backend import computing_in
from resnet_tf.learning.build import build
from resnet_tf.learning.formula import longest, terms
from resnet_tf.learning.gradients import Profiler, effective_rank, gradient_flow
from resnet_tf.learning.naming import modules
from resnet_tf.learning.signals import GradientFlow, Spread, over_seeds, vanishing
from resnet_tf.learning.weights import load_weights

pytestmark = pytest.mark.keras

FLOWS = json.loads((Path(__file__).parents[1] / "fixtures" / "flows.json").read_text())
SOURCES = {"post": "torchvision", "pre": "timm"}
SMALL = ResNetSpec(
    input_shape=(16, 16, 3), classes=10, stem=Stem(kernel=3, stride=1, widths=(8,), pool="none"),
    stages=(Stage(blocks=2, width=8), Stage(blocks=2, width=16, stride=2)),
)  # fmt: skip
BATCH = image(4, 16), np.array([3, 7, 1, 0], np.int32)


def filled(spec, source):
    """The weights that the peer had, by the paths that ours have."""
    model = build(spec)
    names = modules([each.name for each in model.layers], [each.name for each in model.layers if each.weights], source)
    torchs = {"kernel": "weight", "gamma": "weight", "beta": "bias", "bias": "bias",
              "moving_mean": "running_mean", "moving_variance": "running_var"}  # fmt: skip
    tensors = {}
    for layer in model.layers:
        for weight in layer.weights:
            name, shape = f"{names[layer.name]}.{torchs[weight.name]}", tuple(weight.shape)
            if len(shape) == 4:
                shape = (shape[3], shape[2], shape[0], shape[1])
            elif len(shape) == 2:
                shape = (shape[1], shape[0], 1, 1) if name == "head.fc.weight" else (shape[1], shape[0])
            tensors[name] = fill(name, shape)
    load_weights(model, tensors, source=source)
    return {weight.path: np.asarray(weight) for weight in model.weights}, names


@pytest.mark.parametrize(
    ("name", "precision", "near"),
    [
        *((name, "float64", 1e-6) for name in FLOWS),
        ("post silu", "float32", 1e-4),  # next to a ReLU's corner float32 and float64 may fall on two sides
        ("pre silu", "float32", 1e-4),
    ],
)
def test_the_signals_are_those_that_torchs_autograd_finds(name, precision, near):
    theirs, (order, activation) = FLOWS[name], name.split()
    spec = edit(SMALL, order=order, activation=activation)
    weights, names = filled(spec, SOURCES[order])
    ours = Profiler(spec, precision).flow(BATCH, weights=weights)
    assert ours.loss == pytest.approx(theirs["loss"], rel=near)
    blocks = {block.name: block for block in ours.blocks}
    for name, figures in theirs["blocks"].items():
        found = {figure: getattr(blocks[name], figure) for figure in figures}
        assert found == pytest.approx(figures, rel=near), name
    kernels = {f"{names[each.name]}.weight": each.gradient for each in ours.layers if each.gradient is not None}
    assert kernels == pytest.approx(theirs["kernels"], rel=near)


def test_a_kernels_gradient_is_what_finite_differences_give():
    profiler, step = Profiler(SMALL, "float64"), 1e-6
    with computing_in("float64"):
        weights = {weight.path: np.asarray(weight) for weight in build(SMALL, seed=0).weights}
    path = "head.classifier/kernel"
    squares = 0.0
    for place in np.ndindex(weights[path].shape):
        losses = []
        for sign in (1, -1):
            moved = weights[path].copy()
            moved[place] += sign * step
            losses.append(profiler.flow(BATCH, weights={**weights, path: moved}).loss)
        squares += ((losses[0] - losses[1]) / (2 * step)) ** 2
    told = {each.name: each.gradient for each in profiler.flow(BATCH, weights=weights).layers}
    assert told["head.classifier"] == pytest.approx(math.sqrt(squares), rel=1e-4)


def test_without_its_shortcuts_a_network_has_no_two_ways():
    flow = gradient_flow(edit(SMALL, shortcut="none"), BATCH)
    assert {block.shortcut for block in flow.blocks} == {"none"}
    assert {block.around for block in flow.blocks} == {None}
    assert all(block.gradient > 0 for block in flow.blocks)


def test_a_seed_says_all_and_other_seeds_say_something_else():
    profiler = Profiler(SMALL)
    first, second, again = (profiler.flow(BATCH, seed) for seed in (0, 1, 0))
    assert first == again
    assert first.loss != second.loss
    spread = over_seeds([first, second], lambda block: block.gradient)["stage1.block1"]
    figures = [flow.blocks[1].gradient for flow in (first, second)]
    assert spread == Spread(sum(figures) / 2, abs(figures[0] - figures[1]) / math.sqrt(2))
    assert 0 < vanishing(first) < math.inf
    assert json.loads(json.dumps(first.as_json()))["blocks"][1]["name"] == "stage1.block1"
    assert isinstance(first, GradientFlow)


def test_drawn_weights_keep_nothing_of_those_that_were_given_before():
    profiler = Profiler(SMALL)
    first = profiler.flow(BATCH, 0)
    given = profiler.flow(BATCH, 0, filled(SMALL, "torchvision")[0])
    assert given.loss != first.loss
    assert profiler.flow(BATCH, 0) == first


def test_a_network_whose_activations_are_silent_is_dead():
    spec = edit(SMALL, normalization={"kind": "none"})
    model = build(spec, seed=0)
    weights = {weight.path: np.asarray(weight) for weight in model.weights}
    weights["stage1.block1.conv1/kernel"] = np.zeros_like(weights["stage1.block1.conv1/kernel"])
    dead = {each.name: each.dead for each in gradient_flow(spec, BATCH, weights=weights).layers}
    assert dead["stage1.block1.act1"] == 1
    assert dead["stage2.block1.act1"] < 1


def test_the_effective_rank_counts_directions():
    assert effective_rank(np.ones((8, 4))) == pytest.approx(1)
    plane = np.zeros((4, 6))
    plane[:, :2] = [[1, 1], [1, -1], [-1, 1], [-1, -1]]  # two directions, equally strong
    assert effective_rank(plane) == pytest.approx(2)


def test_the_two_terms_of_the_formula_sum_to_the_gradient():
    found = terms(edit(SMALL, order="pre"), BATCH)
    assert [each.block.name for each in found.span.blocks] == ["stage1.block1", "stage1.block2"]
    assert found.span.exact
    assert found.error < 1e-5
    assert np.linalg.norm(found.branches) > 0.1 * np.linalg.norm(found.total)  # neither is nothing
    assert np.linalg.norm(found.direct) > 0.1 * np.linalg.norm(found.total)


def test_after_a_relu_the_sum_leaves_something_over():
    found = terms(SMALL, BATCH)
    assert not found.span.exact
    assert found.error > 0.01


def test_a_network_without_identities_has_no_sum():
    with pytest.raises(SpecError, match="identity"):
        longest(expand(edit(SMALL, shortcut="none")))
