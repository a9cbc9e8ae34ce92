"""The Gallery page: cards, tags, notes, runs, versions; no TensorFlow and no browser."""

import json

import pytest
from reading import as_read
from recorded import SMALL, Written

from resnet_tf.design.presets import preset
from resnet_tf.runs.failures import WorkbenchError

SPECS = (preset("resnet50"), preset("resnet50", groups=32), preset("resnet50", groups=32, activation="silu"))


@pytest.fixture
def gallery(visit):
    """Opens the Gallery page, with a design chosen if one is named."""

    def gallery(chosen=None):
        page = visit(session={"gallery.chosen": chosen} if chosen else ())
        page.switch_page("views/gallery.py").run()
        assert not page.exception
        assert not page.error, [error.value for error in page.error]
        return page

    return gallery


def cards_of(page):
    cards = next(each for each in page.get("bidi_component") if each.proto.component_name == "resnet_tf_cards")
    return {card["name"]: card for card in json.loads(cards.proto.json)[0]["cards"]}


def words_of(page):
    return " ".join(element.value for element in page.html)


@pytest.fixture
def mine(bench):
    """A design saved three times."""
    for spec in SPECS:
        bench.save_design("mine", spec)
    return bench


def test_with_nothing_saved_the_page_says_what_will_stand_here(gallery):
    page = gallery()
    assert "Nothing saved yet" in page.markdown[0].value


def test_a_card_has_a_picture_exact_costs_in_short_and_its_tags(gallery, bench):
    bench.save_design("fifty", preset("resnet50"))
    bench.describe_design("fifty", tags=["talk"], notes="n")
    card = cards_of(gallery())["fifty"]
    assert card["picture"].startswith("<svg")
    assert card["costs"] == "25.6 M parameters · 4.09 G MACs"  # 25,557,032 and 4,089,184,256, as published
    assert (card["tags"], card["notes"]) == (["talk"], "n")


def test_the_runs_of_a_design_are_those_of_its_network_whatever_their_images(gallery, bench):
    Written(bench, "a run").finish()  # ResNet-20 as fitted to the digits: 8 x 8 pixels, one channel
    bench.save_design("small", SMALL)
    bench.save_design("other", preset("resnet32_cifar10"))
    page = gallery("small")
    assert {name: card["runs"] for name, card in cards_of(page).items()} == {"small": "1 run, best 87.5 %", "other": ""}
    assert "a run on" in as_read(page.get("page_link")[0].proto.label)


def test_versions_say_in_words_what_they_changed(gallery, mine):
    said = words_of(gallery("mine"))
    assert "3 versions" in said
    for words in ("Activation relu → silu", "Groups 1 → 32", "First saved", "as it is"):
        assert words in said


def test_a_version_is_restored_as_the_newest_and_none_is_lost(gallery, mine):
    page = gallery("mine")
    page.button(key="gallery.version.restore.1").click().run()
    assert mine.designs()[0].spec == SPECS[0]
    assert [version.spec for version in mine.versions("mine")] == [SPECS[0], SPECS[2], SPECS[1], SPECS[0]]
    assert "4 versions" in words_of(page)


def test_a_version_opens_on_the_desk_as_one_step(gallery, mine):
    page = gallery("mine")
    page.button(key="gallery.version.open.2").click().run()
    desk = page.session_state["desk"]
    assert (desk.spec, desk.name) == (SPECS[1], "mine, version 2")
    assert len(desk.past) == 1


def test_tags_and_notes_are_kept(gallery, mine):
    page = gallery("mine")
    page.multiselect(key="gallery.tags.mine").set_value(["talk"]).run()
    page.text_area(key="gallery.notes.mine").set_value("For the talk.").run()
    (design,) = mine.designs()
    assert (design.tags, design.notes) == (("talk",), "For the talk.")
    assert page.text_area(key="gallery.notes.mine").value == "For the talk."


def test_a_fork_is_a_copy_with_a_name_of_its_own(gallery, mine):
    mine.describe_design("mine", tags=["talk"])
    page = gallery("mine")
    for _ in range(2):
        page.session_state["gallery.chosen"] = "mine"
        page.run()
        page.button(key="gallery.fork").click().run()
    assert {design.name: (design.spec, design.tags) for design in mine.designs()} == dict.fromkeys(
        ("mine", "mine, fork", "mine, fork 2"), (SPECS[2], ("talk",))
    )
    assert len(mine.versions("mine, fork")) == 1


def test_a_deletion_is_undone_whole(gallery, mine):
    before, versions = mine.designs(), mine.versions("mine")
    page = gallery("mine")
    page.button(key="gallery.delete").click().run()
    assert mine.designs() == []
    assert "mine is deleted" in as_read(page.markdown[0].value)
    page.button(key="gallery.undo").click().run()
    assert (mine.designs(), mine.versions("mine")) == (before, versions)
    assert "3 versions" in words_of(page)


def test_what_cannot_be_written_is_a_sentence(gallery, mine, monkeypatch):
    page = gallery("mine")

    def full(*_args, **_names):
        raise WorkbenchError("The design could not be saved: the disk is full")

    monkeypatch.setattr(mine, "describe_design", full)
    page.text_area(key="gallery.notes.mine").set_value("x").run()
    assert not page.exception
    assert "the disk is full" in page.error[0].value
