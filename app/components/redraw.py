"""Has the whole page drawn once a part of it that is drawn apart, and was edited, stands on the screen.

Thirty controls keep a browser busy for longer than the edit's own picture does. Were they drawn in the same breath the
picture would wait for them; so the canvas says when everything in it stands, and only then are they asked for.
"""

from __future__ import annotations

import streamlit as st

# an event of the document, since the canvas can have nothing drawn but the part that it stands in
_LISTENER = """export default function ({ setTriggerValue }) {
  const tell = () => setTriggerValue("drawn", true)
  document.addEventListener("resnet_tf.drawn", tell)
  return () => document.removeEventListener("resnet_tf.drawn", tell)
}
"""
_listener = st.components.v2.component("resnet_tf_redraw", html="<i></i>", js=_LISTENER)


def redraw_when_drawn() -> None:
    """Takes no room on the page. It stands outside of the part: what it tells draws the page that it stands in."""
    with st.container(key="redraw"):
        _listener(key="redraw.listener", on_drawn_change=lambda: None)
