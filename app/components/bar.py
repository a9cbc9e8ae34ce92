"""The bar above the numbers: the design's name, and what one can do with it as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from app import state, words
from app.frame import net
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import MOST_JSON, SpecError, parse_spec
from resnet_tf.runs.failures import WorkbenchError

if TYPE_CHECKING:
    from resnet_tf.runs.records import Design

LONGEST_NAME = 120


def bar() -> None:
    """Draws the bar, and below it what there is to say about the last thing done."""
    now = state.desk()
    with st.container(key="bar", horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"#### {words.plain(now.name)}", width="stretch")
        _step("undo", "Undo", state.undo, bool(now.past), "Ctrl+Z")
        _step("redo", "Redo", state.redo, bool(now.future), "Ctrl+Shift+Z")
        _step("restart_alt", "Reset to ResNet-18", _reset, now.spec != preset(state.FIRST))
        _popover("Save", "bookmark", _save)
        _popover("Open", "folder_open", _open)
        _popover("Share", "link", _share)
    if now.notice:
        st.info(words.plain(now.notice), icon=":material/info:")
        state.dismiss_notice()


def _step(icon: str, title: str, act: Callable[[], None], possible: bool, shortcut: str | None = None) -> None:
    keys = f" ({shortcut})" if shortcut else ""
    st.button(
        title, key=f"bar.{icon}", icon=f":material/{icon}:", on_click=act, disabled=not possible, shortcut=shortcut,
        help=f"{title}{keys}",
    )  # fmt: skip


@st.fragment
def _popover(title: str, icon: str, content: Callable[[], None]) -> None:
    """Apart from the rest: the page is sooner there without what is in it, and opening it draws nothing else anew."""
    key = title.lower()
    with (
        st.popover(title, icon=f":material/{icon}:", key=key, on_change="rerun") as popover,
        net(f"What {title} shows"),
    ):
        if popover.open:
            content()


def _reset() -> None:
    state.set_spec(preset(state.FIRST), PRESETS[state.FIRST].title)


def _save() -> None:
    with st.form("save.form", border=False):
        name = st.text_input("Name", value=state.design_name(), max_chars=LONGEST_NAME)
        if st.form_submit_button("Save design", type="primary"):
            _keep(name)
    st.download_button(
        "Download JSON", state.current_spec().model_dump_json(indent=2), "design.json", "application/json",
        on_click="ignore", icon=":material/download:", key="save.json",
    )  # fmt: skip


def _keep(name: str) -> None:
    try:
        state.workbench().save_design(name, state.current_spec())
    except WorkbenchError as error:
        st.error(str(error))
        return
    name = " ".join(name.split())
    state.set_spec(state.current_spec(), name)
    state.notice(f"Saved as {name}: find it under Open, and on the Compare page.")
    st.rerun()


def _open() -> None:
    _saved()
    _upload()


def _saved() -> None:
    saved = {design.name: design for design in state.workbench().designs()}
    if not saved:
        st.caption("No design is saved yet. Give this one a name under Save, or load a JSON file.")
        return
    name = st.selectbox("Saved designs", list(saved), index=None, placeholder="Choose one", key="open.saved")
    with st.container(horizontal=True, gap="xsmall"):
        if st.button("Open design", disabled=not name, type="primary", key="open.take"):
            _take(saved[name])
        if st.button("Delete", disabled=not name, key="open.delete"):
            state.workbench().delete_design(name, saved[name].owner)
            st.rerun(scope="fragment")


def _take(design: Design) -> None:
    state.set_spec(design.spec, design.name)
    st.rerun()


def _upload() -> None:
    file = st.file_uploader("A design as JSON", key="open.file", max_upload_size=1)
    if file is not None and st.session_state.get("open.taken") != file.file_id:
        st.session_state["open.taken"] = file.file_id
        take_json(file.name, file.getvalue())
        st.rerun()


def take_json(name: str, data: bytes) -> None:
    """Puts the design in a JSON file on the desk; a file that holds none is a notice, and the design stays."""
    try:
        if len(data) > MOST_JSON:
            raise SpecError("design", f"at most {MOST_JSON:,} bytes of JSON", f"{len(data):,} bytes")
        state.set_spec(parse_spec(data), name.removesuffix(".json")[:LONGEST_NAME])
    except SpecError as error:
        state.notice(f"{name} holds no design: {error}. Your design stays as it was.")


def _share() -> None:
    st.caption("The whole design is in this link.")
    here = urlsplit(st.context.url or "")
    st.code(
        urlunsplit((here.scheme, here.netloc, here.path or "/", f"design={state.desk().link}", "")),
        language=None, wrap_lines=True,
    )  # fmt: skip
