"""The design that a visitor is working on: one spec, its history, its name, and the link that holds it whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from resnet_tf.design.costs import Costs, costs
from resnet_tf.design.links import from_link, to_link
from resnet_tf.design.presets import PRESETS, edit, preset
from resnet_tf.design.spec import Spec, SpecError

if TYPE_CHECKING:
    from resnet_tf.runs.workbench import Workbench

FIRST = "resnet18"
LONGEST_HISTORY = 200
_KEY = "desk"
_PARAMETER = "design"


@dataclass(frozen=True)
class Refusal:
    """An edit that makes no network: what was asked for, and what to ask for instead."""

    changes: dict[str, Any]
    error: SpecError


@dataclass(frozen=True)
class Desk:
    """What lies on the desk. Every edit gives a new one."""

    spec: Spec
    name: str
    past: tuple[Spec, ...] = ()
    future: tuple[Spec, ...] = ()
    before: Spec | None = None  # what the numbers' changes are counted from
    refusal: Refusal | None = None
    notice: str = ""
    link: str = field(default="")  # what the URL said last


def desk() -> Desk:
    """The visitor's desk, with ResNet-18 on it at first."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Desk(preset(FIRST), PRESETS[FIRST].title, link=FIRST)
    return st.session_state[_KEY]


def put(changed: Desk) -> None:
    """The desk as it is from now on, and the URL with it."""
    link = to_link(changed.spec)
    st.session_state[_KEY] = replace(changed, link=link)
    st.query_params[_PARAMETER] = link


def current_spec() -> Spec:
    return desk().spec


def design_name() -> str:
    """What the design is called: a preset's title, a saved name, or "… edited"."""
    return desk().name


def current_costs() -> Costs:
    return counted(current_spec())


def counted(spec: Spec) -> Costs:
    """The costs of a spec."""
    return costs(spec)


def set_spec(spec: Spec, name: str | None = None) -> None:
    """Puts a design on the desk, as one undoable step."""
    now = desk()
    if spec == now.spec:
        put(replace(now, name=name or now.name, refusal=None))
        return
    past = (*now.past, now.spec)[-LONGEST_HISTORY:]
    put(Desk(spec, name or _name_of(spec, now.name), past, (), now.spec))


def change(**changes: Any) -> None:
    """Edits fields of the design; an edit that makes no network is kept as a refusal, and the design stays."""
    now = desk()
    try:
        set_spec(edit(now.spec, **changes))
    except SpecError as error:
        st.session_state[_KEY] = replace(now, refusal=Refusal(changes, error))


def undo() -> None:
    now = desk()
    if now.past:
        spec = now.past[-1]
        put(Desk(spec, _name_of(spec, now.name), now.past[:-1], (now.spec, *now.future), now.spec))


def redo() -> None:
    now = desk()
    if now.future:
        spec = now.future[0]
        put(Desk(spec, _name_of(spec, now.name), (*now.past, now.spec), now.future[1:], now.spec))


def dismiss() -> None:
    """Forgets a refusal or a notice."""
    st.session_state[_KEY] = replace(desk(), refusal=None, notice="")


def notice(words: str) -> None:
    """Something to say on the next page that is drawn."""
    st.session_state[_KEY] = replace(desk(), notice=words)


def _name_of(spec: Spec, before: str) -> str:
    link = to_link(spec)
    if link in PRESETS:
        return PRESETS[link].title
    return before if before.endswith(", edited") else f"{before}, edited"


def follow_url() -> None:
    """Takes up the design in the URL when it is not the one that we wrote there: a link, a reload, a step back."""
    now = desk()
    said = st.query_params.get(_PARAMETER)
    if said is None:
        st.query_params[_PARAMETER] = now.link
        return
    if said == now.link:
        return
    try:
        spec = from_link(said)
    except SpecError as error:
        put(replace(now, notice=f"The link to this page holds no design: {error}. Here is {now.name} instead."))
        return
    set_spec(spec, PRESETS[said].title if said in PRESETS else "Linked design")


def trouble() -> type[Exception]:
    """The errors that a workbench has sentences for; nothing is imported for them before something was."""
    import sys

    module = sys.modules.get("resnet_tf.runs.failures")
    return module.WorkbenchError if module else _Never


class _Never(Exception):
    """Raised by nobody."""


@st.cache_resource(show_spinner=False)
def workbench() -> Workbench:
    """The workbench of this server, its worker started or adopted. One for all visitors."""
    from resnet_tf.runs.workbench import Workbench

    bench = Workbench()
    bench.start()
    return bench


@cache
def _starter() -> Callable[[], None]:
    import threading

    started = threading.Event()

    def start() -> None:
        if not started.is_set():
            started.set()
            threading.Timer(0.5, workbench).start()

    return start


def workbench_soon() -> None:
    """Starts the workbench in the background once the first page is out, so that neither waits for the other."""
    _starter()()
