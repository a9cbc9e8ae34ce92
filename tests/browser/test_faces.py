"""Every page in light and dark, on a desk and on a phone; nobody is locked out of any by what axe-core looks for."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

PAGES = {
    "design": "",
    "explore": "explore",
    "gallery": "gallery",
    "train": "train",
    "sweeps": "sweeps",
    "laboratory": "laboratory",
    "lessons": "lessons",
    "a lesson": "lessons?lesson=gradient",
    "a lesson in Russian": "lessons?lesson=complexity&lang=ru",
    "compare": "compare",
    "export": "export",
}
BRIGHTNESS = """() => {
    const [r, g, b] = getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor.match(/\\d+/g)
    return (Number(r) + Number(g) + Number(b)) / 3
}"""
# what is wider than the screen: the page, or one of the boxes that scroll as it does
SIDEWAYS = """() => [document.documentElement, document.body, ...document.querySelectorAll(
        '[data-testid=stMain], [data-testid=stMainBlockContainer], [data-testid=stAppViewContainer]')]
    .filter(box => box.scrollWidth > box.clientWidth + 1)
    .map(box => `${box.dataset.testid ?? box.tagName}: ${box.scrollWidth} in ${box.clientWidth}`)"""


def violations(page):
    """What axe-core found, in its own words, each with the first element that it is about."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['help']} {each['nodes'][0]['target']}" for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_page_is_drawn_in_the_colours_of_the_system_without_an_error_and_locks_nobody_out(visit, path, scheme):
    page = visit(path, color_scheme=scheme)
    expect(page.get_by_role("main")).not_to_be_empty()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert (page.evaluate(BRIGHTNESS) < 80) == (scheme == "dark")
    for _ in range(5):  # what is just being drawn anew is faint for a moment
        page.wait_for_timeout(500)
        found = violations(page)
        if not found:
            break
    assert found == []


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_phone_scrolls_no_page_sideways(visit, phone, path):
    page = visit(path, **phone)
    expect(page.get_by_role("main")).not_to_be_empty()
    assert page.evaluate(SIDEWAYS) == []


def test_a_phone_shows_the_picture_and_the_numbers_before_the_controls(visit, phone):
    page = visit("", **phone)
    picture = page.get_by_role("group", name=re.compile("Arrow keys walk its blocks")).bounding_box()
    numbers = page.get_by_role("group", name="Costs of this design").bounding_box()
    controls = page.get_by_label("Stage 1 blocks").bounding_box()
    assert picture["y"] < numbers["y"] < controls["y"]
