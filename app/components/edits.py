"""What the canvas lets one do to a design where it is drawn, by menu, key or drag: each is one step to undo."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import streamlit as st

from app import state, words
from app.components.budget import excess
from app.components.fields import rule_of
from resnet_tf.design.identity import carried
from resnet_tf.design.moves import MOVES, Outcome, moves
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.design.stages import depth_of
from resnet_tf.design.widths import DRAGS, legal, width_of

KEYS = sorted({key for move in MOVES for key in move.keys})
_MENU, _REFUSED, _DRAWN, _RENAMED = "canvas.menu", "canvas.refused", "canvas.drawn", "canvas.renamed"


def follow(spec: Spec) -> None:
    """Keeps what is chosen and turned on the blocks that it was said of, which an edit may have given other names."""
    was = st.session_state.get(_DRAWN, spec)
    st.session_state[_DRAWN] = spec
    if was == spec:
        return
    for key in (_MENU, _REFUSED):
        st.session_state.pop(key, None)
    names = carried(state.counted(was).graph, state.counted(spec).graph)
    names |= {old.partition(".")[0]: new.partition(".")[0] for old, new in names.items()}
    st.session_state[_RENAMED] = {old: new for old, new in names.items() if old != new}
    chosen = st.session_state.get("chosen")
    st.session_state["chosen"] = names.get(chosen, chosen)
    st.session_state["turned"] = frozenset(names.get(name, name) for name in st.session_state["turned"])


def offered(spec: Spec) -> dict[str, Any]:
    """What the canvas' script knows of edits: keys, the stops of drags, the menu that was asked for, a refusal.

    And whether the rest of the page waits until it has drawn this one.
    """
    part = st.session_state.get(_MENU)
    return {
        "keys": KEYS,
        "stops": _stops(spec),
        "menu": part and {"part": part, "rows": [_row(each) for each in moves(spec, part)]},
        "refused": st.session_state.get(_REFUSED, ""),
        "renamed": st.session_state.get(_RENAMED, {}),
        "isAwaited": state.awaits_redraw(),
    }


def _row(outcome: Outcome) -> dict[str, Any]:
    """A move in a menu: its name, words, key, and what it costs or why it cannot be."""
    keys = "/".join(outcome.move.keys[:1])
    row = {"name": outcome.move.name, "words": outcome.move.words, "keys": keys, "legal": outcome.spec is not None}
    if outcome.spec is None:
        return {**row, "says": outcome.reason and rule_of(outcome.reason)}
    parts = [(outcome.parameters, "parameters"), (outcome.macs, "MACs")]
    costs = ", ".join(f"{words.signed(count)} {unit}" for count, unit in parts if count) or "no parameters, no MACs"
    return {**row, "says": "; ".join(filter(None, (costs, excess(outcome.spec))))}


@lru_cache(maxsize=32)
def _stops(spec: Spec) -> dict[str, Any]:
    """Of each stage: how deep and how wide it is and may be, and why no further."""
    names = [f"stage{i + 1}" for i in range(len(spec.stages))]
    found = {name: {"blocks": _drag(spec, name, "blocks", depth_of(spec, i))} for i, name in enumerate(names)}
    if spec.family != "densenet":
        for name in names:
            found[name]["width"] = _drag(spec, name, "width", width_of(spec, name))
    return found


def _drag(spec: Spec, part: str, field: str, now: int) -> list[Any]:
    """Now, the stops as runs of (first, step, count), and what is said below the first and above the last."""
    stops = legal(spec, part, field)
    runs: list[list[int]] = []
    for stop in stops:
        if runs and runs[-1][2] == 1:
            runs[-1][1:] = [stop - runs[-1][0], 2]
        elif runs and stop == runs[-1][0] + runs[-1][1] * runs[-1][2]:
            runs[-1][2] += 1
        else:
            runs.append([stop, 0, 1])
    return [now, runs, _reason(spec, part, field, stops[0] - 1), _reason(spec, part, field, stops[-1] + 1)]


def _reason(spec: Spec, part: str, field: str, to: int) -> str:
    """Why a drag may not end there; nothing where it is only as far as a drag goes."""
    try:
        DRAGS[field](spec, part, to)
    except SpecError as error:
        return rule_of(error)
    return ""


# --- what the script asks for


def menu(part: str) -> None:
    """Shows what can be done to a part; "" puts the menu away."""
    st.session_state[_MENU] = part or None
    st.session_state[_REFUSED] = ""


def move(asked: dict[str, str]) -> None:
    """Does a move by its name, or by a key: the first row of the part, or of its stage, that has it."""
    part, spec = asked["part"], state.current_spec()
    for place in dict.fromkeys((part, part.partition(".")[0], "network")):
        for outcome in moves(spec, place):
            if asked.get("name") == outcome.move.name or asked.get("key") in outcome.move.keys:
                _take(outcome.spec, outcome.reason)
                return


def drag(asked: dict[str, Any]) -> None:
    """Gives a stage the depth or the width that its edge was dragged to."""
    try:
        _take(DRAGS[asked["field"]](state.current_spec(), asked["part"], int(asked["to"])), None)
    except SpecError as error:
        _take(None, error)


def _take(spec: Spec | None, reason: SpecError | None) -> None:
    st.session_state.pop(_MENU, None)
    if spec is None:
        st.session_state[_REFUSED] = rule_of(reason) if reason else ""
        return
    state.set_spec(spec)
    state.redraw()
