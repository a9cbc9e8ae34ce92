"""Figures of the lessons on the page: lines with bands, stacked bars, small images."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import Any

import streamlit as st

from app.components.charts import head, hue, table
from resnet_tf.lessons.figures import Figure, Picture

DASHES = ([1, 0], [5, 3], [2, 2], [8, 3, 2, 3], [12, 3])  # colour alone does not tell lines apart
ROOM = {"left": 2, "right": 10, "top": 4, "bottom": 2}
MANY = 10_000  # from which on numbers are written as 12k
MOST_DOTS = 30  # points of a line that are seen one by one


def draw(figure: Figure, *, key: str, height: int = 220) -> None:
    """Draws a figure under its title, with what its numbers say below."""
    if figure.kind == "images":
        st.html(head(figure.title, (), ""))
        st.html(f'<div class="gallery pools">{"".join(map(_picture, figure.pictures))}</div>')
    else:
        st.html(head(figure.title, [each.name for each in figure.series], figure.y if figure.y != figure.title else ""))
        spec = _lines(figure) if figure.kind == "lines" else _bars(figure)
        st.vega_lite_chart(_points(figure), {"height": height, "padding": ROOM, **spec}, key=key, alt=_alt(figure))
    if figure.sentence:
        st.caption(figure.sentence.replace("*", r"\*").replace("_", r"\_"))


def _alt(figure: Figure) -> str:
    return f"{figure.title}: {', '.join(each.name for each in figure.series)}"


def _points(figure: Figure) -> Any:
    rows = [
        (each.name, x, y, *ends)
        for each in figure.series
        for x, y, *ends in zip(each.x, each.y, each.low or each.y, each.high or each.y, strict=True)
        if y > 0 or not figure.log
    ]
    names, x, y, low, high = ([*column] for column in zip(*rows, strict=True)) if rows else ([], [], [], [], [])
    low = [max(lowest, mean / 1e6) if figure.log else lowest for lowest, mean in zip(low, y, strict=True)]
    return table({"series": names, "x": x, "y": y, "low": low, "high": high})


def _colour(figure: Figure) -> dict[str, Any]:
    names = [each.name for each in figure.series]
    scale = {"domain": names, "range": [hue(i) for i in range(len(names))]}
    return {"field": "series", "type": "nominal", "legend": None, "scale": scale}


def _tooltip(figure: Figure) -> list[dict[str, Any]]:
    number = {"type": "quantitative", "format": ",.4~g"}
    along = number if figure.kind == "lines" else {"type": "nominal"}
    return [{"field": "series", "title": " ", "type": "nominal"}, {"field": "x", "title": figure.x, **along},
            {"field": "y", "title": figure.y, **number}]  # fmt: skip


def _lines(figure: Figure) -> dict[str, Any]:
    places = [x for each in figure.series for x in each.x]
    whole = all(float(x).is_integer() for x in places)
    axis = {"title": figure.x, "grid": False, "tickCount": 6, "titleFontWeight": "normal",
            **({"tickMinStep": 1} if whole else {})}  # fmt: skip
    x = {"field": "x", "type": "quantitative", "axis": axis, "scale": {"nice": False, "zero": False}}
    scale = {"type": "log"} if figure.log else {"zero": False}
    highest = max((y for each in figure.series for y in each.y), default=0)
    format = ".3~s" if highest >= MANY and not figure.log else ".3~g"
    y = {"type": "quantitative", "scale": scale, "axis": {"title": None, "tickCount": 4, "format": format}}
    names = [each.name for each in figure.series]
    dash = {"field": "series", "type": "nominal", "legend": None,
            "scale": {"domain": names, "range": [DASHES[i % len(DASHES)] for i in range(len(names))]}}  # fmt: skip
    most = max((len(each.x) for each in figure.series), default=0)
    layer: list[dict[str, Any]] = [
        {"mark": {"type": "area", "opacity": 0.16, "clip": True},
         "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}}},
        {"mark": {"type": "line", "strokeWidth": 2, "clip": True},
         "encoding": {"y": {**y, "field": "y"}, "strokeDash": dash}},
        {"mark": {"type": "point", "filled": True, "size": 26 if most <= MOST_DOTS else 8, "opacity": 1},
         "encoding": {"y": {**y, "field": "y"}, "tooltip": _tooltip(figure)}},
    ]  # fmt: skip
    layer += [
        {"mark": {"type": "rule", "strokeDash": [3, 3], "opacity": 0.6}, "encoding": {"x": {"datum": mark}}}
        for mark in figure.marks
    ]
    return {"encoding": {"x": x, "color": _colour(figure)}, "layer": layer}


def _bars(figure: Figure) -> dict[str, Any]:
    """Bars lie, so that their names have room."""
    order = list(dict.fromkeys(x for each in figure.series for x in each.x))
    names = [each.name for each in figure.series]
    y = {"field": "x", "type": "nominal", "sort": order, "axis": {"title": None, "ticks": False, "labelLimit": 210}}
    x = {
        "field": "y",
        "type": "quantitative",
        "aggregate": "sum",
        "axis": {"title": None, "tickCount": 5, "format": "~s"},
    }
    return {
        "mark": {"type": "bar", "height": {"band": 0.62}},
        "encoding": {"y": y, "x": x, "color": _colour(figure), "tooltip": _tooltip(figure),
                     "order": {"field": "place", "type": "quantitative"}},
        "transform": [{"calculate": f"indexof({names!r}, datum.series)", "as": "place"}],
    }  # fmt: skip


def _picture(picture: Picture) -> str:
    """An image with its name."""
    from PIL import Image

    rows = [bytes(round(255 * pixel) for pixel in row) for row in picture.rows]
    kept = io.BytesIO()
    Image.frombytes("L", (len(rows[0]), len(rows)), b"".join(rows)).save(kept, "PNG")
    source = f"data:image/png;base64,{base64.b64encode(kept.getvalue()).decode()}"
    name = escape(picture.name)
    return f'<figure><img src="{source}" alt=""><figcaption>{name}</figcaption></figure>'
