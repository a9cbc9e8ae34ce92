"""Gallery: saved designs with their pictures; the chosen one's tags, notes, runs and versions beside them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import streamlit as st

from app import state
from app.components.cards import cards
from app.components.saved import CHOSEN, open_design, panel, take_back
from app.frame import net
from resnet_tf.design.spec import Spec
from resnet_tf.runs.records import Run

_OPENED = "gallery.opened"


def anywhere(spec: Spec) -> Spec:
    """A design whatever its images and classes: training fits both to a dataset."""
    return spec.model_copy(update={"input_shape": (1, 1, 3), "classes": 1})


def choose(name: str) -> None:
    st.session_state[CHOSEN] = name


def gallery() -> None:
    designs = {design.name: design for design in state.workbench().designs()}
    if (opened := st.session_state.pop(_OPENED, None)) in designs:
        open_design(designs[opened], opened)
    take_back()
    if not designs:
        st.markdown("#### Nothing saved yet")
        st.markdown(
            "A design that you save on the Design page stands here, with its picture, its runs and every version."
        )
        st.page_link("views/design.py", label="Draw one", icon=":material/edit:")
        return
    runs: dict[Spec, list[Run]] = defaultdict(list)
    for run in state.workbench().runs(brief=True):
        runs[anywhere(run.spec)].append(run)
    chosen = st.session_state.get(CHOSEN)
    with st.container(key="gallery"):
        left, right = st.columns([2.6, 1], gap="medium")  # always both: cards that moved lost the keyboard
        with left:
            cards(
                list(designs.values()), lambda spec: runs.get(anywhere(spec), []), chosen=chosen, on_choice=choose,
                on_open=lambda name: st.session_state.update({_OPENED: name}),
            )  # fmt: skip
        with right, net("This design"):
            if chosen in designs:
                tags = sorted({tag for design in designs.values() for tag in design.tags})
                panel(designs[chosen], runs.get(anywhere(designs[chosen].spec), []), tags)
            else:
                st.caption("Choose a card to see its notes, its runs and its versions; a double click opens it.")


st.html(Path(__file__).parents[1] / "components" / "runs.css")
gallery()
