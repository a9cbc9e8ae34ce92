"""What one does and reads on the Train page."""

import re

from playwright.sync_api import expect

from benchmarks.served import settle

PATIENCE = 240_000  # ms that a worker may take to start, compile and train a little, on two cores that do other things
SMALL = "resnet20_cifar10"


# the run that the page shows is in its address
RUN = "new URLSearchParams(location.search).get('run')"


def start(page, epochs):
    """Trains the design on the bundled digits for so many epochs: the run's id, once its curves have a point."""
    field = page.get_by_role("spinbutton", name="Epochs", exact=True)
    field.fill(str(epochs))
    field.press("Enter")
    settle(page)
    before = page.evaluate(RUN)
    page.get_by_role("button", name=re.compile("^Train( Shortcut.*)?$")).click()
    page.wait_for_function(f"before => ![null, before].includes({RUN})", arg=before)
    expect_curves(page)
    return page.evaluate(RUN)


def expect_curves(page):
    """The run's curves, which are there from its first point on."""
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible(timeout=PATIENCE)


def expect_finished(page):
    """A run that is over can be exported, and says how well it does; its figures come after its buttons."""
    # the run that was shown before may be on the page a little longer, with an Export of its own, but never a Stop
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden(timeout=PATIENCE)
    expect(page.get_by_role("main").get_by_role("button", name="Export", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Confusion", exact=True)).to_be_visible()
    settle(page)
