"""What is taken away loads elsewhere and computes the same."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

from resnet_tf.design.costs import costs
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import SpecError, parse_spec
from resnet_tf.learning import export as exporting
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build
from resnet_tf.learning.export import FORMATS, export

pytestmark = pytest.mark.keras

SPEC = preset("resnet20_cifar10")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    return folder, {record.format: record for record in export(build(SPEC, seed=1, name="mine"), SPEC, folder, FORMATS)}


def test_every_format_is_written_with_its_size_and_time(exported):
    folder, records = exported
    assert list(records) == ["spec", "costs", "dot", "savedmodel", "keras"]
    for record in records.values():
        assert record.error is None
        assert record.bytes == record.path.stat().st_size > 0
        assert record.seconds > 0
    assert {path.name for path in folder.iterdir()} == {record.path.name for record in records.values()}


def test_what_can_be_run_is_verified_in_a_fresh_process_and_the_rest_is_not_said_to_be(exported):
    _, records = exported
    for name in ("savedmodel", "keras"):
        assert records[name].verified is True
        assert 0 <= records[name].difference < 1e-4
    assert {records[name].verified for name in ("spec", "costs", "dot")} == {None}


@pytest.mark.parametrize("name", ["savedmodel", "keras"])
def test_the_three_lines_load_it_in_a_process_without_this_package(exported, name):
    folder, records = exported
    assert records[name].load.count("\n") == 2
    pixels = np.random.default_rng(3).integers(0, 256, (5, 32, 32, 3), np.uint8)
    np.save(folder / "pixels.npy", pixels)
    script = f"import numpy, sys\npixels = numpy.load('pixels.npy')\n{records[name].load}\n"
    script += f"numpy.save('{name}.npy', numpy.asarray(logits)); assert 'resnet_tf' not in sys.modules"
    subprocess.run([sys.executable, "-I", "-c", script], cwd=folder, check=True, capture_output=True, timeout=300)
    expected = build(SPEC, seed=1)(pixels / np.float32(127.5) - 1)
    np.testing.assert_allclose(np.load(folder / f"{name}.npy"), expected, atol=1e-5)


def test_the_spec_comes_back_from_its_file(exported):
    assert parse_spec(exported[1]["spec"].path.read_text()) == SPEC


def test_the_costs_file_adds_up_to_its_last_row(exported):
    with exported[1]["costs"].path.open() as file:
        *layers, total = csv.DictReader(file)
    assert sum(int(row["macs"]) for row in layers) == int(total["macs"]) == costs(SPEC).macs == 40_551_040
    assert sum(int(row["trainable_parameters"]) for row in layers) == int(total["trainable_parameters"]) == 269_722


def test_the_figure_is_one_that_graphviz_reads(exported):
    done = subprocess.run(["dot", "-Tsvg", exported[1]["dot"].path], capture_output=True, timeout=60, check=True)
    assert b"<svg" in done.stdout


def test_a_file_that_computes_something_else_is_not_verified(tmp_path, monkeypatch):
    def write_another(model, spec, path):
        build(spec, seed=2).save(path)

    another = FORMATS["keras"]._replace(write=write_another)
    monkeypatch.setitem(exporting.FORMATS, "keras", another)
    (record,) = export(build(SPEC, seed=1), SPEC, tmp_path, ["keras"])
    assert record.verified is False
    assert record.difference > 0.01


def test_a_network_whose_outputs_are_no_numbers_is_not_verified_and_says_why(tmp_path):
    model = build(SPEC)
    model.get_layer("head.classifier").bias.assign(np.full(10, np.nan))
    (record,) = export(model, SPEC, tmp_path, ["keras"])
    assert record.verified is False
    assert "not finite" in record.error
    assert record.path.exists()


def test_a_deep_network_comes_with_the_line_that_lets_python_recurse(tmp_path):
    deep = preset("resnet110_cifar10"), preset("preresnet1001_cifar10")
    lines = [exporting._load_lines(FORMATS["keras"], tmp_path / "n.keras", build(SPEC), spec) for spec in deep]
    assert ["setrecursionlimit" in text for text in lines] == [False, True]


def test_a_broken_file_is_not_verified_and_says_why(tmp_path, monkeypatch):
    broken = FORMATS["savedmodel"]._replace(write=lambda model, spec, path: path.write_bytes(b"nothing"))
    monkeypatch.setitem(exporting.FORMATS, "savedmodel", broken)
    (record,) = export(build(SPEC), SPEC, tmp_path, ["savedmodel"])
    assert record.verified is False
    assert "BadZipFile" in record.error


def test_a_full_disk_is_said_in_the_record_and_leaves_nothing_behind(tmp_path, monkeypatch):
    def no_space(model, spec, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(exporting.FORMATS, "spec", FORMATS["spec"]._replace(write=no_space))
    (record,) = export(build(SPEC), SPEC, tmp_path, ["spec"])
    assert "No space left on device" in record.error
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(SpecError, match="the nearest is 'savedmodel'"):
        list(export(build(SPEC), SPEC, tmp_path, ["saved_model"]))


def test_the_savedmodel_takes_any_number_of_images_by_name(exported):
    import tensorflow as tf

    folder = exported[0] / "signature"
    import shutil

    shutil.unpack_archive(exported[1]["savedmodel"].path, folder)
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    assert list(serve.structured_input_signature[1]) == ["images"]
    assert list(serve.structured_outputs) == ["logits"]
    assert serve(images=tf.zeros((3, 32, 32, 3)))["logits"].shape == (3, 10)


def test_the_keras_file_names_its_layers_as_the_graph_does(exported):
    model = keras.saving.load_model(exported[1]["keras"].path)
    assert model.get_layer("stage3.block2.conv1").kernel.shape == (3, 3, 64, 64)
    assert json.loads(model.to_json())["config"]["name"] == "mine"
