"""Which run is open: it stands in the URL, so that a reload comes back to it and two browsers can watch one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app import state
from resnet_tf.runs.failures import WorkbenchError

if TYPE_CHECKING:
    from resnet_tf.runs.records import Run

_KEY, _PARAMETER = "run.opened", "run"


def put(run: str | None) -> None:
    """Opens a run; None closes the one that is open."""
    st.session_state[_KEY] = run
    if run is None:
        st.query_params.pop(_PARAMETER, None)
    else:
        st.query_params[_PARAMETER] = run


def take() -> Run | None:
    """The run that the URL names, else the one opened last on this visit, else the newest one under way."""
    asked = st.query_params.get(_PARAMETER)
    if asked is None and _KEY not in st.session_state:
        live = [run.id for run in state.workbench().runs() if not run.over]
        put(live[-1] if live else None)  # the oldest of them is the one that runs
    elif asked is None:
        put(st.session_state[_KEY])  # the page was opened from the menu
    elif asked != st.session_state.get(_KEY):
        put(asked)
    return _found(st.session_state[_KEY])


def _found(run: str | None) -> Run | None:
    if run is None:
        return None
    try:
        return state.workbench().run(run)
    except WorkbenchError as error:
        put(None)
        st.warning(f"{error}. The history has those that are left.", icon=":material/info:")
        return None
