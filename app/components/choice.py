"""A choice among a few words that lives in the page's link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st


def in_link(
    label: str, options: Sequence[str], key: str, *, on_change: Callable[[], None] | None = None,
    seen: Literal["visible", "collapsed"] = "visible",
) -> str:  # fmt: skip
    """What is chosen; the link has it under the key, where it is not the first.

    Not bound to it: a page with bound parameters cannot be turned by a click.
    """
    if key not in st.session_state:
        said = st.query_params.get(key)
        st.session_state[key] = said if said in options else options[0]
    chosen = st.segmented_control(
        label, options, required=True, key=key, persist_state="session", on_change=on_change, label_visibility=seen
    )
    if chosen == options[0]:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = chosen
    return chosen
