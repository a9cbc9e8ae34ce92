"""One field of the design, one widget: it shows what the design says, and editing it edits that field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import state, words
from resnet_tf.design.diff import FieldChange
from resnet_tf.design.offers import changes
from resnet_tf.design.spec import SpecError

FARTHEST = 10**9  # a browser's number box refuses more itself; what lies within is for the design to refuse
_NOTHING = ""  # how a list of choices says None, which for Streamlit is no choice
_HEARD = "fields.heard"  # a field that nobody sees: the design that a browser's fields are of
_DRAWN = "fields.drawn"  # by the link of a design: the values that its fields were drawn with
_REMEMBERED = 16  # designs


def shown(field: str, value: object) -> str:
    """The key of a widget that shows this value. After a refusal, widgets keep what was typed into them."""
    key = f"edit.{field}"
    if state.desk().refusal is None or st.session_state.get(key) is None:
        st.session_state[key] = value
    drawn = st.session_state.setdefault(_DRAWN, {})
    drawn.setdefault(state.desk().link, {})[key] = st.session_state[key]
    while len(drawn) > _REMEMBERED:
        del drawn[next(iter(drawn))]
    return key


def heard() -> None:
    """Drawn after all fields: has a browser say with each of its requests which design the fields that it has are of.

    A browser sends all fields with every click, also those that it has not yet been told to be others: who presses a
    key on the canvas while an edit is still on its way would take that edit back.
    """
    st.session_state[_HEARD] = state.desk().link
    with st.container(key="heard"):
        st.text_input("The design that these fields are of", key=_HEARD, label_visibility="collapsed")


def is_typed(key: str) -> bool:
    """Whether a visitor gave a field its value, and not a browser that does not know yet that it is another now."""
    drawn = st.session_state.get(_DRAWN, {}).get(st.session_state.get(_HEARD), {})
    return key not in drawn or st.session_state[key] != drawn[key]


def edit(field: str, key: str) -> None:
    """Takes a widget's value as that of a field."""
    value = st.session_state[key]
    if value is not None and is_typed(key):
        _put(field, None if value == _NOTHING else value)


def _put(field: str, value: object) -> None:
    """Changes a field; a dot leads into a part of the design: `stem.kernel`, `input_shape.0`."""
    state.change(**changes(state.draft(), field, value))


def _chosen(field: str, value: object, options: Mapping[Any, str]) -> tuple[str, dict[Any, str]]:
    """The key of a list of choices, and the choices as Streamlit takes them."""
    listed = {_NOTHING if option is None else option: text for option, text in options.items()}
    value = _NOTHING if value is None else value
    key = shown(field, value)
    if st.session_state[key] not in listed:  # what was chosen before an edit that leaves no such choice
        st.session_state[key] = value
    return key, listed


def choice(
    title: str, field: str, value: object, options: Mapping[Any, str], *, name: str = "", help: str | None = None
) -> None:
    """A few values, all in sight. `name` tells the widget from another one of the same field."""
    key, listed = _chosen(name or field, value, options)
    st.segmented_control(
        title, list(listed), format_func=listed.__getitem__, key=key, on_change=edit, args=(field, key), help=help,
        width="stretch", required=True,
    )  # fmt: skip


def select(title: str, field: str, value: object, options: Mapping[Any, str], *, help: str | None = None) -> None:
    """One of several values."""
    key, listed = _chosen(field, value, options)
    st.selectbox(
        title, list(listed), format_func=listed.__getitem__, key=key, on_change=edit, args=(field, key), help=help
    )


def toggle(title: str, field: str, value: bool, *, help: str | None = None) -> None:
    """On or off."""
    key = shown(field, value)
    st.toggle(title, key=key, on_change=edit, args=(field, key), help=help)


def number(
    title: str, field: str, value: float, *, step: float = 1, format: str | None = None, help: str | None = None
) -> None:
    """A number, whole where the field's are."""
    key = shown(field, value)
    kind = type(value)
    st.number_input(
        title, kind(-FARTHEST), kind(FARTHEST), step=kind(step), format=format, key=key, on_change=edit,
        args=(field, key), help=help,
    )  # fmt: skip


def numbers(title: str, field: str, value: tuple[int, ...], *, help: str | None = None) -> None:
    """Several whole numbers, written with commas."""
    key = shown(field, ", ".join(map(str, value)))
    st.text_input(title, key=key, on_change=_edit_numbers, args=(field, key), help=help)


def _edit_numbers(field: str, key: str) -> None:
    if not is_typed(key):
        return
    parts = re.findall(r"[^\s,;×x]+", st.session_state[key])
    _put(field, [int(part) if re.fullmatch(r"-?\d{1,12}", part) else part for part in parts])


def refused(*fields: str) -> None:
    """What was wrong with the last edit, if it was one of these fields': the sentence, and what to do about it."""
    refusal = state.desk().refusal
    if refusal is None or refusal.edited not in fields:
        return
    error = refusal.error
    with st.container(key="refused", gap="xsmall"):
        st.warning(f"{words.plain(f'{rule_of(error)}; got {_brief(error.value)}.')} The picture is as before.")
        with st.container(horizontal=True, gap="xsmall"):
            if error.nearest is not None:
                st.button(f"Use {_brief(error.nearest)}", on_click=state.use_nearest, type="primary", key="refused.use")
            st.button("Keep the old", on_click=state.keep, key="refused.keep")


def rule_of(error: SpecError) -> str:
    """What must be, and was not: `Stage 3 width must be at least 1`."""
    return f"{_title(error.field)} must be {error.rule}"


def in_words(change: FieldChange) -> str:
    """What became of a field: `Stage 3 blocks 6 → 9`."""
    was, now = ("–" if value is None else _brief(value) or "none" for value in (change.a, change.b))
    return f"{_title(change.field)} {was} → {now}"


def _title(field: str) -> str:
    """A field's name for people: `Stage 3 width`."""
    title = re.sub(r"stages\[(\d+)\]", lambda match: f"stage {int(match[1]) + 1}", field)
    title = re.sub(r"[._\[\]]+", " ", title).strip()
    return title[:1].upper() + title[1:]


def _brief(value: object) -> str:
    if isinstance(value, tuple | list):
        return " × ".join(map(_brief, value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
