"""What a trained network can do without: each branch left out, several at once, like blocks exchanged."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from app import state, words
from app.components.charts import hue, table
from app.components.measuring import is_under_way, outcome, over, press
from app.components.report import study_report
from app.components.signals import short_name
from app.components.table import Column, sortable
from app.components.trained import chosen_run, expected, source, to_train
from resnet_tf.design.labels import block_label
from resnet_tf.design.spec import SpecError
from resnet_tf.reports.studied import StudyOf
from resnet_tf.runs.records import Run
from resnet_tf.runs.studies import LesionStudy, Studied, by_size, cost, resizing
from resnet_tf.runs.studies import lesions as said

DONE = {"removed": "left out", "several": "left out together", "swapped": "exchanged"}


def lesions() -> None:
    """Whichever is there of a trained run of the design on the desk."""
    laboratory = state.workbench().laboratory
    try:
        runs = laboratory.trained(state.current_spec())
    except SpecError as error:
        st.info(words.plain(f"This design cannot be trained: {error}"))
        return
    if not runs:
        to_train("A lesion study is of trained weights, and no finished training of this design is yours.")
        return
    run = chosen_run("Trained run", runs, "of")
    assert run is not None
    found = laboratory.studied("lesion", run)
    if found:
        _draw(found, run)
    else:
        _offer(run)


def _offer(run: Run) -> None:
    laboratory = state.workbench().laboratory
    last = laboratory.studying("lesion", run)
    if not is_under_way(last):
        st.markdown(
            "Each residual branch of the trained network is left out in turn, so that its shortcut alone passes on; "
            "then several at once; then pairs of like blocks change places (Veit 2016, section 4). You see how much "
            "of its accuracy each costs."
        )
        press("Measure", "The accuracy without each branch, without several, and with blocks exchanged",
              lambda: laboratory.study("lesion", run, name=run.name))  # fmt: skip
        st.caption(words.plain(expected("lesion", run)))
    outcome(last)


def _draw(studied: Studied, run: Run) -> None:
    study: LesionStudy = studied.found
    first, *others = said(study, studied.images, studied.dataset.classes, resizing(studied.spec))
    st.markdown(f"**{words.plain(first)}**")
    resized = resizing(studied.spec)
    one = [(short_name(each.blocks[0]), each.score.accuracy, block_label(each.blocks[0]),
            "no identity" if each.blocks[0] in resized else "identity") for each in study.removed]  # fmt: skip
    _accuracies("Without one branch", one, study, "removed", kinds=("identity", "no identity"), height=260)
    left, right = st.columns(2, gap="medium")
    with left:
        several = [(str(size), accuracy, f"{size:,} branches", "") for size, each in by_size(study).items()
                   for accuracy in each]  # fmt: skip
        _accuracies("Without several branches", several, study, "several", of="branches left out")
    with right:
        pairs = sorted(study.swapped, key=lambda each: -each.score.accuracy)
        swapped = [(" ↔ ".join(map(short_name, each.blocks)), each.score.accuracy,
                    " and ".join(map(block_label, each.blocks)), "") for each in pairs]  # fmt: skip
        _accuracies("With two like blocks exchanged", swapped, study, "swapped")
    for sentence in others:
        st.caption(words.plain(sentence))
    _table(studied, run)


def _accuracies(
    title: str, rows: Sequence[tuple[str, float, str, str]], study: LesionStudy, key: str, *,
    kinds: tuple[str, ...] = ("",), of: str = "", height: int = 220,
) -> None:  # fmt: skip
    """A dot for each lesion (short name, accuracy, name, kind of shortcut), and a line where the network is without."""
    if not rows:
        return
    keys = "".join(f'<span><i style="background:{hue(i)}"></i>shortcut: {kind}</span>' for i, kind in enumerate(kinds))
    whole = f"as it is: {words.percent(study.whole.accuracy)}"
    st.html(
        f'<div class="chart"><b>{title}</b>{keys if len(kinds) > 1 else ""}<em>accuracy; dashed: {whole}</em></div>'
    )
    places, accuracies, names, shortcuts = zip(*rows, strict=True)
    data = table({"place": [*places], "accuracy": [*accuracies], "name": [*names], "shortcut": [*shortcuts]})
    st.vega_lite_chart(data, _drawn(list(dict.fromkeys(places)), study.whole.accuracy, kinds, of, height),
                       key=f"laboratory.{key}", alt=f"{title}: accuracies; the table has them all")  # fmt: skip


def _drawn(places: Sequence[str], whole: float, kinds: Sequence[str], of: str, height: int) -> dict[str, Any]:
    x = {
        "field": "place", "type": "ordinal", "sort": list(places), "scale": {"padding": 0.4},
        "axis": {"title": of or None, "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 6, "ticks": False},
    }  # fmt: skip
    y = {"field": "accuracy", "type": "quantitative", "scale": {"domain": [0, 1]},
         "axis": {"title": None, "format": ".0%", "tickCount": 5, "grid": True}}  # fmt: skip
    kind = {"field": "shortcut", "type": "nominal", "legend": None}
    tooltip = [{"field": "name", "title": "block"},
               {"field": "accuracy", "type": "quantitative", "format": ".1%"}]  # fmt: skip
    return {
        "height": height,
        "padding": {"left": 2, "right": 10, "top": 4, "bottom": 2},
        "layer": [
            {"mark": {"type": "rule", "strokeDash": [4, 3], "opacity": 0.6, "color": "#8a929c"},
             "encoding": {"y": {key: y[key] for key in ("type", "scale", "axis")} | {"datum": whole}}},
            {"mark": {"type": "point", "filled": True, "size": 55, "opacity": 0.85},
             "encoding": {
                 "x": x, "y": y, "tooltip": tooltip,
                 "color": {**kind, "scale": {"domain": list(kinds), "range": [hue(i) for i in range(len(kinds))]}},
                 "shape": {**kind, "scale": {"domain": list(kinds), "range": ["circle", "diamond"][: len(kinds)]}},
             }},
        ],
    }  # fmt: skip


def _table(studied: Studied, run: Run) -> None:
    study: LesionStudy = studied.found
    columns = (
        Column("blocks"), Column("done"), Column("accuracy", "number", words.percent),
        Column("costs (points)", "number", "{:.1f}".format, "Of accuracy, against the network as it is"),
        Column("loss", "number", "{:.3g}".format, "Mean cross-entropy"),
    )  # fmt: skip
    rows = [
        (f"{kind}.{i}", (", ".join(map(short_name, each.blocks)), DONE[kind], each.score.accuracy, cost(study, each),
                         each.score.loss))
        for kind in DONE for i, each in enumerate(getattr(study, kind))
    ]  # fmt: skip
    over("Every lesion", "lesions.csv", "Every lesion with its accuracy and loss", lambda: as_csv(study),
         partial(study_report, "lesion", [StudyOf(run.name, studied, run)]))  # fmt: skip
    sortable(columns, rows, key="laboratory.lesions", label="Every lesion and what it costs", height=300)
    st.caption(words.plain(source(studied, "for validation", f"Sets and pairs drawn from seed {study.seed}.")))


def as_csv(study: LesionStudy) -> str:
    """The network as it is, then a row for each lesion."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("done", "blocks", "accuracy", "loss"))
    writer.writerow(("nothing", "", study.whole.accuracy, study.whole.loss))
    for kind, done in DONE.items():
        for each in getattr(study, kind):
            writer.writerow((done, " ".join(each.blocks), each.score.accuracy, each.score.loss))
    return text.getvalue()
