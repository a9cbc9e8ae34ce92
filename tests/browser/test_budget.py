"""Budgets in a real browser: typed, seen at the figure, kept by the link; another shape by one click, and back."""

import re

from desk import COSTS, expect_parameters, figure
from playwright.sync_api import expect

RESNET50 = 25_557_032  # trainable parameters, torchvision's count


def figures(page):
    return page.get_by_role("group", name=COSTS)


def test_a_budget_that_is_typed_is_at_the_figure_and_in_the_link(visit):
    page = visit("?design=resnet50")
    page.get_by_role("button", name="Budget").click()
    field = page.get_by_role("textbox", name="Parameters")
    field.fill("27M")
    field.press("Enter")
    expect(figures(page)).to_contain_text("1.44 M left")
    expect(page).to_have_url(re.compile("budget=parameters~27000000"))
    expect(page.get_by_text(re.compile("^Over your budget: "))).to_contain_text("×\u00a02")
    again = visit(page.url.partition("/?")[2].join(["?", ""]))
    expect(figures(again)).to_contain_text("1.44 M left")
    expect(again.get_by_text(re.compile("^Over your budget: "))).to_contain_text("×\u00a02")


def test_a_deeper_network_of_the_same_cost_is_one_click_and_one_undo(visit):
    page = visit("?design=resnet50")
    page.get_by_role("button", name="Same cost, other shape").click()
    page.get_by_role("button", name=re.compile("98 layers")).click()
    expect(figure(page, "weighted layers on the longest path, exact")).to_have_accessible_name(re.compile("^98 "))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo").click()
    expect_parameters(page, RESNET50)


def test_on_a_phone_the_figures_stand_within_the_screen(visit, phone):
    page = visit("?design=resnet50&budget=parameters~27000000~macs~4000000000", **phone)
    expect(figures(page)).to_contain_text("89.2 M over")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    right = figures(page).evaluate(
        "strip => Math.max(...[...strip.children].map(cell => cell.getBoundingClientRect().right))"
    )
    assert right <= 390
