"""What was measured of a design: its gradients, what carries them, what is dead, and the formula with its numbers."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from app import words
from app.components.flow import Side, played
from app.components.measuring import over
from app.components.signals import Line, Point, lines, points
from app.components.strength import of_flows
from app.components.table import Column, sortable
from resnet_tf.design.labels import block_label
from resnet_tf.design.shortcuts import counterpart
from resnet_tf.runs.profiles import (
    WITH,
    WITHOUT,
    BlockSignal,
    GradientFlow,
    Profile,
    Profiled,
    adds_up,
    alive,
    arrives,
    carries,
    dead_units,
    joined_side,
)

HUES = {WITH: 0, WITHOUT: 1}
BRANCH, SHORTCUT = ("branch", 2), ("shortcut", 3)
NONE = -1.0  # in a table, where a block lacks a figure: sorted below all others
_FIGURES = ("output", "gradient", "rank", "branch", "around", "gradient_branch", "gradient_around",
            "variance")  # fmt: skip


def profile(found: Profiled) -> None:
    """Draws all of it."""
    measured = found.profile
    st.markdown(f"**{words.plain(arrives(measured))}**")
    played(_drawn(found), key="laboratory.flow", when="at first weights")
    note = "norm of dE/dy, logarithmic"
    _sides(measured, "Gradient by block", note, _inside(lambda b: b.gradient), "gradient", log=True, height=260)
    st.caption(words.plain(source(found)))
    _two_ways(measured)
    left, middle, right = st.columns(3, gap="medium")
    with left:
        _sides(measured, "Signal variance", "logarithmic", _inside(lambda b: b.variance),
               "variance", log=True)  # fmt: skip
    with middle:
        _sides(measured, "Dead units", "of ReLU channels", dead_units, "dead", format=".0~%", least=0.1)
    with right:
        _sides(measured, "Effective rank", "directions", _inside(lambda b: b.rank), "rank")
    st.caption(words.plain(alive(measured)))
    _formula(measured)
    _table(measured)


def _drawn(found: Profiled) -> list[Side]:
    """Both sides with the networks that they are."""
    measured, other = found.profile, counterpart(found.spec)
    return [
        Side(side, found.spec if side == measured.own or other is None else other, of_flows(flows))
        for side, flows in measured.sides.items()
    ]


def source(found: Profiled) -> str:
    """What was measured, on what, where and when."""
    measured = found.profile
    when = time.strftime("%d %b %Y", time.localtime(found.measured))
    count = len(measured.seeds)
    band = f"the band runs from the lowest to the highest of {count} seeds" if count > 1 else "one seed"
    return (
        f"Measured here on {when}, on the {found.device}: {measured.images:,} images of {measured.data} at "
        f"{words.shape(found.spec.input_shape)} through first weights and back, batch norm in training; {band}."
    )


def _of(what: Callable[[BlockSignal], float | None]) -> Callable[[GradientFlow], Mapping[str, float | None]]:
    return lambda flow: {block.name: what(block) for block in flow.blocks}


def _inside(what: Callable[[BlockSignal], float | None]) -> Callable[[GradientFlow], Mapping[str, float | None]]:
    """A figure of all blocks but the head, whose few logits are of another kind."""
    return lambda flow: {block.name: what(block) for block in flow.blocks if block.name != "head"}


def _sides(
    measured: Profile, title: str, note: str, what: Callable[[GradientFlow], Mapping[str, float | None]], key: str,
    **look: Any,
) -> None:  # fmt: skip
    """A chart with a line for each side."""
    lined = [Line(side, HUES.get(side, 0), points(flows, what)) for side, flows in measured.sides.items()]
    if any(line.points for line in lined):
        lines(lined, title, note, key=f"laboratory.{key}", **look)
    else:
        st.caption(f"{title}: nothing in this design has any.")


def _two_ways(measured: Profile) -> None:
    """Branch against shortcut, forward and backward, where there are shortcuts."""
    flows = measured.sides[joined_side(measured)]
    ahead = _ways(flows, lambda b: b.branch, lambda b: b.around)
    if ahead[0].points:
        left, right = st.columns(2, gap="medium")
        with left:
            lines(ahead, "Forward", "norm of what is added, logarithmic", key="laboratory.forward", log=True)
        with right:
            back = _ways(flows, lambda b: b.gradient_branch, lambda b: b.gradient_around)
            lines(back, "Backward", "norm of what comes back, logarithmic", key="laboratory.backward", log=True)
    st.caption(words.plain(carries(measured)))


def _ways(
    flows: Sequence[GradientFlow], branch: Callable[[BlockSignal], float | None],
    around: Callable[[BlockSignal], float | None],
) -> list[Line]:  # fmt: skip
    return [Line(*BRANCH, points(flows, _of(branch))), Line(*SHORTCUT, points(flows, _of(around)))]


# --- the formula


def _formula(measured: Profile) -> None:
    """The formula of the talk with its numbers, and what they mean for this design."""
    st.markdown("##### What the formula gives")
    if sums := measured.sums:
        st.html(
            '<div class="formula">∂E/∂x<sub>l</sub> = ∂E/∂x<sub>K</sub> + '
            "∂E/∂x<sub>K</sub> · ∂/∂x<sub>l</sub> Σ F(x<sub>i</sub>)</div>"
        )
        first, last = block_label(sums[0].first), block_label(sums[0].last)
        branches = f"{sums[0].blocks:,} branch{'es' if sums[0].blocks > 1 else ''}"
        cells = (
            ("∂E/∂x<sub>l</sub>", f"the whole, at the input of {first}", [s.total for s in sums]),
            ("∂E/∂x<sub>K</sub>", f"direct, from the end of {last}", [s.direct for s in sums]),
            ("∂E/∂x<sub>K</sub> · ∂/∂x<sub>l</sub> Σ F", f"through {branches}", [s.branches for s in sums]),
            ("remainder", "what the two terms lack", [s.remainder for s in sums]),
        )
        st.html(
            '<div class="strip terms" role="group" aria-label="Norms of the formula\'s terms, measured here">'
            f"{''.join(_term(*cell) for cell in cells)}</div>"
        )
    st.caption(words.plain(adds_up(measured.sums)))


def _term(name: str, about: str, norms: Sequence[float]) -> str:
    spread = f"{_figure(min(norms))} to {_figure(max(norms))} over {len(norms)} seeds" if len(norms) > 1 else "one seed"
    mean = _figure(sum(norms) / len(norms))
    return f"<div><small>{name}</small><b>{mean}</b><small>{escape(about)}</small><small>{spread}</small></div>"


def _figure(value: float) -> str:
    """Three significant digits, with an exponent where that is shorter."""
    return f"{value:.2e}" if 0 < abs(value) < 1e-3 or abs(value) >= 1e6 else words.significant(value)


# --- all numbers


def _table(measured: Profile) -> None:
    """A row for each block, means over seeds; all seeds are in the file."""
    columns, rows = _rows(measured)
    over("Every block", "gradients.csv", "Every figure of every block at every seed", lambda: as_csv(measured))
    sortable(columns, rows, key="laboratory.blocks", label="Signals of every block, means over seeds", height=320)


def _rows(measured: Profile) -> tuple[list[Column], list[tuple[str, list[Any]]]]:
    flows = measured.sides[joined_side(measured)]
    wanted: list[tuple[str, str, list[Point]]] = [
        (f"gradient, {side}", "Norm of dE/dy", points(each, _of(lambda b: b.gradient)))
        for side, each in measured.sides.items()
    ]
    wanted += [
        ("branch", "Norm of F(x)", points(flows, _of(lambda b: b.branch))),
        ("shortcut", "Norm of what is added to it", points(flows, _of(lambda b: b.around))),
        ("back by branch", "Norm of what comes back to x", points(flows, _of(lambda b: b.gradient_branch))),
        ("back by shortcut", "Norm of what comes back to x", points(flows, _of(lambda b: b.gradient_around))),
    ]
    wanted += [(f"rank, {side}", "Effective rank", points(each, _of(lambda b: b.rank)))
               for side, each in measured.sides.items()]  # fmt: skip
    columns = [Column("block", shown=block_label)]
    columns += [Column(title, "number", _shown, about) for title, about, _ in wanted]
    means = [{point.block: point.mean for point in found} for _, _, found in wanted]
    names = [block.name for block in measured.flows[0].blocks]
    return columns, [(name, [name, *(each.get(name, NONE) for each in means)]) for name in names]


def _shown(value: float) -> str:
    return "–" if value == NONE else _figure(value)


def as_csv(measured: Profile) -> str:
    """Every figure of every block at every seed, a row for each; what a block lacks is left empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("side", "seed", "block", "shortcut", *_FIGURES, "dead"))
    for side, flows in measured.sides.items():
        for flow in flows:
            dead = dead_units(flow)
            for block in flow.blocks:
                figures = (getattr(block, name) for name in _FIGURES)
                writer.writerow((side, flow.seed, block.name, block.shortcut, *figures, dead.get(block.name)))
    return text.getvalue()
