"""The desk: history, draft and address, without a page."""

import pytest
import streamlit as st

from app import state
from resnet_tf.design.links import from_link, to_link
from resnet_tf.design.presets import preset


@pytest.fixture(autouse=True)
def session(monkeypatch):
    """A visitor's session and address, as plain dictionaries."""
    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(st, "query_params", {})


def test_a_new_desk_holds_resnet18():
    assert state.current_spec() == preset("resnet18")
    assert state.design_name() == "ResNet-18"
    assert state.current_costs().trainable_parameters == 11_689_512


def test_every_edit_is_written_into_the_address():
    state.change(classes=10)
    assert from_link(st.query_params["design"]) == preset("resnet18", classes=10)
    state.set_spec(preset("resnet50"), "ResNet-50")
    assert st.query_params["design"] == "resnet50"


def test_an_edit_that_changes_nothing_is_no_step():
    state.change(classes=1000)
    assert state.desk().past == ()


def test_an_edit_back_to_a_published_network_takes_its_name():
    state.change(classes=10)
    assert state.design_name() == "ResNet-18, edited"
    state.change(input_shape=(64, 64, 3))
    assert state.design_name() == "ResNet-18, edited"
    state.change(classes=1000, input_shape=(224, 224, 3))
    assert state.design_name() == "ResNet-18"


def test_history_forgets_its_beginning_and_never_its_end():
    for classes in range(2, state.LONGEST_HISTORY + 12):
        state.change(classes=classes)
    assert len(state.desk().past) == state.LONGEST_HISTORY
    state.undo()
    assert state.current_spec().classes == state.LONGEST_HISTORY + 10


def test_a_new_edit_after_an_undo_ends_what_could_be_redone():
    state.change(classes=10)
    state.undo()
    state.change(classes=20)
    state.redo()
    assert state.current_spec().classes == 20


def test_undo_and_redo_with_nothing_to_do_do_nothing():
    before = state.desk()
    state.undo()
    state.redo()
    assert state.desk() == before


def test_a_refused_edit_stays_in_the_draft_and_counts_with_the_next():
    state.set_spec(preset("resnet50"))
    state.change(groups=48)
    assert state.current_spec().groups == 1
    assert state.draft()["groups"] == 48
    stages = [
        {**stage, "width": width} for stage, width in zip(state.draft()["stages"], (48, 96, 192, 384), strict=True)
    ]
    state.change(stages=stages)
    assert state.desk().refusal is None
    assert state.current_spec().groups == 48


def test_the_draft_is_a_copy():
    state.draft()["stages"][0]["width"] = -1
    assert state.current_spec() == preset("resnet18")


def test_the_nearest_values_are_taken_one_after_another_until_the_design_is_legal():
    state.set_spec(preset("resnet50"))
    state.change(groups=48)
    state.use_nearest()
    assert state.desk().refusal is None
    assert all(stage.width % 48 == 0 for stage in state.current_spec().stages)


def test_a_refusal_without_a_nearest_value_stays():
    state.change(classes="many")
    state.use_nearest()
    assert state.desk().refusal is not None
    state.keep()
    assert state.draft()["classes"] == 1000


def test_a_page_without_an_address_gets_the_one_of_the_desk():
    state.set_spec(preset("resnet101"))
    st.query_params.clear()  # what a change of pages does
    state.follow_url()
    assert st.query_params["design"] == "resnet101"


def test_an_address_of_a_moment_ago_is_not_followed_and_an_older_one_is(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(state.time, "monotonic", lambda: clock[0])
    state.change(classes=10)
    st.query_params["design"] = "resnet18"
    clock[0] += state.IN_FLIGHT / 2
    state.follow_url()
    assert state.current_spec().classes == 10
    st.query_params["design"] = "resnet18"
    clock[0] += state.IN_FLIGHT
    state.follow_url()
    assert state.current_spec().classes == 1000
    assert [version.spec.classes for version in state.desk().future] == [10]


def test_a_link_to_another_design_is_a_step_that_can_be_undone(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(state.time, "monotonic", lambda: clock[0])
    state.change(classes=10)
    clock[0] += 60
    st.query_params["design"] = to_link(preset("resnet50", classes=3))
    state.follow_url()
    assert state.design_name() == "ResNet-50, edited"
    state.undo()
    assert state.current_spec().classes == 10
