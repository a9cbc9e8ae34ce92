"""What is called verified: the same answers, or for fewer digits nearly the same, with what it costs in a sentence."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from resnet_tf.design.expand import expand
from resnet_tf.design.presets import preset
from resnet_tf.learning import litert, reload
from resnet_tf.learning.build import build
from resnet_tf.learning.datasets import load
from resnet_tf.learning.formats import FORMATS
from resnet_tf.learning.proof import compared
from resnet_tf.learning.samples import Samples, for_calibration, for_trial

pytestmark = pytest.mark.keras

LOGITS = np.array([[0.0, 8.0], [6.0, 0.0], [0.0, 4.0], [5.0, 4.0]], np.float32)
SAMPLES = Samples(np.zeros((4, 1, 1, 3), np.uint8), np.array([1, 0, 1, 1]), "4 validation images of a test")
UNLABELLED = Samples(SAMPLES.pixels, None, "4 random images")


def verdict(name, found, samples=SAMPLES, outputs=LOGITS):
    return compared(FORMATS[name], {"logits": outputs}, {"whatever": found}, samples)


def test_an_exact_format_may_be_off_by_rounding_and_no_more():
    assert verdict("onnx", LOGITS + np.float32(7e-4)).verified
    off = verdict("onnx", LOGITS + np.float32(9e-4))
    assert (off.verified, off.note) == (False, None)
    assert off.difference == pytest.approx(9e-4, rel=1e-3)


def test_8_bits_may_be_off_by_a_tenth_of_the_range_and_say_what_that_does_to_answers():
    found = LOGITS + np.array([[0, 0], [0, 0], [0, 0], [-0.6, 0.6]], np.float32)
    good = verdict("litert_int8", found)
    assert good.verified
    assert good.note == (
        "off by at most 7.50 % of the outputs' range; the same class on 3 of 4; 75.0 % right before and 100.0 % "
        "after, on 4 validation images of a test"
    )
    assert "right before" not in verdict("litert_int8", found, UNLABELLED).note
    assert not verdict("litert_int8", LOGITS + np.float32(0.9)).verified


def test_a_small_range_asks_for_small_differences():
    small = LOGITS / 100
    assert verdict("litert_int8", small + np.float32(0.007), outputs=small).verified
    assert not verdict("litert_int8", small + np.float32(0.02), outputs=small).verified


def test_what_is_no_number_or_of_another_shape_is_not_verified():
    assert not verdict("onnx", LOGITS * np.float32(np.nan)).verified
    assert "outputs of shapes" in verdict("onnx", LOGITS[:, :1]).error


@pytest.mark.parametrize("order", [("logits", "probabilities"), ("probabilities", "logits")])
def test_probabilities_beside_logits_are_not_taken_for_them(order):
    given = {"logits": LOGITS, "probabilities": np.full_like(LOGITS, 0.5)}
    found = {name: given[name] for name in order}
    assert compared(FORMATS["savedmodel"], {"logits": LOGITS}, found, SAMPLES).verified


def test_several_outputs_are_compared_by_name():
    outputs = {"stage1": LOGITS, "stage2": LOGITS[:, ::-1]}
    row = FORMATS["onnx"]
    assert compared(row, outputs, dict(reversed(outputs.items())), SAMPLES).verified
    assert not compared(row, outputs, {"stage1": LOGITS, "stage2": LOGITS}, SAMPLES).verified
    assert "outputs of shapes" in compared(row, outputs, {"stage1": LOGITS, "other": LOGITS}, SAMPLES).error


def test_images_are_the_datasets_own_evenly_drawn_and_never_those_it_was_trained_on():
    graph = expand(preset("resnet20_cifar10", input_shape=(32, 32, 1)))
    data = load("digits", (32, 32, 1))
    calibration, trial = for_calibration(graph, data), for_trial(graph, data)
    assert (calibration.about, trial.about) == (
        "200 training images of Handwritten digits (bundled)",
        "359 validation images of Handwritten digits (bundled)",
    )
    assert set(calibration.labels) == set(range(10))
    train, validation = ({image.tobytes() for image in each.pixels} for each in (calibration, trial))
    assert not train & validation


def test_a_large_network_is_tried_with_few_images_and_random_ones_are_the_same_every_time():
    graph = expand(preset("resnet152"))
    assert len(for_trial(graph, None)) == int(2e11 / 11_513_626_624)  # its multiply-adds, as torchvision counts them
    np.testing.assert_array_equal(for_trial(graph, None).pixels, for_trial(graph, None).pixels)


def test_where_litert_is_not_installed_tensorflow_runs_its_files(tmp_path):
    spec = preset("resnet20_cifar10")
    model, graph = build(spec, seed=0), expand(spec)
    images = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
    litert.write_int8(model, graph, images, tmp_path / "network.tflite")
    np.save(tmp_path / "images.npy", images)
    script = f"""
        import importlib.util, numpy, sys
        sys.modules["ai_edge_litert"] = None  # as if it were not there
        spec = importlib.util.spec_from_file_location("reload", {reload.__file__!r})
        reload = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(reload)
        images = numpy.load("images.npy")
        numpy.save("logits.npy", reload.answers("litert_int8", "network.tflite", images, images)["logits"])
    """
    command = [sys.executable, "-I", "-c", textwrap.dedent(script)]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    expected = reload.answers("litert_int8", str(tmp_path / "network.tflite"), images, images)["logits"]
    np.testing.assert_allclose(np.load(tmp_path / "logits.npy"), expected, atol=0.05)
