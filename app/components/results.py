"""What a trained network gets right and wrong: sample answers, its worst mistakes, the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from app import words
from app.components import charts

MOST_DRAWN = 100  # classes; above, a matrix would be a grey square
SHOWN_PAIRS = 12


def results(evaluation: dict[str, Any], run_id: str) -> None:
    """Draws an evaluation."""
    classes = evaluation["classes"]
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        st.markdown("**Worst mistakes**")
        if evaluation["mistakes"]:
            st.html(gallery(evaluation["mistakes"], classes))
        else:
            st.caption("None: every validation image was answered rightly.")
        st.markdown("**Sample answers**")
        st.html(gallery(evaluation["samples"], classes))
    with right:
        st.markdown("**Confusion**")
        if len(classes) <= MOST_DRAWN:
            charts.heat(evaluation["confusion"], classes, key=f"confusion.{run_id}")
        st.html(_pairs(confused(evaluation["confusion"]), classes))


def gallery(answers: Sequence[dict[str, Any]], classes: Sequence[str]) -> str:
    """Images with what the network said of each; a wrong answer is marked and says the truth."""
    return f'<div class="gallery">{"".join(_figure(answer, classes) for answer in answers)}</div>'


def _figure(answer: dict[str, Any], classes: Sequence[str]) -> str:
    said, truth = (escape(classes[answer[name]]) for name in ("prediction", "label"))
    wrong = answer["prediction"] != answer["label"]
    top = ", ".join(f"{escape(classes[c])} {words.percent(p)}" for c, p in answer["top"])
    verdict = f"<b>✕ {said}</b>, is {truth}" if wrong else f"✓ {said}"
    return (
        f'<figure class="{"wrong" if wrong else "right"}" title="{top}">'
        f'<img src="data:image/png;base64,{answer["image"]}" alt="an image of {truth}, answered {said}">'
        f"<figcaption>{verdict}<small>{words.percent(answer['confidence'])}</small></figcaption></figure>"
    )


def confused(confusion: Sequence[Sequence[int]]) -> list[tuple[int, int, int]]:
    """Wrong answers as (truth, answer, images), most frequent first."""
    pairs = [(i, j, n) for i, row in enumerate(confusion) for j, n in enumerate(row) if n and i != j]
    return sorted(pairs, key=lambda pair: -pair[2])


def _pairs(pairs: Sequence[tuple[int, int, int]], classes: Sequence[str]) -> str:
    if not pairs:
        return ""
    rows = "".join(
        f"<tr><td>{escape(classes[truth])}</td><td>{escape(classes[answer])}</td><td>{count:,}</td></tr>"
        for truth, answer, count in pairs[:SHOWN_PAIRS]
    )
    return (
        '<table class="layers"><thead><tr><th scope="col">truth</th><th scope="col">answered</th>'
        f'<th scope="col">images</th></tr></thead><tbody>{rows}</tbody></table>'
    )
