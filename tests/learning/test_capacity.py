"""What does not fit the memory is refused with the figures and the nearest that fits."""

import re

import psutil
import pytest

from resnet_tf.design.costs import costs
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import ResNetSpec, Stage
from resnet_tf.learning import capacity
from resnet_tf.learning.capacity import TrainingRefused, available_bytes, check_memory, training_bytes
from resnet_tf.learning.recipes import recipe

SPEC = preset("resnet50")
QUICK = recipe("quick", batch_size=64)


def refused(spec, available):
    with pytest.raises(TrainingRefused) as caught:
        check_memory(spec, QUICK, available)
    return str(caught.value)


def test_a_training_that_fits_is_let_through():
    check_memory(SPEC, QUICK, 16_000_000_000)
    check_memory(preset("resnet20_cifar10"), QUICK)  # this machine


def test_the_nearest_is_a_smaller_batch_that_does_fit():
    available = training_bytes(SPEC, QUICK, 20)
    sentence = refused(SPEC, available)
    batch = int(re.search(r"it fits with (\d+) at a time", sentence).group(1))
    assert batch == 16
    assert f"{training_bytes(SPEC, QUICK, 64) / 1e9:.1f} GB" in sentence
    check_memory(SPEC, QUICK.model_copy(update={"batch_size": batch}), available)


def test_the_same_update_from_several_batches_is_offered_where_their_sum_fits():
    available = training_bytes(SPEC, QUICK.model_copy(update={"accumulate": 2}), 16)
    sentence = refused(SPEC, available)
    times, batch, whole = map(int, re.search(r"(\d+) batches of (\d+) in an update .* one of (\d+)", sentence).groups())
    assert (times, batch, whole) == (4, 16, 64)
    check_memory(SPEC, QUICK.model_copy(update={"batch_size": batch, "accumulate": times}), available)
    assert "accumulate" not in refused(SPEC, training_bytes(SPEC, QUICK, 1))


def test_averages_and_accumulated_gradients_take_as_much_as_the_weights():
    plain = training_bytes(SPEC, QUICK, 8)
    weights = 4 * costs(SPEC).trainable_parameters
    assert training_bytes(SPEC, QUICK.model_copy(update={"average": 0.9}), 8) == plain + weights
    assert training_bytes(SPEC, QUICK.model_copy(update={"lookahead": 5}), 8) == plain + weights
    assert training_bytes(SPEC, QUICK.model_copy(update={"average": 0.9, "accumulate": 3}), 8) == plain + 2 * weights
    assert training_bytes(SPEC, QUICK.model_copy(update={"precision": "mixed_bfloat16"}), 8) < plain


def test_then_a_smaller_image_that_does_fit():
    available = training_bytes(SPEC, QUICK, 1) - 1
    side = int(re.search(r"one image of (\d+) x", refused(SPEC, available)).group(1))
    smaller = preset("resnet50", input_shape=(side, side, 3))
    check_memory(smaller, QUICK.model_copy(update={"batch_size": 1}), available)


def test_a_design_whose_weights_alone_are_too_much_is_told_how_much_narrower_it_must_be():
    giant = ResNetSpec(stages=(Stage(blocks=100, width=20_000),))
    sentence = refused(giant, 20_000_000_000)
    assert re.search(r"its weights with their gradients and momentum alone take [\d,.]+ GB", sentence)
    share = float(re.search(r"every width at ([\d.]+) %", sentence).group(1)) / 100
    memory = costs(ResNetSpec(stages=(Stage(blocks=100, width=int(20_000 * share)),))).memory(1)
    fixed = memory.parameters.bytes + memory.gradients.bytes + memory.slots.bytes
    assert 0.95 * 20_000_000_000 < fixed <= 20_000_000_000


def test_what_is_free_is_no_more_than_the_machine_has():
    assert 0 < available_bytes() <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("flags", "has_it"),
    [
        ("flags : fpu sse avx512f avx512_bf16 amx_tile", True),
        ("flags : fpu amx_bf16", True),
        ("Features : fp asimd bf16 i8mm", True),
        ("flags : fpu sse avx2 avx512f avx512_vnni", False),
    ],
)
def test_half_precision_is_where_the_processor_says_so(tmp_path, monkeypatch, flags, has_it):
    (tmp_path / "cpuinfo").write_text(f"processor : 0\n{flags}\n")
    monkeypatch.setattr(capacity, "_CPUINFO", tmp_path / "cpuinfo")
    assert capacity.computes_bfloat16() == has_it
    monkeypatch.setattr(capacity, "_CPUINFO", tmp_path / "nowhere")
    assert not capacity.computes_bfloat16()


def test_a_processor_is_its_name_and_its_widest_instructions(tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu sse4_2 avx avx2\n")
    monkeypatch.setattr(capacity, "_CPUINFO", tmp_path / "cpuinfo")
    assert capacity.processor() == "AMD EPYC, avx2"
    (tmp_path / "cpuinfo").write_text("model name : Xeon\nflags : avx2 avx512f avx512_vnni\n")
    assert capacity.processor() == "Xeon, avx512_vnni"
    monkeypatch.setattr(capacity, "_CPUINFO", tmp_path / "nowhere")
    assert capacity.processor()
