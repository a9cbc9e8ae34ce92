"""With and without in a browser: both sides trained in step, live, from the press to the slider."""

import re

from playwright.sync_api import expect
from training import PATIENCE

from benchmarks.served import settle
from resnet_tf.design.links import to_link
from resnet_tf.design.presets import preset

SMALL = preset("resnet20_cifar10", input_shape=(16, 16, 3), stages=[{"blocks": 2, "width": 16}])


def test_one_press_trains_both_sides_and_the_slider_goes_through_the_training(visit):
    page = visit(f"laboratory?design={to_link(SMALL)}&study=With+and+without")
    for field, value in (("Epochs", 2), ("Seeds", 2)):
        box = page.get_by_role("spinbutton", name=field, exact=True)
        box.fill(str(value))
        box.press("Enter")
        settle(page)
    page.get_by_role("button", name="Train both").click()
    expect(page.get_by_text(re.compile("^After 2 epochs the validation accuracy is"))).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(re.compile("^After 2 epochs the gradient of the first block"))).to_be_visible()
    page.get_by_role("slider", name="Through the training").press("Home")
    expect(page.get_by_text(re.compile("^At first weights the gradient of the first block"))).to_be_visible()
    settle(page)
