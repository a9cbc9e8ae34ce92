"""The structure of the papers' networks, and rules that every network keeps."""

import pytest
from hypothesis import given, settings
from strategies import resnets, specs

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.graph import (
    SHAPES,
    Addition,
    BatchNormalization,
    Concatenation,
    Convolution,
    MaxPooling,
    PadChannels,
    Subsample,
)
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import VGGSpec


def ops(name, block):
    graph = expand(preset(name))
    (found,) = [b for b in graph.blocks if b.name == block]
    return [(layer.name.removeprefix(f"{block}."), layer.op) for layer in graph.layers_of(found)]


def names(name, block):
    return [inner for inner, _ in ops(name, block)]


def test_a_basic_block_is_that_of_he_2015_figure_2():
    assert names("resnet18", "stage1.block1") == ["conv1", "norm1", "act1", "conv2", "norm2", "add", "act"]


def test_a_bottleneck_is_that_of_he_2015_figure_5():
    convolutions = [
        (op.kernel, op.filters) for _, op in ops("resnet50", "stage1.block2") if isinstance(op, Convolution)
    ]
    assert convolutions == [(1, 64), (3, 64), (1, 256)]


def test_a_pre_activation_block_is_that_of_he_2016_figure_4e():
    assert names("preresnet110_cifar10", "stage1.block2") == ["norm1", "act1", "conv1", "norm2", "act2", "conv2", "add"]


def test_a_pre_activation_shortcut_shares_the_first_activation_only_where_shapes_change():
    graph = expand(preset("resnetv2_50"))
    assert graph.by_name["stage1.block1.shortcut.conv"].inputs == ("stage1.block1.act1",)
    assert graph.by_name["stage1.block2.add"].inputs == ("stage1.block2.conv3", "stage1.block1.add")


@pytest.mark.parametrize(
    ("name", "block", "strided"),
    [("resnet50", "stage2.block1", "conv2"), ("resnet50_v1", "stage2.block1", "conv1"),
     ("keras_resnet50v2", "stage1.block3", "conv2"), ("resnet18", "stage2.block1", "conv1")],
)  # fmt: skip
def test_the_stride_sits_where_the_library_puts_it(name, block, strided):
    assert [inner for inner, op in ops(name, block) if isinstance(op, Convolution) and op.stride == 2][:1] == [strided]


def test_the_keras_v2_stage_ends_with_a_subsampled_identity():
    graph = expand(preset("keras_resnet50v2"))
    assert isinstance(graph.by_name["stage1.block3.shortcut.subsample"].op, Subsample)
    assert graph.by_name["stage1.block3.shortcut.subsample"].inputs == ("stage1.block2.add",)


def test_option_a_subsamples_and_pads_without_weights():
    graph = expand(preset("resnet20_cifar10"))
    assert graph.by_name["stage2.block1.shortcut.pad"].op == PadChannels(32)
    assert {block.shortcut for block in graph.blocks} == {"identity", "padding", "none"}


def test_option_c_projects_everywhere():
    graph = expand(preset("resnet34_c"))
    assert sum(block.shortcut == "projection" for block in graph.blocks) == 16


def test_plain_networks_add_nothing():
    for name in ("plain34", "plain56_cifar10", "vgg19"):
        assert not any(isinstance(layer.op, Addition) for layer in expand(preset(name)))


def test_resnet_d_pools_before_its_projection():
    graph = expand(preset("resnet50d"))
    assert [n for n in graph.by_name if n.startswith("stage2.block1.shortcut")] == [
        "stage2.block1.shortcut.pool", "stage2.block1.shortcut.conv", "stage2.block1.shortcut.norm",
    ]  # fmt: skip
    assert graph.by_name["stage2.block1.shortcut.conv"].op.stride == 1


def test_the_maps_have_the_sizes_of_he_2015_table_1():
    stages = {cost.name: cost.shape for cost in costs(preset("resnet50")).stages}
    assert [stages[f"stage{i}"][:2] for i in range(1, 5)] == [(56, 56), (28, 28), (14, 14), (7, 7)]


@settings(max_examples=150, deadline=None)
@given(specs())
def test_every_graph_is_well_formed(spec):
    graph = expand(spec)
    seen = set()
    for layer in graph:
        assert layer.name not in seen
        assert set(layer.inputs) <= seen
        seen.add(layer.name)
        shapes = [graph.by_name[name].shape for name in layer.inputs]
        assert layer.shape == SHAPES[type(layer.op)](layer.op, shapes)
        assert min(layer.shape) >= 1
        if isinstance(layer.op, Addition):
            assert len(set(shapes)) == 1
        if isinstance(layer.op, Concatenation):
            assert len({shape[:2] for shape in shapes}) == 1
        if isinstance(layer.op, Convolution):
            assert shapes[0][2] % layer.op.groups == 0
            assert layer.op.filters % layer.op.groups == 0
    used = {name for layer in graph for name in layer.inputs}
    assert seen - used == {graph.output.name}
    if isinstance(spec, VGGSpec) or spec.head.pool != "none":
        assert graph.classes == spec.classes


@settings(max_examples=50, deadline=None)
@given(resnets())
def test_without_a_norm_there_is_none(spec):
    bare = spec.model_copy(
        update={"normalization": spec.normalization.model_copy(update={"kind": "none"}), "zero_init_residual": False}
    )
    assert not any(isinstance(layer.op, BatchNormalization) for layer in expand(bare))


def test_a_max_pool_of_the_stem_is_padded_as_in_the_papers():
    assert expand(preset("resnet18")).by_name["stem.pool"].op == MaxPooling(3, 2, 1)
