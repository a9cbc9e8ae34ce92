"""What one reads off the Design page, in the words that a screen reader says."""

import re

from playwright.sync_api import expect

COSTS = "Costs of this design"


def figure(page, what):
    """The figure of the strip whose accessible name ends so: `trainable parameters, exact`."""
    return page.get_by_role("group", name=COSTS).get_by_role("group", name=re.compile(rf"^[\d,]+ {what}$"))


def expect_figure(page, what, value):
    expect(figure(page, what)).to_have_accessible_name(f"{value:,} {what}")


def expect_parameters(page, value):
    expect_figure(page, "trainable parameters, exact", value)


def blocks(page):
    """The blocks of the drawing, each a button named by its place, shape and costs."""
    return page.get_by_role("group", name=re.compile("Arrow keys walk its blocks")).get_by_role("button")


def set_number(page, label, value):
    """Types a number into a field, as a person does."""
    field = page.get_by_role("spinbutton", name=label, exact=True)
    field.fill(str(value))
    field.press("Enter")
