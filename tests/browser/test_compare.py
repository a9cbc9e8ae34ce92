"""Two designs on one canvas, in a browser: columns by mouse, keyboard and on a phone."""

import re

from playwright.sync_api import expect

PAIR = "compare?with=preset.resnet50&with=preset.resnet101d"
COUNTS = "17 added, 4 changed, 14 the same."


def columns(page):
    return page.get_by_role("group", name=re.compile("ResNet-50 above, ResNet-101-D below")).get_by_role("button")


def test_a_column_says_what_became_of_its_blocks(visit):
    page = visit(PAIR)
    expect(page.get_by_text(COUNTS)).to_be_visible()
    added = columns(page).filter(has_text="×17")
    expect(added).to_have_accessible_name("stage 3, blocks 7 to 23, 17 blocks: added")
    added.click()
    expect(added).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".aligned .detail")).to_contain_text("only in ResNet-101-D; bottleneck, 14×14×1024")


def test_arrows_walk_the_columns_and_enter_looks_inside(visit):
    page = visit(PAIR)
    columns(page).first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    chosen = columns(page).nth(3)
    expect(chosen).to_be_focused()
    expect(chosen).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".aligned .detail")).to_contain_text("stage 2, block 1: changed")
    expect(page.locator(".aligned .detail")).to_contain_text(
        "shortcut.pool: new, 56×56×256 → average 2×2, /2 → 28×28×256"
    )


def test_on_a_phone_both_networks_scroll_together_and_the_page_does_not(visit, phone):
    page = visit(PAIR, **phone)
    last = columns(page).last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    last.tap()
    expect(page.locator(".aligned .detail")).to_contain_text("head: the same in both")
    assert page.evaluate("() => document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth + 1")
