"""The Explore page in a browser: a window dragged over the map, a click that opens a design, keys, and a phone."""

import re

from desk import expect_parameters
from playwright.sync_api import expect

from benchmarks.served import settle

MAP = re.compile(r"^Map of [\d,]+ designs")


def map_of(page):
    drawn = page.get_by_role("application", name=MAP)
    expect(drawn).to_be_visible()
    return drawn


def parameters_of(words):
    """How many a tip says: `25.6 M parameters`."""
    number, unit = re.search(r"([\d.]+) ?([kMG]?) parameters", words).groups()
    return float(number) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[unit]


def rows(page):
    return page.get_by_role("table", name="Designs, by cost").get_by_role("row")


def find_a_dot(page, drawn):
    """Moves along the middle of the map until the pointer is on something."""
    box = drawn.bounding_box()
    tip = drawn.locator(".tip")
    for step in range(40, 90):
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * step / 100)
        if tip.is_visible():
            return tip.inner_text()
    raise AssertionError("no dot is in the middle of the map")


def test_a_window_is_dragged_lists_designs_lives_in_the_link_and_closes(visit):
    page = visit("explore?design=resnet50")
    drawn = map_of(page)
    expect(page.get_by_role("heading", name="designs on the front")).to_be_visible()
    box = drawn.bounding_box()
    page.mouse.move(box["x"] + 0.35 * box["width"], box["y"] + 0.45 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.7 * box["height"])
    page.mouse.up()
    heading = page.get_by_role("heading", name="designs in the window")
    expect(heading).to_be_visible()
    page.wait_for_url(re.compile("window="))
    said = heading.inner_text()

    page.reload()
    settle(page)
    expect(page.get_by_role("heading", name=said.split(";")[0])).to_be_visible()
    map_of(page).press("Escape")
    expect(page.get_by_role("heading", name="designs on the front")).to_be_visible()
    page.wait_for_url(lambda url: "window=" not in url)


def test_a_click_on_a_dot_opens_it_on_design(visit):
    page = visit("explore?design=resnet50")
    said = find_a_dot(page, map_of(page))
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(lambda url: "/explore" not in url)
    settle(page)
    shown = page.get_by_role("group", name=re.compile(r"^[\d,]+ trainable parameters, exact$"))
    opened = int(re.match(r"[\d,]+", shown.get_attribute("aria-label")).group().replace(",", ""))
    assert abs(opened / parameters_of(said) - 1) < 0.005  # a tip has three digits


def test_a_row_of_the_table_opens_its_design(visit):
    page = visit("explore?design=resnet50&window=4e9,4.1e9,2.5e7,2.6e7")
    rows(page).filter(has_text="25,557,032").get_by_role("button").click()
    page.wait_for_url(lambda url: "/explore" not in url)
    settle(page)
    expect_parameters(page, 25_557_032)


def test_keys_walk_from_dot_to_dot_and_open_one(visit):
    page = visit("explore?design=resnet56_cifar10")
    drawn = map_of(page)
    drawn.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    said = drawn.locator(".said").inner_text()
    assert parameters_of(said) > 853_018  # ResNet-56's own: right is more
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/explore" not in url)


def test_on_a_phone_a_first_tap_tells_and_a_second_opens(visit, phone):
    page = visit("explore?design=resnet56_cifar10", **phone)
    drawn = map_of(page)
    drawn.scroll_into_view_if_needed()
    box = drawn.bounding_box()
    x, y = box["x"] + 0.55 * box["width"], box["y"] + 0.5 * box["height"]
    page.touchscreen.tap(x, y)
    tip = drawn.locator(".tip")
    expect(tip).to_contain_text("Tap again")
    page.touchscreen.tap(x, y)
    page.wait_for_url(lambda url: "/explore" not in url)
