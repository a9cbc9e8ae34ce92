"""Live curves and heat maps as Vega-Lite: data travels apart from the specification; a new point redraws no chart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from io import BytesIO
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
    format: str = ".3~f", height: int = 210, log: bool = False, unit: bool = False, top: float | None = None,
    dots: Sequence[str] = (),
) -> None:  # fmt: skip
    """Draws curves over an axis under a head that names them.

    `unit` is for values from 0 to 1. Values above `top` leave the frame, and the head says how high they go.
    Curves named in `dots` show each point, since they have few. Keep `alt` the same while a curve grows: a new one has
    the chart drawn anew.
    """
    beyond = max((row.value for row in rows), default=0.0)
    st.html(head(title, names, f"up to {beyond:.3g}, off the scale" if top and beyond > top else ""))
    x: dict[str, Any] = {
        "field": "x", "type": "quantitative",
        "axis": {"title": None, "grid": False, "tickCount": 6, "format": "~s", "labelFlush": True},
        "scale": {"nice": False, "zero": True, **({"domainMax": axis.end} if axis.end else {})},
    }  # fmt: skip
    scale: dict[str, Any] = {"type": "log"} if log else {"zero": unit, "nice": not top}
    if unit:
        scale["domain"] = [0, 1]
    if top and not log:
        scale |= {"zero": True, "domainMax": top}
    y = {"type": "quantitative", "scale": scale, "axis": {"title": None, "tickCount": 4, "format": format}}
    colour = {"field": "series", "type": "nominal", "legend": None}
    colour["scale"] = {"domain": list(names), "range": [hue(i) for i in range(len(names))]}
    spec = {
        "height": height,
        "padding": {"left": 2, "right": 10, "top": 4, "bottom": 2},
        "encoding": {"x": x, "color": colour},
        "layer": [_line(y, "value", 1, 0.3), _line(y, "smooth", 2, 1.0), _dots(y, dots), _pointer(y, title, axis)],
    }
    st.vega_lite_chart(table({name: [getattr(row, name) for row in rows] for name in Row._fields}), spec, key=key,
                       alt=alt)  # fmt: skip


def _line(y: dict[str, Any], field: str, width: float, opacity: float) -> dict[str, Any]:
    return {
        "mark": {"type": "line", "strokeWidth": width, "opacity": opacity, "clip": True},
        "encoding": {"y": {**y, "field": field}},
    }


def _dots(y: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {
        "transform": [{"filter": {"field": "series", "oneOf": list(names)}}],
        "mark": {"type": "point", "filled": True, "size": 22, "opacity": 1, "clip": True},
        "encoding": {"y": {**y, "field": "value"}},
    }


def _pointer(y: dict[str, Any], title: str, axis: Axis) -> dict[str, Any]:
    """The dot under the pointer, and its numbers; elsewhere none is seen."""
    nearest = {"type": "point", "nearest": True, "on": "pointermove", "clear": "pointerout"}
    return {
        "params": [{"name": "near", "select": nearest}],
        "mark": {"type": "point", "filled": True, "size": 45, "clip": True},
        "encoding": {
            "y": {**y, "field": "value"},
            "opacity": {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0},
            "tooltip": [
                {"field": "x", "title": AXES[axis.field], "type": "quantitative", "format": ",.4~f"},
                {"field": "series", "title": " ", "type": "nominal"},
                {"field": "value", "title": title.lower(), "type": "quantitative", "format": ".4~g"},
            ],
        },
    }


def hue(i: int) -> str:
    hues = st.get_option("theme.chartCategoricalColors")
    return hues[i % len(hues)]


def head(title: str, names: Sequence[str], note: str) -> str:
    """The title, with the curves' names beside it where there are several."""
    keys = "".join(f'<span><i style="background:{hue(i)}"></i>{escape(name)}</span>' for i, name in enumerate(names))
    return f'<div class="chart"><b>{escape(title)}</b>{keys if len(names) > 1 else ""}<em>{escape(note)}</em></div>'


def table(columns: dict[str, list[Any]]) -> Any:
    """The columns as an Arrow table, which is what travels. Read from JSON: `pyarrow.table` loads pandas, 45 MB."""
    import pyarrow.json

    words = [(name, pyarrow.string()) for name, column in columns.items() if column and isinstance(column[0], str)]
    rows = [json.dumps(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]
    options = pyarrow.json.ParseOptions(explicit_schema=pyarrow.schema(words))
    return pyarrow.json.read_json(BytesIO("\n".join([*rows, ""]).encode() or b"\n"), parse_options=options)


def scale_top(training: Sequence[Row], validation: Sequence[Row]) -> float | None:
    """Where an axis of losses ends so that a few wild validations do not flatten the rest; None where none is wild."""
    if not training or not validation:
        return None
    usual = 1.25 * max(row.value for row in training)
    return float(f"{usual:.2g}") if max(row.value for row in validation) > usual else None


def learning(run: Run, events: Sequence[StoredEvent], axis: Axis, weight: float, log: bool, per_epoch: float) -> None:
    """Loss and accuracy, in training and in validation."""
    steps = [event for event in events if event.kind == "step"]
    epochs = [event for event in events if event.kind == "epoch"]
    names = ("training", "validation")
    left, right = st.columns(2, gap="small")
    for column, quantity, unit in ((left, "loss", False), (right, "accuracy", True)):
        training = series(((place(e, axis.field, per_epoch), e.values.get(quantity)) for e in steps), names[0], weight)
        validation = series(
            ((place(e, axis.field, per_epoch), e.values.get(f"validation_{quantity}")) for e in epochs), names[1]
        )
        rows = [*training, *validation]
        with column:
            curve(
                rows, quantity.capitalize(), axis, key=f"curve.{quantity}.{run.id}", names=names,
                format=".0%" if unit else ".3~r", log=log and not unit, unit=unit,
                top=None if unit else scale_top(training, validation), dots=names[1:],
                alt=f"{quantity.capitalize()} of {run.name} in training and validation",
            )  # fmt: skip


def vital_signs(run: Run, events: Sequence[StoredEvent], axis: Axis, per_epoch: float) -> None:
    """Learning rate, gradient norm and speed, small."""
    steps = [event for event in events if event.kind == "step"]
    signs = (("learning_rate", "Learning rate"), ("gradient_norm", "Gradient norm"), ("images_per_second", "Images/s"))
    for column, (field, title) in zip(st.columns(3, gap="small"), signs, strict=True):
        rows = series(((place(e, axis.field, per_epoch), e.values.get(field)) for e in steps), title)
        with column:
            curve(rows, title, axis, key=f"curve.{field}.{run.id}", names=(title,), format=".3~r", height=96,
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
    spec = {"height": min(30 * len(classes) + 70, 520), "encoding": {"x": x, "y": y}, "layer": layers}
    right = sum(confusion[i][i] for i in range(len(classes)))
    total = sum(map(sum, confusion))
    said = f"Confusion matrix: {right:,} of {total:,} images answered rightly"
    st.vega_lite_chart(table(cells), spec, key=key, alt=said)
