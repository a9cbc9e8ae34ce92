"""Listing, showing, counting, drawing and comparing say what is published and what other programs can read."""

import gzip
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from resnet_tf.design.presets import PRESETS

FIXTURES = Path(__file__).parents[1] / "fixtures"
REFERENCES = json.loads((FIXTURES / "references.json").read_text())
COUNTS = [row for row in json.loads((FIXTURES / "counts.json").read_text()) if row["name"] in PRESETS]
COUNTED = ("trainable_parameters", "non_trainable_parameters", "macs")


def published(names):
    return {row["name"]: row for row in REFERENCES if row["name"] in names}


# --- presets


def test_all_presets_are_listed_with_published_counts(read):
    listed = {row["name"]: row for row in read("presets")}
    assert set(listed) == set(PRESETS)
    for row in REFERENCES:
        assert [listed[row["name"]][name] for name in COUNTED] == [row[name] for name in COUNTED], row["name"]
    for row in (row for row in COUNTS if listed[row["name"]]["input_shape"] == row["input_shape"]):
        assert listed[row["name"]]["activations"] == row["activations"], row["name"]


@pytest.mark.parametrize(
    ("options", "holds"),
    [
        (["--max-macs", "0.5G"], lambda row: row["macs"] <= 500_000_000),
        (["--min-macs", "1.8g", "--max-macs", "4.5G"], lambda row: 1_800_000_000 <= row["macs"] <= 4_500_000_000),
        (["--max-params", "300K"], lambda row: row["trainable_parameters"] <= 300_000),
        (["--min-params", "70M", "--like", "WIDE_"],
         lambda row: row["trainable_parameters"] >= 70_000_000 and "wide_" in row["name"]),
        (["--family", "vgg"], lambda row: row["name"].startswith("vgg")),
    ],
)  # fmt: skip
def test_bounds_keep_those_that_are_published_within_them(options, holds, read):
    names = {row["name"] for row in read("presets", *options)}
    known = {row["name"] for row in REFERENCES}
    assert names & known == {row["name"] for row in REFERENCES if holds(row)}
    assert names


def test_a_size_has_no_other_letters_than_it_may(run):
    assert run("presets", "--max-macs", "5Q").exit_code == 2
    assert run("presets", "--max-macs", "").exit_code == 2
    assert "the nearest is 'resnet'" in run("presets", "--family", "resent").stderr


def test_presets_are_sorted_by_what_is_asked_for(read):
    chain = ["resnet20_cifar10", "resnet32_cifar10", "resnet44_cifar10", "resnet56_cifar10", "resnet110_cifar10"]
    by_error = [row["name"] for row in read("presets", "--sort", "error") if row["name"] in chain]
    by_depth = [row["name"] for row in read("presets", "--sort", "depth") if row["name"] in chain]
    assert by_error == chain[::-1]  # He 2015, Table 6: the deeper the better, up to 110 layers
    assert by_depth == chain


# --- show


def test_a_preset_is_shown_with_its_source_its_errors_and_its_link(run):
    shown = run("show", "resnet50").stdout
    assert "23.87 % error: ImageNet top-1, torchvision V1 weights, 1 crop" in shown
    assert "link: resnet50\n" in shown


def test_every_field_that_is_shown_can_be_set_to_what_is_shown(run, read):
    lines = run("show", "seresnet50").stdout.partition("\n\n")[2].splitlines()
    options = [text for line in lines for text in ("--set", "=".join(line.split(maxsplit=1)))]
    assert len(lines) > 20
    assert read("show", "resnet18", *options)["link"] == "seresnet50"


def test_a_shortcut_is_cut_by_its_blocks_name(run, read):
    cut = read("show", "resnet50", "--set", 'cut_shortcuts=["stage2.block1"]')
    assert cut["spec"]["cut_shortcuts"] == ["stage2.block1"]
    assert read("show", cut["link"])["spec"] == cut["spec"]
    refused = run("show", "resnet50", "--set", 'cut_shortcuts=["stage2.block9"]')
    assert refused.exit_code
    assert "stage2.block9 is none here, stage2.block4 is" in refused.stderr
    assert (
        "must be a list (got 'stage2.block1')" in run("show", "resnet50", "--set", "cut_shortcuts=stage2.block1").stderr
    )


