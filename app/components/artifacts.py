"""The files of an export: size, time, whether a fresh process could run them, and the lines that load each."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from app import words
from resnet_tf.runs.records import Artifact, Run

# format -> (how it reads, what it holds)
FORMATS = {
    "savedmodel": ("SavedModel", "TensorFlow's own, zipped: runs without Keras and without this package"),
    "keras": (".keras", "for Keras 3 on any backend, to go on training"),
    "spec": ("Spec", "the design as JSON, for this workbench"),
    "costs": ("Costs", "every layer's parameters, MACs and more, as CSV"),
    "dot": ("DOT", "the drawing, for Graphviz"),
}


def artifact_row(artifact: Artifact, run: Run) -> None:
    """Draws one file of an export."""
    title, about = FORMATS[artifact.format]
    with st.container(border=True, gap="xsmall", key=f"artifact.{artifact.format}"):
        said, button = st.columns([4, 1.2], vertical_alignment="center")
        path = Path(artifact.path) if artifact.path else None
        name = path.name if path else ""
        said.html(
            f'<div class="artifact"><b>{escape(title)}</b> {escape(name)}<small>{escape(about)}</small>'
            f"<small>{escape(facts(artifact))}</small></div>"
        )
        if path is None:
            return
        if path.is_file():
            button.download_button(
                f"Download {title}", path.read_bytes, name, on_click="ignore", icon=":material/download:",
                width="stretch", key=f"download.{run.id}.{artifact.format}",
            )  # fmt: skip
            st.code(artifact.load, language="python", wrap_lines=True)
        else:
            said.warning("This file is no longer on the server: export again.")


def facts(artifact: Artifact) -> str:
    """Size, time and verification in one line."""
    if artifact.path is None:
        return f"Not written: {artifact.error}"
    wrote = f"{words.size(artifact.bytes)}, written in {words.seconds(artifact.seconds)}"
    return f"{wrote} · {verdict(artifact)}"


def verdict(artifact: Artifact) -> str:
    """Whether a fresh process got the same answers from the file."""
    if artifact.error:
        return f"not verified: {artifact.error}"
    if artifact.verified is None:
        return "text, nothing to run"
    if artifact.difference is None:
        return "not verified"
    largest = f"largest difference {artifact.difference:.2g}"
    if artifact.verified:
        return f"verified: reloaded in a fresh process, {largest}"
    return f"not verified: the reloaded network answers otherwise, {largest}"
