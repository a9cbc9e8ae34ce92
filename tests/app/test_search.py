"""What the search finds and where it leads; the dialog itself is tests/browser/test_search.py's."""

import json

import pytest
from reading import as_read

from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.runs.failures import WorkbenchError


def found(page, part):
    """What the search answers when its dialog asks for a part."""
    page.session_state["search.asked"] = part
    page.run()
    search = next(each for each in page.get("bidi_component") if each.proto.component_name == "resnet_tf_search")
    return json.loads(search.proto.json)[0]


def chosen(page, what):
    page.session_state["search.chosen"] = what
    return page.run()


def link_of(page):
    return page.session_state["desk"].link


def test_pages_networks_and_the_designs_own_axes_are_found(visit):
    answer = found(visit("vgg16"), "known")
    kinds = [item[0] for item in answer["items"]]
    assert kinds.count("Networks") == len(PRESETS)
    assert ["Pages", "train"] in [item[:2] for item in answer["items"]]
    axes = [item[1] for item in answer["items"] if item[0] == "Axes"]
    assert "stages.convolutions" in axes
    assert "shortcut" not in axes


def test_saved_designs_and_runs_are_found(visit, bench):
    bench.save_design("mine", preset("resnet34"))
    run = bench.train(preset("resnet20_cifar10"), "digits", "quick", name="a run")
    items = found(visit(), "recorded")["items"]
    assert ["Saved designs", "mine"] in [item[:2] for item in items]
    assert ["Runs", run, "a run"] in [item[:3] for item in items]


def test_where_the_records_cannot_be_read_the_search_says_so(visit, bench, monkeypatch):
    def gone():
        raise WorkbenchError("The records cannot be read: the database is gone")

    page = visit()
    monkeypatch.setattr(bench, "designs", gone)
    answer = found(page, "recorded")
    assert answer["items"] == []
    assert "the database is gone" in answer["trouble"]
    assert found(page, "known")["items"]


def test_a_network_and_a_saved_design_each_open_as_one_step(visit, bench):
    bench.save_design("mine", preset("resnet34", classes=7))
    page = chosen(visit(), "Networks/resnet50")
    assert link_of(page) == "resnet50"
    page = chosen(page, "Saved designs/mine")
    assert page.session_state["desk"].name == "mine"
    page.button(key="bar.undo").click().run()
    assert link_of(page) == "resnet50"
    page.button(key="bar.undo").click().run()
    assert link_of(page) == "resnet18"


@pytest.mark.parametrize("what", ["", "Networks/no", "Axes/no", "Pages/../../etc", "no/such", "Runs/no", "<b>/<i>"])
def test_a_choice_that_is_none_breaks_nothing(visit, what):
    page = chosen(visit("resnet34"), what)
    assert not page.exception
    assert page.session_state["desk"].name == "ResNet-34"


def test_a_design_that_was_deleted_meanwhile_is_a_sentence(visit):
    page = chosen(visit("resnet34"), "Saved designs/**gone**")
    assert "There is no saved design **gone**" in as_read(page.info[0].value)
    assert link_of(page) == "resnet34"
