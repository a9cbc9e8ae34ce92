"""The canvas under a mouse, a finger and a keyboard, in a real browser."""

import re

import pytest
from desk import blocks, expect_parameters, set_number
from playwright.sync_api import expect

from benchmarks.served import settle

MOTION = 400  # ms: longer than anything moves


def canvas(page):
    return page.locator(".canvas .window")


def part(page, name):
    """The box of a block, a folded stage or a layer, by its name in the design."""
    return page.locator(f'.pieces .node[data-id="{name}"]')


def heading(page, name):
    """The bar with a stage's or an open block's name, which folds it."""
    return page.locator(f'[data-turn-part="{name}"]')


def at(page, name):
    """Where a box is on the screen, once nothing moves."""
    was = None
    while was != (now := part(page, name).bounding_box()) or now is None:  # it is being drawn anew
        was = now
        page.wait_for_timeout(MOTION)
    return now


def test_a_double_click_unfolds_a_stage_then_a_block_and_their_headings_fold_them_again(visit):
    page = visit("?design=resnet152")
    expect(part(page, "stage3")).to_be_visible()
    part(page, "stage3").dblclick()
    expect(part(page, "stage3.block2")).to_be_visible()
    expect(part(page, "stage3")).to_have_count(0)
    expect(part(page, "stage2")).to_be_visible()  # the others stay as they are
    at(page, "stage3.block2")  # where it stays
    part(page, "stage3.block2").dblclick()
    expect(part(page, "stage3.block2.conv3")).to_be_visible()
    heading(page, "stage3.block2").click()
    expect(part(page, "stage3.block2.conv3")).to_have_count(0)
    heading(page, "stage3").click()
    expect(part(page, "stage3")).to_be_visible()
    expect(page.locator(".canvas .count", has_text="× 36")).to_be_visible()


def test_enter_unfolds_what_has_the_focus_and_folds_it_again(visit):
    page = visit("?design=resnet50")
    blocks(page).first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(part(page, "stage1.block1.conv1")).to_be_visible()
    part(page, "stage1.block1.conv2").focus()
    page.keyboard.press("Enter")
    expect(part(page, "stage1.block1")).to_be_visible()


def test_one_box_is_in_the_order_of_tab_and_the_end_key_brings_the_last_into_sight(visit):
    page = visit("?design=resnet50")
    expect(page.locator('.pieces .node[tabindex="0"]')).to_have_count(1)
    blocks(page).first.focus()
    page.keyboard.press("End")
    expect(part(page, "head")).to_be_focused()
    expect(part(page, "head")).to_be_in_viewport(ratio=1)
    expect(page.locator('.pieces .node[tabindex="0"]')).to_have_count(1)


def test_home_and_end_reach_the_ends_of_a_network_of_which_little_is_drawn(visit):
    page = visit("?design=resnet1202_cifar10")
    page.get_by_role("radio", name="block", exact=True).click()
    expect(part(page, "stage1.block2")).to_be_visible()
    settle(page)
    blocks(page).first.focus()
    page.keyboard.press("End")
    expect(part(page, "head")).to_be_focused()
    expect(part(page, "head")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Home")
    expect(part(page, "stem")).to_be_focused()


def test_a_drag_pans_and_is_no_click_and_the_strip_below_shows_where_one_is(visit):
    page = visit("?design=resnet152")
    heading(page, "stage3").click()
    expect(part(page, "stage3.block1")).to_be_visible()
    strip, frame = page.locator(".canvas .map"), page.locator(".canvas .map i")
    expect(strip).to_be_visible()
    before, framed = at(page, "stage3.block1"), frame.bounding_box()
    page.mouse.move(before["x"] + 5, before["y"] + 20)
    page.mouse.down()
    page.mouse.move(before["x"] - 295, before["y"] + 20, steps=6)
    page.mouse.up()
    assert at(page, "stage3.block1")["x"] == pytest.approx(before["x"] - 300, abs=2)
    assert frame.bounding_box()["x"] > framed["x"] + 50
    expect(page.locator(".node.chosen")).to_have_count(0)
    bar = strip.bounding_box()
    page.mouse.click(bar["x"] + bar["width"] - 2, bar["y"] + 5)
    expect(part(page, "head")).to_be_in_viewport()
    page.get_by_role("button", name="Fit").click()
    expect(strip).to_be_hidden()
    expect(part(page, "stem")).to_be_in_viewport(ratio=1)
    expect(part(page, "head")).to_be_in_viewport(ratio=1)


def test_the_wheel_zooms_to_the_cursor_and_a_plain_wheel_leaves_the_page_to_scroll(visit):
    page = visit("?design=resnet50")
    box = at(page, "stage3.block1")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.wheel(0, 100)
    settled = at(page, "stage3.block1")
    assert settled["width"] == pytest.approx(box["width"], abs=0.5)
    page.mouse.wheel(0, -100)
    page.keyboard.down("Control")
    for _ in range(3):
        page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    near = at(page, "stage3.block1")
    assert near["width"] > 2 * box["width"]
    assert near["x"] + near["width"] / 2 == pytest.approx(x, abs=3)


def touching(page, y):
    """A function by which fingers at that height touch the screen: `fingers("touchMove", 100, 120)`."""
    touch = page.context.new_cdp_session(page)

    def fingers(kind, *places):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [
            {"x": x, "y": y, "id": i} for i, x in enumerate(places)]})  # fmt: skip

    return fingers


