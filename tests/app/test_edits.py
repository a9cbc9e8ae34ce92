"""Edits by every hand and in any order: the canvas, the form, the address and the counts say the same after each."""

import json

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.WidgetStates_pb2 import WidgetState
from test_design import drawn_on, segmented, spec_of, strip_of, whole

from resnet_tf.design.costs import costs
from resnet_tf.design.layout import layout
from resnet_tf.design.links import to_link
from resnet_tf.design.moves import moves
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import SpecError
from resnet_tf.design.stages import depth_field, depth_of
from resnet_tf.design.widths import DRAGS, legal

OPENED = ("resnet18", "resnet50", "seresnet18", "resnet20_cifar10", "densenet121", "vgg16", "plain18")
STEPS, ROUNDS = 50, 10  # 500 steps


def gesture(page, event, value, states=None):
    """The page after the canvas' script has said what a hand did on it, with the fields as its browser has them."""
    states = states or page._tree.get_widget_states()
    told = json.dumps([{"event": event, "value": value}])
    states.widgets.append(WidgetState(id=_make_trigger_id(drawn_on(page).id, "events"), json_trigger_value=told))
    return page._run(states)


class Hands(RuleBasedStateMachine):
    """A visitor of whom nobody knows what comes next, and what the page should hold: versions, and which is now."""

    visit = None  # how a page is opened

    @initialize(name=st.sampled_from(OPENED))
    def open(self, name):
        self.page = self.visit(name)
        self.past, self.now, self.future = [], preset(name), []

    def edited(self, spec):
        if spec not in (None, self.now):
            self.past, self.now, self.future = [*self.past, self.now], spec, []

    @rule(data=st.data())
    def on_the_canvas(self, data):
        parts = ["network", *(row.name for row in costs(self.now).stages)]
        part = data.draw(st.sampled_from([part for part in parts if moves(self.now, part)]), "part")
        done = data.draw(st.sampled_from(moves(self.now, part)), "move")
        self.page = gesture(self.page, "moved", {"part": part, "name": done.move.name})
        self.edited(done.spec)

    @rule(data=st.data())
    def on_a_block(self, data):
        blocks = [block.name for block in costs(self.now).graph.blocks if moves(self.now, block.name)]
        block = data.draw(st.sampled_from(blocks), "block")
        done = data.draw(st.sampled_from(moves(self.now, block)), "move")
        self.page = gesture(self.page, "moved", {"part": block, "name": done.move.name})
        self.edited(done.spec)

    @rule(data=st.data())
    def by_a_drag(self, data):
        stage = f"stage{data.draw(st.integers(1, len(self.now.stages)), 'stage')}"
        edges = ["blocks"] if self.now.family == "densenet" else ["blocks", "width"]
        field = data.draw(st.sampled_from(edges), "edge")
        to = data.draw(st.sampled_from(legal(self.now, stage, field)[:40]), "to")
        self.page = gesture(self.page, "dragged", {"part": stage, "field": field, "to": to})
        self.edited(DRAGS[field](self.now, stage, to))

    @rule(data=st.data(), depth=st.integers(1, 9))
    def in_the_form(self, data, depth):
        i = data.draw(st.integers(0, len(self.now.stages) - 1), "stage")
        field = depth_field(self.now)
        stages = [stage.model_dump(mode="json") for stage in self.now.stages]
        stages[i][field] = depth
        try:
            spec = edit(self.now, stages=stages)
        except SpecError:
            return
        self.page.number_input(key=f"edit.stage{i}.{field}").set_value(depth).run()
        self.edited(spec)

    @rule(name=st.sampled_from(OPENED))
    def by_a_preset(self, name):
        self.page.selectbox(key="edit.preset").select(name).run()
        self.edited(preset(name))

    @precondition(lambda self: self.past)
    @rule()
    def undo(self):
        self.page.button(key="bar.undo").click().run()
        self.past, self.now, self.future = self.past[:-1], self.past[-1], [self.now, *self.future]

    @precondition(lambda self: self.future)
    @rule()
    def redo(self):
        self.page.button(key="bar.redo").click().run()
        self.past, self.now, self.future = [*self.past, self.now], self.future[0], self.future[1:]

    @rule(level=st.sampled_from(["stage", "block", "layer"]))
    def at_another_level(self, level):
        segmented(self.page, "level").set_value(level).run()

    @rule(data=st.data())
    def folded(self, data):
        name = data.draw(st.sampled_from([row.name for row in costs(self.now).stages if row.name.startswith("stage")]))
        self.page = gesture(self.page, "turned", name)

    @rule()
    def reload(self):
        """What the address holds is all that comes back."""
        self.page = self.visit(to_link(spec_of(self.page)))
        self.past, self.future = [], []

    @invariant()
    def all_say_the_same(self):
        page, counted = self.page, costs(self.now)
        assert whole(page)
        assert spec_of(page) == self.now
        assert f"{counted.trainable_parameters:,} trainable parameters" in strip_of(page)
        for i in range(len(self.now.stages)):
            shown = page.number_input(key=f"edit.stage{i}.{depth_field(self.now)}").value
            assert shown == depth_of(self.now, i)
        level, turned = page.session_state["level"], page.session_state["turned"]
        picture = json.loads(json.dumps(layout(counted, level, turned).packed()))
        assert json.loads(drawn_on(page).json)[0]["picture"] == picture
        assert page.button(key="bar.undo").disabled != bool(self.past)
        assert page.button(key="bar.redo").disabled != bool(self.future)


def test_no_edit_is_lost_whatever_hand_makes_it(visit):
    patient = settings(
        max_examples=ROUNDS, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate], derandomize=True, database=None,
    )  # fmt: skip
    run_state_machine_as_test(type("Hands", (Hands,), {"visit": staticmethod(visit)}), settings=patient)


PLUS, MINUS = ({"part": "stage3.block6", "key": key} for key in "+-")


def test_fields_that_a_browser_sends_before_it_has_heard_of_an_edit_do_not_take_it_back(visit):
    page = visit("resnet50")
    old = page._tree.get_widget_states()
    page = gesture(page, "moved", PLUS)
    assert spec_of(page).stages[2].blocks == 7
    page = gesture(page, "moved", MINUS, old)
    assert spec_of(page) == preset("resnet50")
    assert page.number_input(key="edit.stage2.blocks").value == 6
    page.button(key="bar.undo").click().run()
    assert spec_of(page).stages[2].blocks == 7


def test_a_field_that_is_typed_into_before_the_others_have_heard_of_an_edit_counts_alone(visit):
    page = visit("resnet50")
    old = page._tree.get_widget_states()
    page = gesture(page, "moved", PLUS)
    (classes,) = (state for state in old.widgets if state.id.endswith("edit.classes"))
    classes.double_value = 10
    page = page._run(old)
    assert spec_of(page).classes == 10
    assert spec_of(page).stages[2].blocks == 7
    page.number_input(key="edit.classes").set_value(1000).run()  # what was shown at first is a value like others
    assert spec_of(page).classes == 1000
