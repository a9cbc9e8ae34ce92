"""The figures above the picture: what the network costs, what the last edit changed, what is left of a budget."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import NamedTuple

import streamlit as st

from app import words
from app.components.budget import FORMS, TITLES, said
from resnet_tf.design.budget import QUANTITIES, Budget, Quantity, Terms
from resnet_tf.design.costs import Costs
from resnet_tf.design.devices import fits_on

SHOWN = ("parameters", "macs", "activations", "training", "epoch", "file")  # whether they have a budget or not


class Figure(NamedTuple):
    """One number of a network: how it is called, how to read it off its costs, and how to say it."""

    label: str
    says: str  # what kind of number it is
    of: Callable[[Costs], float | None]
    short: Callable[[float], str]
    budget: float | None = None


def figures(terms: Terms, budgets: tuple[Budget, ...]) -> list[Figure]:
    """The figures of the strip, in order: what may have a budget, then how deep the network is and how far it sees."""
    most = dict(budgets)
    costing = [
        Figure(TITLES[name](terms), said(QUANTITIES[name], terms), _read(QUANTITIES[name], terms),
               FORMS[QUANTITIES[name].unit], most.get(name))
        for name in QUANTITIES if name in SHOWN or name in most
    ]  # fmt: skip
    plain = "{:,}".format
    return [
        *costing,
        Figure("layers deep", "weighted layers on the longest path, exact", lambda c: c.depth, plain),
        Figure("px seen", "pixels of receptive field, exact", lambda c: c.receptive_field, plain),
    ]


def _read(quantity: Quantity, terms: Terms) -> Callable[[Costs], float | None]:
    return lambda costs: quantity.of(costs, terms)


def strip(
    now: Costs, before: Costs | None, beside: Costs, beside_name: str, terms: Terms, budgets: tuple[Budget, ...]
) -> None:
    """Draws the strip: `before` is the design before the last edit, `beside` the one that it is compared with."""
    cells = [_cell(figure, now, before, beside, beside_name) for figure in figures(terms, budgets)]
    st.html(f'<div class="strip" role="group" aria-label="Costs of this design">{"".join(cells)}</div>')


def _cell(figure: Figure, now: Costs, before: Costs | None, beside: Costs, name: str) -> str:
    value = figure.of(now)
    if value is None:
        exact = f"{figure.says}: not known"
        return _group(exact, exact, f"<b>–</b><small>{escape(figure.label)}</small>")
    exact = f"{_exactly(value)} {figure.says}"
    ratio = f"{words.ratio(value, figure.of(beside) or 0)} {name}"
    change = None if before is None else value - (figure.of(before) or 0)
    lines = [
        f"<b>{escape(figure.short(value))}</b><small>{escape(figure.label)}</small>",
        _third(figure, value, change, ratio),
        _left(figure, value),
    ]
    hover = "\n".join([exact, ratio, *([] if change is None else [_since(figure, change)]), *_budgeted(figure, value)])
    return _group(exact, hover, "".join(lines))


def _group(name: str, hover: str, inside: str) -> str:
    return f'<div title="{escape(hover)}" role="group" aria-label="{escape(name)}">{inside}</div>'


def _exactly(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3g}"


def _third(figure: Figure, value: float, change: float | None, ratio: str) -> str:
    """What the last edit changed; before that, and where it changed nothing, how the design compares."""
    if change:
        return f'<small class="fresh">{escape(_since(figure, change))}</small>'
    if figure.label.startswith("to train"):
        room = fits_on(int(value))
        return f"<small>{escape(f'fits on {room}' if room else 'more than 80 GB')}</small>"
    return f"<small>{escape(ratio)}</small>"


def _since(figure: Figure, change: float) -> str:
    return f"{words.signed(change, figure.short)} since last"


def _left(figure: Figure, value: float) -> str:
    """A bar of what is spent of the budget, and what is left in words."""
    if figure.budget is None:
        return ""
    kind = "over" if value > figure.budget else "left"
    share = min(value / figure.budget, 1)
    return (
        f'<small class="{kind}">{escape(_budgeted(figure, value)[0])}</small>'
        f'<meter aria-hidden="true" class="{kind}" value="{share:.3f}"></meter>'
    )


def _budgeted(figure: Figure, value: float) -> list[str]:
    if figure.budget is None:
        return []
    left = figure.budget - value
    return [
        f"{figure.short(abs(left))} {'over' if left < 0 else 'left'}",
        f"of a budget of {figure.short(figure.budget)}",
    ]