def test_two_fingers_pinch_and_one_finger_pans(visit, phone):
    page = visit("?design=resnet50", **phone)
    frame = canvas(page).bounding_box()
    middle = frame["x"] + frame["width"] / 2
    fingers = touching(page, frame["y"] + 60)
    before = at(page, "stage1.block1")
    fingers("touchStart", middle)
    for step in range(1, 9):
        fingers("touchMove", middle - 10 * step)
    fingers("touchEnd")
    assert at(page, "stage1.block1")["x"] < before["x"] - 60
    fingers("touchStart", middle - 40, middle + 40)
    for step in range(1, 9):
        fingers("touchMove", middle - 40 - 5 * step, middle + 40 + 5 * step)
    fingers("touchEnd")
    page.wait_for_timeout(MOTION)
    widths = page.evaluate("() => [...document.querySelectorAll('*')].flatMap(e => e.shadowRoot ? "
                           "[...e.shadowRoot.querySelectorAll('.pieces .block rect:not(.heading)')] : [])"
                           ".map(r => r.getBoundingClientRect().width)")  # fmt: skip
    assert max(widths) > 1.5 * before["width"]


def test_where_one_looks_is_kept_through_an_edit(visit):
    page = visit("?design=resnet152")
    page.get_by_role("radio", name="block", exact=True).click()
    expect(part(page, "stage2.block3")).to_be_visible()
    settle(page)
    part(page, "stage2.block3").click()
    expect(part(page, "stage2.block3")).to_have_attribute("aria-pressed", "true")
    page.mouse.move(700, 400)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    settle(page)
    before = at(page, "stage2.block3")
    set_number(page, "Stage 1 blocks", 6)
    settle(page)
    after = at(page, "stage2.block3")
    assert (after["x"], after["width"]) == pytest.approx((before["x"], before["width"]), abs=2)


def test_resnet1202_opens_folded_and_unfolded_draws_only_what_is_in_sight(visit):
    page = visit("?design=resnet1202_cifar10")
    expect(blocks(page)).to_have_count(5)
    page.get_by_role("radio", name="layer", exact=True).click()
    expect(part(page, "stem.conv")).to_be_visible()
    settle(page)
    assert 10 < blocks(page).count() < 150  # of 4,804 layers
    page.get_by_role("button", name="Fit").click()
    expect(part(page, "head.classifier").or_(page.locator('.piece[data-piece="head"]')).first).to_be_in_viewport()


def test_nothing_moves_for_who_asked_for_no_motion(visit):
    page = visit("?design=resnet152", reduced_motion="reduce")
    heading(page, "stage3").click()
    expect(part(page, "stage3.block1")).to_be_visible()
    assert page.evaluate("() => [...document.querySelectorAll('*')].filter(e => e.shadowRoot)"
                         ".flatMap(e => e.shadowRoot.getAnimations()).length") == 0  # fmt: skip


def test_a_box_says_its_shape_its_costs_and_how_far_it_sees(visit):
    """The last block of ResNet-50: three kernels, three norms with their moving statistics."""
    parameters = 512 * (2048 + 9 * 512 + 2048) + 4 * (512 + 512 + 2048)
    macs = 7 * 7 * 512 * (2048 + 9 * 512 + 2048)
    page = visit("?design=resnet50")
    expect(part(page, "stage4.block3")).to_have_accessible_name(
        f"stage 4, block 3: 7×7×2048, {parameters:,} parameters, {macs:,} MACs, sees 427 px"
    )


