"""What a GPU takes for a step is met as others measured it; what fits where follows from the memory."""

import pytest

from resnet_tf.design.costs import costs
from resnet_tf.design.devices import DEVICES, LAUNCH, device, epoch_seconds, fits_on
from resnet_tf.design.graph import OPERATIONS
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import SpecError
from resnet_tf.design.work import _PASSES

# images a second that one GPU trained, as published: NVIDIA DeepLearningExamples' READMEs of ResNet-50 v1.5 (PyTorch
# 21.03, TensorFlow 20.06) and ResNeXt-101 32x4d (PyTorch 20.06), and server-gear.com's tf_cnn_benchmarks of 2023
PUBLISHED = [
    ("resnet50", "a100_80gb", "float32", 256, 938), ("resnet50", "a100_80gb", "mixed_float16", 256, 2470),
    ("resnet50", "a100_40gb", "float32", 256, 909), ("resnet50", "a100_40gb", "mixed_float16", 256, 2375),
    ("resnet50", "v100", "float32", 128, 412), ("resnet50", "v100", "mixed_float16", 256, 1270),
    ("resnet50", "rtx3090", "mixed_float16", 256, 1181.9), ("resnet50", "rtx4090", "mixed_float16", 256, 1776.41),
    ("resnext101_32x4d", "a100_40gb", "float32", 128, 300.42),
    ("resnext101_32x4d", "a100_40gb", "mixed_float16", 128, 908.4),
    ("resnext101_32x4d", "v100", "float32", 64, 150.05), ("resnext101_32x4d", "v100", "mixed_float16", 128, 534.91),
]  # fmt: skip


@pytest.mark.parametrize(("name", "on", "precision", "batch", "measured"), PUBLISHED)
def test_a_step_takes_what_was_published_within_a_third(name, on, precision, batch, measured):
    estimated = batch / device(on).step_seconds(costs(preset(name)), batch, precision)
    assert measured / 1.34 < estimated < measured * 1.34


def test_every_operation_has_its_passes():
    assert set(_PASSES) == set(OPERATIONS)


def test_a_step_multiplies_three_times_as_much_as_the_way_forward_but_for_the_image():
    """The rule of thumb of the field; the first layer's input needs no gradient."""
    counted = costs(preset("resnet50"))
    multiplied = sum(each.forward.flops + each.backward.flops for each in counted.work)
    assert 2.9 * 2 * counted.macs < multiplied < 3 * counted.flops
    first = next(each for each in counted.work if each.layer.op.__class__.__name__ == "Convolution")
    assert first.backward.flops == first.forward.flops


def test_an_epoch_has_a_step_for_the_rest_of_the_images_too():
    counted, gpu = costs(preset("resnet20_cifar10")), device("t4")
    assert epoch_seconds(counted, gpu, 129, 128) == 2 * gpu.step_seconds(counted, 128)


def test_nothing_is_quicker_than_the_start_of_its_operations():
    counted = costs(preset("resnet110_cifar10"))
    assert device("h200").step_seconds(counted, 1) > LAUNCH * len(counted.layers)


def test_newer_and_larger_gpus_of_a_kind_are_quicker():
    counted = costs(preset("resnet50"))
    order = ["t4", "v100", "a100_40gb", "a100_80gb", "h100", "h200"]
    seconds = [DEVICES[name].step_seconds(counted, 64, "mixed_float16") for name in order]
    assert seconds == sorted(seconds, reverse=True)


def test_a_gpu_without_a_precision_says_which_it_has():
    with pytest.raises(SpecError, match="float32, mixed_float16 on T4") as caught:
        device("t4").step_seconds(costs(preset("resnet18")), 32, "mixed_bfloat16")
    assert caught.value.nearest == "mixed_float16"


def test_an_unknown_gpu_is_answered_with_the_nearest():
    with pytest.raises(SpecError) as caught:
        device("a100-80gb")
    assert caught.value.nearest == "a100_80gb"


@pytest.mark.parametrize(
    ("bytes", "words"), [(10**9, "1 GB, hosted"), (10**9 + 1, "8 GB"), (79 * 10**9, "80 GB"), (10**12, None)]
)
def test_the_smallest_memory_that_holds_it_is_named(bytes, words):
    assert fits_on(bytes) == words
