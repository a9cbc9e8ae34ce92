"""Live curves and heat maps as Vega-Lite: data travels apart from the specification, so a new point redraws no chart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import streamlit as st

from resnet_tf.runs.records import Run, StoredEvent

MOST_POINTS = 600  # of a curve: more than there are pixels for
AXES = {"step": "steps", "seconds": "seconds of training", "epoch": "epochs"}


class Axis(NamedTuple):
    """What runs along the bottom; `end` fixes the right end so that a live curve grows into its room."""

    field: str = "step"
    end: float | None = None


class Row(NamedTuple):
    """One point of a curve."""

    x: float
    value: float
    smooth: float
    series: str


def place(event: StoredEvent, field: str, steps_per_epoch: float) -> float:
    """Where an event lies on an axis."""
    return {"step": event.step, "seconds": event.seconds, "epoch": event.step / steps_per_epoch}[field]


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """The exponential moving average, started without bias (as TensorBoard smooths)."""
    average, out = 0.0, []
    for i, value in enumerate(values, 1):
        average = weight * average + (1 - weight) * value
        out.append(average / (1 - weight**i))
    return out


def series(points: Iterable[tuple[float, float | None]], name: str, weight: float = 0.0) -> list[Row]:
    """The rows of one curve; points without a number are left out."""
    known = [(x, value) for x, value in points if value is not None]
    means = smoothed([value for _, value in known], weight)
    return [Row(x, value, mean, name) for (x, value), mean in zip(known, means, strict=True)]


def curve(
    rows: Sequence[Row], title: str, axis: Axis, *, key: str, names: Sequence[str], alt: str,
    format: str = ".3~f", height: int = 230, log: bool = False, unit: bool = False,
) -> None:  # fmt: skip
    """Draws curves over an axis; `unit` for values from 0 to 1."""
    x: dict[str, Any] = {
        "field": "x", "type": "quantitative", "title": AXES[axis.field],
        "axis": {"grid": False, "tickCount": 6, "format": "~s"},
        "scale": {"nice": False, "zero": True, **({"domainMax": axis.end} if axis.end else {})},
    }  # fmt: skip
    scale: dict[str, Any] = {"type": "log"} if log else {"zero": unit, "nice": True}
    if unit:
        scale["domain"] = [0, 1]
    y = {"type": "quantitative", "title": None, "scale": scale, "axis": {"tickCount": 5, "format": format}}
    colour = {"field": "series", "type": "nominal", "title": None, "scale": {"domain": list(names)}}
    colour["legend"] = {"orient": "top", "offset": 2} if len(names) > 1 else None
    near = {"name": "near", "select": {"type": "point", "fields": ["x"], "nearest": True, "on": "pointermove"}}
    near["select"]["clear"] = "pointerout"
    spec = {
        "title": {"text": title, "anchor": "start", "fontSize": 13, "fontWeight": 600, "offset": 4},
        "height": height,
        "padding": {"left": 2, "right": 8, "top": 2, "bottom": 2},
        "encoding": {"x": x, "color": colour},
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 1, "opacity": 0.3, "clip": True},
                "encoding": {"y": {**y, "field": "value"}},
            },
            {
                "mark": {"type": "line", "strokeWidth": 2, "interpolate": "linear", "clip": True},
                "encoding": {"y": {**y, "field": "smooth"}},
            },
            {
                "params": [near],
                "mark": {"type": "point", "filled": True, "size": 45, "clip": True},
                "encoding": {
                    "y": {**y, "field": "smooth"},
                    "opacity": {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0},
                    "tooltip": [
                        {"field": "x", "title": AXES[axis.field], "type": "quantitative", "format": ",.4~f"},
                        {"field": "series", "title": " ", "type": "nominal"},
                        {"field": "value", "title": title.lower(), "type": "quantitative", "format": ".4~g"},
                    ],
                },
            },
        ],
    }
    st.vega_lite_chart(_columns(rows), spec, key=key, alt=alt)


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    return {name: [getattr(row, name) for row in rows] for name in Row._fields}


def learning(run: Run, events: Sequence[StoredEvent], axis: Axis, weight: float, log: bool, per_epoch: float) -> None:
    """Loss and accuracy, in training and in validation."""
    steps = [event for event in events if event.kind == "step"]
    epochs = [event for event in events if event.kind == "epoch"]
    names = ("training", "validation")
    left, right = st.columns(2, gap="small")
    for column, quantity, unit in ((left, "loss", False), (right, "accuracy", True)):
        rows = [
            *series(((place(e, axis.field, per_epoch), e.values.get(quantity)) for e in steps), names[0], weight),
            *series(((place(e, axis.field, per_epoch), e.values.get(f"validation_{quantity}")) for e in epochs),
                    names[1]),
        ]  # fmt: skip
        last = f", last {rows[-1].value:.3g}" if rows else ""
        with column:
            curve(
                rows, quantity.capitalize(), axis, key=f"curve.{quantity}.{run.id}", names=names,
                format=".0%" if unit else "~g", log=log and not unit, unit=unit,
                alt=f"{quantity.capitalize()} of {run.name} in training and validation{last}",
            )  # fmt: skip


def vital_signs(run: Run, events: Sequence[StoredEvent], axis: Axis, per_epoch: float) -> None:
    """Learning rate, gradient norm and speed, small."""
    steps = [event for event in events if event.kind == "step"]
    signs = (("learning_rate", "Learning rate"), ("gradient_norm", "Gradient norm"), ("images_per_second", "Images/s"))
    for column, (field, title) in zip(st.columns(3, gap="small"), signs, strict=True):
        rows = series(((place(e, axis.field, per_epoch), e.values.get(field)) for e in steps), title)
        with column:
            curve(rows, title, axis, key=f"curve.{field}.{run.id}", names=(title,), format="~s", height=90,
                  alt=f"{title} of {run.name}")  # fmt: skip


def heat(confusion: Sequence[Sequence[int]], classes: Sequence[str], *, key: str) -> None:
    """Draws a confusion matrix: a row for each truth, shaded by its share, counts where there is room."""
    cells: dict[str, list[Any]] = {"truth": [], "answer": [], "images": [], "share": []}
    for i, counts in enumerate(confusion):
        total = sum(counts)
        for j, count in enumerate(counts):
            for name, value in zip(cells, (classes[i], classes[j], count, count / total if total else 0), strict=True):
                cells[name].append(value)
    few = len(classes) <= 20
    labels = {"labels": few, "ticks": False, "domain": False, "labelAngle": 0 if len(classes) <= 10 else -60}
    place = {"type": "nominal", "sort": list(classes), "scale": {"padding": 0.04}}
    x = {"field": "answer", "title": "the network's answer", "axis": {**labels, "orient": "top"}, **place}
    y = {"field": "truth", "title": "truth", "axis": {**labels, "labelAngle": 0}, **place}
    layers: list[dict[str, Any]] = [
        {
            "mark": "rect",
            "encoding": {
                "color": {"field": "share", "type": "quantitative", "legend": None,
                          "scale": {"domain": [0, 1], "range": ["#7f8a9620", "#2f6bb3"]}},
                "tooltip": [{"field": "truth"}, {"field": "answer"},
                            {"field": "images", "type": "quantitative", "format": ","},
                            {"field": "share", "type": "quantitative", "format": ".1%", "title": "of this truth"}],
            },
        }
    ]  # fmt: skip
    if few:
        layers.append(
            {
                "transform": [{"filter": "datum.images > 0"}],
                "mark": {"type": "text", "fontSize": 11},
                "encoding": {
                    "text": {"field": "images", "type": "quantitative"},
                    "color": {"condition": {"test": "datum.share > 0.45", "value": "white"}, "value": "#808a95"},
                },
            }
        )
    spec = {"height": max(260, min(26 * len(classes), 460)), "encoding": {"x": x, "y": y}, "layer": layers}
    right = sum(confusion[i][i] for i in range(len(classes)))
    total = sum(map(sum, confusion))
    st.vega_lite_chart(cells, spec, key=key, alt=f"Confusion matrix: {right:,} of {total:,} images answered rightly")
