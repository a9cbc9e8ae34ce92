"""The stages of a design: a row of numbers for each, and what one can do to all of them."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, TypeAlias

import streamlit as st

from app import state, words
from app.components.axes import plainly, price
from app.components.budget import excess
from app.components.fields import FARTHEST, is_typed, refused, shown
from resnet_tf.design.offers import Offer
from resnet_tf.design.presets import edit
from resnet_tf.design.spec import DenseStage, Spec, SpecError, Stage, VGGStage

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
Changes: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]  # the fields of a design -> those that change
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
        _all(spec)
    refused("stages")


def _all(spec: Spec) -> None:
    """What one can do to all stages, each with what it costs more."""
    with st.container(key="all_stages", horizontal=True, gap="xxsmall"):
        for title, does, changes in _ACTIONS:
            possible = changes is not _removed or len(spec.stages) > 1
            help = f"{does}: {price(spec, _offer(spec, changes))}" if possible else does
            st.button(title, key=f"stages.{title}", on_click=_act, args=(changes,), disabled=not possible, help=help,
                      width="stretch")  # fmt: skip
    if over := _over(spec):
        st.caption(f"Over your budget: {words.plain('; '.join(over))}")


def _offer(spec: Spec, changes: Changes) -> Offer:
    """The design that an action gives, or why it gives none."""
    try:
        return Offer(None, "", edit(spec, **changes(spec.model_dump(mode="json"))))
    except SpecError as error:
        return Offer(None, "", None, error)


def _over(spec: Spec) -> list[str]:
    """What would go over a budget: one more block of a stage, or an action on all of them."""
    if not state.budgets():
        return []
    field = next(iter(_COLUMNS[type(spec.stages[0])]))
    more = [i for i in range(len(spec.stages)) if excess(_offer(spec, _one_more(i, field)).spec)]
    which = "any stage" if len(more) == len(spec.stages) else f"stage {', '.join(f'{i + 1}' for i in more)}"
    blocks = [f"one more block in {which}"] if more else []
    over = [title for title, _, changes in _ACTIONS if excess(_offer(spec, changes).spec)]
    return blocks + [title.replace(" ", "\u00a0") for title in over]  # a sign stays with its word


def _one_more(index: int, field: str) -> Changes:
    def changes(fields: dict[str, Any]) -> dict[str, Any]:
        stages = fields["stages"]
        stages[index][field] += 1
        return {"stages": stages}

    return changes


def _act(changes: Changes) -> None:
    state.change(**changes(state.draft()))


def _edit(index: int, field: str, key: str) -> None:
    value = st.session_state[key]
    if value is not None and is_typed(key):
        changed = state.draft()["stages"]
        changed[index][field] = value
        state.change(stages=changed)


def _added(fields: dict[str, Any]) -> dict[str, Any]:
    stages = fields["stages"]
    return {"stages": [*stages, _FOLLOWING[type(state.current_spec().stages[-1])](stages[-1])]}


def _removed(fields: dict[str, Any]) -> dict[str, Any]:
    return {"stages": fields["stages"][:-1]}


def _halved(fields: dict[str, Any]) -> dict[str, Any]:
    return _scaled(fields, lambda width: max(width // 2, 1))


def _doubled(fields: dict[str, Any]) -> dict[str, Any]:
    return _scaled(fields, lambda width: 2 * width)


def _scaled(fields: dict[str, Any], scaled: Callable[[int], int]) -> dict[str, Any]:
    """All widths, the stem's and a DenseNet's growth too, as other widths."""
    changes: dict[str, Any] = {}
    if "width" in fields["stages"][0]:
        changes["stages"] = [{**stage, "width": scaled(stage["width"])} for stage in fields["stages"]]
    if "growth" in fields:
        changes["growth"] = scaled(fields["growth"])
    if "stem" in fields:
        changes["stem"] = {**fields["stem"], "widths": [scaled(width) for width in fields["stem"]["widths"]]}
    return changes


_ACTIONS: tuple[tuple[str, str, Changes], ...] = (
    ("+ stage", "Adds a stage: half the size, twice the width", _added),
    ("− stage", "Removes the last stage", _removed),
    ("÷ 2", "Halves all widths", _halved),
    ("× 2", "Doubles all widths", _doubled),
)