# --- edits where the network is drawn

RESNET50 = 25_557_032  # trainable parameters, torchvision's count
BLOCK_OF_STAGE_1 = 70_400  # He 2015: 1x1 256 to 64, 3x3, 1x1 64 to 256, and three norms
BLOCK_OF_STAGE_3 = 256 * (1024 + 9 * 256 + 1024) + 2 * (256 + 256 + 1024)  # of a bottleneck, by hand


def edge(page, stage, field):
    return page.locator(f'[data-drag="{field}"][data-drag-stage="{stage}"]')


def pull(page, handle, dx, dy):
    """Drags a handle so far and holds it."""
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=4)


def test_a_stages_right_edge_is_dragged_for_its_depth_in_one_step_that_can_be_undone(visit):
    page = visit("?design=resnet50")
    hint = page.locator(".canvas .hint")
    block = at(page, "stage3.block3")["x"] - at(page, "stage3.block2")["x"]
    pull(page, edge(page, "stage3", "blocks"), 2 * block, 0)
    expect(hint).to_have_text("stage 3: 8 blocks, +2.23 M parameters, +437 M MACs")
    page.mouse.up()
    expect_parameters(page, RESNET50 + 2 * BLOCK_OF_STAGE_3)
    expect(part(page, "stage3.block8")).to_be_visible()
    expect(page).not_to_have_url(f"{page.url.partition('?')[0]}?design=resnet50")
    page.get_by_role("button", name="Undo").click()
    expect_parameters(page, RESNET50)
    expect(part(page, "stage3.block8")).to_have_count(0)


def test_an_edge_that_is_dragged_too_far_says_why_before_it_is_released_and_changes_nothing(visit):
    page = visit("?design=resnet50")
    pull(page, edge(page, "stage2", "blocks"), -400, 0)
    hint = page.locator(".canvas .hint")
    expect(hint).to_have_text("Stage 2 blocks must be at least 1")
    expect(hint).to_have_class("hint refused")
    page.mouse.up()
    settle(page)
    expect_parameters(page, RESNET50)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_stages_top_edge_is_dragged_for_its_width(visit):
    page = visit("?design=resnet50")
    pull(page, edge(page, "stage4", "width"), 0, -70)  # an octave
    expect(page.locator(".canvas .hint")).to_have_text("stage 4: width 1024")
    page.mouse.up()
    expect(page.get_by_role("spinbutton", name="Stage 4 width")).to_have_value("1024")


def test_a_right_click_says_what_can_be_done_and_what_it_costs_and_does_it(visit):
    page = visit("?design=resnet50")
    part(page, "stage3.block2").click(button="right")
    menu = page.get_by_role("menu")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    expect(menu).to_contain_text("Duplicate")
    expect(menu).to_contain_text("+1.12 M parameters, +218 M MACs")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    settle(page)
    part(page, "stage3.block2").click(button="right")
    menu.get_by_role("menuitem", name="Cut this shortcut").click()
    expect(page.locator('[data-piece="stage3.block2"] .edge.cut')).to_have_count(1)
    expect_parameters(page, RESNET50)


def test_plus_minus_and_delete_edit_what_has_the_focus(visit):
    page = visit("?design=resnet50")
    part(page, "stage3.block6").focus()
    page.keyboard.press("+")
    expect_parameters(page, RESNET50 + BLOCK_OF_STAGE_3)
    expect(part(page, "stage3.block6")).to_be_focused()
    page.keyboard.press("Delete")
    expect_parameters(page, RESNET50)


def test_a_stages_buttons_are_as_large_as_a_finger_and_make_it_deeper(visit, phone):
    page = visit("?design=resnet50", **phone)
    part(page, "stage1.block2").tap()
    more = page.get_by_role("button", name="One block more in stage 1")
    expect(more).to_be_visible()
    box = more.bounding_box()
    assert min(box["width"], box["height"]) >= 43.9
    more.tap()
    expect(part(page, "stage1.block4")).to_have_count(1)


def test_a_finger_that_rests_on_a_block_is_told_what_can_be_done(visit, phone):
    page = visit("?design=resnet50", **phone)
    box = at(page, "stage1.block2")
    fingers = touching(page, box["y"] + box["height"] / 2)
    fingers("touchStart", box["x"] + box["width"] / 2)
    menu = page.get_by_role("menu")
    expect(menu).to_contain_text("One block more")
    fingers("touchEnd")
    rows = menu.get_by_role("menuitem")
    assert min(row.bounding_box()["height"] for row in rows.all()) >= 43.9
    menu.get_by_role("menuitem", name="One block more").tap()
    expect_parameters(page, RESNET50 + BLOCK_OF_STAGE_1)


