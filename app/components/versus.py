"""Designs side by side: drawings, exact numbers with their differences to the first, and what differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

import streamlit as st

from app import state, words
from app.components.aligned import two
from app.components.canvas import still
from app.components.chosen import Candidate
from app.components.history import accuracy
from resnet_tf.design.aligned import title
from resnet_tf.design.costs import Costs
from resnet_tf.design.diff import diff
from resnet_tf.design.pairs import runs
from resnet_tf.design.presets import PRESETS

BATCH = 32
NARROWEST = 210  # px of a card
MOST_BLOCKS = 60  # rows of what differs
MOST_CHANGES = 4  # lines of a block
LONGEST = 90  # characters of a field's value


class Quantity(NamedTuple):
    """A number of a network, how it is said in full, and what kind of number it is."""

    name: str
    of: Callable[[Costs], int]
    say: Callable[[float], str]
    kind: str


def _exact(value: float) -> str:
    return f"{value:,.0f}"


QUANTITIES = (
    Quantity("parameters", lambda c: c.trainable_parameters, _exact, "trainable, exact"),
    Quantity("not trained", lambda c: c.non_trainable_parameters, _exact, "moving statistics, whitening, exact"),
    Quantity("MACs", lambda c: c.macs, _exact, "an image, exact"),
    Quantity("FLOPs", lambda c: c.flops, _exact, "with elementwise, exact"),
    Quantity("activations", lambda c: c.activations, _exact, "elements, exact"),
    Quantity("layers deep", lambda c: c.depth, _exact, "exact"),
    Quantity("px seen", lambda c: c.receptive_field, _exact, "receptive field, exact"),
    Quantity(f"to train at {BATCH}", lambda c: c.memory(BATCH).training.bytes, words.size, "estimated"),
    Quantity("to infer 1", lambda c: c.memory(1).inference.bytes, words.size, "estimated"),
)


def side_by_side(chosen: Sequence[Candidate]) -> None:
    """Draws a card for each: its picture, and its numbers beside the first one's."""
    first = state.counted(chosen[0].spec)
    with st.grid(len(chosen), min_column_width=NARROWEST, gap="medium", key="versus"):
        for i, candidate in enumerate(chosen):
            counted = state.counted(candidate.spec)
            with st.container(gap="xsmall"):
                st.html(
                    f'<div class="card"><h4>{escape(candidate.name)}</h4><p>{escape(candidate.kind)}</p>'
                    f"<p>{words.shape(counted.graph.input_shape)} to {words.given(counted.graph)}</p></div>"
                )
                still(counted, "stage", key=f"still.{i}.{candidate.key}")
                rows = "".join(_number(quantity, counted, first, i == 0) for quantity in QUANTITIES)
                st.html(f'<div class="card"><table>{rows}{_scores(candidate)}</table></div>')


def _number(quantity: Quantity, counted: Costs, first: Costs, is_first: bool) -> str:
    """A row: the number, and below it how it stands to the first one's. As high for the first, so that rows align."""
    value, base = quantity.of(counted), quantity.of(first)
    if is_first:
        note = "&nbsp;"
    elif value == base:
        note = "the same"
    else:
        change = words.signed(value - base, quantity.say)
        note = escape(f"{words.ratio(value, base)}   {change}" if base and value else change)
    return _row(quantity.name, quantity.kind, quantity.say(value), note)


def _row(name: str, kind: str, value: str, note: str) -> str:
    return (
        f'<tr><th scope="row">{escape(name)}<small>{escape(kind)}</small></th>'
        f"<td>{escape(value)}<small>{note}</small></td></tr>"
    )


def _scores(candidate: Candidate) -> str:
    """What it reached: measured here on the images named, and published on the benchmark named."""
    rows = []
    if candidate.run is not None and (reached := accuracy(candidate.run)) is not None and candidate.run.dataset:
        rows.append(_row("accuracy here", candidate.run.dataset.title, words.percent(reached), "measured"))
    published = next((preset.published for preset in PRESETS.values() if preset.spec == candidate.spec), {})
    rows += [_row("accuracy", name, f"{100 - error:.2f} %", "published") for name, error in published.items()]
    return "".join(rows)


# --- what differs


def differences(chosen: Sequence[Candidate]) -> None:
    """Draws what differs between the first and another, by field and by block."""
    first, others = chosen[0], chosen[1:]
    st.markdown("##### What differs")
    labels = {candidate.key: candidate.name for candidate in others}
    if st.session_state.get("versus.other") not in labels:
        st.session_state["versus.other"] = others[0].key
    key = st.segmented_control(
        "Other", list(labels), format_func=lambda key: words.plain(labels[key]), key="versus.other", required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    other = next(candidate for candidate in others if candidate.key == key)
    found = diff(first.spec, other.spec)
    if not found:
        st.caption(f"Nothing: {words.plain(first.name)} and {words.plain(other.name)} are the same network.")
        return
    changes = runs(found.pairs)
    two((first.name, other.name), (state.counted(first.spec).graph, state.counted(other.spec).graph), changes)
    left, right = st.columns([1, 1.4], gap="medium")
    with left:
        fields = [(field.field, _brief(field.a), _brief(field.b)) for field in found.fields]
        st.html(_table(("field", first.name, other.name), fields))
    with right:
        blocks = [(title(run), run.change, _few(run.what)) for run in changes if run.change != "same"]
        st.html(_table(("block", "is", "layer by layer"), blocks[:MOST_BLOCKS]))
        if len(blocks) > MOST_BLOCKS:
            st.caption(f"And {len(blocks) - MOST_BLOCKS:,} more.")


def _brief(value: object) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _few(changes: Sequence[str]) -> str:
    """The first changes of a block, a line each, and how many more there are."""
    more = len(changes) - MOST_CHANGES
    return "\n".join([*changes[:MOST_CHANGES], *([f"and {more} more"] if more > 0 else [])])


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="wide" tabindex="0"><table class="layers"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
