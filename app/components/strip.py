"""The strip of figures above the picture: what the network costs, what the last edit changed, and beside what."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import NamedTuple

import streamlit as st

from app import words
from resnet_tf.design.costs import Costs


class Figure(NamedTuple):
    """One number of a network: how to read it off its costs, and how to say it."""

    unit: str
    of: Callable[[Costs], int]
    short: Callable[[float], str]
    exact: str  # what kind of number it is


def figures(batch: int, precision: str) -> list[Figure]:
    """The figures of the strip, in order; memory is that of a training step at a batch and a precision."""
    plain = "{:,}".format

    def training(counted: Costs) -> int:
        return counted.memory(batch, precision).training.bytes

    return [
        Figure("parameters", lambda c: c.trainable_parameters, words.short, "trainable parameters, exact"),
        Figure("MACs", lambda c: c.macs, words.short, "multiply-adds of convolutions and dense layers, exact"),
        Figure(
            f"to train at {batch}", training, words.size, f"bytes to train at batch {batch} in {precision}, estimated"
        ),
        Figure("layers deep", lambda c: c.depth, plain, "weighted layers on the longest path, exact"),
        Figure("px seen", lambda c: c.receptive_field, plain, "pixels of receptive field, exact"),
    ]


def strip(now: Costs, before: Costs | None, beside: Costs, beside_name: str, batch: int, precision: str) -> None:
    """Draws the strip: `before` is the design before the last edit, `beside` the one that it is compared with."""
    cells = [_cell(figure, now, before, beside, beside_name) for figure in figures(batch, precision)]
    st.html(f'<div class="strip" role="group" aria-label="Costs of this design">{"".join(cells)}</div>')


def _cell(figure: Figure, now: Costs, before: Costs | None, beside: Costs, name: str) -> str:
    value = figure.of(now)
    number, _, prefix = figure.short(value).partition(" ")
    unit = f"{prefix} {figure.unit}".strip()
    exact = f"{value:,} {figure.exact}"
    return (
        f'<div title="{escape(exact)}" role="group" aria-label="{escape(exact)}">'
        f"<b>{number}<i>{escape(unit)}</i></b>"
        f"<small>{escape(words.ratio(value, figure.of(beside)))} {escape(name)}</small>"
        f"{_since(figure, value, before)}</div>"
    )


def _since(figure: Figure, value: int, before: Costs | None) -> str:
    """What the last edit changed; an empty line before the first one, so that nothing moves then."""
    if before is None:
        return "<small>&nbsp;</small>"
    change = value - figure.of(before)
    fresh = ' class="fresh"' if change else ""
    return f"<small{fresh}>{escape(words.signed(change, figure.short))} since last</small>"
