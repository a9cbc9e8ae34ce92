"""Somebody's own images: a zip or npz, checked, and why it was refused."""

from __future__ import annotations

import streamlit as st

from app import state
from app.components import trouble

LARGEST = 200  # MB


def upload() -> None:
    """The form that adds images; what it adds is chosen at once."""
    st.caption(
        "A zip with one folder of images for each class, or an npz with images (n, height, width, channels) "
        "and labels (n)."
    )
    file = st.file_uploader("Images", type=["zip", "npz"], key="upload.file", max_upload_size=LARGEST)
    name = st.text_input("Name", key="upload.name", max_chars=120, placeholder=_name(file) or "My images")
    st.button(
        "Add images",
        disabled=file is None,
        on_click=trouble.attempt,
        args=("upload", _add, file, name or _name(file)),
        width="stretch",
    )
    trouble.show("upload")


def _name(file) -> str:  # type: ignore[no-untyped-def]
    return file.name.rpartition(".")[0] if file is not None else ""


def _add(file, name: str) -> None:  # type: ignore[no-untyped-def]
    st.session_state["train.dataset"] = state.workbench().add_images(name, file.getvalue()).name
