"""Somebody's own images: checked, kept and chosen, or refused in a sentence."""

from __future__ import annotations

import streamlit as st

from app import state, words
from resnet_tf.runs.failures import WorkbenchError


def own_images() -> None:
    """A popover that takes a zip or npz, and says what is wrong with it."""
    with st.popover("Add", width="stretch", help="Add your own images"):
        st.caption("A zip with one folder of images for each class, or an npz with `images` and `labels`.")
        st.file_uploader("Images", type=["zip", "npz"], key="train.images")
        st.text_input("Name", key="train.images.name", placeholder="the file's name", max_chars=60)
        st.button("Add images", on_click=_add, type="primary", key="train.images.add")
        for kind, sentence in st.session_state.pop("train.images.said", ()):
            (st.error if kind == "refused" else st.success)(words.plain(sentence))


def _add() -> None:
    """Keeps the uploaded images and chooses them; what is wrong with them is said in the popover."""
    file = st.session_state.get("train.images")
    if file is None:
        _say("refused", "Choose a zip or npz file first.")
        return
    name = st.session_state.get("train.images.name") or file.name.rpartition(".")[0]
    try:
        with st.spinner("Reading the images"):
            card = state.workbench().add_images(name, file.getvalue())
    except WorkbenchError as error:
        _say("refused", str(error))
        return
    st.session_state["train.dataset"] = card.name
    _say("added", f"Added {card.images:,} images in {card.classes:,} classes; they are chosen now.")


def _say(*said: str) -> None:
    st.session_state["train.images.said"] = [said]
