"""The Design page in a real browser: numbers, drawing, undo, links, keys."""

import re

import pytest
from desk import blocks, expect_figure, expect_parameters, figure, set_number
from playwright.sync_api import expect

from benchmarks.served import settle

RESNET18 = 11_689_512  # trainable parameters, torchvision's count
BLOCK_OF_STAGE_3 = 2 * (9 * 256 * 256 + 2 * 256)  # two 3x3 convolutions of 256 channels, and their norms


def test_the_first_screen_is_resnet18_drawn_and_counted(visit):
    page = visit()
    expect_parameters(page, RESNET18)
    expect_figure(page, "multiply-adds of convolutions and dense layers, exact", 1_814_073_344)
    expect(blocks(page)).to_have_count(10)  # stem, 8 blocks, head


def test_the_first_screen_needs_no_scrolling_to_see_controls_picture_and_numbers(visit):
    page = visit()
    for seen in (page.get_by_role("combobox", name="Start from"),
                 page.get_by_role("spinbutton", name="Stage 4 blocks"), blocks(page).first,
                 blocks(page).last, figure(page, "trainable parameters, exact")):  # fmt: skip
        expect(seen).to_be_in_viewport(ratio=1)


def test_an_edit_changes_the_numbers_the_drawing_and_the_address(visit):
    page = visit()
    before = page.url
    set_number(page, "Stage 3 blocks", 6)
    expect_parameters(page, RESNET18 + 4 * BLOCK_OF_STAGE_3)
    expect(blocks(page)).to_have_count(14)
    expect(page).not_to_have_url(before)


def test_undo_takes_an_edit_back_by_button_and_by_key_and_redo_brings_it_again(visit):
    page = visit()
    set_number(page, "Stage 3 blocks", 3)
    expect_parameters(page, RESNET18 + BLOCK_OF_STAGE_3)
    page.get_by_role("button", name="Undo").click()
    expect_parameters(page, RESNET18)
    expect(blocks(page)).to_have_count(10)
    page.get_by_role("button", name="Redo").click()
    expect_parameters(page, RESNET18 + BLOCK_OF_STAGE_3)
    page.get_by_role("heading", name="ResNet-18").click()  # out of the number's field, which has an undo of its own
    page.keyboard.press("Control+z")
    expect_parameters(page, RESNET18)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_link_holds_the_whole_design(visit):
    page = visit()
    set_number(page, "Stage 2 blocks", 5)
    expect(blocks(page)).to_have_count(13)
    expect(page).to_have_url(re.compile("design=.+"))
    address = page.url
    shown = figure(page, "trainable parameters, exact").get_attribute("aria-label")
    other = visit(address.partition("/")[2].partition("/")[2].partition("/")[2])
    expect(blocks(other)).to_have_count(13)
    expect(figure(other, "trainable parameters, exact")).to_have_accessible_name(shown)


def test_a_reload_keeps_the_design(visit):
    page = visit()
    set_number(page, "Stage 1 blocks", 4)
    expect(blocks(page)).to_have_count(12)
    expect(page).to_have_url(re.compile("design=.+"))
    page.reload()
    expect(blocks(page)).to_have_count(12)


