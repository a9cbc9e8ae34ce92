"""A sweep in a browser: set up, trained for real on the digits, its front opened on Compare."""

import re

from playwright.sync_api import expect
from training import PATIENCE, SMALL

from benchmarks.served import settle
from resnet_tf.runs.workbench import Workbench


def fill(page, role, name, value):
    """Types into a field, as a person does."""
    field = page.get_by_role(role, name=name, exact=True)
    field.fill(value)
    field.press("Enter")
    settle(page)


def test_a_small_grid_is_swept_and_its_front_opens_on_compare(visit, server):
    bench = Workbench(server.home)
    page = visit(f"sweeps?design={SMALL}")
    page.get_by_role("combobox", name="Axes").press("Backspace")  # the last axis of the two, the learning rate
    settle(page)
    fill(page, "textbox", "Width ×", "0.25, 0.5")
    fill(page, "spinbutton", "Epochs", "1")
    expect(page.get_by_role("group", name="What this sweep takes")).to_contain_text(
        re.compile(r"2\s*trials\s*2\s*epochs")
    )
    page.get_by_role("button", name="Sweep", exact=True).click()

    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible(timeout=PATIENCE)
    front = page.get_by_role("button", name="Open the front on Compare")
    expect(front).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden(timeout=PATIENCE)
    settle(page)
    trials = page.get_by_role("table", name="Trials of this sweep, the best first").get_by_role("row")
    expect(trials).to_have_count(1 + 2)
    (sweep,) = [each for each in bench.sweeps() if each.id in page.url]
    assert (sweep.state, [trial.state for trial in sweep.trials]) == ("finished", ["finished"] * 2)
    expect(trials.nth(1)).to_contain_text(f"{100 * sweep.best.best:.1f} %")

    front.click()
    page.wait_for_url(re.compile("/compare"))
    for trial in sweep.front:
        expect(page.get_by_role("heading", name=trial.run.name)).to_be_visible()
        expect(page.get_by_role("main")).to_contain_text(f"{trial.cost.parameters:,}")
