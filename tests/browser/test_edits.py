"""A sample of tests/app/test_edits.py in a real browser: none that hands make one after another is lost."""

import random
from functools import partial

import pytest
from desk import expect_parameters, set_number
from playwright.sync_api import expect

from benchmarks.served import settle
from resnet_tf.design.costs import costs
from resnet_tf.design.layout import layout
from resnet_tf.design.links import to_link
from resnet_tf.design.moves import outcome
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.stages import depth_of

STEPS = 16
KEYS = {"+": "deepen", "-": "shallow", "d": "duplicate", ">": "widen", "Delete": "remove"}
LINK = "link => new URL(location.href).searchParams.get('design') === link"


class Visitor:
    """Hands on a page, and what it should hold after what they did: the versions before, now, and after it."""

    def __init__(self, page, name, chance):
        self.page, self.chance = page, chance
        self.past, self.now, self.future = [], preset(name), []

    def edited(self, spec):
        if spec not in (None, self.now):
            self.past, self.now, self.future = [*self.past, self.now], spec, []

    def by_key(self):
        block = self.chance.choice([block.name for block in costs(self.now).graph.blocks if "." in block.name])
        key = self.chance.choice(list(KEYS))
        self.page.locator(f'.pieces .node[data-id="{block}"]').focus()
        self.page.keyboard.press(key)
        part = block.partition(".")[0] if key == ">" else block  # a block is as wide as its stage
        self.edited(outcome(self.now, part, KEYS[key]).spec)

    def by_menu(self):
        stage = f"stage{self.chance.randint(1, len(self.now.stages))}"
        self.page.locator(f'.pieces .node[data-id="{stage}.block1"]').click(button="right")
        self.page.get_by_role("menuitem", name="Cut this shortcut").or_(
            self.page.get_by_role("menuitem", name="Restore this shortcut")
        ).first.click()
        cut = f"{stage}.block1" in self.now.cut_shortcuts
        self.edited(outcome(self.now, f"{stage}.block1", "restore" if cut else "cut").spec)

    def in_the_form(self):
        i, blocks = self.chance.randrange(len(self.now.stages)), self.chance.randint(1, 5)
        set_number(self.page, f"Stage {i + 1} blocks", blocks)
        stages = [stage.model_dump(mode="json") for stage in self.now.stages]
        stages[i]["blocks"] = blocks
        self.edited(edit(self.now, stages=stages))

    def undo(self):
        if self.past:
            self.page.get_by_role("button", name="Undo").click()
            self.past, self.now, self.future = self.past[:-1], self.past[-1], [self.now, *self.future]

    def redo(self):
        if self.future:
            self.page.get_by_role("button", name="Redo").click()
            self.past, self.now, self.future = [*self.past, self.now], self.future[0], self.future[1:]

    def reload(self):
        """What the address holds is all that comes back."""
        self.page.reload()
        self.past, self.future = [], []

    def expect_that_all_say_the_same(self):
        self.page.wait_for_function(LINK, arg=to_link(self.now))
        settle(self.page)
        counted = costs(self.now)
        expect_parameters(self.page, counted.trainable_parameters)
        for i in range(len(self.now.stages)):
            field = self.page.get_by_role("spinbutton", name=f"Stage {i + 1} blocks", exact=True)
            expect(field).to_have_value(f"{depth_of(self.now, i)}")
        pieces = len(layout(counted, "block").pieces)
        expect(self.page.locator(".canvas .network")).to_have_attribute("data-pieces", f"{pieces}")
        expect(self.page.locator(".st-key-heard input")).to_have_value(to_link(self.now))  # the form has heard of it
        expect(self.page.get_by_role("button", name="Undo")).to_be_enabled(enabled=bool(self.past))
        expect(self.page.get_by_role("button", name="Redo")).to_be_enabled(enabled=bool(self.future))


@pytest.mark.parametrize("seed", [1, 2])
def test_no_edit_is_lost_whatever_hand_makes_it(visit, seed):
    chance = random.Random(seed)
    visitor = Visitor(visit("?design=resnet18"), "resnet18", chance)
    hands = [visitor.by_key, visitor.by_menu, visitor.in_the_form, visitor.undo, visitor.redo]
    for hand in (*chance.choices(hands, weights=(5, 2, 4, 3, 2), k=STEPS), visitor.reload, visitor.by_key):
        hand()
        visitor.expect_that_all_say_the_same()


