"""Search: one box, opened by Ctrl+K on every page, over all that there is; choosing leads there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple, NoReturn

import streamlit as st

from app import state
from app.components.controls import OPEN
from app.components.shown import RUN
from app.pages import PAGES, file_of
from resnet_tf.design.axes import AXES, Axis
from resnet_tf.design.offers import axes
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import Spec
from resnet_tf.runs.failures import WorkbenchError

_FOLDER = Path(__file__).parent
_HTML = """
<button class="opener" type="button" aria-label="Search" aria-haspopup="dialog" aria-keyshortcuts="Control+K Meta+K">
<svg width="14" height="14" aria-hidden="true"><circle cx="6" cy="6" r="4.2"/><path d="M9.2 9.2 13 13"/></svg>
<span>Search</span><kbd></kbd>
</button>
<dialog aria-label="Search">
<div class="box">
<input type="text" role="combobox" aria-expanded="true" aria-controls="found" aria-autocomplete="list"
 autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="go" maxlength="200" aria-label="Search"
 placeholder="Networks, designs, runs, pages, axes">
<button class="close" type="button" aria-label="Close"><kbd>Esc</kbd><span>Close</span></button>
</div>
<div id="found" role="listbox" aria-label="Found"></div>
<p class="said" role="status"></p>
</dialog>
"""
_SEARCH = st.components.v2.component(
    "resnet_tf_search", html=_HTML, css=(_FOLDER / "search.css").read_text(), js=(_FOLDER / "search.js").read_text()
)
KEY = "search"
_ASKED, _CHOSEN, _FOCUS = "search.asked", "search.chosen", "search.focus"
REACHES = 5.0  # seconds after which no page brings a chosen control into sight any more
MOST_RUNS = 1_000  # the newest


class Item(NamedTuple):
    """Something that can be found: its name, what else it is found by, and a word beside it."""

    id: str
    title: str
    words: str
    note: str = ""


class Source(NamedTuple):
    """A kind of things: what there is of it now, and how one of them is opened by its id."""

    kind: str
    part: Literal["known", "recorded"]  # what must be read from the records comes after the rest
    items: Callable[[], Iterator[Item]]
    open: Callable[[str], NoReturn]


def follow() -> None:
    """Goes where a choice leads, before the page that it was made on is drawn again."""
    kind, _, id = st.session_state.pop(_CHOSEN, "").partition("/")
    for source in SOURCES:  # a browser may say anything
        if source.kind == kind:
            source.open(id)


def search() -> None:
    """Draws the button; its dialog asks for what there is when it opens."""
    if _CHOSEN in st.session_state:
        st.rerun()  # the whole page: left from inside a fragment, its next page would be cleared away
    said: dict[str, object] = {
        "kinds": [source.kind for source in SOURCES],
        "focus": st.session_state.pop(_FOCUS, None),
    }
    if part := st.session_state.pop(_ASKED, None):
        said |= _found(part)
    with st.container(key="search_place"):
        # in a list, since Streamlit looks for data frames in a dictionary and loads pandas to do so
        _SEARCH(data=[said], key=KEY, on_asked_change=_ask, on_chosen_change=_choose, height="content")


def _focus() -> dict[str, object] | None:
    """The control that was just chosen. Said for a while, since a page that is drawn twice may lose the first word."""
    focus = st.session_state.get(_FOCUS)
    return focus if focus and time.time() - focus["at"] < REACHES else None


def _ask() -> None:
    st.session_state[_ASKED] = str(st.session_state[KEY]["asked"])


def _choose() -> None:
    st.session_state[_CHOSEN] = str(st.session_state[KEY]["chosen"])


def _found(part: str) -> dict[str, object]:
    """All that can be found of a part, or why not, where the records cannot be read."""
    try:
        items = [[source.kind, *item] for source in SOURCES if source.part == part for item in source.items()]
    except WorkbenchError as error:
        return {"part": part, "items": [], "trouble": f"Saved designs and runs are missing: {error}."}
    return {"part": part, "items": items, "trouble": ""}


# --- where choices lead


def _go(page: str, **query: str) -> NoReturn:
    st.switch_page(file_of(page), query_params=query or None)


def pages() -> Iterator[Item]:
    yield from (Item(name, name.capitalize(), does, does) for name, does in PAGES.items())


def _open_page(name: str) -> NoReturn:
    _go(name if name in PAGES else "design")


def _designs() -> Iterator[Item]:
    for design in state.workbench().designs():
        tags = ", ".join(design.tags)
        yield Item(design.name, design.name, f"saved design {tags} {design.notes}", tags)


def _open_design(name: str) -> NoReturn:
    saved = {design.name: design for design in state.workbench().designs()}
    if name in saved:
        state.set_spec(saved[name].spec, name)
    else:
        state.notice(f"There is no saved design {name}: it may have been deleted.")
    _go("design")


def _runs() -> Iterator[Item]:
    for run in state.workbench().runs(most=MOST_RUNS, brief=True):
        images = run.dataset.title if run.dataset else ""
        yield Item(run.id, run.name, f"run {images} {run.state} {run.id}", f"{run.state}, {images}")


def _open_run(id: str) -> NoReturn:
    RUN.show(id)
    _go("train", run=id)


def presets() -> Iterator[Item]:
    for name, row in PRESETS.items():
        yield Item(name, row.title, f"{name} {row.group} {row.source}", row.group)


def _open_preset(name: str) -> NoReturn:
    if name in PRESETS:
        state.set_spec(preset(name), PRESETS[name].title)
    _go("design")


def _axes() -> Iterator[Item]:
    yield from axes_of(state.current_spec())


def axes_of(spec: Spec) -> Iterator[Item]:
    """The axes that a design has."""
    for axis in axes(spec):
        values = axis.values.values() if isinstance(axis.values, dict) else ()
        words = " ".join([axis.field, axis.group, axis.does, axis.source, *values])
        end = axis.group if axis.group in ("Stem", "Head") else ""  # whose axes are called like a stage's
        yield Item(
            axis.field, f"{end} {axis.title.lower()}" if end else axis.title, words, f"{axis.group}: {axis.does}"
        )


def _open_axis(field: str) -> NoReturn:
    """The Design page with the axis' group open; the script then brings its control into sight."""
    axis = next((axis for axis in AXES[state.current_spec().family] if axis.field == field), None)
    if axis is not None:
        if field not in OPEN[state.current_spec().family]:
            st.session_state["group"] = axis.group
        st.session_state[_FOCUS] = {"keys": _controls_of(axis), "at": time.time()}
    _go("design")


def _controls_of(axis: Axis) -> list[str]:
    """The keys of the widgets that edit an axis, the likeliest first; the first stage's where every stage has one."""
    whole, _, part = axis.field.partition(".")
    return [f"edit.stage0.{part}"] if whole == "stages" else [f"edit.{axis.field}", f"edit.{part}"]


# a kind of things a row, in the order in which equals are listed
SOURCES = (
    Source("Pages", "known", pages, _open_page),
    Source("Saved designs", "recorded", _designs, _open_design),
    Source("Runs", "recorded", _runs, _open_run),
    Source("Networks", "known", presets, _open_preset),
    Source("Axes", "known", _axes, _open_axis),
)
