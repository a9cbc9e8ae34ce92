"""Who a visitor is: the owner whose runs, designs and images his pages show."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.guests import COOKIE, LIFE, Guests, served
from resnet_tf.runs.workbench import LOCAL, Workbench

KEY = "visitor"
LONGEST = 200  # letters of an owner's name in the records
_FRESH = "visitor.cookie"


def owner(bench: Workbench) -> str:
    """The owner of this session: everybody's on a laptop; on a host a person who signed in, or a guest."""
    if not bench.settings.hosted:
        return LOCAL
    if KEY not in st.session_state:
        st.session_state[KEY] = _recognised(bench)
    return st.session_state[KEY]


def _recognised(bench: Workbench) -> str:
    guests, cookie = Guests(bench.secret("cookies")), st.context.cookies.get(COOKIE)
    fresh = guests.renewed(cookie)
    guest = guests.owner(fresh or cookie)
    st.session_state[_FRESH] = fresh
    person = st.user.to_dict()
    if not person.get("is_logged_in"):
        return guest
    user = name_of(person)
    bench.adopt(guest, user)
    return user


def name_of(person: Mapping[str, Any]) -> str:
    """The owner that a person is, by who vouches for him and his number there: the two that never change."""
    name = f"user:{person['iss']}|{person['sub']}"
    return name if len(name) <= LONGEST else f"user:{hashlib.sha256(name.encode()).hexdigest()}"


def remember() -> None:
    """Has the browser keep a guest's new cookie where no middleware could: by a script, which then can read it too."""
    fresh = st.session_state.get(_FRESH)
    if fresh and not served.is_set():
        secure = "(location.protocol === 'https:' ? '; Secure' : '')"
        kept = f"'{COOKIE}={fresh}; Path=/; Max-Age={LIFE}; SameSite=Lax' + {secure}"
        st.html(f"<script>document.cookie = {kept}</script>", unsafe_allow_javascript=True)
