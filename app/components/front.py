"""The trials of a sweep as points: accuracy against cost, and the Pareto front."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.components import charts
from app.components.parallel import GREY, HEIGHT, INK
from resnet_tf.runs.records import Sweep, in_words

WIDE = 3  # of costs: the largest over the smallest from where factors matter
COSTS = {"macs": "MACs", "parameters": "Parameters"}


def against_cost(sweep: Sweep, cost: str) -> None:
    """Draws a point for each trial, those of the front filled, numbered and joined."""
    known = [trial for trial in sweep.trials if trial.best is not None]
    if not known:
        st.caption("The first point comes with the first epoch.")
        return
    front = {trial.number for trial in sweep.front_of(cost)}
    rows = sorted(known, key=lambda trial: (getattr(trial.cost, cost), trial.best))
    data = charts.table({
        "cost": [getattr(trial.cost, cost) for trial in rows],
        "accuracy": [trial.best for trial in rows],
        "front": ["yes" if trial.number in front else "no" for trial in rows],
        "trial": [f"{trial.number}" for trial in rows],
        "values": [in_words(trial.values) for trial in rows],
        "state": [trial.state for trial in rows],
    })  # fmt: skip
    wide = getattr(rows[-1].cost, cost) > WIDE * getattr(rows[0].cost, cost)
    x = {
        "field": "cost", "type": "quantitative", "title": f"{COSTS[cost]}{' of one image' if cost == 'macs' else ''}",
        "scale": {"type": "log", "nice": False, "padding": 16} if wide else {"zero": False, "padding": 16},
        "axis": {"format": "~s", "grid": False, "tickCount": 5, "labelOverlap": True},
    }  # fmt: skip
    y = {
        "field": "accuracy", "type": "quantitative", "title": "best validation accuracy",
        "scale": {"zero": False, "padding": 14}, "axis": {"format": ".1~%", "tickCount": 5},
    }  # fmt: skip
    said = "Accuracy against cost of every trial; the Pareto front is joined"
    st.vega_lite_chart(data, {"height": HEIGHT, "layer": _layers(x, y)}, key=f"against.{sweep.id}.{cost}", alt=said)


def _layers(x: dict[str, Any], y: dict[str, Any]) -> list[dict[str, Any]]:
    best, others = ({"filter": {"field": "front", "equal": word}} for word in ("yes", "no"))
    places = {"x": x, "y": y}
    ring = {"type": "point", "size": 45, "color": GREY, "strokeWidth": 1.5}
    dot = {"type": "point", "filled": True, "size": 80, "opacity": 1, "color": INK[st.context.theme.type or "light"]}
    tooltip = [
        {"field": "trial", "title": "trial"}, {"field": "values", "title": "with"}, {"field": "state"},
        {"field": "accuracy", "type": "quantitative", "format": ".1%", "title": "accuracy"},
        {"field": "cost", "type": "quantitative", "format": ",", "title": "cost"},
    ]  # fmt: skip
    seen = {**places, "tooltip": tooltip}
    return [
        {"transform": [best], "mark": {"type": "line", "interpolate": "step-after", "color": GREY, "strokeWidth": 1.5},
         "encoding": places},
        {"transform": [others], "mark": ring, "encoding": seen},
        {"transform": [best], "mark": dot, "encoding": seen},
        {"transform": [best], "mark": {"type": "text", "dy": -11, "fontSize": 11, "color": GREY},
         "encoding": {**places, "text": {"field": "trial"}}},
    ]  # fmt: skip
