"""From a picture to the Design page: what was clicked is put on the desk, and the page is turned to it."""

from __future__ import annotations

import streamlit as st

from app import state
from resnet_tf.design.spec import Spec

_TAKEN = "opening.taken"


def take(spec: Spec, name: str | None = None) -> None:
    """Puts a design on the desk, as a callback does: the page is turned by `follow`, when its script runs."""
    state.set_spec(spec, name)
    st.session_state[_TAKEN] = True


def follow() -> None:
    """Goes to the Design page when a design was taken there."""
    if st.session_state.pop(_TAKEN, False):
        st.switch_page("views/design.py")
