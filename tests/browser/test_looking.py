"""Links that show a design: to look at it, to fork it, inside another page."""

import re
import urllib.request

from desk import expect_parameters, set_number
from playwright.sync_api import expect

from benchmarks.served import settle

LOOK = "?design=resnet50&look=true"
EDITING = ("Undo", "Redo", "Save", "Open", "+ stage", "Same cost, other shape", "Budget")


def test_who_is_given_a_link_looks_and_after_one_click_edits_and_undoes(visit):
    page = visit(LOOK)
    expect_parameters(page, 25_557_032)
    expect(page.get_by_role("heading", name="ResNet-50")).to_be_visible()
    for name in EDITING:
        expect(page.get_by_role("main").get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_role("spinbutton")).to_have_count(0)
    page.get_by_role("button", name="stage 2, block 2", exact=True).click()
    expect(page.get_by_text("y = ReLU(F(x, {Wᵢ}) + x)", exact=True)).to_be_visible()
    expect(page.get_by_role("switch")).to_have_count(0)  # nor is its shortcut cut

    page.get_by_role("button", name="Fork").click()
    expect(page.get_by_text("This copy is yours")).to_be_visible()
    page.wait_for_url(re.compile(r"\?design=resnet50$"))
    set_number(page, "Stage 1 blocks", 4)
    expect_parameters(page, 25_557_032 + 70_400)  # 1x1x256x64 + 3x3x64x64 + 1x1x64x256 and norms of 64, 64 and 256
    page.get_by_role("button", name="Undo").click()
    expect_parameters(page, 25_557_032)


def test_the_link_to_share_opens_the_design_to_look_at(visit):
    page = visit("?design=wide_resnet50_2")
    page.get_by_role("button", name="Share", exact=True).click()
    link = page.get_by_test_id("stPopoverBody").get_by_role("code").first.inner_text()
    assert link.endswith("?design=wide_resnet50_2&look=true")
    page.goto(link)
    settle(page)
    expect(page.get_by_role("button", name="Fork")).to_be_visible()
    expect_parameters(page, 68_883_240)


def test_inside_another_page_there_are_drawing_numbers_and_the_way_to_the_whole(visit, server):
    page = visit("?design=resnet50&embed=true")
    expect_parameters(page, 25_557_032)
    expect(page.get_by_role("group", name="A network of depth 50")).to_be_visible()
    for role in ("spinbutton", "textbox", "combobox", "radio", "navigation"):
        expect(page.get_by_role(role)).to_have_count(0)
    for name in (*EDITING, "Search", "Fork", "Fit"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open in resnet_tf").click()
    opened.value.wait_for_url(re.compile(r"\?design=resnet50&look=true$"))


def test_the_served_page_of_a_link_has_its_picture(server):
    with urllib.request.urlopen(f"{server.url}/?design=resnet50", timeout=30) as answer:
        text = answer.read().decode()
    (picture,) = re.findall(r'og:image" content="([^"]+)"', text)
    assert picture == f"{server.url}/preview/resnet50.png"
    with urllib.request.urlopen(picture, timeout=30) as answer:
        assert answer.headers["Content-Type"] == "image/png"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
