"""What is compared: designs, presets and runs under short keys, which live in the URL."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import streamlit as st

from app import state
from resnet_tf.design.presets import PRESETS
from resnet_tf.design.spec import Spec
from resnet_tf.runs.failures import NoSuchRun
from resnet_tf.runs.records import Run

PARAMETER = "with"
MOST = 6
BESIDE = ("vgg19", "resnet50", "resnet18")  # what a newcomer sees beside the design on the desk: two of these
_KEY = "compare.with"
_WRITTEN = "compare.written"


class Candidate(NamedTuple):
    """Something that can be compared; `run` where it was trained."""

    key: str
    name: str
    kind: str
    spec: Spec
    run: Run | None = None

    @property
    def label(self) -> str:
        return f"{self.name}  ·  {self.kind}"


def candidates() -> dict[str, Candidate]:
    """All there is to compare, by key: the design on the desk, saved designs, runs, presets."""
    bench = state.workbench()
    found = [Candidate("desk", state.design_name(), "on the desk", state.current_spec())]
    found += [Candidate(f"design.{d.name}", d.name, "saved", d.spec) for d in bench.designs()]
    runs = bench.runs(brief=True)  # of hundreds, only those that are chosen need their curves
    found += [Candidate(f"run.{run.id}", run.name, _about(run), run.spec, run) for run in [*runs, *_shared(runs)]]
    found += [Candidate(f"preset.{p.name}", p.title, f"{p.group}, published", p.spec) for p in PRESETS.values()]
    return {candidate.key: candidate for candidate in found}


def _shared(own: Sequence[Run]) -> Iterator[Run]:
    """Runs of others, which they share: those that the link or the choice names."""
    known = {f"run.{run.id}" for run in own}
    named = [*st.query_params.get_all(PARAMETER), *st.session_state.get(_KEY, [])]
    for key in dict.fromkeys(key for key in named if key.startswith("run.") and key not in known):
        with suppress(NoSuchRun):  # which `_follow_url` says
            run = state.workbench().run(key.removeprefix("run."))
            if run.task == "train":
                yield run


def _about(run: Run) -> str:
    return f"run on {run.dataset.title if run.dataset else ''}, {when(run.created)}"


def when(then: float) -> str:
    """A moment as a label says it; labels are how a browser names an option, so it must not change with the hour."""
    return time.strftime("%d %b %H:%M", time.localtime(then))


def first() -> list[str]:
    """What is compared before anybody chose: the desk, and two networks that it is not."""
    return ["desk", *[f"preset.{name}" for name in BESIDE if name != state.desk().link][:2]]


def choose(found: Mapping[str, Candidate]) -> list[Candidate]:
    """Draws the choice; what is chosen, in order. Unknown keys of a link are left out and said."""
    _follow_url(found)
    keys = st.multiselect(
        "Side by side, differences to the first", list(found), format_func=lambda key: found[key].label, key=_KEY,
        max_selections=MOST, on_change=_write, persist_state="session",
        placeholder=f"Choose up to {MOST} designs, runs and published networks",
    )  # fmt: skip
    return [_whole(found[key]) for key in keys]


def _whole(candidate: Candidate) -> Candidate:
    """With all epochs of its run."""
    return candidate._replace(run=state.workbench().run(candidate.run.id)) if candidate.run else candidate


def _follow_url(found: Mapping[str, Candidate]) -> None:
    said = st.query_params.get_all(PARAMETER)
    if said and tuple(said) != st.session_state.get(_WRITTEN):
        known = list(dict.fromkeys(key for key in said if key in found))
        if len(known) < len(said):
            st.warning("Some of what this link compares is not here: it was deleted, or is another visitor's.")
        st.session_state[_KEY] = known[:MOST] or first()
    elif _KEY not in st.session_state:
        st.session_state[_KEY] = first()
    else:  # a run or design may have been deleted since
        st.session_state[_KEY] = [key for key in st.session_state[_KEY] if key in found]
    _write()


def _write() -> None:
    keys = st.session_state[_KEY]
    st.session_state[_WRITTEN] = tuple(keys)
    st.query_params[PARAMETER] = keys
