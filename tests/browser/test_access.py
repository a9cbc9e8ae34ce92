"""Nobody is locked out: axe-core finds nothing on any page, and the first question of the talk takes five clicks."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from desk import expect_figure, expect_parameters
from playwright.sync_api import expect

PAGES = ("", "explore", "gallery", "train", "sweeps", "laboratory", "lessons", "lessons?lesson=gradient", "compare",
         "export")  # fmt: skip


def violations(page):
    """What axe-core found, in its own words, each with the first element that it is about."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['help']} {each['nodes'][0]['target']}" for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violations_on_any_page(visit, scheme):
    found = {}
    for path in PAGES:
        page = visit(path, color_scheme=scheme)
        for _ in range(5):  # what is just being drawn anew is faint for a moment
            page.wait_for_timeout(500)
            found[path] = violations(page)
            if not found[path]:
                break
        page.context.close()
    assert {path: each for path, each in found.items() if each} == {}


def test_five_clicks_tell_what_a_bottleneck_in_place_of_a_basic_block_costs(visit):
    """ResNet-34 with bottlenecks is ResNet-50: 25.6 M parameters, 4.09 G MACs (He 2015: 3.8 billion, without some)."""
    page = visit()
    page.get_by_role("combobox", name="Start from").click()
    page.get_by_role("option", name=re.compile("^ResNet-34 · ")).first.click()
    expect_parameters(page, 21_797_672)  # torchvision's count
    page.get_by_role("radio", name="Bottleneck").click()
    expect_parameters(page, 25_557_032)
    expect_figure(page, "multiply-adds of convolutions and dense layers, exact", 4_089_184_256)
    costs = page.get_by_role("group", name="Costs of this design")
    expect(costs).to_contain_text("+3.76 M since last")
    expect(costs).to_contain_text("+425 M since last")