def test_a_key_that_is_pressed_while_an_edit_is_on_its_way_takes_nothing_back(visit):
    page = visit("?design=resnet50")
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})  # a slow computer
    block = page.locator('.pieces .node[data-id="stage3.block6"]')
    more = costs(outcome(preset("resnet50"), "stage3.block6", "deepen").spec).trainable_parameters
    for _ in range(3):
        block.focus()
        page.keyboard.press("+")
        expect_parameters(page, more)  # the numbers are drawn first, the form last
        page.keyboard.press("-")
        expect_parameters(page, costs(preset("resnet50")).trainable_parameters)
        settle(page)
    expect_parameters(page, costs(preset("resnet50")).trainable_parameters)
    expect(page.get_by_role("spinbutton", name="Stage 3 blocks", exact=True)).to_have_value("6")


def test_keys_are_taken_at_whatever_moment_of_the_pages_drawing_they_are_pressed(visit):
    """While the canvas is drawn, before the form follows, while it does: none is lost, none brings another design.

    And Streamlit's own books stay straight: a browser that has let go of a message which it is told to show again gives
    the page up for good.
    """
    page = visit("?design=resnet50")
    deeper = costs(outcome(preset("resnet50"), "stage1.block2", "deepen").spec).trainable_parameters
    here = costs(preset("resnet50")).trainable_parameters
    pieces = page.locator(".canvas .network").get_attribute("data-pieces")
    pauses = [partial(page.wait_for_timeout, pause) for pause in range(0, 640, 40)]
    for pause in (*[partial(settle, page)] * 12, *pauses):
        for key, parameters in (("+", deeper), ("-", here)):
            page.locator('.pieces .node[data-id="stage1.block2"]').focus()
            page.keyboard.press(key)
            expect_parameters(page, parameters)
            pause()
    expect(page.get_by_role("spinbutton", name="Stage 1 blocks", exact=True)).to_have_value("3")
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-connection-state", "CONNECTED")
    assert page.url.endswith("design=resnet50")
    assert page.locator(".canvas .network").get_attribute("data-pieces") == pieces


def edited_by_key(visit, block, key, spec):
    """ResNet-18's page after a key on a block: the numbers are those of the design it makes, the form follows."""
    page = visit("?design=resnet18")
    page.locator(f'.pieces .node[data-id="{block}"]').focus()
    page.keyboard.press(key)
    expect_parameters(page, costs(spec).trainable_parameters)
    return page


def test_who_types_into_the_form_while_it_waits_for_an_edit_on_the_canvas_is_not_interrupted(visit):
    wider = outcome(preset("resnet18"), "stage4", "widen").spec
    page = edited_by_key(visit, "stage4.block2", ">", wider)
    field = page.get_by_role("spinbutton", name="Stage 2 blocks", exact=True)
    field.fill("5")
    page.wait_for_timeout(1_500)  # longer than the form waits for anybody else
    expect(field).to_have_value("5")
    field.press("Enter")
    stages = [stage.model_dump(mode="json") for stage in wider.stages]
    stages[1]["blocks"] = 5
    both = edit(wider, stages=stages)
    expect_parameters(page, costs(both).trainable_parameters)
    expect(page.get_by_role("spinbutton", name="Stage 4 width", exact=True)).to_have_value(f"{both.stages[3].width}")
    page.wait_for_function(LINK, arg=to_link(both))


def test_a_menu_that_is_opened_while_the_form_waits_stays_under_the_hand(visit):
    """However slowly it is pressed: the row is the same when the hand lets go."""
    deeper = outcome(preset("resnet18"), "stage4.block2", "deepen").spec
    page = edited_by_key(visit, "stage4.block2", "+", deeper)
    page.locator('.pieces .node[data-id="stage1.block1"]').click(button="right")
    row = page.get_by_role("menuitem", name="Cut this shortcut")
    row.hover()
    page.mouse.down()
    page.wait_for_timeout(1_500)
    page.mouse.up()
    cut = outcome(deeper, "stage1.block1", "cut").spec
    page.wait_for_function(LINK, arg=to_link(cut))
    expect(page.locator(".st-key-heard input")).to_have_value(to_link(cut))
