"""Lessons: ten claims of the talk that this project began as, each with an experiment, in English and Russian."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from app import state
from app.components.lesson import PARTS, go_to, lesson_page, mark, speaker
from app.components.lessonrun import time_of
from resnet_tf.design.spec import SpecError
from resnet_tf.lessons.course import Lesson, lesson, lessons
from resnet_tf.lessons.experiments import MODES
from resnet_tf.lessons.results import Outcome, recorded
from resnet_tf.lessons.texts import DEFAULT, LANGUAGES

_LANGUAGE = "lessons.language"


def language() -> str:
    """The reader's language: as he chose it, or as the link says."""
    if _LANGUAGE not in st.session_state:
        said = st.query_params.get("lang")
        st.session_state[_LANGUAGE] = said if said in LANGUAGES else DEFAULT
    chosen = st.segmented_control(
        "Language / Язык", [*LANGUAGES], format_func=LANGUAGES.__getitem__, required=True, key=_LANGUAGE,
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    if chosen == DEFAULT:
        st.query_params.pop("lang", None)
    else:
        st.query_params["lang"] = chosen
    return chosen


def asked(tongue: str) -> Lesson | None:
    """The lesson that the link names, None for the list of all; what it cannot name is said."""
    name = st.query_params.get("lesson")
    try:
        return lesson(name, tongue) if name else None
    except SpecError as error:
        st.info(str(error))
        return None


def best(each: Lesson) -> Outcome | None:
    """The outcome that says most: the full one where there is one."""
    return next((found for mode in reversed(MODES) if (found := recorded(each.name, mode))), None)


def course(tongue: str, done: frozenset[str]) -> None:
    """The list of all lessons, each with its verdict."""
    say = speaker(tongue)
    st.html(
        f'<h3 class="lesson">{escape(say("page.lessons"))}</h3>'
        f'<p class="asked">{escape(say("page.progress", done=len(done), all=len(lessons(tongue))))}</p>'
    )
    with st.container(key="lessons.course", width=860, gap="xsmall"):
        for each in lessons(tongue):
            outcome = best(each)
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                with st.container(width="stretch"):
                    st.button(f"{each.number} · {each.title}", type="tertiary", key=f"lessons.open.{each.name}",
                              on_click=go_to, args=(each.name,))  # fmt: skip
                if outcome is not None:
                    ticked = f" · {say('page.done')} ✓" if each.name in done else ""
                    seconds = time_of(outcome.seconds, tongue)
                    st.html(
                        f'<p class="short">{mark(outcome.verdict)}{escape(say(f"verdict.{outcome.verdict}"))}'
                        f" · {escape(seconds)}{escape(ticked)}</p>",
                        width=250,
                    )


def page() -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="lessons.bar"):
        places = st.container(horizontal=True, vertical_alignment="center", width="content")
        st.space("stretch")
        tongue = language()
    chosen, done = asked(tongue), state.workbench().laboratory.lessons_done()
    say = speaker(tongue)
    with places:
        if chosen is not None:
            st.button(say("page.lessons"), icon=":material/list:", type="tertiary", key="lessons.all", on_click=go_to,
                      args=(None,))  # fmt: skip
            st.caption(say("page.progress", done=len(done), all=len(lessons(tongue))))
    if chosen is None:
        course(tongue, done)
        return
    hidden = {part for part in st.query_params.get("hide", "").split(",") if part in PARTS}
    lesson_page(chosen, hidden)


st.html(Path(__file__).parents[1] / "components" / "runs.css")
page()