# --- count


@pytest.mark.parametrize("row", REFERENCES, ids=lambda row: row["name"])
def test_a_preset_counts_as_published(row, read):
    counted = read("count", row["name"])
    assert [counted[name] for name in COUNTED] == [row[name] for name in COUNTED]


def test_people_read_the_same_numbers(run):
    assert "25,557,032" in run("count", "resnet50").stdout
    assert "4,089,184,256" in run("count", "resnet50").stdout


@pytest.mark.parametrize("by", ["layer", "block", "stage"])
def test_parts_sum_to_the_whole(by, read, run):
    counted = read("count", "resnet34", "--by", by)
    parts = counted[f"{by}s"]
    assert sum(part["trainable_parameters"] for part in parts) == 21_797_672
    assert sum(part["macs"] for part in parts) == 3_663_761_408
    table = run("count", "resnet34", "--by", by).stdout
    assert all(part["name"] in table for part in parts)


def test_the_memory_of_the_weights_follows_from_their_number(read):
    memory = read("count", "resnet50", "--batch", 1, "--optimizer", "adam")["memory"]
    assert memory["parameters"] == {"bytes": 4 * (25_557_032 + 53_120), "exact": True}
    assert memory["slots"]["bytes"] == 2 * 4 * 25_557_032
    halved = read("count", "resnet50", "--batch", 1, "--precision", "mixed_bfloat16")["memory"]
    assert halved["activations"]["bytes"] == memory["activations"]["bytes"] / 2


@pytest.mark.parametrize("option", [("--batch", 0), ("--precision", "float61"), ("--optimizer", "smg"), ("--by", "x")])
def test_an_option_that_no_memory_has_is_refused(option, run):
    result = run("count", "resnet18", *option)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


# --- draw


def test_a_drawing_without_a_file_is_dot(run):
    assert run("draw", "resnet18", "--level", "stage").stdout.startswith("digraph")


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-"), ("gv", b"digraph"), ("svg", b"<svg "), ("tex", b"% ResNet-18: 11,")],
)
def test_a_files_ending_says_what_is_written(suffix, begins, run, tmp_path):
    file = tmp_path / f"drawing.{suffix}"
    assert run("draw", "resnet18", "--level", "stage", "-o", file).exit_code == 0
    assert file.read_bytes().startswith(begins)


def test_a_format_that_is_asked_for_is_written_to_standard_output(run):
    assert run("draw", "resnet18", "-f", "pdf").stdout_bytes.startswith(b"%PDF-")
    assert "the nearest is 'tikz'" in run("draw", "resnet18", "-f", "tiks").stderr


def test_a_drawing_by_block_has_every_block(run, tmp_path):
    file = tmp_path / "drawing.svg"
    assert run("draw", "resnet34", "-o", file).exit_code == 0
    titles = {
        title.text.partition(":")[0] for title in ElementTree.parse(file).iter("{http://www.w3.org/2000/svg}title")
    }
    depths = enumerate((3, 4, 6, 3), 1)  # He 2015, Table 1
    assert {f"stage{stage}.block{block}" for stage, blocks in depths for block in range(1, blocks + 1)} <= titles


def test_several_designs_stand_beside_each_other_on_paper(run):
    said = run("draw", "vgg19", "--beside", "plain34", "--beside", "resnet34", "--style", "paper", "-f", "svg").stdout
    assert [title for title in ("VGG-19", "Plain-34", "ResNet-34") if f">{title}</text>" in said] == [
        "VGG-19", "Plain-34", "ResNet-34",
    ]  # fmt: skip
    assert run("draw", "vgg19", "--beside", "plain34", "-f", "svg").exit_code == 2
    assert run("draw", "vgg19", "--beside", "plain34", "-f", "dot").exit_code == 2


def test_a_drawing_that_cannot_be_made_is_one_sentence(run, tmp_path):
    assert run("draw", "resnet18", "-o", tmp_path / "drawing.jpg").exit_code == 2
    assert run("draw", "resnet18", "-o", tmp_path / "missing" / "drawing.dot").exit_code == 3


