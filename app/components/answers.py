"""What a trained network answers: images with their predictions, the confusion matrix, the worst mistakes."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from app import words

NUMBERED = 20  # classes: in a larger matrix no number can be read


def answers(found: dict[str, Any]) -> None:
    """Draws an evaluation (see `learning/evaluate.py`)."""
    classes, confusion = found["classes"], found["confusion"]
    images = sum(map(sum, confusion))
    wrong = images - sum(row[i] for i, row in enumerate(confusion))
    samples, matrix, mistakes = st.tabs(["Predictions", "Confusion matrix", "Worst mistakes"])
    with samples:
        st.caption(f"{len(found['samples']):,} of {images:,} validation images, drawn evenly.")
        gallery(found["samples"], classes)
    with matrix:
        st.caption(f"{images:,} validation images by what they are (rows) and what the network says (columns).")
        matrix_of(confusion, classes)
        _confused(confusion, classes)
    with mistakes:
        if found["mistakes"]:
            shown = len(found["mistakes"])
            some = "all" if shown == wrong else f"the {shown:,} that it was surest of, out of"
            st.caption(f"Wrong answers: {some} {wrong:,} of {images:,} images.")
            gallery(found["mistakes"], classes)
        else:
            st.caption(f"No mistake: all {images:,} validation images are told right.")


def gallery(shown: list[dict[str, Any]], classes: list[str]) -> None:
    """Images in a grid, each with what the network says, how sure it is, and what it is where that differs."""
    figures = "".join(_figure(answer, classes) for answer in shown)
    st.html(f'<div class="gallery">{figures}</div>')


def _figure(answer: dict[str, Any], classes: list[str]) -> str:
    said, true = classes[answer["prediction"]], classes[answer["label"]]
    right = answer["prediction"] == answer["label"]
    verdict = f"<b>{escape(said)}</b>" if right else f"<b>✗ {escape(said)}</b> <s>is {escape(true)}</s>"
    bars = "".join(
        f'<li style="--share:{100 * share:.1f}%"><span>{escape(classes[c])}</span><em>{words.percent(share)}</em></li>'
        for c, share in answer["top"]
    )
    words_for_image = f"{said}, {words.percent(answer['confidence'])} sure; it is {true}"
    return (
        f'<figure class="{"right" if right else "wrong"}">'
        f'<img src="data:image/png;base64,{escape(answer["image"])}" alt="{escape(words_for_image)}">'
        f"<figcaption>{verdict}<ol>{bars}</ol></figcaption></figure>"
    )


def matrix_of(confusion: list[list[int]], classes: list[str]) -> None:
    """The matrix as shades of each row's share, with its counts where they can be read."""
    import pandas

    rows = [
        {"truth": classes[t], "answer": classes[a], "images": n, "share": n / max(sum(row), 1)}
        for t, row in enumerate(confusion)
        for a, n in enumerate(row)
    ]
    st.vega_lite_chart(
        pandas.DataFrame(rows), _matrix(classes), width="stretch", alt="Confusion matrix: images by truth and answer"
    )


def _matrix(classes: list[str]) -> dict[str, Any]:
    dark = st.context.theme.type == "dark"
    few = len(classes) <= NUMBERED
    axis = {"labelOverlap": not few, "labelAngle": 0 if max(map(len, classes), default=0) <= 3 else -40, "grid": False}
    place = {
        "x": {"field": "answer", "type": "nominal", "sort": classes, "title": "the network says", "axis": axis},
        "y": {"field": "truth", "type": "nominal", "sort": classes, "title": "it is", "axis": {"grid": False}},
    }
    shade = {
        "field": "share",
        "type": "quantitative",
        "scale": {"domain": [0, 1], "range": ["#1c2026", "#6ea8e6"] if dark else ["#f5f6f8", "#2f6bb3"]},
        "legend": None,
    }
    said = [{"field": field, "type": kind} for field, kind in _SAID] + [
        {"field": "share", "type": "quantitative", "format": ".1%"}
    ]
    layers = [{"mark": {"type": "rect", "stroke": None}, "encoding": {"color": shade, "tooltip": said}}]
    if few:
        bold = {"condition": {"test": "datum.share > 0.5", "value": "#14171b" if dark else "#ffffff"}}
        ink = {**bold, "value": "#e4e8ed" if dark else "#1d232b"}
        seen = {"condition": {"test": "datum.images > 0", "value": 1}, "value": 0.25}
        text = {"field": "images", "type": "quantitative"}
        layers.append(
            {
                "mark": {"type": "text", "fontSize": 11},
                "encoding": {"text": text, "color": ink, "opacity": seen, "tooltip": said},
            }
        )
    return {"height": 24 * len(classes) + 60 if few else 640, "encoding": place, "layer": layers}


_SAID = (("truth", "nominal"), ("answer", "nominal"), ("images", "quantitative"))


def _confused(confusion: list[list[int]], classes: list[str]) -> None:
    """The pairs that are mixed up most, in words."""
    pairs = sorted(
        ((n, t, a) for t, row in enumerate(confusion) for a, n in enumerate(row) if n and t != a), reverse=True
    )
    if pairs:
        most = ", ".join(f"{classes[t]} as {classes[a]} ({n:,})" for n, t, a in pairs[:5])
        st.caption(f"Most often mixed up: {most}.")
