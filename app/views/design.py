"""Design: the network in the middle, controls beside it, its costs above, every block below."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from app import state
from app.components.canvas import canvas
from app.components.controls import controls
from app.components.inspector import find, inspector
from app.components.strip import strip
from app.components.table import as_csv, table
from resnet_tf.design.costs import Costs
from resnet_tf.design.memory import PRECISIONS
from resnet_tf.design.picture import LEVELS
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import SpecError, parse_spec

MANY_BLOCKS = 24  # more are folded into stages when a design is opened
LARGEST_FILE = 1_000_000  # bytes of JSON


def bar() -> None:
    """The design's name, and what one can do with it as a whole."""
    now = state.desk()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{now.name}**", width="stretch")
        _step("undo", "Undo", state.undo, bool(now.past), "Ctrl+Z")
        _step("redo", "Redo", state.redo, bool(now.future), "Ctrl+Shift+Z")
        st.button("Reset", on_click=_reset, help="Back to ResNet-18; can be undone")
        with st.popover("Save"):
            _save()
        with st.popover("Open"):
            _open()
        with st.popover("Link"):
            st.caption("The whole design is in this link.")
            st.code(_address(now.link), language=None, wrap_lines=True)
    if now.notice:
        st.info(now.notice, icon=":material/info:")
        state.dismiss()


def _step(name: str, title: str, act: Callable[[], None], possible: bool, shortcut: str) -> None:
    st.button(
        f":material/{name}:",
        key=name,
        on_click=act,
        disabled=not possible,
        shortcut=shortcut,
        help=f"{title} ({shortcut})",
    )


def _address(link: str) -> str:
    here = urlsplit(st.context.url or "http://localhost:8501/")
    return urlunsplit((here.scheme, here.netloc, here.path, f"design={link}", ""))


def _reset() -> None:
    state.set_spec(preset(state.FIRST), PRESETS[state.FIRST].title)


def _save() -> None:
    with st.form("save", border=False):
        name = st.text_input("Name", value=state.design_name(), max_chars=120)
        if st.form_submit_button("Save design", type="primary"):
            state.workbench().save_design(name, state.current_spec())
            state.set_spec(state.current_spec(), name)
            st.success(f"Saved as {name}.")
    st.download_button(
        "Download JSON", state.current_spec().model_dump_json(indent=2), "design.json", "application/json",
        on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def _open() -> None:
    saved = state.workbench().designs()
    if saved:
        names = {design.name: design for design in saved}
        name = st.selectbox("Saved designs", list(names), index=None, placeholder="Choose one", key="open.saved")
        left, right = st.columns(2)
        left.button(
            "Open design", disabled=not name, on_click=_take_saved, args=(name and names[name],), width="stretch"
        )
        right.button("Delete", disabled=not name, on_click=_delete_saved, args=(name,), width="stretch")
    else:
        st.caption("No design is saved yet: give this one a name under Save.")
    file = st.file_uploader("A design as JSON", type=["json"], key="open.file", max_upload_size=1)
    if file is not None and st.session_state.get("open.done") != file.file_id:
        st.session_state["open.done"] = file.file_id
        _take_json(file.name, file.getvalue())


def _take_saved(design) -> None:  # type: ignore[no-untyped-def]
    state.set_spec(design.spec, design.name)


def _delete_saved(name: str) -> None:
    state.workbench().delete_design(name)


def _take_json(name: str, data: bytes) -> None:
    try:
        if len(data) > LARGEST_FILE:
            raise SpecError("design", f"at most {LARGEST_FILE:,} bytes of JSON", f"{len(data):,} bytes")
        state.set_spec(parse_spec(data), name.removesuffix(".json"))
    except SpecError as error:
        state.notice(f"{name} holds no design: {error}. Your design stays as it was.")
    st.rerun()


def compared() -> tuple[str, int, str]:
    """What the costs stand beside: a preset's name, a batch size, a precision."""
    for key, value in (("beside", "vgg19"), ("batch", 32), ("precision", "float32")):
        st.session_state.setdefault(key, value)
    return st.session_state["beside"], st.session_state["batch"] or 32, st.session_state["precision"]


def choices() -> None:
    """How much of the network is drawn, and what its costs are compared with."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control("Level", LEVELS, key="level", label_visibility="collapsed", required=True)
        st.space("stretch")
        with st.popover("Compare with"):
            title = {name: row.title for name, row in PRESETS.items()}
            st.selectbox("Beside", list(PRESETS), format_func=title.__getitem__, key="beside", persist_state="session")
            st.number_input("Batch", min_value=1, max_value=65_536, key="batch", persist_state="session")
            st.selectbox("Precision", list(PRECISIONS), key="precision", persist_state="session")


def _level(counted: Costs) -> None:
    """Folds a design of many blocks when it is opened; after that the visitor decides."""
    link = state.desk().link.partition("~")[0]
    if st.session_state.get("level.of") != link:
        st.session_state["level.of"] = link
        st.session_state["level"] = "stage" if len(counted.graph.blocks) > MANY_BLOCKS else "block"


def main() -> None:
    counted = state.current_costs()
    _level(counted)
    with st.container(key="desk"):
        left, right = st.columns([1, 3.4], gap="medium")
        with left:
            controls()
        with right:
            bar()
            beside, batch, precision = compared()
            before = state.desk().before
            strip(
                counted, before and state.counted(before), state.counted(preset(beside)), PRESETS[beside].title, batch,
                precision,
            )  # fmt: skip
            choices()
            chosen = st.session_state.get("canvas", {}).get("selected")
            block = find(counted, chosen) if chosen else None
            canvas(counted, st.session_state["level"], key="canvas", selected=chosen)
            blocks, inside = st.columns([1.35, 1], gap="medium") if block else (st.container(), None)
            with blocks:
                table(counted)
                st.download_button(
                    "Download CSV",
                    as_csv(counted),
                    "blocks.csv",
                    "text/csv",
                    on_click="ignore",
                    icon=":material/download:",
                )
            if block and inside:
                with inside:
                    inspector(counted, block)


main()
