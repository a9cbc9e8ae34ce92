"""Paths through networks, against their enumeration one by one and against binomial coefficients."""

import json
from collections import Counter
from math import comb, prod, sqrt

import pytest

from resnet_tf.design.expand import expand
from resnet_tf.design.graph import Convolution
from resnet_tf.design.path_lengths import Lengths, path_lengths
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import DenseNetSpec, DenseStage, ResNetSpec, Stage, Stem

STEM = Stem(kernel=3, stride=1, widths=(16,), pool="none")
SMALL = ResNetSpec(
    input_shape=(16, 16, 3), classes=10, stem=STEM,
    stages=(Stage(blocks=2, width=16), Stage(blocks=3, width=32, stride=2)),
)  # fmt: skip
NETWORKS = {
    "basic": SMALL,
    "bottleneck": edit(SMALL, block="bottleneck"),
    "pre-activation that is shared": edit(SMALL, order="pre", shared_preactivation="always"),
    "zero padding": edit(SMALL, shortcut="zero-padding"),
    "pooled projections": edit(SMALL, shortcut="average-pool"),
    "gates": edit(SMALL, attention={"kind": "se", "ratio": 0.25}),
    "a gate along channels": edit(SMALL, attention={"kind": "eca"}),
    "one shortcut cut": edit(SMALL, cut_shortcuts=["stage2.block2"]),
    "pre-activation, two cut in a row": edit(SMALL, order="pre", cut_shortcuts=["stage2.block2", "stage2.block3"]),
    "plain": edit(SMALL, block="plain"),
    "stochastic depth": edit(SMALL, stochastic_depth=0.5),
    "dense": DenseNetSpec(input_shape=(16, 16, 3), classes=10, stem=STEM, stages=(DenseStage(blocks=3),) * 2, growth=4),
}


def paths(graph, name):
    """All paths to a layer, each as the names of what it passes; gates are on none."""
    layer = graph.by_name[name]
    came = [each for each in layer.inputs if graph.by_name[each].role != "gate"]
    if not came:
        yield (name,)
    for each in came:
        for path in paths(graph, each):
            yield (*path, name)


def counted(lengths):
    return {length: count for length, count in enumerate(lengths.paths) if count}


@pytest.mark.parametrize("network", NETWORKS)
def test_the_lengths_are_those_of_all_paths_one_by_one(network):
    graph = expand(NETWORKS[network])
    listed = list(paths(graph, graph.output.name))
    found = path_lengths(graph)
    convolutions = {layer.name for layer in graph if isinstance(layer.op, Convolution)}
    assert counted(found.convolutions) == Counter(len(convolutions.intersection(path)) for path in listed)
    # a path that is in a block's branch passes its last convolution, wherever norms and activations are
    last = {}
    for layer in graph:
        if layer.name in convolutions and layer.role == "branch" and layer.name.startswith("stage"):
            last[layer.name.rpartition(".")[0]] = layer.name
    assert counted(found.branches) == Counter(len(set(last.values()).intersection(path)) for path in listed)


def test_a_resnets_paths_are_binomially_distributed():
    found = path_lengths(preset("resnet110_cifar10"))
    assert found.branches.paths == tuple(comb(54, k) for k in range(55))
    assert found.branches.total == 2**54
    # the stem's convolution, and two in every branch; shortcuts are padded with zeros
    assert counted(found.convolutions) == {1 + 2 * k: comb(54, k) for k in range(55)}
    assert (found.branches.mean, found.branches.deviation) == (27, sqrt(54) / 2)


def test_most_paths_of_a_resnet_of_54_blocks_pass_19_to_35_of_them():
    """Veit 2016, section 3: more than 95 %."""
    shares = path_lengths(preset("resnet110_cifar10")).branches.shares
    assert sum(shares) == pytest.approx(1)
    assert sum(shares[19:36]) > 0.95


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet110_cifar10", "plain34"])
def test_the_lengths_that_have_most_paths_are_the_fewest_that_have_95_percent(name):
    lengths = path_lengths(preset(name)).convolutions
    low, high = lengths.most()
    assert 20 * sum(lengths.paths[low : high + 1]) >= 19 * lengths.total
    fewer = high - low
    windows = (lengths.paths[first : first + fewer] for first in range(len(lengths.paths)))
    assert all(20 * sum(window) < 19 * lengths.total for window in windows)


def test_a_projection_is_a_way_of_one_convolution():
    found = path_lengths(preset("resnet50"))
    assert found.branches.paths == tuple(comb(16, k) for k in range(17))
    # (x^3 + x) for the first block of each stage and (x^3 + 1) for the others, times the stem's x, at 1, 2 and 10
    for x in (1, 2, 10):
        value = x * prod((x**3 + x) * (x**3 + 1) ** (blocks - 1) for blocks in (3, 4, 6, 3))
        assert sum(count * x**length for length, count in enumerate(found.convolutions.paths)) == value


def test_a_network_without_shortcuts_has_one_path():
    assert counted(path_lengths(preset("plain34")).convolutions) == {33: 1}
    assert counted(path_lengths(preset("plain34")).branches) == {16: 1}
    assert counted(path_lengths(preset("vgg19")).convolutions) == {16: 1}


def test_a_cut_shortcut_halves_the_paths():
    spec = preset("resnet50")
    whole, cut = (path_lengths(each).branches for each in (spec, edit(spec, cut_shortcuts=["stage3.block2"])))
    assert whole.total == 2 * cut.total
    assert cut.paths[0] == 0  # every path passes the block that is cut
    assert cut.mean == pytest.approx(8.5)


def test_the_paths_of_1202_layers_are_counted_to_the_last_digit():
    found = path_lengths(preset("resnet1202_cifar10"))
    assert found.branches.paths == tuple(comb(600, k) for k in range(601))


def test_they_go_to_json_and_back():
    found = path_lengths(preset("resnet110_cifar10"))
    back = json.loads(json.dumps(found.as_json()))
    assert {name: Lengths(tuple(counts)) for name, counts in back.items()} == found._asdict()
