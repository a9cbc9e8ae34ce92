"""The design that a visitor is working on: one spec, its name, its history, and the link that holds it whole."""

from __future__ import annotations

import copy
import logging
import re
import sys
import threading
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from resnet_tf.design.budget import Budget, from_text, to_text
from resnet_tf.design.costs import Costs, costs
from resnet_tf.design.links import from_link, title_of, to_link
from resnet_tf.design.presets import PRESETS, edit, preset
from resnet_tf.design.spec import Spec, SpecError

log = logging.getLogger("resnet_tf")

if TYPE_CHECKING:
    from resnet_tf.design.calibration import Calibration
    from resnet_tf.runs.profiles import Profiled
    from resnet_tf.runs.workbench import Workbench

FIRST = "resnet18"
LONGEST_HISTORY = 200
MOST_MENDS = 32  # nearest values taken for one click: a dozen stages may each need one
CALIBRATION_KEPT = 5.0  # seconds: pages ask at every click, and it changes once in a machine's life
PAINT = 0.4  # seconds
IN_FLIGHT = 1.5  # seconds: a browser that says an older link sooner has not heard of the new one yet
WORKER_WAITS = 1.0  # seconds after the first page is out, so that the worker's start does not slow its drawing
_KEY = "desk"
_PARAMETER = "design"
_LOOK = "look"
_BUDGET = "budget"


class Version(NamedTuple):
    """A design under its name."""

    spec: Spec
    name: str
    opened: str = ""  # the name of what was opened, which edits keep


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
        _put(replace(was, now=Version(spec, name or was.name, name or was.now.opened), refusal=None))
        return
    now = Version(spec, name or _edited(was.name, to_link(spec)), name or was.now.opened)
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


def redraw() -> None:
    """Has the whole page drawn anew once the part of it where an edit was made stands on the screen (`redraw.py`)."""
    st.session_state["redraw"] = True


def awaits_redraw() -> bool:
    """Whether the rest of the page waits for the part that is drawn now."""
    return "redraw" in st.session_state


def drawn_whole() -> None:
    """The whole page is drawn now: nothing waits."""
    st.session_state.pop("redraw", None)


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
    _follow_budgets()


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
        set_spec(spec, title_of(said))
    else:  # the page was opened with this design: nothing to undo, nothing to count changes from
        _put(Desk(Version(spec, title_of(said))))


def address(query: str) -> str:
    """The address of the page that is open, with a query of its own."""
    here = urlsplit(st.context.url or "")
    return urlunsplit((here.scheme, here.netloc, here.path or "/", query, ""))


def is_looked_at() -> bool:
    """Whether the page was opened by a link that only shows a design: nothing on it edits."""
    return _LOOK in st.query_params or is_embedded()


def is_embedded() -> bool:
    """Whether the page stands inside another one, as `?embed=true` says."""
    return bool(st.context.is_embedded)


def look_link() -> str:
    """The query of a link that shows the design to who is given it."""
    return f"design={desk().link}&{_LOOK}=true"


def fork() -> None:
    """Makes the design that is looked at the visitor's own to edit."""
    st.query_params.pop(_LOOK, None)
    notice("This copy is yours: edit it, undo, save it. The link that you were given stays as it was.")


# --- budgets


class _Kept(NamedTuple):
    """Budgets, as the URL says them, and when we wrote them there."""

    budgets: tuple[Budget, ...] = ()
    text: str = ""
    written: float = 0.0


def budgets() -> tuple[Budget, ...]:
    """The most that the visitor's designs may cost."""
    return _kept().budgets


def _kept() -> _Kept:
    return st.session_state.get("budgets", _Kept())


def set_budgets(rows: tuple[Budget, ...]) -> None:
    """Keeps budgets, in the URL too."""
    kept = st.session_state["budgets"] = _Kept(rows, to_text(rows), time.monotonic())
    if kept.text:
        st.query_params[_BUDGET] = kept.text
    else:
        st.query_params.pop(_BUDGET, None)


def _follow_budgets() -> None:
    """Takes up the budgets in the URL when they are not those that we wrote there, as with the design."""
    kept, said = _kept(), st.query_params.get(_BUDGET)
    if said == (kept.text or None):
        return
    if said is None or time.monotonic() - kept.written < IN_FLIGHT:
        set_budgets(kept.budgets)
        return
    try:
        set_budgets(from_text(said))
    except SpecError as error:
        notice(f"The link to this page holds no budget that can be kept: {error}.")
        set_budgets(kept.budgets)


# --- the workbench


@st.cache_resource(show_spinner=False)
def instance() -> Workbench:
    """The workbench of this server, its worker started or adopted. One for all visitors."""
    from resnet_tf.runs.workbench import Workbench

    bench = Workbench()
    bench.start()
    return bench


def workbench() -> Workbench:
    """The workbench as this visitor sees it."""
    from app.visitor import owner

    bench = instance()
    return bench.of(owner(bench))


def calibration() -> Calibration | None:
    """How fast this instance trains; None before it was measured, and while the workbench is not up or in trouble.

    A design's page asks for it with its other figures, and must not wait for the records, or go without them.
    """
    if "resnet_tf.runs.workbench" not in sys.modules:
        return None
    return _calibration(instance(), int(time.monotonic() / CALIBRATION_KEPT))


@lru_cache(maxsize=1)
def _calibration(bench: Workbench, _now: int) -> Calibration | None:
    from resnet_tf.runs.failures import WorkbenchError

    try:
        return bench.calibration()
    except WorkbenchError as error:
        log.warning("%s: no time is estimated for this machine", error)
        return None


def calibrate() -> None:
    """Has the worker measure how fast it trains."""
    workbench().calibrate()


def profiled(spec: Spec) -> Profiled | None:
    """What was measured of a design; None before, and, as with `calibration`, where it would have to be waited for."""
    if "resnet_tf.runs.workbench" not in sys.modules:
        return None
    return _profiled(instance(), spec, int(time.monotonic() / CALIBRATION_KEPT))


@lru_cache(maxsize=16)
def _profiled(bench: Workbench, spec: Spec, _now: int) -> Profiled | None:
    from resnet_tf.runs.failures import WorkbenchError

    try:
        return bench.laboratory.profiled(spec)
    except SpecError:  # one without a head: there is no gradient of anything
        return None
    except WorkbenchError as error:
        log.warning("%s: the canvas is not coloured by gradients", error)
        return None


def remember_visitor() -> None:
    """Has the browser keep who this is, once a page has asked: a page that asks nothing need not load what knows it."""
    if "app.visitor" in sys.modules:
        from app.visitor import remember

        remember()


def let_paint() -> None:
    """Leaves a new visitor's browser a moment to paint what it has, before it must fetch and mount thirty widgets."""
    if "visited" not in st.session_state:
        st.session_state["visited"] = True
        time.sleep(PAINT)


@lru_cache(maxsize=1)
def workbench_soon() -> None:
    """Starts the workbench in the background, once, when the first page is out."""
    starter = threading.Timer(WORKER_WAITS, instance)
    starter.daemon = True
    starter.start()
