"""A network as the backbone of another: its maps, a feature pyramid, a segmentation head."""

import pytest

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.features import features, fpn, segmentation
from resnet_tf.design.graph import BatchNormalization, Convolution, Resize
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import SpecError


def maps(graph):
    return [graph.by_name[name].shape for name in graph.output_names]


def test_the_maps_of_resnet50_are_4_to_32_times_smaller_than_the_image():
    """He 2015, Table 1."""
    assert maps(features(preset("resnet50"))) == [(56, 56, 256), (28, 28, 512), (14, 14, 1024), (7, 7, 2048)]


@pytest.mark.parametrize(
    ("output_stride", "sides"), [(8, [56, 28, 28, 28]), (16, [56, 28, 14, 14]), (32, [56, 28, 14, 7])]
)
def test_dilation_keeps_the_map_as_large_as_the_output_stride_says(output_stride, sides):
    """torchvision's replace_stride_with_dilation and timm's output_stride."""
    graph = features(preset("resnet50"), output_stride=output_stride)
    assert [shape[0] for shape in maps(graph)] == sides
    assert costs(graph).trainable_parameters == costs(features(preset("resnet50"))).trainable_parameters


def test_the_first_block_of_a_dilated_stage_keeps_the_dilation_before_it():
    """torchvision: layer3 and layer4 of a ResNet-50 with stride 8."""
    graph = expand(preset("resnet50", output_stride=8))
    dilations = {layer.name: layer.op.dilation for layer in graph if isinstance(layer.op, Convolution)}
    assert [dilations[f"stage3.block{b}.conv2"] for b in (1, 2, 6)] == [1, 2, 2]
    assert [dilations[f"stage4.block{b}.conv2"] for b in (1, 2, 3)] == [2, 4, 4]
    assert {dilations[f"stage{s}.block1.shortcut.conv"] for s in (3, 4)} == {1}


@pytest.mark.parametrize("name", ["resnet18", "resnetv2_50", "densenet121", "vgg16", "seresnet50", "resnetrs50"])
def test_a_backbone_ends_with_its_last_stage_and_has_no_head(name):
    graph = features(preset(name))
    assert {block.stage for block in graph.blocks} & {"head"} == set()
    assert len(graph.output_names) == len(preset(name).stages)
    assert graph.output_names[-1] == graph.output.name


def test_a_backbone_of_the_first_stages_is_no_longer_than_they_are():
    graph = features(preset("resnet18"), stages=[2])
    assert graph.output_names == ("stage2.block2.act",)
    assert graph.output.name == "stage2.block2.act"


@pytest.mark.parametrize(("stages", "nearest"), [([5], 4), ([0], 1), ([], None)])
def test_a_stage_that_is_not_there_is_refused(stages, nearest):
    with pytest.raises(SpecError, match="stages must be some of the stages 1 to 4") as caught:
        features(preset("resnet18"), stages)
    assert caught.value.nearest == nearest
    assert caught.value.value == (stages[0] if stages else stages)


def test_a_segmentation_head_has_128_channels_unless_told_otherwise():
    """Kirillov 2019, section 4: 128 dimensions, as few as the accuracy allows."""
    graph = segmentation(features(preset("resnet18")), classes=21)
    assert graph.by_name["head.conv"].op.filters == 128


def test_an_output_stride_that_the_network_never_has_is_refused():
    with pytest.raises(SpecError, match="output_stride must be one of the strides that the network reaches, 4, 8, 16"):
        features(preset("resnet50"), output_stride=12)
    with pytest.raises(SpecError, match="no dilation"):
        features(preset("densenet121"), output_stride=8)


def test_a_feature_pyramid_has_the_parameters_of_torchvisions():
    """torchvision 0.29.1: FeaturePyramidNetwork([256, 512, 1024, 2048], 256) has 3,344,384."""
    backbone = features(preset("resnet50"))
    pyramid = fpn(backbone)
    assert costs(pyramid).trainable_parameters - costs(backbone).trainable_parameters == 3_344_384
    assert maps(pyramid) == [(56, 56, 256), (28, 28, 256), (14, 14, 256), (7, 7, 256)]


@pytest.mark.parametrize("name", ["resnet20_cifar10", "resnet50", "densenet121"])
def test_a_segmentation_head_answers_for_every_pixel(name):
    graph = segmentation(fpn(features(preset(name)), channels=16), classes=21, channels=8)
    assert graph.output.shape == (*PRESETS[name].spec.input_shape[:2], 21)
    assert [block.stage for block in graph.blocks][-1] == "head"
    assert sum(block.stop - block.start for block in graph.blocks) == len(graph) - 1


def test_the_lowest_map_of_a_pyramid_sees_as_far_as_the_highest():
    pyramid = {cost.name: cost for cost in costs(fpn(features(preset("resnet50")))).layers}
    assert pyramid["neck.level1.sum"].receptive_field == pyramid["stage4.block3.act"].receptive_field == 427


def test_a_segmentation_head_is_named_and_made_as_it_is_told():
    """After Kirillov 2019: a 1x1 for each map, their sum, a 3x3 with norm and ReLU, a 1x1 to classes, resized."""
    graph = segmentation(features(preset("resnet18")), classes=21, channels=32)
    head = {layer.name.removeprefix("head."): layer.op for layer in graph if layer.name.startswith("head.")}
    assert list(head) == [
        "level1", "level2", "enlarged2", "sum2", "level3", "enlarged3", "sum3", "level4", "enlarged4", "sum4",
        "conv", "norm", "act", "classifier", "logits",
    ]  # fmt: skip
    assert {head[f"level{n}"] for n in (1, 2, 3, 4)} == {Convolution(32, 1, bias=True)}
    assert {head[f"enlarged{n}"] for n in (2, 3, 4)} == {Resize(56, 56, "bilinear")}
    assert (head["conv"], head["norm"]) == (Convolution(32, 3), BatchNormalization(1e-5, 0.9))
    assert (head["classifier"], head["logits"]) == (Convolution(21, 1, bias=True), Resize(224, 224, "bilinear"))


def test_a_pyramid_is_named_and_made_as_it_is_told():
    graph = fpn(features(preset("resnet18"), [2, 4]))
    neck = {layer.name.removeprefix("neck."): layer.op for layer in graph if layer.name.startswith("neck.")}
    assert list(neck) == [
        "level2.lateral", "level2.smooth", "level1.lateral", "level1.enlarged", "level1.sum", "level1.smooth",
    ]  # fmt: skip
    assert neck["level1.lateral"] == Convolution(256, 1, bias=True)
    assert neck["level1.smooth"] == Convolution(256, 3, bias=True)
    assert neck["level1.enlarged"] == Resize(28, 28, "nearest")
    assert [block.name for block in graph.blocks][-2:] == ["neck.level2", "neck.level1"]
    assert {block.kind for block in graph.blocks if block.stage == "neck"} == {"neck"}


def test_a_projection_of_3x3_is_dilated_as_the_branch_beside_it():
    graph = expand(preset("resnet50", output_stride=8, shortcut="projection-everywhere", shortcut_kernel=3))
    for stage in (3, 4):
        for block in (1, 2):
            around, branch = (
                graph.by_name[f"stage{stage}.block{block}.{name}"].op for name in ("shortcut.conv", "conv2")
            )
            assert (around.kernel, around.dilation) == (3, branch.dilation)
