"""Signing in and out, where an instance names who vouches for people (`[auth]` in Streamlit's secrets)."""

from __future__ import annotations

from importlib.util import find_spec

import streamlit as st

from app import state, words
from resnet_tf.runs.failures import WorkbenchError

BEFORE = "Before signing in"  # the name of a design that was not saved when its visitor went to sign in
MISSING = "Signing in needs another package on this server: pip install 'resnet_tf[auth]'"


def providers() -> list[str | None]:
    """Who vouches for people: names, or None for one without; none where visitors stay guests."""
    if not st.secrets.load_if_toml_exists() or "auth" not in st.secrets:
        return []
    from resnet_tf.runs.settings import settings  # which the first page need not wait for

    if not settings().hosted:
        return []
    auth = st.secrets["auth"]
    return [None] if "client_id" in auth else [name for name, section in auth.items() if hasattr(section, "keys")]


def sign() -> None:
    """Draws who one is and the way to be another, in a line at the end of a page."""
    offered = providers()
    if not offered:
        return
    with st.container(key="visitor", horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        person = st.user.to_dict()
        if person.get("is_logged_in"):
            name = person.get("email") or person.get("name") or person["sub"]
            st.caption(f"Signed in as {words.plain(str(name))}", width="content")
            st.button("Sign out", on_click=st.logout, type="tertiary", key="visitor.out")
        elif find_spec("authlib") is None:
            st.caption(words.plain(MISSING), width="content")
        else:
            st.caption("A guest, known by this browser", width="content")
            for name in offered:
                st.button(f"Sign in{f' with {words.plain(name.capitalize())}' if name else ''}", on_click=_sign_in,
                          args=(name,), type="tertiary", key=f"visitor.in.{name}")  # fmt: skip


def _sign_in(provider: str | None) -> None:
    """Leaves for who vouches for people; what lies on the desk is saved, since the page comes back empty."""
    if state.desk().past:
        try:
            state.workbench().save_design(BEFORE, state.current_spec())
        except WorkbenchError as error:
            state.notice(f"Your design could not be saved, so you are still here: {error}")
            return
    st.login(provider)
