"""The studies of the Laboratory page in a browser: each section, with real figures of a network trained on the page."""

import re

from playwright.sync_api import expect
from training import PATIENCE, expect_finished, start

from benchmarks.served import settle
from resnet_tf.design.links import to_link
from resnet_tf.design.presets import preset

SMALL = to_link(
    preset(
        "resnet20_cifar10",
        input_shape=(16, 16, 3),
        stages=[{"blocks": 2, "width": 16}, {"blocks": 1, "width": 32, "stride": 2}],
    )
)


def section(page, name):
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name, exact=True)).first.click()
    settle(page)


def measured(page, words):
    """Presses Measure, and waits for what is found."""
    page.get_by_role("button", name="Measure").click()
    found = page.get_by_text(re.compile(words)).first
    expect(found).to_be_visible(timeout=PATIENCE)
    settle(page)


def test_every_section_shows_what_was_measured(visit):
    page = visit(f"train?design={SMALL}")
    start(page, 1)
    expect_finished(page)
    page.get_by_role("link", name="Laboratory").first.click()
    settle(page)

    section(page, "Paths")
    expect(page.get_by_text("8 paths lead from the image to the output").first).to_be_visible()
    expect(page).to_have_url(re.compile("study=Paths"))
    measured(page, r"^With each branch that it passes the gradient of a single path")

    section(page, "Lesions")
    measured(page, r"^As it is, the network is right about")
    expect(page.get_by_role("table", name="Every lesion and what it costs").get_by_role("row")).to_have_count(8)

    section(page, "Surface")
    measured(page, r"^The loss of the weights is")
    drawn = page.get_by_role("application", name=re.compile("Arrow keys turn it"))
    expect(drawn).to_be_visible()
    before = drawn.screenshot()
    drawn.focus()
    drawn.press("ArrowLeft")
    page.wait_for_timeout(200)
    assert drawn.screenshot() != before
    page.get_by_role("button", name="From above").click()
    expect(page.get_by_role("button", name="From the side")).to_be_focused()

    section(page, "Signal")
    measured(page, r"^From stage 1, block 1 to stage 2, block 1 the variance")


def test_on_a_phone_the_sections_do_not_scroll_sideways(visit, phone):
    page = visit(f"laboratory?design={SMALL}&study=Paths", **phone)
    expect(page.get_by_text("paths lead from the image").first).to_be_visible()
    assert page.evaluate("() => document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth + 1")
