"""The Laboratory page in a browser: a real measurement from the press to the canvas' colours."""

import re

from playwright.sync_api import expect

from benchmarks.served import settle
from resnet_tf.design.links import to_link
from resnet_tf.design.presets import preset

SMALL = preset("resnet20_cifar10", input_shape=(16, 16, 3), stages=[{"blocks": 2, "width": 16}], order="pre")


def test_one_press_measures_and_the_design_is_coloured_by_it(visit):
    page = visit(f"laboratory?design={to_link(SMALL)}")
    page.get_by_role("button", name="Measure").click()
    found = page.get_by_text(re.compile("^Without shortcuts the first block .* gets"))
    expect(found).to_be_visible(timeout=180_000)  # the worker may still be loading Keras
    expect(page.get_by_text("so the formula is exact")).to_be_visible()
    settle(page)
    page.get_by_role("link", name="Design").click()
    settle(page)
    measures = page.get_by_role("combobox", name="Colour by")
    page.wait_for_timeout(5_500)  # for as long as a page believes that nothing is measured
    page.reload()
    settle(page)
    measures.select_option("gradient norm")
    expect(page.locator(".shade .scale")).to_contain_text("norm of dE/dy at first weights")
