"""A network is recognised where it is a design, operation by operation, and refused by name where it is none."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from strategies import resnets

from resnet_tf.design import graph as g
from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.presets import PRESETS, edit, preset
from resnet_tf.design.recognition import Found, Unrecognised, recognise
from resnet_tf.design.recognition.found import Essences, difference

COUNTS = json.loads((Path(__file__).parents[1] / "fixtures" / "counts.json").read_text())
# one network of each way in which presets differ but for their depth and width
STYLES = [
    "resnet18", "resnet50", "resnet50_v1", "resnet34_a", "resnet34_c", "resnet50d", "resnet50t", "resnet50s",
    "resnetv2_50", "resnetv2_50d_gn", "resnetv2_50x1_bit", "wide_resnet50_2", "resnext50_32x4d", "seresnet50",
    "senet154", "resnetrs50", "ecaresnet26t", "resnetblur18", "resnetaa50d", "plain34", "vgg19", "densenet121",
    "keras_resnet50", "keras_resnet50v2", "resnet20_cifar10", "preresnet110_cifar10",
    "resnet110_norm_after_addition_cifar10", "resnet110_activation_only_pre_cifar10",
    "resnet110_stochastic_depth_cifar10", "resnet110_fixup_cifar10", "wrn28_10_dropout_cifar10",
    "resnext29_8x64d_cifar10", "densenet40_12_cifar10",
]  # fmt: skip


@pytest.mark.parametrize("name", STYLES)
def test_a_published_network_is_recognised_as_itself(name):
    found = recognise(Found(expand(preset(name)), notes=("said",)))
    assert found.spec == PRESETS[name].spec
    assert found.preset is PRESETS[name]
    assert found.notes == ("said",)


@pytest.mark.parametrize("name", STYLES)
def test_a_network_like_a_published_one_is_recognised_by_what_was_changed(name):
    """Another image, other classes and one block fewer: no preset, but a design of its own."""
    spec = preset(name)
    stages = [stage.model_dump() for stage in spec.stages]
    count = next(key for key in ("blocks", "convolutions") if key in stages[-1])
    stages[0][count] += 1
    changed = edit(spec, input_shape=(96, 96, 3), classes=7, stages=stages)
    found = recognise(Found(expand(changed), frozenset({"training"})))
    assert found.preset is None
    assert [costs(found.spec).trainable_parameters, costs(found.spec).macs] == [
        costs(changed).trainable_parameters, costs(changed).macs,
    ]  # fmt: skip
    assert not difference(Found(expand(changed), frozenset({"training"})), expand(found.spec))


@pytest.mark.parametrize("name", ["resnet50", "resnetv2_50", "seresnet18", "resnet20_cifar10"])
def test_blocks_whose_shortcut_is_cut_are_found(name):
    spec = edit(preset(name), cut_shortcuts=("stage1.block2", "stage2.block1", "stage3.block2"))
    assert recognise(Found(expand(spec))).spec == spec


WEIGHED = [
    {"shortcut_scale": 0.5}, {"shortcut_scale": 0.5, "branch_scale": 0.5}, {"branch_scale": 0.1},
    {"shortcut_gate": "shortcut"}, {"shortcut_gate": "exclusive", "shortcut_gate_bias": -5.0, "shortcut_scale": 0.9},
]  # fmt: skip


@pytest.mark.parametrize("axes", WEIGHED, ids=lambda axes: " ".join(axes))
def test_scaled_and_gated_shortcuts_are_found(axes):
    spec = edit(preset("resnet20_cifar10"), **axes)
    assert recognise(Found(expand(spec))).spec == spec


@settings(max_examples=10, deadline=None)
@given(resnets())
def test_whatever_is_recognised_counts_as_what_was_found_and_whatever_is_not_is_said_in_a_sentence(spec):
    graph = expand(spec)
    assume(len(graph) < 120)
    said = ""
    try:
        found = recognise(Found(graph)).spec
    except Unrecognised as unrecognised:
        found, said = None, str(unrecognised)
    same = edit(spec, normalization={**spec.normalization.model_dump(), "weight_standardization": False})
    counts = ("trainable_parameters", "non_trainable_parameters", "macs", "activations")
    assert bool(said) != bool(found)
    assert len(said) < 400
    assert not found or [getattr(costs(found), each) for each in counts] == [
        getattr(costs(same), each) for each in counts
    ]


def other(graph, name, **changes):
    """The graph with one operation changed."""
    layers = [layer._replace(op=replace(layer.op, **changes)) if layer.name == name else layer for layer in graph]
    return g.LayerGraph(tuple(layers), ())


@pytest.mark.parametrize(
    ("layer", "changes"),
    [
        ("stage3.block2.conv2", {"groups": 2}), ("stage2.block1.norm3", {"epsilon": 1e-3}),
        ("stage4.block3.conv1", {"bias": True}), ("stem.pool", {"kernel": 5, "padding": 2}),
        ("stage1.block2.act2", {"kind": "silu"}),
    ],
)  # fmt: skip
def test_the_first_layer_that_no_design_has_is_named(layer, changes):
    with pytest.raises(Unrecognised, match=layer.replace(".", r"\.")):
        recognise(Found(other(expand(preset("resnet50")), layer, **changes), frozenset({"training"})))


def test_branches_of_other_kernels_are_named_with_what_blocks_have():
    graph = other(expand(preset("resnet50")), "stage2.block1.conv2", kernel=5)
    with pytest.raises(Unrecognised, match=r"stage2\.block1\.add ends has the kernels 1x1, 5x5, 1x1"):
        recognise(Found(graph))


def test_two_networks_have_one_essence_only_where_every_operation_agrees():
    essences = Essences()
    whole = essences.of_output(expand(preset("resnet50")))
    assert whole == essences.of_output(expand(preset("resnet50")))
    others = ["resnet50_v1", "resnet50d", "resnet101", "seresnet50", "wide_resnet50_2", "keras_resnet50"]
    assert len({whole, *(essences.of_output(expand(preset(name))) for name in others)}) == 1 + len(others)


def test_what_a_file_leaves_unsaid_makes_no_difference():
    plain, dropped = expand(preset("resnet110_cifar10")), expand(preset("resnet110_stochastic_depth_cifar10"))
    assert difference(Found(plain), dropped)
    assert not difference(Found(plain, frozenset({"training"})), dropped)


def test_norms_that_are_folded_into_convolutions_are_recognised_as_batch_norms():
    """As an exporter of torch leaves them: a bias for each norm, and no norm."""
    layers, stands_for = [], {}
    for layer in expand(preset("resnet50d", input_shape=(64, 64, 3))):
        inputs = tuple(stands_for.get(name, name) for name in layer.inputs)
        if isinstance(layer.op, g.BatchNormalization):
            stands_for[layer.name] = inputs[0]
            continue
        op = replace(layer.op, bias=True) if isinstance(layer.op, g.Convolution) else layer.op
        layers.append(layer._replace(op=op, inputs=inputs))
    found = recognise(Found(g.LayerGraph(tuple(layers), ()), frozenset({"training"})))
    assert found.preset is PRESETS["resnet50d"]
    assert any("folded" in note for note in found.notes)


def test_what_has_no_blocks_is_refused():
    graph = expand(preset("vgg16"))
    with pytest.raises(Unrecognised, match="no additions"):
        recognise(Found(g.LayerGraph(graph.layers[:2], ())))
