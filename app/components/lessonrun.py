"""A lesson's experiment, run here: what it takes, how far it is, a way to stop."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import state, words
from app.components.measuring import EVERY, begin, is_under_way, stop, tell
from app.frame import net
from resnet_tf.lessons.course import Lesson
from resnet_tf.lessons.experiments import MODES, Mode
from resnet_tf.lessons.reports import device_said
from resnet_tf.lessons.results import Outcome, recorded
from resnet_tf.lessons.texts import text
from resnet_tf.runs.records import Run


def experiment(lesson: Lesson) -> None:
    """Draws the two buttons, or how far an experiment under way is."""
    laboratory = state.workbench().laboratory
    runs = {mode: laboratory.trying(lesson.name, mode) for mode in MODES}
    under_way = next(filter(is_under_way, runs.values()), None)
    if under_way is not None:
        st.fragment(_live, run_every=EVERY)(lesson, under_way.id)
        return
    with st.container(horizontal=True, gap="small", key="lessons.run"):
        for mode in MODES:
            label = f"{text('page.run', lesson.language)}: {text(f'mode.{mode}', lesson.language)}"
            st.button(label, type="primary" if mode == "quick" else "secondary", icon=":material/science:",
                      on_click=begin,
                      args=(partial(laboratory.try_lesson, lesson, mode),), key=f"lessons.run.{mode}",
                      help=takes(lesson, mode))  # fmt: skip
    st.caption(
        words.plain(" · ".join(f"{text(f'mode.{mode}', lesson.language)}: {takes(lesson, mode)}" for mode in MODES))
    )
    ended = max((run for run in runs.values() if run), key=lambda run: run.created, default=None)
    _tell(ended, lesson.language)


def takes(lesson: Lesson, mode: Mode) -> str:
    """How long an experiment takes, as it took last: here, or where the outcome that we bring was made."""
    known: Outcome | None = state.workbench().laboratory.tried(lesson.name, mode) or recorded(lesson.name, mode)
    if known is None:
        return text("page.takes-unknown", lesson.language)
    return text("page.takes", lesson.language, time=time_of(known.seconds, lesson.language),
                device=device_said(known, lesson.language))  # fmt: skip


def time_of(seconds: float, language: str) -> str:
    """Seconds, or minutes where there are many."""
    minutes = seconds >= 120
    number = seconds / 60 if minutes else seconds
    return text("page.minutes" if minutes else "page.seconds", language, number=f"{number:.0f}")


def _live(lesson: Lesson, run_id: str) -> None:
    with net("This experiment"):
        run = state.workbench().run(run_id)
        if run.over:
            st.rerun()  # the whole page: what came out is drawn
        bar, button = st.columns([3, 1], vertical_alignment="center")
        bar.progress(run.progress, text=words.plain(_doing(lesson, run)))
        button.button(text("page.stop", lesson.language), icon=":material/stop:", width="stretch", on_click=stop,
                      args=(run.id,), key="lessons.stop")  # fmt: skip
        _tell(None, lesson.language)


def _doing(lesson: Lesson, run: Run) -> str:
    """What is being waited for."""
    language = lesson.language
    if run.state == "queued":
        if state.workbench().worker().state in ("starting", "resting", "down"):
            return text("page.waiting", language)
        return text("page.queued", language, position=run.position)
    if not run.progress:
        return text("page.preparing", language)
    arm = lesson.arm_title(run.latest["arm"], run.asked["mode"])
    return text("page.measured", language, what=text("page.seed", language, arm=arm, seed=run.latest["seed"]))


def _tell(ended: Run | None, language: str) -> None:
    """What a click could not do, and how the last attempt ended."""
    tell()
    if ended is not None and ended.state == "failed":
        st.error(words.plain(text("page.failed", language, error=ended.error)), icon=":material/error:")
    elif ended is not None and ended.state == "interrupted":
        st.warning(words.plain(text("page.interrupted", language)), icon=":material/info:")
    elif ended is not None and ended.state == "stopped":
        st.caption(words.plain(text("page.stopped", language)))
