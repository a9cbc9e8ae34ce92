"""A run under way: how far it is, what it says now, and its curves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from app import state, words
from app.components.charts import MOST_POINTS, Axis, curve, curves
from app.components.faces import FACES, accuracy, duration

if TYPE_CHECKING:
    from resnet_tf.runs.records import Run, StoredEvent

# what a step says beside loss and accuracy: field, title, how its numbers read
RATES = (
    ("learning_rate", "learning rate", ".2~e"),
    ("gradient_norm", "gradient norm", ",.3~g"),
    ("images_per_second", "images/s", ",.4~g"),
)


def live(run: Run) -> None:
    """Draws a run as it is now."""
    began = _began(run)
    steps = state.workbench().events(run.id, ("step",), most=MOST_POINTS)
    _status(run, began, steps)
    if steps or run.epochs:
        _figures(run, began)
        _curves(run, steps, began.values.get("steps") if began else None)


def _began(run: Run) -> StoredEvent | None:
    """The newest word on what the run will do; None before its worker has read the images."""
    found = state.workbench().events(run.id, ("compiling",))
    return max(found, key=lambda event: event.seq, default=None)


def _status(run: Run, began: StoredEvent | None, steps: Sequence[StoredEvent]) -> None:
    if run.state == "running":
        compiling = began is None or not any(step.attempt == run.attempt for step in steps)
        _compiling(run, began) if compiling else _progress(run)
    elif run.state in ("failed", "diverged"):
        st.error(FACES[run.state].says(run), icon=FACES[run.state].icon)
    elif run.state == "interrupted":
        st.warning(FACES[run.state].says(run), icon=FACES[run.state].icon)
    else:
        st.markdown(f"{FACES[run.state].icon} {FACES[run.state].says(run)}")
    for note in state.workbench().events(run.id, ("note",))[-1:]:
        st.warning(note.values["sentence"], icon=":material/info:")


def _compiling(run: Run, began: StoredEvent | None) -> None:
    """How long the first step usually takes, and how much of that is over."""
    if began is None or began.attempt != run.attempt:
        st.progress(0.0, "Reading the images")
        return
    usual = began.values.get("usual_seconds") or 1.0
    first = st.session_state.setdefault(f"compiling.{run.id}.{run.attempt}", time.time())
    share = min((time.time() - first) / usual, 0.95)
    st.progress(share, f"Compiling on {run.device}: the first step usually takes about {words.seconds(usual)}")


def _progress(run: Run) -> None:
    left = run.latest.get("seconds_left")
    about = f" · about {words.seconds(left)} left" if left is not None else ""
    st.progress(run.progress, f"{words.percent(run.progress)}{about}")


def _figures(run: Run, began: StoredEvent | None) -> None:
    """The strip of what the run says now."""
    now, last = run.latest, run.epochs[-1] if run.epochs else {}
    best = max((epoch.get("validation_accuracy") or 0.0 for epoch in run.epochs), default=None)
    pace = now.get("images_per_second")
    cells = [
        (
            accuracy(run),
            "",
            "validation accuracy",
            f"best {words.percent(best)}" if best is not None else "after an epoch",
        ),
        (_number(last.get("validation_loss")), "", "validation loss", "cross-entropy"),
        (_number(now.get("loss")), "", "training loss", f"accuracy {words.percent(now.get('accuracy') or 0.0)}"),
        (f"{last.get('epoch', 0):,}", f"of {run.recipe.epochs:,}", "epochs", _steps(run, began)),
        (words.significant(pace) if pace else "–", "images/s", "speed", f"on {run.device}"),
        (duration(run), "", "time", "since it started"),
    ]
    html = "".join(
        f"<div><small>{title}</small><b>{number}<i>{unit}</i></b><small>{below}</small></div>"
        for number, unit, title, below in cells
    )
    st.html(f'<div class="strip run" role="group" aria-label="This run now">{html}</div>')


def _number(value: float | None) -> str:
    return "–" if value is None else words.significant(value)


def _steps(run: Run, began: StoredEvent | None) -> str:
    steps = began.values.get("steps") if began else None
    return f"step {round(run.progress * steps):,} of {steps:,}" if steps else ""


def _curves(run: Run, steps: Sequence[StoredEvent], last: int | None) -> None:
    x = Axis("step", "step", ",d", (0, last))
    left, right = st.columns(2, gap="medium")
    with left:
        _pair(run, steps, x, "loss", Axis("loss", "loss", ",.3~g", (0, None)))
    with right:
        _pair(run, steps, x, "accuracy", Axis("accuracy", "accuracy", ".0%", (0, 1)))
    for column, (field, title, form) in zip(st.columns(len(RATES), gap="medium"), RATES, strict=True):
        with column:
            st.caption(title)
            points = curve(title, *_values(steps, field))
            curves(points, x, Axis(field, title, form, (0, None)), key=f"{field}.{run.id}", height=90, legend=False)


def _pair(run: Run, steps: Sequence[StoredEvent], x: Axis, field: str, y: Axis) -> None:
    """Training and validation of one quantity."""
    st.caption(y.title.capitalize())
    points = curve("training", *_values(steps, field), smooth=True)
    epochs = [epoch for epoch in run.epochs if epoch.get(f"validation_{field}") is not None]
    points += curve(
        "validation", [epoch["step"] for epoch in epochs], [epoch[f"validation_{field}"] for epoch in epochs]
    )
    curves(points, x, y, key=f"{field}.{run.id}", series=("training", "validation"))


def _values(steps: Sequence[StoredEvent], field: str) -> tuple[list[int], list[float]]:
    """Steps and values of a field, where it has one."""
    rows: list[tuple[int, Any]] = [(step.step, step.values.get(field)) for step in steps]
    known = [(x, y) for x, y in rows if y is not None]
    return [x for x, _ in known], [y for _, y in known]
