"""The stages of a design: a row of numbers for each, and what one can do to all of them."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import streamlit as st

from app import state
from app.components.axes import plainly
from app.components.fields import FARTHEST, refused, shown
from resnet_tf.design.spec import DenseStage, Spec, Stage, VGGStage

# kind of stage -> its fields, and how wide their columns are beside each other
_COLUMNS: dict[type, dict[str, float]] = {
    Stage: {"blocks": 1.35, "width": 1, "stride": 0.75},
    VGGStage: {"convolutions": 1.35, "width": 1},
    DenseStage: {"blocks": 3.1},
}
# kind of stage -> the one that would follow the last
_FOLLOWING: dict[type, Callable[[dict[str, Any]], dict[str, Any]]] = {
    Stage: lambda last: {**last, "width": 2 * last["width"], "stride": 2},
    VGGStage: lambda last: last,
    DenseStage: lambda last: last,
}
_NUMBER = 0.18  # the width of the stages' numbers


def stages(spec: Spec) -> None:
    """Draws the stages' table."""
    columns = _COLUMNS[type(spec.stages[0])]
    with st.container(key="stages", gap="xxsmall"):
        grid = " ".join(f"{width}fr" for width in (_NUMBER, *columns.values()))
        heads = "".join(
            f'<span title="{escape(plainly(spec, f"stages.{field}"))}">{field.capitalize()}</span>' for field in columns
        )
        st.html(f'<div class="heads" style="grid-template-columns: {grid}"><span></span>{heads}</div>')
        for i, stage in enumerate(spec.stages):
            cells = st.columns([_NUMBER, *columns.values()], vertical_alignment="center", gap="xxsmall")
            cells[0].caption(f"{i + 1}")
            for cell, field in zip(cells[1:], columns, strict=True):
                key = shown(f"stage{i}.{field}", getattr(stage, field))
                cell.number_input(
                    f"Stage {i + 1} {field}", -FARTHEST, FARTHEST, step=8 if field == "width" else 1, key=key,
                    label_visibility="collapsed", on_change=_edit, args=(i, field, key),
                )  # fmt: skip
        _all(len(spec.stages))
    refused("stages")


def _all(count: int) -> None:
    actions: list[tuple[str, str, Callable[[], None], bool]] = [
        ("+ stage", "Adds a stage: half the size, twice the width", _add, True),
        ("− stage", "Removes the last stage", _remove, count > 1),
        ("÷ 2", "Halves all widths", _halve, True),
        ("× 2", "Doubles all widths", _double, True),
    ]
    with st.container(key="all_stages", horizontal=True, gap="xxsmall"):
        for title, help, act, possible in actions:
            st.button(title, key=f"stages.{title}", on_click=act, disabled=not possible, help=help, width="stretch")


def _edit(index: int, field: str, key: str) -> None:
    value = st.session_state[key]
    if value is not None:
        changed = state.draft()["stages"]
        changed[index][field] = value
        state.change(stages=changed)


def _add() -> None:
    now = state.draft()["stages"]
    state.change(stages=[*now, _FOLLOWING[type(state.current_spec().stages[-1])](now[-1])])


def _remove() -> None:
    state.change(stages=state.draft()["stages"][:-1])


def _halve() -> None:
    _scale(lambda width: max(width // 2, 1))


def _double() -> None:
    _scale(lambda width: 2 * width)


def _scale(scaled: Callable[[int], int]) -> None:
    """All widths, the stem's and a DenseNet's growth too, as other widths."""
    fields = state.draft()
    changes: dict[str, Any] = {}
    if "width" in fields["stages"][0]:
        changes["stages"] = [{**stage, "width": scaled(stage["width"])} for stage in fields["stages"]]
    if "growth" in fields:
        changes["growth"] = scaled(fields["growth"])
    if "stem" in fields:
        changes["stem"] = {**fields["stem"], "widths": [scaled(width) for width in fields["stem"]["widths"]]}
    state.change(**changes)
