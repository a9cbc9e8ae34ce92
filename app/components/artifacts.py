"""The files of an export: size, time, whether a fresh process could run them, and the lines that load each."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from app import words
from resnet_tf.runs.records import Artifact, Run
from resnet_tf.runs.workbench import Format


def artifact_row(artifact: Artifact, run: Run, row: Format) -> None:
    """Draws one file of an export."""
    title, about = row.title, row.about
    with st.container(border=True, gap="xsmall", key=f"artifact.{artifact.format}"):
        said, button = st.columns([4, 1.5], vertical_alignment="center")
        path = Path(artifact.path) if artifact.path else None
        name = path.name if path else ""
        word, why = verdict(artifact)
        proof = f" · <b>{escape(word)}</b>: {escape(why)}" if path else ""
        said.html(
            f'<div class="artifact"><b>{escape(title)}</b> {escape(name)}<small>{escape(about)}</small>'
            f"<span>{escape(facts(artifact))}{proof}</span></div>"
        )
        if path is None:
            return
        if path.is_file():
            button.download_button(
                f"Download {title}", path.read_bytes, name, on_click="ignore", icon=":material/download:",
                width="stretch", key=f"download.{run.id}.{artifact.format}",
            )  # fmt: skip
            if artifact.load:
                st.code(artifact.load, language="python", wrap_lines=True)
            if served := row.serving(name):
                with st.expander("Serve it", icon=":material/dns:"):
                    st.code(served, language="sh", wrap_lines=True)
        else:
            said.warning("This file is no longer on the server: export again.")


def facts(artifact: Artifact) -> str:
    """Size and time in one line."""
    if artifact.path is None:
        return f"Not written: {artifact.error}"
    spent = words.seconds(artifact.seconds) if artifact.seconds >= 0.1 else "under 0.1 s"
    return f"{words.size(artifact.bytes)}, written in {spent}"


def verdict(artifact: Artifact) -> tuple[str, str]:
    """Whether a fresh process got the same answers from the file: in a word or two, and why."""
    if artifact.error:
        return "Not verified", artifact.error
    if artifact.verified is None:
        return "Not run", "text, or weights alone"
    if artifact.difference is None:
        return "Not verified", "no answer came from the fresh process"
    largest = f"largest difference {artifact.difference:.2g}" + (f"; {artifact.note}" if artifact.note else "")
    if artifact.verified:
        return "✓ Verified", f"reloaded in a fresh process, {largest}"
    return "✕ Not verified", f"the reloaded network answers otherwise, {largest}"
