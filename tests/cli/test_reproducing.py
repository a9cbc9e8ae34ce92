"""reproduce on the command line: what is counted, what is trained, what was changed, what is no report."""

import json
from dataclasses import replace
from typing import get_args

import pytest
import reported
from small import TINY

from resnet_tf.learning.recipes import recipe
from resnet_tf.reports.page import to_html
from resnet_tf.reports.record import KINDS, Kind, to_json

FEW = recipe("quick", epochs=1, batch_size=256)


@pytest.fixture
def written(tmp_path):
    """A function from a report to its page."""

    def write(report):
        file = tmp_path / "report.html"
        file.write_text(to_html(report))
        return file

    return write


def test_counts_are_counted_again_without_keras(run, written):
    result = run("reproduce", written(reported.report()), "--only", "counts")
    assert result.exit_code == 0, result.stderr
    assert "Counts of VGG-19" in result.stdout
    assert "parameters, trainable 143,667,240 143,667,240 same" in " ".join(result.stdout.split())
    assert "All that must come out the same does" in result.stdout


def test_a_count_that_was_changed_ends_with_one_and_says_by_how_much(run, written):
    made = reported.report()
    first, second = made.designs
    forged = replace(made, designs=(first, replace(second, counts={**second.counts, "depth": 20})))
    result = run("reproduce", written(forged), "--only", "counts")
    assert result.exit_code == 1
    assert "layers deep 20 19 differs -1" in " ".join(result.stdout.split())
    assert "All that must" not in result.stdout


def test_a_part_that_is_not_there_names_those_that_are(run, written):
    result = run("reproduce", written(reported.report()), "--only", "VGG-11")
    assert result.exit_code == 2
    assert "counts, ResNet-20" in result.stderr


def test_what_is_no_report_is_refused(run, tmp_path):
    other = tmp_path / "other.html"
    other.write_text("<p>no report</p>")
    assert run("reproduce", other).exit_code == 2
    missing = run("reproduce", tmp_path / "missing.html")
    assert missing.exit_code == 3
    assert "No such file" in missing.stderr


@pytest.mark.keras
def test_a_training_is_the_same_here_and_a_changed_number_is_found(run, tmp_path):
    asked = reported.training(accuracies=(0.5,), spec=TINY.model_dump(mode="json"), recipe=FEW.model_dump(mode="json"))
    asked = replace(asked, made=replace(asked.made, data=""))
    file = tmp_path / "report.json"

    def reproduced(experiment):
        file.write_text(to_json(reported.report(experiments=[experiment])))
        result = run("reproduce", file, "--only", "train", "--json")
        return result.exit_code, json.loads(result.stdout)

    code, (place, numbers) = reproduced(asked)
    assert code == 0, "it was made elsewhere, so nothing is certain"
    assert not numbers["exact"]
    assert {each["what"]: each["verdict"] for each in numbers["differences"]}["accuracy"] == "differs"
    # what came out is written into the report; of what is shown of a number six digits are
    now = {each["what"]: each for each in place["differences"]}
    here = replace(asked.made, device=now["device"]["now"], data=now["SHA-256 of images and labels"]["now"], versions={
        name: each["now"] for name, each in now.items() if name in reported.VERSIONS and each["now"] != "none"
    })  # fmt: skip
    from resnet_tf.reports.repeating import images_of, place, repeated

    card = images_of(asked)
    true = replace(repeated(asked, place(asked, card), card), made=here)
    assert reproduced(true)[0] == 0
    true.found["epochs"][0]["loss"] += 1e-12
    code, (_, numbers) = reproduced(true)
    assert code == 1
    assert numbers["exact"]
    assert numbers["differs"]
    wrong = replace(true, made=replace(here, data="0" * 64))
    code, sections = reproduced(wrong)
    assert code == 1
    assert sections[-1]["note"] == "Not done again."


@pytest.mark.keras
def test_what_begins_with_other_weights_is_said_and_not_done(run, written):
    tuned = reported.training(start="Mine, run on digits")
    result = run("reproduce", written(reported.report(experiments=[tuned])), "--only", "train")
    assert result.exit_code == 0
    assert "Not done again: ResNet-20 begins with Mine, run on digits" in result.stdout


@pytest.mark.keras
@pytest.mark.parametrize("kind", ["variance", "lesion"])
def test_a_study_is_done_again_and_each_of_its_numbers_is_compared(run, written, kind):
    tiny = {"spec": TINY.model_dump(mode="json"), "recipe": FEW.model_dump(mode="json")}
    study = reported.studied(kind)
    study = replace(study, asked=study.asked | (tiny if kind == "lesion" else {"spec": tiny["spec"]}))
    study = replace(study, made=replace(study.made, data=""))
    result = run("reproduce", written(reported.report(experiments=[study])), "--only", "study")
    assert result.exit_code == 0, result.stderr
    assert f"Study: ResNet-20, {kind}" in result.stdout
    assert {"variance": "branch square, post", "lesion": "accuracy without one"}[kind] in result.stdout


def test_every_kind_of_experiment_has_a_title():
    assert [*KINDS] == [*get_args(Kind)]