def test_a_finger_drags_the_edge_of_the_stage_it_has_chosen_for_its_depth(visit, phone):
    page = visit("?design=resnet50", **phone)
    expect(edge(page, "stage1", "blocks")).to_be_hidden()  # where a finger pans
    part(page, "stage1.block2").tap()
    expect(edge(page, "stage1", "blocks")).to_be_visible()
    settle(page)
    handle = edge(page, "stage1", "blocks").bounding_box()
    assert handle["width"] >= 43.9
    length = at(page, "stage1.block3")["x"] - at(page, "stage1.block2")["x"]
    x = handle["x"] + handle["width"] / 2
    fingers = touching(page, handle["y"] + handle["height"] / 2)
    fingers("touchStart", x)
    for step in range(1, 5):
        fingers("touchMove", x + step * length / 4)
    fingers("touchEnd")
    expect_parameters(page, RESNET50 + BLOCK_OF_STAGE_1)


def test_the_menu_key_says_what_can_be_done_and_arrows_and_enter_do_it(visit):
    page = visit("?design=resnet50")
    part(page, "stage1.block2").focus()
    page.keyboard.press("ContextMenu")
    rows = page.get_by_role("menu").get_by_role("menuitem")
    expect(rows.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(rows.first).to_contain_text("One block more")
    page.keyboard.press("Enter")
    expect_parameters(page, RESNET50 + BLOCK_OF_STAGE_1)


def test_a_network_that_is_heard_is_told_in_sentences(visit):
    page = visit("?design=resnet50")
    told = page.locator(".canvas .told li")
    expect(told).to_have_count(6)  # stem, four stages, head
    expect(told.nth(2)).to_have_text(
        "Stage 2 of 4 blocks (1 × projection shortcut, 3 × identity shortcut) gives 28×28×512: "
        "1.23 M parameters, 1.03 G MACs."
    )


def test_a_box_and_its_row_in_the_table_stand_out_together(visit):
    page = visit("?design=resnet50")
    part(page, "stage2.block2").hover()
    expect(page.locator(".canvas .line")).to_contain_text("stage 2, block 2: 28×28×512, 281,600 parameters")
    expect(page.locator('tr.under[data-id="stage2.block2"]')).to_have_count(1)
    page.locator('tr[data-id="stage1.block2"]').hover()
    expect(page.locator('.piece.under[data-piece="stage1.block2"]')).to_have_count(1)


def test_shade_stands_for_what_is_chosen_and_its_number_stands_in_the_box(visit):
    page = visit("?design=resnet50")
    page.get_by_role("combobox", name="Colour by").select_option("parameters")
    expect(page.locator(".canvas .scale")).to_have_text(
        "0 to 6.05 M parameters"
    )  # moving statistics too, as in the table
    expect(part(page, "stage1.block1").locator("text")).to_have_text("256 · 76.3 k")


def test_what_differs_from_the_network_beside_is_a_shade_and_a_number(visit):
    """ResNet-50 of 2015 has its strides elsewhere: in three blocks two convolutions, and what lies between them."""
    page = visit("?design=resnet50_v1")
    page.get_by_role("button", name="Compare with").click()
    page.get_by_role("combobox", name="Network").fill("ResNet-50")
    page.get_by_role("option", name="ResNet-50", exact=True).click()
    page.keyboard.press("Escape")
    measures = page.get_by_role("combobox", name="Colour by")
    measures.select_option(label="difference from ResNet-50")
    expect(page.locator(".canvas .scale")).to_contain_text("layers unlike ResNet-50's")
    expect(part(page, "stage2.block1").locator("text")).to_have_text(re.compile(r"512 · [2-9]$"))
    expect(part(page, "stage2.block2").locator("text")).to_have_text("512 · 0")
    expect(part(page, "stage1.block1").locator("text")).to_have_text("256 · 0")


def test_who_only_looks_at_a_design_is_offered_no_edits(visit):
    page = visit("?design=resnet50&look=true")
    expect(part(page, "stage1.block1")).to_be_visible()
    expect(edge(page, "stage1", "blocks")).to_be_hidden()
    part(page, "stage1.block1").click()
    expect(page.locator(".canvas .stagebar")).to_be_hidden()
