"""Accuracy against cost, as a Plotly scatter: landmarks, the Pareto front, and where the compared designs lie."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from math import log10
from typing import Any

import streamlit as st

from app import state, words
from app.components.chosen import Candidate
from app.components.landmarks import ALONE, HERE, MORE, PUBLISHED, Point, measured, published
from app.components.opening import take
from resnet_tf.design.front import front
from resnet_tf.design.presets import PRESETS
from resnet_tf.design.spec import Spec

_plotly = partial(escape, quote=False)  # Plotly reads some HTML, and of its characters but these three
COSTS = {"macs": "MACs", "parameters": "Parameters"}
IMAGENET = "imagenet"
ACCENT = "#c07a2c"
NEAR = 0.05  # of the MACs: timm's have three digits
_STYLES = {  # group -> its marker; shapes differ too, so that colour is not needed to tell them apart
    ALONE: {"size": 7, "symbol": "circle", "color": "#3b6fb6", "opacity": 0.75},
    MORE: {"size": 7, "symbol": "diamond-open", "color": "#8a929c"},
    PUBLISHED: {"size": 8, "symbol": "circle", "color": "#3b6fb6", "opacity": 0.75},
    HERE: {"size": 11, "symbol": "star", "color": "#c07a2c"},
}


def scatter(chosen: Sequence[Candidate]) -> None:
    """Draws the scatter with its choices; a click on a point opens its design."""
    runs = [run for run in state.workbench().runs(brief=True) if run.epochs and run.dataset]
    kinds = {IMAGENET: "published ImageNet top-1"}
    kinds.update({run.dataset.name: f"measured here on {run.dataset.title}" for run in runs})
    st.markdown("##### Accuracy against cost")
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        kind = st.selectbox("Accuracy", list(kinds), format_func=kinds.__getitem__, key="scatter.accuracy", width=340)
        cost = st.segmented_control("Against", COSTS, format_func=COSTS.__getitem__, default="macs", required=True,
                                    key="scatter.cost")  # fmt: skip
    points = list(published()) if kind == IMAGENET else measured(runs, kind)
    event = st.plotly_chart(
        figure(points, cost, kinds[kind], chosen), key=f"scatter.{kind}.{cost}", on_select="rerun",
        selection_mode="points", config={"displayModeBar": False},
        alt=f"{len(points)} networks: {kinds[kind]} against {COSTS[cost]}, with the Pareto front",
    )  # fmt: skip
    st.caption(_source(kind, points))
    _offer(event)


def _source(kind: str, points: Sequence[Point]) -> str:
    if kind == IMAGENET:
        return (
            "Published: measured by timm on ImageNet's validation images (Apache-2.0, Ross Wightman and authors). "
            "Rings: networks chosen above. Dashed lines: chosen designs without a published "
            "accuracy, their cost exact at their own image size. Click a point to open its design."
        )
    mixed = any(point.group == PUBLISHED for point in points)
    papers = " Published: the papers' test accuracy, after longer training." if mixed else ""
    return f"Stars: accuracy on validation images, measured here after the last epoch.{papers}"


def figure(points: Sequence[Point], cost: str, title: str, chosen: Sequence[Candidate]) -> Any:
    """The Plotly figure: a trace for each group, the front as a line, what is compared as rings or dashed lines."""
    import plotly.graph_objects as go

    drawn = go.Figure()
    line = front((point for point in points if point.group != MORE), lambda p: getattr(p, cost), lambda p: p.accuracy)
    drawn.add_scatter(
        x=[getattr(p, cost) for p in line], y=[p.accuracy for p in line], mode="lines", name="Pareto front",
        line={"width": 1.5, "shape": "hv", "color": "#8a929c"}, hoverinfo="skip",
    )  # fmt: skip
    alone = []
    for candidate in chosen:
        rings = [point for point in points if same(candidate, point)]
        if rings:
            _ring(drawn, rings, cost, _plotly(candidate.name))
        else:
            alone.append(candidate)
    for group, marker in _STYLES.items():
        members = [point for point in points if point.group == group]
        if members:
            drawn.add_scatter(
                x=[getattr(p, cost) for p in members], y=[p.accuracy for p in members], mode="markers", name=group,
                marker=marker, text=[_plotly(p.name) for p in members],
                customdata=[(p.opens, words.short(p.macs), words.short(p.parameters), p.note) for p in members],
                hovertemplate="<b>%{text}</b><br>%{y:.2f} %<br>%{customdata[1]} MACs, %{customdata[2]} parameters<br>"
                "%{customdata[3]}<extra></extra>",
            )  # fmt: skip
    for i, candidate in enumerate(alone):
        _dash(drawn, candidate, cost, 0.02 + 0.055 * (i % 6))
    drawn.update_layout(
        height=440, margin={"l": 8, "r": 8, "t": 8, "b": 8}, hovermode="closest", clickmode="event+select",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    title_x = f"{COSTS[cost]} of one image" if cost == "macs" else COSTS[cost]
    ticks = {"dtick": 1, "minor": {"ticks": "outside", "ticklen": 3}}
    drawn.update_xaxes(type="log", title=title_x, exponentformat="SI", showgrid=False, **ticks)
    drawn.update_yaxes(title=f"{_plotly(title)}, %")
    return drawn


def same(candidate: Candidate, point: Point) -> bool:
    """Whether a point is of a network that is compared, and at its image size: timm measured some at several."""
    keys = {candidate.key, *(f"preset.{preset.name}" for preset in PRESETS.values() if preset.spec == candidate.spec)}
    return point.opens in keys and abs(point.macs / state.counted(candidate.spec).macs - 1) < NEAR


def _ring(drawn: Any, rings: Sequence[Point], cost: str, name: str) -> None:
    """Rings around the points of a network that is compared, its name at the best."""
    best = max(rings, key=lambda point: point.accuracy)
    drawn.add_scatter(
        x=[getattr(p, cost) for p in rings], y=[p.accuracy for p in rings], mode="markers+text", hoverinfo="skip",
        text=[name if p is best else "" for p in rings], textposition="top center", showlegend=False,
        marker={"size": 12, "symbol": "circle-open", "color": ACCENT, "line": {"width": 1.5}},
        textfont={"color": ACCENT, "size": 12},
    )  # fmt: skip


def _dash(drawn: Any, candidate: Candidate, cost: str, height: float) -> None:
    """A dashed line where a design without an accuracy on this axis lies."""
    counted = state.counted(candidate.spec)
    at = counted.macs if cost == "macs" else counted.trainable_parameters
    drawn.add_vline(x=at, line={"width": 1.2, "dash": "dash", "color": ACCENT})
    drawn.add_annotation(x=log10(max(at, 1)), y=height, yref="paper", text=_plotly(candidate.name), showarrow=False,
                         xanchor="left", xshift=4, font={"size": 11})  # fmt: skip


def _offer(event: Any) -> None:
    """Opens what was clicked."""
    points = event["selection"]["points"] if event else []
    data = next((point["customdata"] for point in points if point.get("customdata")), None)
    if data is None:
        return
    kind, _, name = str(data[0]).partition(".")
    if kind == "preset" and name in PRESETS:
        _open(PRESETS[name].title, f"Open {PRESETS[name].title}", PRESETS[name].spec)
    elif kind == "run":
        run = state.workbench().run(name)
        _open(run.name, f"Open the design of {run.name}", run.spec)
    else:
        st.caption("There is no preset for this network: its design is not among those that the workbench can draw.")


def _open(name: str, label: str, spec: Spec) -> None:
    # a callback, so that opening does not depend on the chart still saying what was clicked
    st.button(
        words.plain(label), type="primary", icon=":material/open_in_new:", key="scatter.open", on_click=take,
        args=(spec, name),
    )  # fmt: skip
