"""The bar above the numbers: the design's name, and what one can do with it as a whole."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from app import state, words
from app.frame import net
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.runs.failures import WorkbenchError

if TYPE_CHECKING:
    from resnet_tf.design.recognition import Recognised
    from resnet_tf.runs.records import Design

LONGEST_NAME = 120
LARGEST_FILE = 300  # MB: a ResNet-152 with its weights takes 240


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


def look_bar() -> None:
    """The bar of who only looks: the design's name, and how to make it one's own."""
    with st.container(key="bar", horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"#### {words.plain(state.design_name())}", width="stretch")
        st.button("Fork", key="look.fork", type="primary", icon=":material/call_split:", on_click=state.fork,
                  help="A copy of this design that is yours to edit")  # fmt: skip


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
        st.error(words.plain(str(error)))
        return
    name = " ".join(name.split())
    state.set_spec(state.current_spec(), name)
    state.notice(f"Saved as {name}: find it under Open, and on the Compare page.")
    st.rerun()


def _open() -> None:
    _saved()
    _import()


def _saved() -> None:
    saved = {design.name: design for design in state.workbench().designs()}
    if not saved:
        st.caption("No design is saved yet. Give this one a name under Save, or load a file.")
        return
    name = st.selectbox("Saved designs", list(saved), index=None, placeholder="Choose one", key="open.saved")
    with st.container(horizontal=True, gap="xsmall"):
        if st.button("Open design", disabled=not name, type="primary", key="open.take"):
            _take(saved[name])
        if st.button("Delete", disabled=not name, key="open.delete"):
            state.workbench().delete_design(name)
            st.rerun(scope="fragment")


def _take(design: Design) -> None:
    state.set_spec(design.spec, design.name)
    st.rerun()


def _import() -> None:
    """A file or a name of any library; what is no residual network is said so, and the design stays."""
    file = st.file_uploader(
        "A design, or a network of another library", type=["json", "keras", "onnx", "pb", "zip"], key="open.file",
        max_upload_size=LARGEST_FILE,
        help="A .keras or .onnx file, or a SavedModel as a zip, is read as data: nothing in it is run.",
    )  # fmt: skip
    if file is not None and st.session_state.get("open.taken") != file.file_id:
        st.session_state["open.taken"] = file.file_id
        with st.spinner("Reading the network"):
            _recognised(file.name, lambda: state.workbench().imported(file.name, file.getvalue()))
        st.rerun()
    st.text_input(
        "Or a name in timm, torchvision or Keras", key="open.name", placeholder="resnet50.a1_in1k", on_change=_asked
    )
    if name := st.session_state.pop("open.asked", ""):
        _recognised(name, lambda: state.workbench().named(name))
        st.rerun()  # the whole page: what is in a popover is drawn anew alone


def _asked() -> None:
    """Takes the name out of its field, which a new one may be written into."""
    st.session_state["open.asked"] = st.session_state["open.name"].strip()[:LONGEST_NAME]
    st.session_state["open.name"] = ""


def _recognised(name: str, read: Callable[[], Recognised]) -> None:
    """Puts what was recognised on the desk, and says what the file does not."""
    try:
        found = read()
    except WorkbenchError as error:
        state.notice(f"{error}. Your design stays as it was.")
        return
    known = found.preset if found.preset and found.preset.spec == found.spec else None
    state.set_spec(found.spec, known.title if known else name.rpartition(".")[0][:LONGEST_NAME] or name)
    if found.notes:
        state.notice(" ".join(found.notes))


def _share() -> None:
    st.caption("The whole design is in this link. Who opens it looks at it, and may fork it.")
    st.code(state.address(state.look_link()), language=None, wrap_lines=True)
    st.caption("For a slide or a page of a course: drawing and numbers alone.")
    source = state.address(f"design={state.desk().link}&embed=true")
    frame = f'<iframe src="{source}" width="100%" height="520" style="border:0" title="{escape(state.design_name())}">'
    st.code(f"{frame}</iframe>", language=None, wrap_lines=True)
    if state.workbench().settings.hosted and not state.workbench().settings.frames:
        st.caption("This host shows its pages inside its own alone; RESNET_TF_FRAMES names other sites.")
