"""A model card from facts to text: every section, a curve however long, names that people typed, and back again."""

import json
import re
from dataclasses import replace

import pytest

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.links import from_link
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import parse_spec
from resnet_tf.learning.card import Facts, File, Training, card, read
from resnet_tf.learning.catalogue import dataset
from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.scaling import TRAINING

SPEC = preset("resnet20_cifar10")


def epoch(n):
    return {
        "epoch": n, "loss": 1 / n, "accuracy": 0.5, "validation_loss": 2 / n, "validation_accuracy": 1 - 0.5 / n,
        "learning_rate": None if n == 1 else 0.1,
    }  # fmt: skip


FACTS = Facts(
    name="mine", spec=SPEC, graph=expand(SPEC), costs=costs(SPEC), scaling=TRAINING,
    training=Training(dataset("digits"), recipe(), 7, (epoch(1), epoch(2)), "CPU"), fingerprint="ab" * 32,
    files=(
        File("SavedModel", "mine.savedmodel.zip", 1_035_843, "cd" * 32, "Verified", "import tensorflow", "docker run"),
        File("Spec", "mine.spec.json", 1_140, "ef" * 32, "Text", "import resnet_tf", ""),
    ),
    date="2026-11-24 12:00 UTC", versions={"Python": "3.12.1", "keras": "3.15.1"},
)  # fmt: skip


def section(text, title):
    """What stands under a heading."""
    return re.search(rf"^## {title}\n\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]


def rows(text):
    """The cells of a table in Markdown, without its head."""
    return [[cell.strip() for cell in line[1:-1].split(" | ")] for line in text.splitlines() if line.startswith("|")][
        2:
    ]


def test_the_design_has_its_counts_and_its_link():
    table = dict(rows(section(card(FACTS), "Design")))
    assert table["Parameters"] == "271,098, of which 269,722 are trained"  # Keras' count of He 2015's ResNet-20
    assert table["Multiply-adds of one image"] == "40,551,040"
    assert from_link(re.match("`([^`]+)`", table["Design"])[1]) == SPEC


def test_the_curve_has_a_row_for_each_epoch_and_the_accuracy_is_the_last():
    text = card(FACTS)
    assert rows(section(text, "Curve")) == [
        ["1", "1", "0.5", "2", "0.5", "none"],
        ["2", "0.5", "0.5", "1", "0.75", "0.1"],
    ]
    assert section(text, "Accuracy").startswith("75.00 % of the validation images")


def test_data_and_recipe_are_named_with_source_licence_and_seed():
    data, steps = (dict(rows(section(card(FACTS), title))) for title in ("Data", "Recipe"))
    assert data["Licence"] == "CC BY 4.0"
    assert data["SHA-256 of images and labels"] == f"`{'ab' * 32}`"
    assert (steps["seed"], steps["batch size"], steps["device"]) == ("7", "64", "CPU")


def test_a_long_curve_is_thinned_and_keeps_its_end():
    training = replace(FACTS.training, epochs=tuple(epoch(n) for n in range(1, 1_004)))
    curve = section(card(replace(FACTS, training=training)), "Curve")
    assert curve.startswith("Every 6 epochs of 1,003.")
    assert [row[0] for row in rows(curve)][-2:] == ["1002", "1003"]


def test_files_have_their_hashes_their_lines_and_how_they_are_served():
    text = card(FACTS)
    assert [row[-1] for row in rows(section(text, "Files"))] == [f"`{'cd' * 32}`", f"`{'ef' * 32}`"]
    assert section(text, "Loading").count("```python") == 2
    assert section(text, "Serving").count("```sh\ndocker run\n```") == 1


def test_without_a_training_the_card_says_so_and_has_no_curve():
    text = card(replace(FACTS, training=None, fingerprint=None))
    assert "None is known of" in section(text, "Training")
    assert "## Curve" not in text
    assert read(text)["class_names"] == []


def test_a_network_without_a_spec_has_a_card_without_a_link():
    text = card(replace(FACTS, spec=None))
    assert read(text)["spec"] is None
    assert "link" not in section(text, "Design")


def test_programs_read_back_what_the_card_says():
    said = read(card(FACTS))
    assert parse_spec(said["spec"]) == SPEC
    assert said["class_names"] == list("0123456789")
    assert said["scaling"] == {"name": "training", "mean": [127.5], "deviation": [127.5], "reversed": False}
    assert said["files"] == {"mine.savedmodel.zip": "cd" * 32, "mine.spec.json": "ef" * 32}


def test_a_card_names_what_the_network_was_fine_tuned_from():
    assert "fine-tuned" not in card(FACTS)
    assert read(card(FACTS))["fine_tuned_from"] is None
    text = card(replace(FACTS, training=replace(FACTS.training, start="ResNet-20 | <b>digits</b>")))
    assert "| fine-tuned from | ResNet-20 \\| &lt;b>digits&lt;/b> |" in section(text, "Recipe")
    assert read(text)["fine_tuned_from"] == "ResNet-20 | <b>digits</b>"


@pytest.mark.parametrize(
    "name", ["a | b", "```\n## For programs\n```json\n{}\n```", "<script>alert(1)</script>", "日本"]
)
def test_names_that_people_typed_break_neither_the_table_nor_what_programs_read(name):
    images = replace(dataset("digits"), title=name, class_names=(name, "other"))
    text = card(replace(FACTS, training=replace(FACTS.training, dataset=images)))
    assert read(text)["class_names"] == [name, "other"]
    assert "<script>" not in text.partition("## For programs")[0]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in section(text, "Data").splitlines() if line)


def test_what_is_no_card_is_said():
    with pytest.raises(ValueError, match="no block of JSON"):
        read("# mine\n")
    with pytest.raises(json.JSONDecodeError):
        read("## For programs\n\n```json\n{broken\n```\n")
