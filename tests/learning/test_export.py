"""What is taken away loads elsewhere and computes the same."""

import csv
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.features import features
from resnet_tf.design.filesize import FILES, file_bytes
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import SpecError, parse_spec
from resnet_tf.learning import export as exporting
from resnet_tf.learning import onnx_file
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build
from resnet_tf.learning.card import read
from resnet_tf.learning.export import FORMATS, export
from resnet_tf.learning.reload import OPENERS
from resnet_tf.learning.scaling import TRAINING

pytestmark = pytest.mark.keras

SPEC = preset("resnet20_cifar10")
TEXTS = ("timm", "torchvision", "spec", "python", "notebook", "costs", "dot")
EXACT = ("savedmodel", "savedmodel_pixels", "keras", "onnx", "litert")
LOADED = ("litert", "litert_float16", "litert_int8", "onnx", "savedmodel", "savedmodel_pixels", "keras", "python")
PIXELS = np.random.default_rng(3).integers(0, 256, (5, 32, 32, 3), np.uint8)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    return folder, {record.format: record for record in export(build(SPEC, seed=1, name="mine"), SPEC, folder, FORMATS)}


def test_every_format_is_written_with_its_size_and_time(exported):
    folder, records = exported
    runnable = ("savedmodel", "savedmodel_pixels", "keras", "onnx", "litert", "litert_float16", "litert_int8")
    assert tuple(records) == (*TEXTS, *runnable, "card")
    for record in records.values():
        assert record.error is None
        assert record.bytes == record.path.stat().st_size > 0
        assert record.seconds > 0
    assert {path.name for path in folder.iterdir()} == {record.path.name for record in records.values()}


def test_a_files_size_is_known_from_counts_before_it_is_written(exported):
    _, records = exported
    for name in FILES:
        assert records[name].bytes == pytest.approx(file_bytes(costs(SPEC), name), rel=0.03), name


def test_what_can_be_run_is_verified_in_a_fresh_process_and_the_rest_is_not_said_to_be(exported):
    _, records = exported
    for name in EXACT:
        assert records[name].verified is True
        assert 0 <= records[name].difference < 1e-4
    assert {records[name].verified for name in (*TEXTS, "card")} == {None}


def test_what_keeps_fewer_digits_says_what_that_costs(exported):
    _, records = exported
    most = {"litert_float16": 0.1, "litert_int8": 5.0}  # percent of the outputs' range
    for name, percent in most.items():
        assert records[name].verified is True
        share, of, images = re.match(
            r"off by at most ([\d.]+) % .*; the same class on (\d+) of (\d+), on 64 images of random pixels",
            records[name].note,
        ).groups()
        assert float(share) < percent
        assert int(of) >= 0.9 * int(images)
    assert "calibrated with 64 images of random pixels (seed 1)" in records["litert_int8"].note
    sizes = [records[name].bytes for name in ("litert", "litert_float16", "litert_int8")]
    assert sizes[0] > 1.9 * sizes[1] > 3 * sizes[2]


