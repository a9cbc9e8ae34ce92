"""What a button could not do, said where it was pressed: callbacks run before the page and outside of its net."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from resnet_tf.design.spec import SpecError
from resnet_tf.runs.failures import WorkbenchError

_KEY = "trouble"


def attempt(place: str, act: Callable[..., object], *args: object) -> None:
    """Calls what a button stands for; what it refuses is kept for `show`."""
    st.session_state.pop(_KEY, None)
    try:
        act(*args)
    except (WorkbenchError, SpecError) as error:
        st.session_state[_KEY] = (place, str(error))


def show(place: str) -> None:
    """Draws, once, the sentence of what was refused at a place."""
    at, sentence = st.session_state.get(_KEY, (None, ""))
    if at == place:
        del st.session_state[_KEY]
        st.error(sentence, icon=":material/error:")
