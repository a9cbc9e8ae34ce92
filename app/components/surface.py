"""The loss around trained weights: one run's, or two beside each other on the same scale of heights."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from app import state, words
from app.components.measuring import beneath, is_under_way, outcome, press
from app.components.report import study_report
from app.components.shown import RUN
from app.components.trained import chosen_run, expected, source, to_train
from resnet_tf.design.shortcuts import counterpart, has_shortcuts
from resnet_tf.design.spec import SpecError
from resnet_tf.reports.studied import StudyOf
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.records import Run
from resnet_tf.runs.studies import Studied, Surface, around, beside, heights

_FOLDER = Path(__file__).parent
_SURFACES = st.components.v2.component(
    "resnet_tf_surfaces",
    html='<div class="surfaces">\n</div>',
    css=(_FOLDER / "surfaces.css").read_text(),
    js=(_FOLDER / "surfaces.js").read_text(),
)
DECADES = 1.5  # a longer scale is marked at powers of ten alone


def surface() -> None:
    """The choice of one run or two, and whichever is there of each."""
    laboratory = state.workbench().laboratory
    runs = laboratory.trained()
    if not runs:
        to_train("A surface is of trained weights, and no finished training is yours.")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        one = chosen_run("Surface of", runs, "of", first=_own(runs))
    assert one is not None
    others = [run for run in runs if run.id != one.id]
    with right:
        other = chosen_run("Beside it", others, "beside", none="No other", first=_twin(one, others))
    chosen = [run for run in (one, other) if run is not None]
    found = {run.id: laboratory.studied("surface", run) for run in chosen}
    there = [(run, each) for run in chosen if (each := found[run.id])]
    if there:
        _draw(there)
    for run in chosen:
        if found[run.id] is None:
            _offer(run)
            break  # one at a time: the next is offered when this is there
    if other is None:
        _hint(one, others)


def _own(runs: Sequence[Run]) -> str:
    """The newest run of the design on the desk, if there is one."""
    try:
        return next((run.id for run in state.workbench().laboratory.trained(state.current_spec())), "")
    except SpecError:
        return ""


def _twin(run: Run, others: Sequence[Run]) -> str:
    """The newest run of the same design with its shortcuts cut, or put in."""
    twin = counterpart(run.spec)
    return next((each.id for each in others if each.spec == twin and each.dataset == run.dataset), "")


def _offer(run: Run) -> None:
    laboratory = state.workbench().laboratory
    last = laboratory.studying("surface", run)
    if not is_under_way(last):
        st.markdown(words.plain(
            f"The loss of {run.name} at 21 × 21 points around its trained weights, along two random directions whose "
            "every filter is as long as the network's own (Li 2018, section 4)."
        ))  # fmt: skip
        press("Measure", "The loss of training images at every point of the grid",
              lambda: laboratory.study("surface", run, name=run.name))  # fmt: skip
        st.caption(words.plain(expected("surface", run)))
    outcome(last)


def _hint(run: Run, others: Sequence[Run]) -> None:
    """How to see the same design without shortcuts beside it: by training that alike, where it was not yet."""
    twin = counterpart(run.spec)
    if twin is None or run.recipe is None or _twin(run, others):
        return
    what = "cut" if has_shortcuts(run.spec) else "put in"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(words.plain(
            f"To see what shortcuts do to the surface, train the same design with them {what}, by the same recipe and "
            "seed, and choose it above."
        ))  # fmt: skip
        if st.button(f"Train it with shortcuts {what}", icon=":material/play_arrow:", key="laboratory.twin"):
            _train(run, f"{run.name}, shortcuts {what}")


def _train(run: Run, name: str) -> None:
    """Trains the twin and opens it on Train."""
    twin = counterpart(run.spec)
    assert twin is not None
    assert run.dataset is not None
    assert run.recipe is not None
    try:
        started = state.workbench().train(
            twin, run.dataset, run.recipe, run.seed, name=name, image_size=run.spec.input_shape[0]
        )
    except (WorkbenchError, SpecError) as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    RUN.show(started)
    st.switch_page("views/train.py")


def _draw(there: Sequence[tuple[Run, Studied]]) -> None:
    names = [run.name for run, _ in there]
    if len(set(names)) < len(names):
        names = [f"{name} ({which})" for name, which in zip(names, ("left", "right"), strict=False)]
    surfaces: list[Surface] = [each.found for _, each in there]
    studied = [StudyOf(name, each, run) for name, (run, each) in zip(names, there, strict=True)]
    if len(surfaces) > 1:
        st.markdown(f"**{words.plain(beside(surfaces[0], surfaces[1], (names[0], names[1])))}**")
    classes = max(each.dataset.classes for _, each in there)
    low, high = heights(surfaces, classes)
    data = {
        "surfaces": [
            {"title": name, "note": f"{each.centre:.3g} at the weights",
             "losses": [[loss if math.isfinite(loss) else None for loss in row] for row in each.losses]}
            for name, each in zip(names, surfaces, strict=True)
        ],
        "steps": list(surfaces[0].steps), "low": low, "high": high, "ticks": ticks(low, high),
        "unit": "loss, logarithmic", "label": "loss over two directions from the trained weights, which are the dot",
    }  # fmt: skip
    _SURFACES(data=[data], key="laboratory.surfaces", width="stretch", height="content")
    for name, each in zip(names, surfaces, strict=True):
        own = f"{name}: " if len(names) > 1 else ""
        st.caption(words.plain(own + around(each, classes)))
    beyond = sum(loss > high for each in surfaces for row in each.losses for loss in row)
    more = f"Directions from seed {surfaces[0].seed}, the same for every network whose layers have the same names."
    more += f" {beyond:,} points above {words.significant(high)} are drawn at the top." if beyond else ""
    beneath(source(there[0][1], "of the training", more), "surfaces.csv", "The loss at every point",
            lambda: as_csv(names, surfaces), partial(study_report, "surface", studied))  # fmt: skip


def ticks(low: float, high: float) -> list[float]:
    """Where a logarithmic scale is marked: at powers of ten, and a short one at 2 and 5 times them too."""
    steps = (1, 2, 5) if math.log10(high / low) < DECADES else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [mark for power in powers for step in steps if low <= (mark := step * 10.0**power) <= high]


def as_csv(names: Sequence[str], surfaces: Sequence[Surface]) -> str:
    """A row for each point of each surface; a loss that is no number is left empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("run", "first", "second", "loss"))
    for name, each in zip(names, surfaces, strict=True):
        for first, row in zip(each.steps, each.losses, strict=True):
            for second, loss in zip(each.steps, row, strict=True):
                writer.writerow((name, first, second, loss if math.isfinite(loss) else None))
    return text.getvalue()
