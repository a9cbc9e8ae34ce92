"""The axes that a sweep may have, a row each, and the widgets that ask for what they take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

import streamlit as st

from app import words
from resnet_tf.design.axes import Axis
from resnet_tf.design.offers import axes, offers, options, value_of
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.runs.records import Recipe, SweepAxis, parse_values, written_value

FIRST = ("width", "learning_rate")  # what is changed before anybody chose
MOST = 8  # axes: more than these no table or picture holds
LONGEST = 400  # letters of an axis' values
USUAL_DECAY = 5e-4  # where the recipe has none
FORM = "Values with commas between, as 0.5, 1, 2"
RANGED = f"{FORM}; or a range to draw from, as 0.01..1, with :log behind it where factors matter"
_SWITCH = {True: "On", False: "Off"}
_LISTED = ("optimizer", "schedule")  # of a recipe, which takes one of a few words
_OF_IMAGES = ("input_shape", "classes")  # the images decide these


class Row(NamedTuple):
    """An axis as a sweep knows it, and what it takes at first: some of its `choices`, or `usual` as one writes it."""

    field: str
    title: str
    group: str
    does: str
    usual: str = ""
    choices: Mapping[str, str] = {}  # a value as JSON -> in words
    chosen: Sequence[str] = ()  # of these


def rows(spec: Spec, recipe: Recipe, how: str) -> dict[str, Row]:
    """The axes of a design and of its recipe by their fields, the ones that matter most first."""
    found = [*_factors(), *_of_recipe(recipe, how), *(_of_design(spec, axis) for axis in axes(spec))]
    return {row.field: row for row in found if row.field.partition("[")[0] not in _OF_IMAGES}


def _factors() -> Iterator[Row]:
    yield Row("width", "Width ×", "size", "A factor on the width of every stage and of the stem.", "0.5, 1, 2")
    yield Row("depth", "Depth ×", "size", "A factor on the blocks of every stage.", "1, 2")
    yield Row("image_size", "Image size (px)", "size", "The side that the images are scaled to.", "16, 32")


def _of_recipe(recipe: Recipe, how: str) -> Iterator[Row]:
    rates = _around(recipe.learning_rate, how, f"{recipe.learning_rate / 3:.2g}, {recipe.learning_rate:g}")
    decay = recipe.weight_decay or USUAL_DECAY
    numbers = {
        "learning_rate": ("Learning rate", rates),
        "weight_decay": ("Weight decay", _around(decay, how, f"0, {decay:g}")),
        "batch_size": ("Batch (images)", f"{max(recipe.batch_size // 2, 1)}, {recipe.batch_size}"),
        "warmup": ("Warm-up", "0, 0.1"),
        "label_smoothing": ("Label smoothing", "0, 0.1"),
        "mixup": ("Mixup", "0, 0.2"),
        "shift": ("Shifts (px)", "0, 2"),
        **({} if how == "asha" else {"epochs": ("Epochs", f"{max(recipe.epochs // 3, 1)}, {recipe.epochs}")}),
    }  # fmt: skip
    for field, (title, usual) in numbers.items():
        yield Row(field, title, "recipe", f"Of the recipe, which has {getattr(recipe, field):g}.", usual)
    for field in _LISTED:
        choices = {json.dumps(word): word for word in get_args(Recipe.model_fields[field].annotation)}
        yield Row(field, field.capitalize(), "recipe", f"Of the recipe, which has {getattr(recipe, field)}.",
                  choices=choices, chosen=list(choices)[:2])  # fmt: skip


def _around(value: float, how: str, listed: str) -> str:
    """From a tenth to ten times a value, where one draws; the list where every value is tried."""
    return listed if how == "grid" else f"{value / 10:g}..{value * 10:g}:log"


def _of_design(spec: Spec, axis: Axis) -> Row:
    whole, _, part = axis.field.partition(".")
    now = value_of(spec.model_dump(), axis.field)
    field = f"{whole}[*].{part}" if whole == "stages" else f"{whole}[{part}]" if part.isdigit() else axis.field
    about = (field, axis.title, axis.group.lower(), f"{axis.does} {axis.source}")
    listed = _SWITCH if isinstance(now, bool) else options(spec, axis)
    legal = [now, *(offer.value for offer in offers(spec, axis) if offer.spec is not None)]
    if listed:
        choices = {json.dumps(value): said for value, said in listed.items()}
        return Row(*about, choices=choices, chosen=[json.dumps(value) for value in listed if value in legal])
    return Row(*about, ", ".join(written_value(value) for value in legal if value is not None))


def chosen_axes(found: Mapping[str, Row]) -> list[SweepAxis] | None:
    """Draws the choice of axes and what each takes; None where one takes nothing that can be read, with the reason."""
    kept = [field for field in st.session_state.get("sweep.axes", FIRST) if field in found]
    st.session_state["sweep.axes"] = kept
    fields = st.multiselect(
        "Axes", list(found), format_func=lambda field: f"{found[field].title} · {found[field].group}", key="sweep.axes",
        max_selections=MOST, persist_state="session", placeholder="Choose what is changed",
        help="What differs from trial to trial: fields of the design and of the recipe",
    )  # fmt: skip
    drawn = [_axis(found[field]) for field in fields]
    return [axis for axis in drawn if axis] if all(drawn) and drawn else None


def _axis(row: Row) -> SweepAxis | None:
    """Draws what an axis takes; None, with the reason below, where that cannot be."""
    with st.container(gap="xsmall"):
        try:
            return SweepAxis(field=row.field, **(_picked(row) if row.choices else _typed(row)))
        except SpecError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
            return None


def _picked(row: Row) -> dict[str, Any]:
    picked = st.pills(
        row.title, list(row.choices), format_func=row.choices.__getitem__, selection_mode="multi", default=row.chosen,
        key=f"sweep.values.{row.field}.{'|'.join(row.choices)}", persist_state="session", help=words.plain(row.does),
        wrap=True,
    )  # fmt: skip
    return {"values": tuple(json.loads(key) for key in picked)}


def _typed(row: Row) -> dict[str, Any]:
    text = st.text_input(
        row.title, row.usual, max_chars=LONGEST, key=f"sweep.values.{row.field}.{row.usual}", persist_state="session",
        help=f"{words.plain(row.does)} {RANGED}.", placeholder=FORM,
    )  # fmt: skip
    return parse_values(row.field, text or "")
