"""The design that a visitor is working on: one spec, its name, its history, and the link that holds it whole."""

from __future__ import annotations

import copy
import re
import threading
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from resnet_tf.design.costs import Costs, costs
from resnet_tf.design.links import from_link, to_link
from resnet_tf.design.presets import PRESETS, edit, preset
from resnet_tf.design.spec import Spec, SpecError

if TYPE_CHECKING:
    from resnet_tf.runs.workbench import Workbench

FIRST = "resnet18"
LONGEST_HISTORY = 200
MOST_MENDS = 32  # nearest values taken for one click: a dozen stages may each need one
PAINT = 0.2  # seconds
IN_FLIGHT = 1.5  # seconds: a browser that says an older link sooner has not heard of the new one yet
WORKER_WAITS = 1.0  # seconds after the first page is out, so that the worker's start does not slow its drawing
_KEY = "desk"
_PARAMETER = "design"


class Version(NamedTuple):
    """A design under its name."""

    spec: Spec
    name: str


class Refusal(NamedTuple):
    """An edit that makes no network: what was asked for in all, which field last, and why it cannot be."""

    changes: dict[str, Any]
    edited: str
    error: SpecError


@dataclass(frozen=True)
class Desk:
    """What lies on the desk. Every edit gives a new one."""

    now: Version
    past: tuple[Version, ...] = ()
    future: tuple[Version, ...] = ()
    before: Spec | None = None  # what the numbers' changes are counted from
    refusal: Refusal | None = None
    notice: str = ""
    link: str = ""  # what the URL says
    written: float = 0.0  # when we wrote it there

    @property
    def spec(self) -> Spec:
        return self.now.spec

    @property
    def name(self) -> str:
        return self.now.name


def desk() -> Desk:
    """The visitor's desk, with ResNet-18 on it at first."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Desk(Version(preset(FIRST), PRESETS[FIRST].title), link=FIRST)
    return st.session_state[_KEY]


def _put(changed: Desk) -> None:
    """The desk as it is from now on, and the URL with it."""
    link = to_link(changed.spec)
    st.session_state[_KEY] = replace(changed, link=link, written=time.monotonic())
    st.query_params[_PARAMETER] = link


def current_spec() -> Spec:
    return desk().spec


def design_name() -> str:
    """What the design is called: a preset's title, a saved name, or "..., edited"."""
    return desk().name


@lru_cache(maxsize=64)
def counted(spec: Spec) -> Costs:
    """The costs of a spec, counted once."""
    return costs(spec)


def current_costs() -> Costs:
    return counted(current_spec())


# --- edits


def set_spec(spec: Spec, name: str | None = None) -> None:
    """Puts a design on the desk, as one step that can be undone."""
    was = desk()
    if spec == was.spec:
        _put(replace(was, now=Version(spec, name or was.name), refusal=None))
        return
    now = Version(spec, name or _edited(was.name, to_link(spec)))
    _put(Desk(now, (*was.past, was.now)[-LONGEST_HISTORY:], before=was.spec))


def _edited(name: str, link: str) -> str:
    if link in PRESETS:
        return PRESETS[link].title
    return name if name.endswith(", edited") else f"{name}, edited"


def draft() -> dict[str, Any]:
    """The fields as the controls show them: the design's, with what was typed and refused since."""
    now = desk()
    asked = now.refusal.changes if now.refusal else {}
    return copy.deepcopy({**now.spec.model_dump(mode="json"), **asked})


def change(**changes: Any) -> None:
    """Edits fields of the draft. An edit that makes no network is kept as a refusal, and the design stays drawn."""
    now = desk()
    asked = {**(now.refusal.changes if now.refusal else {}), **changes}
    try:
        set_spec(edit(now.spec, **asked))
    except SpecError as error:
        st.session_state[_KEY] = replace(now, refusal=Refusal(asked, next(iter(changes)), error))


def undo() -> None:
    was = desk()
    if was.past:
        _put(Desk(was.past[-1], was.past[:-1], (was.now, *was.future), before=was.spec))


def redo() -> None:
    was = desk()
    if was.future:
        _put(Desk(was.future[0], (*was.past, was.now), was.future[1:], before=was.spec))


def use_nearest() -> None:
    """Mends a refused edit with the nearest legal values, one after another where one leads to the next."""
    for _ in range(MOST_MENDS):
        refusal = desk().refusal
        if refusal is None or refusal.error.nearest is None:
            return
        fields = draft()
        top = _place(fields, refusal.error.field, refusal.error.nearest)
        change(**{top: fields[top]})


def _place(fields: dict[str, Any], field: str, value: object) -> str:
    """Puts a value where `stages[2].width` says; gives the name of the field that now differs."""
    steps = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", field)]
    at: Any = fields
    for step in steps[:-1]:
        at = at[step]
    at[steps[-1]] = value
    return str(steps[0])


def keep() -> None:
    """Forgets a refused edit: the controls show the design again."""
    st.session_state[_KEY] = replace(desk(), refusal=None)


def notice(words: str) -> None:
    """Something to say on the next page that is drawn."""
    st.session_state[_KEY] = replace(desk(), notice=words)


def dismiss_notice() -> None:
    st.session_state[_KEY] = replace(desk(), notice="")


# --- the URL


def follow_url() -> None:
    """Takes up the design in the URL when it is not the one that we wrote there: a link, a reload, a step back."""
    now = desk()
    said = st.query_params.get(_PARAMETER)
    if said is None:  # a page was opened from the menu
        st.query_params[_PARAMETER] = now.link
    elif said != now.link:
        if time.monotonic() - now.written < IN_FLIGHT:
            st.query_params[_PARAMETER] = now.link
        else:
            _take_link(said)


def _take_link(said: str) -> None:
    now = desk()
    try:
        spec = from_link(said)
    except SpecError as error:
        _put(replace(now, notice=f"The link to this page holds no design: {error}. Here is {now.name} instead."))
        return
    if now.past and spec == now.past[-1].spec:
        undo()
    elif now.future and spec == now.future[0].spec:
        redo()
    elif now.written:
        set_spec(spec, _name_of(said))
    else:  # the page was opened with this design: nothing to undo, nothing to count changes from
        _put(Desk(Version(spec, _name_of(said))))


def _name_of(link: str) -> str:
    base, edited, _ = link.partition("~")
    return PRESETS[base].title + (", edited" if edited else "")


# --- the workbench


@st.cache_resource(show_spinner=False)
def workbench() -> Workbench:
    """The workbench of this server, its worker started or adopted. One for all visitors."""
    from resnet_tf.runs.workbench import Workbench

    bench = Workbench()
    bench.start()
    return bench


@lru_cache(maxsize=1)
def let_paint() -> None:
    """Leaves a new visitor's browser a moment to paint what it has, before it must fetch and mount thirty widgets."""
    if "visited" not in st.session_state:
        st.session_state["visited"] = True
        time.sleep(PAINT)


def workbench_soon() -> None:
    """Starts the workbench in the background, once, when the first page is out."""
    starter = threading.Timer(WORKER_WAITS, workbench)
    starter.daemon = True
    starter.start()
