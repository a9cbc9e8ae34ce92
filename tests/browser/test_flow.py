"""The error on its way back, in a browser: played, moved by keys, at rest, on a phone."""

import math
from dataclasses import replace

import handmade
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from benchmarks.served import served, settle
from resnet_tf.design.links import to_link
from resnet_tf.design.presets import preset
from resnet_tf.learning.signals import BlockSignal
from resnet_tf.runs.records import MEASURED, PROFILED
from resnet_tf.runs.store import Happening
from resnet_tf.runs.versus import question
from resnet_tf.runs.workbench import Workbench

SMALL = preset("resnet20_cifar10", stages=[{"blocks": 2, "width": 16}])
PATH = f"laboratory?design={to_link(SMALL)}"
WATCH = """figures => {
  window.seen = []
  new MutationObserver(() => {
    const said = [...figures.querySelectorAll(".pulse .now")].map(words => words.textContent).join(", ")
    if (window.seen.at(-1) !== said) window.seen.push(said)
  }).observe(figures, { subtree: true, childList: true })
}"""
WIDTHS = "g => [...g.querySelectorAll('.signal')].map(line => parseFloat(getComputedStyle(line).strokeWidth))"


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A server whose records have a profile and trainings in step of a design."""
    home = tmp_path_factory.mktemp("home")
    bench = Workbench(home)
    there, host = bench._instance.place
    bench._store.enter("w", host, there, 1)
    head = BlockSignal("head", "none", 1.0, 0.5, 4.0, *[None] * 4)
    made = handmade.profile()
    sides = {
        side: tuple(replace(flow, blocks=(*flow.blocks, head)) for flow in flows) for side, flows in made.sides.items()
    }
    made = replace(made, sides=sides)
    for begin, kind, found in (
        (lambda: bench.laboratory.profile(SMALL, name="small"), PROFILED, made),
        (lambda: bench.laboratory.versus(question(SMALL, ("all",)), name="small"), MEASURED, handmade.versus()),
    ):
        begin()
        run = bench._store.claim("w", "CPU", "a test")
        bench._store.append("w", run, [Happening(kind, 1, 0, 1.0, found.as_json())])
        bench._store.end("w", run, "finished")
    bench.close()
    with served(home, variables={"RESNET_TF_WORKER": "none"}) as up:
        yield up


def slider(page):
    return page.get_by_role("slider", name="Where the error is")


def place(page):
    """Where the error is, to be expected of the slider."""
    return lambda words: expect(slider(page)).to_have_attribute("aria-valuetext", words)


def test_played_the_error_goes_from_the_head_to_the_stem_in_both_networks(visit, measured):
    page = visit(PATH, at=measured)
    place(page)("at the image")
    page.locator(".figures").evaluate(WATCH)
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    now = page.locator(".pulse .now").all_text_contents()
    page.wait_for_timeout(500)
    assert page.locator(".pulse .now").all_text_contents() == now != ["image", "image"]  # it stays
    page.get_by_role("button", name="Play").click()
    place(page)("at the image")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert page.evaluate("window.seen") == [
        "loss, loss", "head: 0.5, head: 0.5", "1.2: 2.3, 1.2: 3.5", "1.1: 1, 1.1: 0.01", "stem: 1, stem: 1",
        "image, image",
    ]  # fmt: skip

    # the same by keys, from right to left as the error goes
    slider(page).press("Home")
    place(page)("at the loss")
    slider(page).press("ArrowLeft")
    slider(page).press("ArrowLeft")
    place(page)("at stage 1, block 2, 2 of 4 from the loss")
    drawn = [piece.get_attribute("class") for piece in page.locator("figure").first.locator("[data-block]").all()]
    assert [("arrived" in each, "passed" in each) for each in drawn] == [
        (False, False), (False, False), (True, False), (True, True)
    ]  # fmt: skip
    slider(page).press("End")
    place(page)("at the image")

    # and a block in words, as thick as the formula has it
    block = page.get_by_role("button", name="stage 1, block 2: norm of dE/dy 2.25").first
    block.hover()
    said = "with shortcuts, stage 1, block 2: norm of dE/dy 2.25; back to its input by the branch 3, by the shortcut 4"
    expect(page.get_by_text(said)).to_be_visible()
    by_formula = {1 + 6 * math.log(norm / 0.01) / math.log(4 / 0.01) for norm in (3.0, 4.0, 1.0)}
    assert sorted(set(block.evaluate(WIDTHS))) == pytest.approx(sorted(by_formula), abs=0.01)
    block.focus()
    block.press("Enter")
    place(page)("at stage 1, block 2, 2 of 4 from the loss")


@pytest.mark.parametrize("look", [{"color_scheme": "light"}, {"color_scheme": "dark", "reduced_motion": "reduce"}])
def test_on_a_phone_networks_stand_below_each_other_and_nobody_is_locked_out(visit, measured, phone, look):
    page = visit(PATH, at=measured, **look, **phone)
    expect(page.locator("figure")).to_have_count(2)
    above, below = (figure.bounding_box() for figure in page.locator("figure").all())
    assert above["y"] + above["height"] <= below["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    slider(page).press("Home")
    place(page)("at the loss")
    expect(page.get_by_role("button", name="Play")).to_have_count(0 if "reduced_motion" in look else 1)
    found = Axe().run(page).response["violations"]
    assert [f"{each['id']}: {each['help']} {each['nodes'][0]['target']}" for each in found] == []


def test_the_slider_through_the_training_draws_both_anew_and_the_canvas_has_thick_lines_too(visit, measured):
    page = visit(f"{PATH}&study=With+and+without", at=measured)
    slider(page).press("Home")
    expect(page.get_by_text("after epoch 2, logarithmic")).to_be_visible()
    page.get_by_role("slider", name="Through the training").press("Home")
    expect(page.get_by_text("at first weights, logarithmic")).to_be_visible()
    place(page)("at the loss")  # it stays where it was

    page.goto(f"{measured.url}/?design={to_link(SMALL)}")
    settle(page)
    page.get_by_role("combobox", name="Colour by").select_option("gradient norm")
    expect(page.locator(".shade .scale")).to_contain_text("lines 1 to 7 px: 2.2 to 4")
    arc = page.locator('[data-piece="stage1.block1"] .edge.identity path')
    expect(arc).to_have_css("stroke-width", "7px")
