"""One axis, one row: its control, what it does, who says so, and what its other values would cost."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from app import words
from app.components.budget import excess
from app.components.fields import choice, number, numbers, rule_of, select, toggle
from resnet_tf.design.axes import AXES, Axis
from resnet_tf.design.moves import Outcome
from resnet_tf.design.offers import Offer, offers, options, value_of
from resnet_tf.design.spec import Spec
from resnet_tf.design.totals import totals

# how far a step of a number's control goes, where it is not 1 or 0.1, and how the number is written
_STEPS = {
    "attention.ratio": 0.0625, "bottleneck_factor": 0.5, "input_shape.0": 32, "input_shape.1": 32,
    "normalization.epsilon": 1e-6, "normalization.momentum": 0.01, "shortcut_gate_bias": 1, "stem.kernel": 2,
}  # fmt: skip
OVER = " · over budget"  # after the name of what would go over
_FORMATS = {"attention.ratio": "%.4f", "normalization.epsilon": "%.3e"}


def axis_of(spec: Spec, field: str) -> Axis:
    """The row of a field."""
    return next(axis for axis in AXES[spec.family] if axis.field == field)


def row(spec: Spec, axis: Axis) -> None:
    """Draws an axis in an opened group, with all there is to say about it below."""
    others = offers(spec, axis)
    paper, _, where = axis.source.partition(",")
    lines = "".join(
        f"<li><span>{escape(name)}</span><span>{escape(cost)}</span></li>" for name, cost in _costs(spec, others)
    )
    with st.container(gap=None):
        control(spec, axis, others)
        st.html(
            f'<div class="axis"><p>{escape(axis.does)} <cite title="{escape(where.strip())}">{escape(paper)}</cite></p>'
            f"<ul>{lines}</ul></div>"
        )


def brief(spec: Spec, field: str) -> None:
    """Draws an axis that always stands open: what there is to say about it waits behind its question mark."""
    axis = axis_of(spec, field)
    others = offers(spec, axis)
    control(spec, axis, others, help=about(spec, axis, others))


def control(spec: Spec, axis: Axis, others: list[Offer], *, help: str | None = None) -> None:
    """The widget that fits an axis' values."""
    now = value_of(spec.model_dump(), axis.field)
    if isinstance(now, bool):
        toggle(axis.title, axis.field, now, help=help)
    elif axis.values:
        draw = choice if axis.field == "block" else select
        draw(axis.title, axis.field, now, choices(spec, axis, others), help=help)
    elif isinstance(now, tuple):
        numbers(axis.title, axis.field, now, help=help)
    else:
        step = _STEPS.get(axis.field, 0.1 if isinstance(now, float) else 1)
        number(axis.title, axis.field, now, step=step, format=_FORMATS.get(axis.field), help=help)


def choices(spec: Spec, axis: Axis, others: list[Offer]) -> dict[Any, str]:
    """The values that make a network with the rest of the design, each with its published error where it has one.

    One that would go over a budget says so.
    """
    refused = [other.value for other in others if other.spec is None]
    over = {other.value: OVER for other in others if excess(other.spec)}
    deep = spec.family == "resnet" and spec.block == "bottleneck"
    errors = {value: f" · {both[deep]:.2f} % error" for value, both in axis.errors.items()}
    return {
        value: said + errors.get(value, "") + over.get(value, "")
        for value, said in options(spec, axis).items() if value not in refused
    }  # fmt: skip


def about(spec: Spec, axis: Axis, others: list[Offer]) -> str:
    """What an axis does, its source, and what its other values cost, in Markdown."""
    deep = spec.family == "resnet" and spec.block == "bottleneck"
    errors = f" Beside each its error on CIFAR-10 with {164 if deep else 110} layers." if axis.errors else ""
    lines = [f"- {words.plain(name)}: {words.plain(cost)}" for name, cost in _costs(spec, others)]
    return "\n".join([f"{words.plain(axis.does)}{errors}\n\n*{words.plain(axis.source)}*\n", *lines])


def plainly(spec: Spec, field: str) -> str:
    """The same in plain lines."""
    axis = axis_of(spec, field)
    costs = [f"{name}: {cost}" for name, cost in _costs(spec, offers(spec, axis))]
    return "\n".join([axis.does, axis.source, *costs])


def _costs(spec: Spec, others: list[Offer]) -> list[tuple[str, str]]:
    """Other values in words, and what each costs or why it is not offered. Said once where it is the same of all."""
    lines = [(each.words, price(spec, each)) for each in others]
    same = len({cost for _, cost in lines}) == 1
    return [("Any other", lines[0][1])] if same and len(lines) > 1 else lines


def price(spec: Spec, other: Offer | Outcome) -> str:
    """What another value costs more, and what budgets that goes over: `+2.53 M parameters, +0.06 % MACs`.

    FLOPs are said where MACs do not change.
    """
    if other.reason is not None:
        return f"not here: {rule_of(other.reason)}"
    now, then = totals(spec), totals(other.spec)
    parts = []
    if then.parameters != now.parameters:
        parts.append(f"{words.signed(then.parameters - now.parameters)} parameters")
    if then.macs != now.macs:
        parts.append(f"{_percent(then.macs, now.macs)} MACs")
    elif then.flops != now.flops:
        parts.append(f"{_percent(then.flops, now.flops)} FLOPs")
    return "; ".join(filter(None, (", ".join(parts) or "no parameters, no MACs", excess(other.spec))))


def _percent(then: int, now: int) -> str:
    return words.signed(100 * (then - now) / now, lambda size: f"{words.significant(size)} %")
