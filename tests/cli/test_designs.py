"""Every way to name a design gives the network that is meant; what is none is refused with what would be right."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_tf.cli.designs import design
from resnet_tf.design.spec import SpecError

# torchvision's ResNet-18 with a classifier of 10: 11,689,512 less 990 rows of 513
RESNET18_OF_10 = 11_181_642


def trained(document):
    return document["trainable_parameters"]


def test_a_preset_is_its_name(read):
    assert trained(read("count", "resnet18")) == 11_689_512


def test_one_design_is_counted_alike_however_it_is_given(read, run, tmp_path):
    shown = read("show", "resnet18", "--set", "classes=10")
    spec, document = json.dumps(shown["spec"]), json.dumps(shown)
    file = tmp_path / "mine.spec.json"
    file.write_text(spec)
    (tmp_path / "trained").mkdir()
    (tmp_path / "trained" / "training.json").write_text(document)
    addresses = [f"http://localhost:8501/train?design={shown['link']}", f"/?page=2&design={shown['link']}#top"]
    for text in (shown["link"], *addresses, file, tmp_path / "trained"):
        assert trained(read("count", text)) == RESNET18_OF_10, text
    for text in (spec, document):
        assert trained(read("count", "-", input=text)) == RESNET18_OF_10


def test_a_file_gives_its_name_to_what_is_made_of_it(tmp_path):
    file = tmp_path / "mine.spec.json"
    file.write_text("{}")
    assert design(str(file)).name == "mine"
    assert design("resnet50").name == "resnet50"


@pytest.mark.parametrize(
    ("changes", "parameters"),
    [
        (["classes=10"], 23_528_522),  # torchvision's with a classifier of 10
        (["stages[2].blocks=23"], 44_549_160),  # ResNet-101
        (["block=basic"], 21_797_672),  # ResNet-34
        (["attention.kind=se"], 28_088_024),  # timm's seresnet50
        (["bottleneck_factor=2"], 68_883_240),  # wide ResNet-50-2
        (["groups=32", "bottleneck_factor=2"], 25_028_904),  # ResNeXt-50 32x4d
        (['stem={"kernel": 3, "widths": [32, 32, 64]}', "shortcut=average-pool"], 25_576_264),  # timm's resnet50d
    ],
)
def test_fields_that_are_set_make_the_networks_that_others_have(changes, parameters, read):
    options = [text for change in changes for text in ("--set", change)]
    assert trained(read("count", "resnet50", *options)) == parameters


@pytest.mark.parametrize(
    ("text", "changes", "field", "nearest"),
    [
        ("resnet5", [], "preset", "resnet50"),
        ("http://localhost:8501/?run=7", [], "design", None),
        ("http://[", [], "design", None),
        ("nothing-here.json", [], "design", None),
        ("resnet18~cut", [], "design", None),
        ("resnet18", ["clases=10"], "clases", "classes"),
        ("resnet18", ["classes=none"], "classes", None),
        ("resnet18", ["classes=0"], "classes", 1),
        ("resnet18", ["classes"], "change", None),
        ("resnet18", ["stages[4].blocks=1"], "stages[4].blocks", 3),
        ("resnet18", ["stages.blocks=1"], "stages.blocks", None),
        ("resnet18", ["classes[0]=1"], "classes[0]", None),
        ("resnet18", ["__class__=1"], "__class__", None),
    ],
)
def test_what_is_no_design_is_refused_with_its_field_and_the_nearest(text, changes, field, nearest, run):
    options = [each for change in changes for each in ("--set", change)]
    result = run("count", text, *options, "--json")
    error = json.loads(result.stderr)["error"]
    assert result.exit_code == 2
    assert result.stdout == ""
    assert error["field"] == field
    assert nearest in (None, error["nearest"])
    assert error["rule"] in error["message"]


@pytest.mark.parametrize("text", ["", "[]", "7", '{"stages": 3}', "\xff", "[" * 100_000, '{"spec": []}'])
def test_standard_input_that_is_no_design_is_refused(text, run):
    result = run("count", "-", input=text)
    assert result.exit_code == 2
    assert result.stderr.startswith("resnet_tf: ")
    assert result.stderr.count("\n") == 1


@given(st.text(max_size=60).filter(lambda text: text != "-"), st.lists(st.text(max_size=30), max_size=2))
def test_any_text_and_any_changes_give_a_design_or_a_spec_error(text, changes):
    with suppress(SpecError):
        assert design(text, changes).spec.classes
