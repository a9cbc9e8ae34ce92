"""The first question of the talk takes five clicks of one who has never been here."""

import re

from desk import expect_figure, expect_parameters
from playwright.sync_api import expect


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
