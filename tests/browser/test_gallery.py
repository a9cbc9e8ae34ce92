"""The Gallery in a real browser: filtered, sorted, chosen by keys, opened by a double click, on a phone."""

import re

import pytest
from playwright.sync_api import expect

from benchmarks.served import served, settle
from resnet_tf.design.presets import preset
from resnet_tf.runs.workbench import Workbench

DESIGNS = {
    "alpha": (preset("resnet18"), ["talk"], "the first of all"),
    "beta": (preset("vgg16"), ["talk", "plain"], ""),
    "gamma": (preset("densenet121"), [], ""),
}


@pytest.fixture(scope="module")
def gallery_server(tmp_path_factory):
    home = tmp_path_factory.mktemp("gallery")
    bench = Workbench(home)
    for name, (spec, tags, notes) in DESIGNS.items():
        bench.save_design(name, preset("resnet50"))
        bench.save_design(name, spec)
        bench.describe_design(name, tags=tags, notes=notes)
    with served(home, variables={"RESNET_TF_WORKER": "none"}) as server:
        yield server


@pytest.fixture
def gallery(visit, gallery_server):
    """A function that opens the Gallery."""

    def gallery(**options):
        page = visit("", at=gallery_server, **options)
        page.goto(f"{gallery_server.url}/gallery")
        settle(page)
        expect(cards(page)).to_have_count(3)
        return page

    return gallery


def cards(page):
    return page.get_by_role("list", name="Saved designs").get_by_role("button")


def names(page):
    return page.get_by_role("list", name="Saved designs").locator("b").all_inner_texts()


def test_cards_are_filtered_by_words_and_tags_and_sorted(gallery):
    page = gallery()
    assert names(page) == ["gamma", "beta", "alpha"]  # the last saved first
    page.get_by_label("Sort by").select_option("parameters")
    assert names(page) == ["gamma", "alpha", "beta"]  # 7,978,856, 11,689,512, 138,357,544
    page.get_by_role("group", name="Tags").get_by_role("button", name="talk").click()
    assert names(page) == ["alpha", "beta"]
    page.get_by_role("searchbox", name="Filter").fill("FIRST")
    assert names(page) == ["alpha"]
    page.get_by_role("searchbox", name="Filter").fill("zzz")
    expect(page.get_by_text("No saved design is called so")).to_be_visible()


def test_the_keyboard_chooses_a_card_and_opens_it(gallery):
    page = gallery()
    cards(page).first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 versions")).to_be_visible()
    expect(page.get_by_role("heading", name="beta")).to_be_visible()
    expect(cards(page).nth(1)).to_have_attribute("aria-pressed", "true")
    expect(cards(page).nth(1)).to_be_focused()
    page.get_by_role("button", name="Open", exact=True).first.press("Enter")
    page.wait_for_url(re.compile(r"design=vgg16$"))
    expect(page.get_by_role("heading", name="beta")).to_be_visible()


def test_a_double_click_opens_a_design(gallery):
    page = gallery()
    cards(page).filter(has_text="alpha").dblclick()
    page.wait_for_url(re.compile(r"/\?design=resnet18$"))
    expect(page.get_by_role("heading", name="alpha")).to_be_visible()


def test_on_a_phone_what_is_chosen_stands_above_the_cards_and_nothing_scrolls_sideways(gallery, phone):
    page = gallery(**phone)
    cards(page).filter(has_text="gamma").tap()
    panel = page.get_by_role("heading", name="gamma")
    expect(panel).to_be_visible()
    settle(page)
    assert panel.bounding_box()["y"] < cards(page).first.bounding_box()["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