def test_the_keyboard_reaches_the_canvas_walks_its_blocks_and_selects_one(visit):
    page = visit()
    expect(blocks(page).first).to_be_visible()  # a page is settled before its canvas is drawn
    for _ in range(90):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED).startswith("stem"):
            break
    expect(blocks(page).first).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUSED).startswith("stage 2, block 1")
    page.keyboard.press("Space")
    chosen = page.get_by_label(re.compile("^stage 2, block 1: 28"))
    expect(chosen).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text(re.compile("Stage 2, block 1 ·"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(chosen).to_have_attribute("aria-pressed", "false")


def test_the_shortcut_of_a_chosen_block_is_cut_by_a_switch_and_all_of_the_page_says_so(visit):
    """ResNet-18's second stage begins with a projection: 64 x 128 weights and a norm of 2 x 128."""
    page = visit()
    page.get_by_label(re.compile("^stage 2, block 1: 28")).click()
    switch = page.get_by_role("switch", name="Shortcut")
    expect(switch).to_be_checked()
    switch.click(force=True)
    expect_parameters(page, RESNET18 - 64 * 128 - 2 * 128)
    expect(switch).not_to_be_checked()
    expect(page.get_by_text("y = ReLU(F(x, {Wᵢ}))", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="ResNet-18, edited")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect_parameters(page, RESNET18)
    expect(switch).to_be_checked()


# the label of what has the focus, inside the canvas too
FOCUSED = """() => {
    let at = document.activeElement
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
    return at?.getAttribute('aria-label') ?? ''
}"""


def test_an_edit_that_makes_no_network_is_refused_in_a_sentence_and_the_picture_stays(visit):
    page = visit()
    set_number(page, "Stage 2 blocks", 0)
    expect(page.get_by_role("alert")).to_contain_text("must be")
    expect_parameters(page, RESNET18)
    expect(blocks(page)).to_have_count(10)
    page.get_by_role("button", name=re.compile("^Use ")).click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(blocks(page)).to_have_count(9)


HOSTILE = {
    "unknown name": "resnet19",
    "script": "%3Cscript%3Ealert(1)%3C/script%3E",
    "path": "../../etc/passwd",
    "not base64": "x~%00%ff%fe",
    "percent": "%25%25%25",
    "very long": "a" * 6_000,
    "JSON": "%7B%22family%22:%22resnet%22,%22stages%22:[]%7D",
    "bomb of blocks": "resnet18~stages.0.blocks=999999999",
    "empty": "%20",
}


@pytest.mark.parametrize("design", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_address_is_answered_in_a_sentence_and_a_design_is_drawn(visit, design):
    page = visit(f"?design={design}")
    expect(page.get_by_text("The link to this page holds no design")).to_be_visible()
    expect_parameters(page, RESNET18)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.parametrize(
    "address", ["train?run=%3Cscript%3E", "train?run=../../x", "train?design=%00&run=%00", "?level=9"]
)
def test_other_hostile_parameters_show_no_traceback(visit, address):
    page = visit(address)
    expect(page.get_by_role("navigation", name="App pages")).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


STRIDED_POOL = 9 * 64 * 64 + 2 * 64  # a 3x3 convolution of 64 channels, and its norm


def test_max_pool_or_strided_convolution_is_one_click_and_says_what_it_costs(visit):
    page = visit()
    expect(page.get_by_text("Strided 3×3: +37.0 k parameters, +6.37 % MACs")).to_be_in_viewport(ratio=1)
    switch = page.get_by_role("radiogroup", name="Stem pool")
    switch.get_by_role("radio", name="Strided 3×3").click()
    expect_parameters(page, RESNET18 + STRIDED_POOL)
    expect(page.get_by_text("Max-pool: −37.0 k parameters, −5.99 % MACs")).to_be_visible()
    switch.get_by_role("radio", name="Max-pool").click()
    expect_parameters(page, RESNET18)


def test_a_group_opens_its_axes_each_with_what_it_does_its_source_and_its_costs(visit):
    page = visit("?design=resnet50")
    groups = page.get_by_role("radiogroup", name="More")
    expect(groups.get_by_role("radio", name="Details")).to_be_in_viewport(ratio=1)
    gate = page.get_by_role("combobox", name="Gate")
    expect(gate).to_have_count(0)
    groups.get_by_role("radio", name="Attention").click()
    expect(page.get_by_text("Hu et al. 2018")).to_be_visible()
    expect(page.get_by_text("+2.53 M parameters, +0.0615 % MACs")).to_be_visible()
    expect(gate).to_be_in_viewport(ratio=1)  # and the picture with it
    expect(blocks(page).first).to_be_in_viewport(ratio=1)
    settle(page)
    gate.click()
    page.get_by_role("option", name="Squeeze and excitation").click()
    expect_parameters(page, 28_088_024)  # timm's seresnet50
    expect(page.get_by_role("heading", name="SE-ResNet-50")).to_be_visible()
    groups.get_by_role("radio", name="Attention").click()
    expect(gate).to_have_count(0)
