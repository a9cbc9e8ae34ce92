"""The files of an export: size, time, whether a fresh process could run them, and the lines that load each."""

from __future__ import annotations

import time
from html import escape
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import downloads, state, words
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
        if not state.workbench().is_at_hand(artifact):
            said.warning("This file is no longer on the server: export again.")
            return
        _download(button, run, artifact, f"Download {title}")
        if artifact.load:
            st.code(artifact.load, language="python", wrap_lines=True)
        if served := row.serving(name):
            with st.expander("Serve it", icon=":material/dns:"):
                st.code(served, language="sh", wrap_lines=True)


def _download(place: DeltaGenerator, run: Run, artifact: Artifact, label: str) -> None:
    """The button: the object store's own link, a stream from this server, or by way of the script's memory."""
    bench = state.workbench()
    link = bench.link(run.id, artifact.format)
    if link is None and downloads.served.is_set():
        link = downloads.address(bench.secret("files"), run.id, artifact.format)
    key = f"download.{run.id}.{artifact.format}"
    if link is not None:
        place.link_button(label, link, icon=":material/download:", width="stretch", key=key)
        return
    place.download_button(
        label, lambda: bench.download(run.id, artifact.format).read_bytes(), Path(artifact.path or "").name,
        on_click="ignore", icon=":material/download:", width="stretch", key=key,
    )  # fmt: skip


def facts(artifact: Artifact) -> str:
    """Size and time in one line."""
    if artifact.expired:
        return f"Expired on {time.strftime('%-d %B %Y', time.localtime(artifact.expired))}: export it again"
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
