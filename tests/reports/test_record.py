"""Reports as data: to JSON and back, out of their own pages, and what is refused."""

import json
from dataclasses import replace

import pytest
import reported

from resnet_tf.design.costs import costs
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import SpecError
from resnet_tf.reports.page import to_html
from resnet_tf.reports.record import bibtex, design_of, file_name, from_json, read, to_json


def test_a_report_goes_to_json_and_back():
    made = reported.report()
    assert from_json(to_json(made)) == made


def test_a_report_is_read_out_of_its_page_and_out_of_its_json(tmp_path):
    made = reported.report(reported.HOSTILE)
    page, data = tmp_path / "report.html", tmp_path / "report.json"
    page.write_text(to_html(made))
    data.write_text(to_json(made))
    assert read(page) == read(data) == made


def test_what_is_no_number_is_null_in_json():
    experiment = reported.training()
    experiment.found["epochs"][0]["loss"] = float("nan")
    told = json.loads(to_json(reported.report(experiments=[experiment])), parse_constant=pytest.fail)
    assert told["experiments"][0]["found"]["epochs"][0]["loss"] is None


@pytest.mark.parametrize(
    ("text", "field"),
    [("<html></html>", "report"), ("{", "JSON"), ('{"title": "x"}', "about"), ("[]", "report"), ("", "JSON")],
)
def test_what_is_no_report_is_refused_in_a_sentence(tmp_path, text, field):
    file = tmp_path / "other.html"
    file.write_text(text)
    with pytest.raises(SpecError, match=field):
        read(file)


def test_another_edition_is_refused():
    fields = {**reported.report().as_json(), "edition": 2}
    with pytest.raises(SpecError, match="edition"):
        from_json(json.dumps(fields))


def test_a_design_has_the_published_counts_and_its_paper():
    found = design_of(preset("resnet50"), "ResNet-50", "published")
    assert (found.counts["parameters"], found.counts["macs"]) == (25_557_032, 4_089_184_256)
    assert found.link == "resnet50"
    assert "torchvision" in found.source or "arXiv" in found.source


def test_an_edited_design_is_counted_as_it_is_and_cites_what_it_comes_from():
    spec = edit(preset("resnet20_cifar10"), classes=7, order="pre")
    found = design_of(spec, "Mine", "saved")
    assert found.counts["parameters"] == costs(spec).trainable_parameters
    assert found.published == {}, "an error that was published of another network"
    assert "edited" in found.source


def test_the_papers_of_a_report_are_those_of_its_designs():
    text = bibtex(reported.report())
    assert [key for key in ("he2015", "he2016", "simonyan2015", "huang2017") if f"{{{key}," in text] == [
        "he2015", "he2016", "simonyan2015",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "name"),
    [("ResNet-20 beside VGG-19", "resnet-20-beside-vgg-19"), ("../../etc/passwd", "etc-passwd"), ("汉字", "report"),
     ("Сеть № 5", "set-5"), ("a" * 500, "a" * 60)],
)  # fmt: skip
def test_files_are_called_by_the_title_in_letters_that_every_system_takes(title, name):
    assert file_name(title) == name
    made = replace(reported.report(), title=title)
    assert made.command == f"resnet_tf reproduce {name}.html"