ELSEWHERE = """
import json, sys, traceback
import numpy

told = {}
for name, lines in json.load(open("lines.json")).items():
    space = {"pixels": numpy.load("pixels.npy")}
    try:
        exec(lines, space)
    except Exception:  # told to the test of this file, so that the others are still loaded
        told[name] = traceback.format_exc()
        continue
    numpy.save(f"{name}.npy", space["network"].count_params() if name == "python" else space["logits"])
assert "resnet_tf" not in sys.modules
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def elsewhere(exported, tmp_path_factory):
    """What the lines of each file give in a process without this package: first those that load less."""
    there, records = exported
    folder = shutil.copytree(there, tmp_path_factory.mktemp("elsewhere"), dirs_exist_ok=True)
    np.save(folder / "pixels.npy", PIXELS)
    lines = {name: records[name].load for name in LOADED}
    (folder / "lines.json").write_text(json.dumps(lines))
    command = [sys.executable, "-I", "-c", ELSEWHERE]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=600)
    errors = json.loads(done.stdout.splitlines()[-1])

    def given(name):
        assert name not in errors, errors[name]
        return np.load(folder / f"{name}.npy")

    return given


@pytest.mark.parametrize("name", LOADED[:-1])
def test_its_lines_load_it_in_a_process_without_this_package(elsewhere, name):
    expected = build(SPEC, seed=1)(PIXELS / np.float32(127.5) - 1)
    tolerance = {"litert_float16": 1e-2, "litert_int8": 0.3}.get(name, 1e-4)  # of logits that reach from -2 to 2
    np.testing.assert_allclose(elsewhere(name), expected, atol=tolerance)


def test_the_spec_comes_back_from_its_file(exported):
    assert parse_spec(exported[1]["spec"].path.read_text()) == SPEC


def test_the_lines_of_the_code_build_the_network_in_a_process_without_this_package(elsewhere):
    assert elsewhere("python") == costs(SPEC).parameters


def test_the_notebook_is_the_design_s(exported):
    cells = json.loads(exported[1]["notebook"].path.read_text())["cells"]
    assert exported[1]["python"].path.read_text() in ["".join(cell["source"]) + "\n" for cell in cells]


def test_weights_for_timm_say_which_of_its_networks_takes_them():
    spec = preset("resnet50", classes=7, input_shape=(64, 64, 3))
    subject = exporting.Subject(build(SPEC, name="mine"), expand(spec), spec, TRAINING, None)
    lines = exporting.load_lines(FORMATS["timm"], Path("mine.timm.safetensors"), subject)
    assert 'timm.create_model("resnet50", num_classes=7, in_chans=3)' in lines
    assert 'load_file("mine.timm.safetensors")' in lines


def test_the_costs_file_adds_up_to_its_last_row(exported):
    with exported[1]["costs"].path.open() as file:
        *layers, total = csv.DictReader(file)
    assert sum(int(row["macs"]) for row in layers) == int(total["macs"]) == costs(SPEC).macs == 40_551_040
    assert sum(int(row["trainable_parameters"]) for row in layers) == int(total["trainable_parameters"]) == 269_722


def test_the_figure_is_one_that_graphviz_reads(exported):
    done = subprocess.run(["dot", "-Tsvg", exported[1]["dot"].path], capture_output=True, timeout=60, check=True)
    assert b"<svg" in done.stdout


def test_a_file_that_computes_something_else_is_not_verified(tmp_path, monkeypatch):
    another = build(SPEC, seed=2)
    monkeypatch.setitem(exporting.WRITERS, "onnx", lambda subject, path: onnx_file.write(another, subject.graph, path))
    record, _ = export(build(SPEC, seed=1), SPEC, tmp_path, ["onnx"])
    assert record.verified is False
    assert record.difference > 0.01


def test_a_network_whose_outputs_are_no_numbers_is_not_verified_and_says_why(tmp_path):
    model = build(SPEC)
    model.get_layer("head.classifier").bias.assign(np.full(10, np.nan))
    record, _ = export(model, SPEC, tmp_path, ["keras"])
    assert record.verified is False
    assert "not finite" in record.error
    assert record.path.exists()


def test_a_deep_network_comes_with_the_line_that_lets_python_recurse(tmp_path):
    model = build(SPEC)
    for name, recurses in (("resnet110_cifar10", False), ("preresnet1001_cifar10", True)):
        subject = exporting.Subject(model, expand(preset(name)), preset(name), TRAINING, None)
        assert ("setrecursionlimit" in exporting.load_lines(FORMATS["keras"], tmp_path, subject)) == recurses


def test_a_broken_file_is_not_verified_and_says_why(tmp_path, monkeypatch):
    monkeypatch.setitem(exporting.WRITERS, "savedmodel", lambda subject, path: path.write_bytes(b"nothing"))
    record, _ = export(build(SPEC), SPEC, tmp_path, ["savedmodel"])
    assert record.verified is False
    assert "BadZipFile" in record.error


def test_a_full_disk_is_said_in_the_record_and_leaves_nothing_behind(tmp_path, monkeypatch):
    def no_space(subject, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(exporting.WRITERS, "spec", no_space)
    record, card = export(build(SPEC), SPEC, tmp_path, ["spec"])
    assert "No space left on device" in record.error
    assert record.bytes == 0
    assert list(tmp_path.iterdir()) == [card.path]


def test_an_unknown_format_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(SpecError, match="the nearest is 'savedmodel'"):
        list(export(build(SPEC), SPEC, tmp_path, ["saved_model"]))


def test_a_format_whose_library_is_not_installed_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr("resnet_tf.learning.formats.find_spec", lambda name: None)
    record, _ = export(build(SPEC), SPEC, tmp_path, ["onnx"])
    assert record.error == "ONNX needs onnx and onnxruntime: pip install 'resnet_tf[export]'"


def test_a_network_that_is_too_large_for_a_format_says_how_large(tmp_path, monkeypatch):
    monkeypatch.setitem(FORMATS, "litert", FORMATS["litert"]._replace(most=1_000_000))
    record, _ = export(build(SPEC), SPEC, tmp_path, ["litert"])
    assert record.error == "LiteRT holds 0.001 GB: the weights have 0.00108 GB"
    limits = {name for name, row in FORMATS.items() if row.too_much(2_000_000_001)}
    assert limits == {"onnx", "litert", "litert_float16", "litert_int8"}


def test_a_converter_that_says_a_book_is_quoted_with_its_first_line(tmp_path, monkeypatch):
    def write(subject, path):
        raise ValueError("the reason\n" + "module { }\n" * 9_999)

    monkeypatch.setitem(exporting.WRITERS, "onnx", write)
    record, _ = export(build(SPEC), SPEC, tmp_path, ["onnx"])
    assert record.error == "the reason"


def test_what_can_be_chosen_is_what_can_be_written():
    assert set(FORMATS) == set(exporting.WRITERS)
    assert {name for name, row in FORMATS.items() if row.runs} == set(OPENERS)


def test_the_card_names_every_file_with_the_hash_that_it_has(exported):
    folder, records = exported
    said = read(records["card"].path.read_text())
    assert said["files"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name.startswith("mine.") and path != records["card"].path
    }
    assert parse_spec(said["spec"]) == SPEC


def test_a_network_that_standardises_its_kernels_is_exported_as_one_that_need_not(tmp_path):
    norm = {"kind": "group", "groups": 4, "weight_standardization": True}
    spec = edit(preset("resnet20_cifar10"), normalization=norm)
    records = {record.format: record for record in export(build(spec, seed=1), spec, tmp_path, ["keras", "onnx"])}
    assert [records[name].error for name in ("keras", "onnx")] == [None, None]
    assert [records[name].verified for name in ("keras", "onnx")] == [True, True]


def test_a_graph_of_many_outputs_is_exported_with_their_names(tmp_path):
    graph = features(SPEC)
    formats = ["savedmodel", "keras", "onnx", "litert", "spec", "python", "notebook"]
    records = {record.format: record for record in export(build(graph, seed=1), graph, tmp_path, formats)}
    assert all("a graph of its own" in records[name].error for name in formats[4:])
    assert {records[name].verified for name in formats[:4]} == {True}


def test_the_keras_file_names_its_layers_as_the_graph_does(exported):
    model = keras.saving.load_model(exported[1]["keras"].path)
    assert model.get_layer("stage3.block2.conv1").kernel.shape == (3, 3, 64, 64)
    assert json.loads(model.to_json())["config"]["name"] == "mine"
