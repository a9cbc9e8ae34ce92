"""How large the design's signal is by depth, in each order of norms and activations, at first weights."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from app import state, words
from app.components.measuring import beneath, is_under_way, outcome, press
from app.components.report import study_report
from app.components.signals import Line, Point, lines
from resnet_tf.design.orders import ORDERS, in_orders
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.reports.studied import StudyOf
from resnet_tf.runs.profiles import fitted_to_images
from resnet_tf.runs.studies import SignalByDepth, Studied, by_depth, usual_seconds

FIGURES = ("square", "variance", "branch", "gradient")


def orders() -> None:
    """Whichever is there: what was measured of the design on the desk, how far that is, what there is to press."""
    laboratory, spec, name = state.workbench().laboratory, state.current_spec(), state.design_name()
    try:
        found = laboratory.studied("variance", spec)
    except SpecError as error:
        st.info(words.plain(f"This design has no orders to compare: {error}"))
        return
    if found:
        _draw(found)
        return
    run = laboratory.studying("variance", spec)
    if not is_under_way(run):
        st.markdown(
            f"One batch of handwritten digits through the design and back, in {_count(spec)} of norms and "
            "activations (He 2016, Figure 4), at weights drawn three times. You see how large the signal is after each "
            "block, and the gradient before it."
        )
        press("Measure", "Signals of every block in every order, on three seeds",
              lambda: laboratory.study("variance", spec, name=name))  # fmt: skip
        st.caption(words.plain(f"About {words.seconds(usual(spec))} on two cores."))
    outcome(run)


def _count(spec: Spec) -> str:
    possible = len(in_orders(spec)[0])
    if possible == 1:
        return "the one order that it can have"
    return f"each of the {possible} orders" if possible == len(ORDERS) else f"each of the {possible} that it can have"


def usual(spec: Spec) -> float:
    """Seconds that the study usually takes."""
    counted = state.counted(fitted_to_images(spec))
    return usual_seconds("variance", spec, counted.macs, len(counted.layers))


def _draw(studied: Studied) -> None:
    found: Sequence[SignalByDepth] = studied.found
    forward, back = by_depth(found)
    st.markdown(f"**{words.plain(forward)}**")
    _lines(found, "Signal variance by block", "variance", height=280)
    st.markdown(words.plain(back))
    left, right = st.columns(2, gap="medium")
    with left:
        _lines(found, "Gradient by block", "gradient", note="mean square of dE/dy, logarithmic", format="~e")
    with right:
        _lines(found, "What the branch adds", "branch", note="mean square of F(x), logarithmic")
    _refused(studied.spec)
    _source(studied)


def _lines(
    found: Sequence[SignalByDepth], title: str, figure: str, *, note: str = "logarithmic", height: int = 220,
    **look: Any,
) -> None:  # fmt: skip
    """A line for each order; the head's few logits, which are of another kind, are left out."""
    lined = [Line(each.order, ORDERS.index(each.order), _points(each, figure)) for each in found]
    lines(lined, title, note, key=f"laboratory.{figure}", log=True, height=height, **look)


def _points(found: SignalByDepth, figure: str) -> list[Point]:
    bands = ((each.block, getattr(each, figure)) for each in found.blocks if each.block != "head")
    return [Point(block, band.mean, band.low, band.high) for block, band in bands if band and band.high < float("inf")]


def _refused(spec: Spec) -> None:
    """Which orders are not there, and why."""
    for order, error in in_orders(spec)[1].items():
        st.caption(words.plain(f"Not in the order {order}: {error}."))


def _source(studied: Studied) -> None:
    when = time.strftime("%d %b %Y", time.localtime(studied.measured))
    seeds = len(studied.found[0].seeds)
    said = (
        f"Measured here on {when}, on the {studied.device}: {studied.images:,} images of {studied.dataset.title} at "
        f"{words.shape(studied.spec.input_shape)} through first weights and back, norms in training; the band runs "
        f"from the lowest to the highest of {seeds} seeds. Variance: of each channel over images and places, averaged "
        "over channels (Brock 2021)."
    )
    beneath(said, "signals.csv", "Every figure of every block in every order", lambda: as_csv(studied.found),
            partial(study_report, "variance", [StudyOf(state.design_name(), studied)]))  # fmt: skip


def as_csv(found: Sequence[SignalByDepth]) -> str:
    """A row for each block in each order, its figures as mean, deviation, lowest and highest over the seeds."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    parts = ("mean", "deviation", "low", "high")
    writer.writerow(("order", "seeds", "block", *(f"{figure} {part}" for figure in FIGURES for part in parts)))
    for each in found:
        for block in each.blocks:
            bands = (getattr(block, figure) for figure in FIGURES)
            figures = [figure for band in bands for figure in (band or [None] * len(parts))]
            writer.writerow((each.order, len(each.seeds), block.block, *figures))
    return text.getvalue()
