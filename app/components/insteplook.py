"""Two networks trained in step, as pictures: their figures over the epochs, their gradients through the training."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, Literal

import streamlit as st

from app import words
from app.components.flow import Side, played
from app.components.report import versus_report
from app.components.signals import Line, Point, lines
from app.components.strength import Norms, mean_of
from resnet_tf.design.spec import Spec
from resnet_tf.runs.versus import QUANTITIES, WITH, Found, Question, Versus, alive, differs, diverged, reaches

LOOK, NEWEST = "instep.look", "instep.newest"
# what is drawn over the epochs: a figure, its title, what is said of it, and how its axis looks
CURVES = (
    ("validation_accuracy", "Validation accuracy", "by epoch", {"zero": False, "format": ".3~%"}),
    ("validation_loss", "Validation loss", "by epoch, logarithmic", {"log": True}),
    ("loss", "Training loss", "by epoch, logarithmic", {"log": True}),
)

# what is drawn beneath the gradients of all blocks: a figure, its title, what is said of it, and how its axis looks
STATES: tuple[tuple[Literal["ranks", "dead"], str, str, dict[str, Any]], ...] = (
    ("ranks", "Effective rank", "directions of what leaves a block", {}),
    ("dead", "Dead channels", "of ReLU channels", {"format": ".0~%", "least": 0.1}),
)


def standing(found: Found, asked: Question, name: str) -> None:
    """Draws all of it: the difference in words, the curves, the gradients through the training, and a report of it."""
    versus = found.versus
    if lost := diverged(versus):
        st.warning(words.plain(lost), icon=":material/trending_up:")
    accuracy, loss = (differs(versus, quantity) for quantity in QUANTITIES)
    if accuracy:
        st.markdown(f"**{words.plain(accuracy)}**")
    curves(versus)
    if loss:
        st.caption(words.plain(loss))
    st.fragment(through)(versus, asked.sides)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(words.plain(_source(found)))
        st.space("stretch")
        versus_report(asked, found, name, "instep.report")
        st.download_button(
            "CSV", lambda: as_csv(versus), "versus.csv", "text/csv", on_click="ignore", type="tertiary",
            icon=":material/download:", help="Every figure and gradient of both sides at every seed", key="instep.csv",
        )  # fmt: skip


def _source(found: Found) -> str:
    when = time.strftime("%d %b %Y", time.localtime(found.measured))
    seeds = found.versus.seeds
    band = f"bands run from the lowest to the highest of {seeds} seeds" if seeds > 1 else "one seed"
    return (
        f"Measured here on {when}, on the {found.device}: {found.versus.data}, both with the same seeds, first weights "
        f"and batches; {band}. Gradients are of {found.versus.images:,} images, batch norm in training."
    )


def curves(versus: Versus) -> None:
    """The figures of both sides over the epochs."""
    order = [str(epoch) for epoch in range(1, versus.epochs + 1)]
    for column, (field, title, note, look) in zip(st.columns(len(CURVES), gap="medium"), CURVES, strict=True):
        with column:
            lined = [Line(side, hue_of(side), _over_epochs(versus, i, field)) for i, side in enumerate(versus.sides)]
            lines(lined, title, note, key=f"instep.{field}", of="epoch", order=order, **look)


def hue_of(side: str) -> int:
    """A side's place among the theme's colours: the same as in the profile at first weights."""
    return 0 if side == WITH else 1


def _over_epochs(versus: Versus, side: int, field: str) -> list[Point]:
    curve = sorted(versus.curve(side, field).items())
    return _points((str(epoch), figures) for epoch, figures in curve)


def _points(told: Iterable[tuple[str, Sequence[float]]]) -> list[Point]:
    """Means over seeds, lowest and highest; of figures that are no numbers nothing is drawn."""
    known = [(name, [figure for figure in each if isfinite(figure)]) for name, each in told]
    return [Point(name, sum(each) / len(each), min(each), max(each)) for name, each in known if each]


def through(versus: Versus, specs: Mapping[str, Spec]) -> None:
    """The gradients of all blocks after an epoch, as lines and on the drawings, and the slider through the training."""
    looks = versus.looks
    if not looks:
        return
    epoch = _look(looks)
    when = "at first weights" if epoch == 0 else f"after epoch {epoch}"
    played(_drawn(versus, specs, epoch), key="instep.flow", when=when,
           among=[side for each in looks for side in _drawn(versus, specs, each)])  # fmt: skip
    every = [point for side in (0, 1) for each in looks for point in _by_block(versus, side, each)]
    lined = [Line(side, hue_of(side), _by_block(versus, i, epoch)) for i, side in enumerate(versus.sides)]
    lines(lined, f"Gradient by block {when}", "norm of dE/dy, logarithmic", key="instep.gradient", log=True, height=230,
          within=every)  # fmt: skip
    st.caption(words.plain(reaches(versus, epoch)))
    if said := alive(versus, epoch):
        for column, (of, title, note, look) in zip(st.columns(2, gap="medium"), STATES, strict=True):
            with column:
                _state(versus, epoch, of, f"{title} {when}", note, **look)
        st.caption(words.plain(said))


def _state(versus: Versus, epoch: int, of: Literal["ranks", "dead"], title: str, note: str, **look: Any) -> None:
    """A figure of all blocks but the head after an epoch; the axis has room for it through the whole training."""
    drawn = [
        [_points((name, known) for name, known in versus.by_block(side, each, of).items() if name != "head")
         for side in (0, 1)]
        for each in (epoch, *versus.looks)
    ]  # fmt: skip
    lined = [Line(side, hue_of(side), drawn[0][i]) for i, side in enumerate(versus.sides)]
    if any(line.points for line in lined):
        every = [point for both in drawn for side in both for point in side]
        lines(lined, title, note, key=f"instep.{of}", within=every, **look)
    else:
        st.caption(f"{title}: nothing in this design has any.")


def _drawn(versus: Versus, specs: Mapping[str, Spec], epoch: int) -> list[Side]:
    """Both sides as they were after an epoch, means over seeds."""
    return [Side(name, spec, _measured(versus, i, epoch)) for i, (name, spec) in enumerate(specs.items())]


def _measured(versus: Versus, side: int, epoch: int) -> dict[str, Norms]:
    ways = zip(*versus.ways(side, epoch), strict=True)
    both = {name: tuple(map(mean_of, zip(*each, strict=True))) for name, each in zip(versus.blocks, ways, strict=False)}
    return {name: Norms(mean_of(norms), *both.get(name, ())) for name, norms in _norms(versus, side, epoch).items()}


def _norms(versus: Versus, side: int, epoch: int) -> dict[str, tuple[float, ...]]:
    """The gradients of every block of a side after an epoch, one for each seed."""
    return dict(zip(versus.blocks, zip(*versus.profiles(side, epoch), strict=True), strict=False))


def _look(looks: tuple[int, ...]) -> int:
    """The epoch that is looked at: the newest, until another one is chosen."""
    if st.session_state.get(LOOK) not in looks or st.session_state[LOOK] == st.session_state.get(NEWEST):
        st.session_state[LOOK] = looks[-1]
    st.session_state[NEWEST] = looks[-1]
    if len(looks) == 1:
        return looks[0]
    return st.select_slider("Through the training", list(looks), key=LOOK,
                            format_func=lambda epoch: f"epoch {epoch}" if epoch else "first weights")  # fmt: skip


def _by_block(versus: Versus, side: int, epoch: int) -> list[Point]:
    """The gradients of all blocks but the head, whose few logits are of another kind."""
    return _points((name, norms) for name, norms in _norms(versus, side, epoch).items() if name != "head")


def as_csv(versus: Versus) -> str:
    """A row for each side, seed and epoch: its figures, and those of all blocks where they were measured."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    figures = ("loss", "accuracy", "validation_loss", "validation_accuracy")
    measured = [f"{what} {name}" for what in ("gradient", "effective rank", "dead") for name in versus.blocks]
    writer.writerow(("side", "seed", "epoch", *figures, *measured))
    for moment in versus.moments:
        for i, side in enumerate(versus.sides):
            of_blocks = (each[i] if each else None for each in (moment.gradients, moment.ranks, moment.dead))
            told = [figure for each in of_blocks for figure in each or [""] * len(versus.blocks)]
            writer.writerow((side, moment.seed, moment.epoch, *(moment.figures[i] or [""] * len(figures)), *told))
    return text.getvalue()