# --- import


def test_a_network_of_another_library_becomes_a_file_that_other_commands_take(run, read, tmp_path):
    model = tmp_path / "model.json"
    model.write_bytes(gzip.decompress((FIXTURES / "imported" / "keras_ResNet50V2.json.gz").read_bytes()))
    done = run("import", model, "-o", tmp_path / "design.json")
    assert (done.exit_code, done.stdout.partition(":")[0]) == (0, "ResNet50V2 (Keras)")
    assert read("count", tmp_path / "design.json")["trainable_parameters"] == 25_568_360  # Keras' own count
    assert read("import", "timm/resnet50.a1_in1k")["link"] == "resnet50"


def test_what_is_no_residual_network_is_refused_by_its_layer(run, tmp_path):
    model = tmp_path / "model.json"
    model.write_bytes(gzip.decompress((FIXTURES / "imported" / "keras_MobileNetV2.json.gz").read_bytes()))
    refused = run("import", model)
    assert refused.exit_code == 3
    assert "holds no design: Conv1 pads as TensorFlow's" in refused.stderr


# --- diff


def test_designs_that_are_the_same_differ_in_nothing(run):
    result = run("diff", "resnet50", "resnet50")
    assert (result.exit_code, result.stdout) == (0, "")


def test_designs_that_differ_say_in_what_and_exit_with_1(run):
    result = run("diff", "resnet50", "--set", "classes=10", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert found["fields"] == [{"field": "classes", "a": 1000, "b": 10}]
    assert [block["name"] for block in found["blocks"]] == ["head"]
    assert (found["a"]["trainable_parameters"], found["b"]["trainable_parameters"]) == (25_557_032, 23_528_522)
    assert "-2,028,510" in run("diff", "resnet50", "--set", "classes=10").stdout


# --- count: what it may cost


def test_a_design_over_a_budget_exits_with_1_and_says_by_how_much(run):
    told = run("count", "resnet50", "--budget", "parameters=25M", "--budget", "macs=4.1G")
    assert told.exit_code == 1
    assert re.search(r"Parameters +25,557,032 +25,000,000 +557,032 +over\n", told.stdout)
    assert re.search(r"MACs +4,089,184,256 +4,100,000,000 +10,815,744 +left\n", told.stdout)


def test_a_design_within_its_budgets_exits_with_0(run):
    assert run("count", "resnet18", "--budget", "parameters=12M", "--budget", "training='2 GB'").exit_code == 2
    assert run("count", "resnet18", "--budget", "parameters=12M", "--budget", "training=2 GB").exit_code == 0


def test_programs_read_every_quantity_with_its_budget(read, run):
    document = json.loads(run("count", "resnet18", "--json", "--budget", "parameters=10M").stdout)
    assert document["quantities"]["parameters"] == {
        "value": 11_689_512, "exact": True, "unit": "", "budget": 1e7, "left": -1_689_512.0, "over": True,
    }  # fmt: skip
    assert document["quantities"]["epoch"]["value"] is None  # no GPU was named
    assert document["fits_on"] == "8 GB"
    timed = read("count", "resnet18", "--device", "t4", "--epoch", "imagenet")
    assert timed["epoch"] == {"images": 1_281_167, "device": "T4"}
    assert timed["quantities"]["epoch"]["value"] > 60


def test_a_gpu_a_precision_an_epoch_and_a_quantity_that_do_not_exist_are_sentences(run):
    for options, said in [
        (["--device", "a100_80g"], "the nearest is 'a100_80gb'"), (["--epoch", "imagnet"], "the nearest is 'imagenet'"),
        (["--device", "t4", "--precision", "mixed_bfloat16"], "float32, mixed_float16 on T4"),
        (["--budget", "params=3M"], "the nearest is 'parameters'"), (["--budget", "macs"], "as in 25M"),
        (["--format", "onxx"], "the nearest is 'onnx'"),
    ]:  # fmt: skip
        told = run("count", "resnet18", *options)
        assert told.exit_code == 2
        assert said in told.stderr, options
