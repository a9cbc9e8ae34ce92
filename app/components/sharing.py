"""A run's link, and whether it opens for everybody."""

from __future__ import annotations

import streamlit as st

from app import state, words
from app.components.shown import RUN
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.records import Run


def share(run: Run) -> None:
    """Draws the popover with the link; where visitors are told apart, its owner decides whom it opens for."""
    with st.popover("Share", icon=":material/link:", key="run.share"):
        if state.workbench().settings.hosted:
            key = f"run.shared.{run.id}"
            st.session_state[key] = run.shared
            st.toggle("Anyone with this link can look at this run", key=key, on_change=_share, args=(run.id, key),
                      help="And export it and open its design; only you can stop, resume or delete it.")  # fmt: skip
        else:
            st.caption("Whoever can open this workbench sees the run at this link.")
        st.code(state.address(f"{RUN.parameter}={run.id}"), language=None, wrap_lines=True)
        if said := st.session_state.pop("run.share.said", None):
            st.error(words.plain(said))


def _share(run: str, key: str) -> None:
    try:
        state.workbench().share(run, st.session_state[key])
    except WorkbenchError as error:
        st.session_state["run.share.said"] = str(error)
