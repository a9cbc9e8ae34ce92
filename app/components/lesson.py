"""A lesson on the page: claim, figure that moves, experiment, what came out, what the papers say."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import datetime
from html import escape

import streamlit as st

from app import state, words
from app.components.lessonfigures import draw
from app.components.lessonrun import experiment, time_of
from app.components.report import outcome_report
from resnet_tf.design.spec import SpecError
from resnet_tf.lessons.course import Lesson, lessons
from resnet_tf.lessons.experiments import MODES
from resnet_tf.lessons.live import Control, Value, live, title
from resnet_tf.lessons.plots import arm_titles, plots
from resnet_tf.lessons.reports import device_said, number, rule
from resnet_tf.lessons.results import Outcome, recorded
from resnet_tf.lessons.texts import amount, text
from resnet_tf.lessons.verdicts import Verdict

PARTS = ("live", "controls", "experiment", "outcome", "reported")  # what a teacher's link may hide
VERDICTS: tuple[Verdict, ...] = ("holds", "holds in part", "does not hold here")
Say = Callable[..., str]


def lesson_page(lesson: Lesson, hidden: Collection[str]) -> None:
    """Draws a lesson, but for what is hidden."""
    say = speaker(lesson.language)
    st.html(f'<h3 class="lesson"><small>{lesson.number}</small>{escape(lesson.title)}</h3>')
    left, right = st.columns([1, 1.15], gap="large")
    with left:
        st.html(
            f'<blockquote class="claim"><small>{escape(say("page.claim"))}</small>{escape(lesson.claim)}</blockquote>'
        )
        st.html(f'<p class="asked"><b>{escape(say("page.question"))}</b>{escape(lesson.question)}</p>')
        _expectation(lesson, say)
        if "experiment" not in hidden:
            experiment(lesson)
    with right:
        if "live" not in hidden:
            st.fragment(_live)(lesson, "controls" in hidden)
    if "outcome" not in hidden:
        _outcome(lesson, say)
    if "reported" not in hidden:
        st.html(
            f'<p class="asked"><b>{escape(say("page.reported"))}</b>{escape(lesson.reported)} '
            f"<cite>{escape(lesson.source)}</cite></p>"
        )
    _turn(lesson, say)


def speaker(language: str) -> Say:
    """What finds a text of the page."""
    return lambda key, **values: text(key, language, **values)


# --- the figure that moves


def _live(lesson: Lesson, still: bool) -> None:
    found = live(lesson.name)
    if still:
        chosen = {control.name: chosen_value(lesson, control) for control in found.controls}
    else:
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            chosen = {control.name: _control(lesson, control) for control in found.controls}
    draw(found.draw(chosen, lesson.language), key=f"lessons.live.{lesson.name}", height=270)
    st.caption(text("page.counted" if found.exact else "page.computed", lesson.language))


def _key(lesson: Lesson, control: Control) -> str:
    return f"lessons.{lesson.name}.{control.name}"


def chosen_value(lesson: Lesson, control: Control) -> Value:
    """What a control of a lesson stands at: as it was left, or as the link says."""
    key = _key(lesson, control)
    if key not in st.session_state:
        try:
            st.session_state[key] = control.read(st.query_params.get(control.name, str(control.first)))
        except SpecError:
            st.session_state[key] = control.first
    return st.session_state[key]


def _control(lesson: Lesson, control: Control) -> Value:
    """Draws a control; what it stands at is in the link."""
    chosen_value(lesson, control)
    look = {
        "label": text(f"{lesson.name}.control.{control.name}", lesson.language),
        "options": control.options,
        "format_func": lambda option: title(lesson.name, control, option, lesson.language),
        "key": _key(lesson, control),
    }
    if control.is_number:
        with st.container(width=260):
            chosen: Value = st.select_slider(**look)
    else:
        chosen = st.segmented_control(**look, required=True)
    if chosen == control.first:
        st.query_params.pop(control.name, None)
    else:
        st.query_params[control.name] = str(chosen)
    return chosen


# --- what one expects, and what came out


def _expectation(lesson: Lesson, say: Say) -> None:
    """Asks what the reader expects, before the outcome says it; it is in the link, as one's progress."""
    key = f"lessons.{lesson.name}.expected"
    if key not in st.session_state and st.query_params.get("expect") in VERDICTS:
        st.session_state[key] = st.query_params["expect"]
    chosen = st.segmented_control(
        say("page.expect"), VERDICTS, format_func=lambda verdict: say(f"verdict.{verdict}"), key=key, wrap=True
    )
    if chosen:
        st.query_params["expect"] = chosen
    else:
        st.query_params.pop("expect", None)


def outcomes(lesson: Lesson) -> dict[str, Outcome]:
    """The outcomes that there are of a lesson, under what they are called: this owner's, then ours; full ones first."""
    say, laboratory = speaker(lesson.language), state.workbench().laboratory
    found: dict[str, Outcome] = {}
    for whose, read in (("page.mine-mode", laboratory.tried), ("page.recorded", recorded)):
        for mode in reversed(MODES):
            outcome = read(lesson.name, mode)
            if outcome is not None:
                found[say(whose, mode=say(f"mode.{mode}"))] = outcome
    return found


def _outcome(lesson: Lesson, say: Say) -> None:
    found = outcomes(lesson)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<h4 class="lesson">{escape(say("page.outcome"))}</h4>')
        st.space("stretch")
        which = st.segmented_control(
            say("page.which"), [*found], default=next(iter(found)), required=True, label_visibility="collapsed",
            key=f"lessons.{lesson.name}.which.{lesson.language}.{len(found)}",
        )  # fmt: skip
    outcome = found[which]
    expected = st.session_state.get(f"lessons.{lesson.name}.expected")
    st.html(_verdict(outcome, expected, say) + _findings(lesson, outcome, say))
    figures = plots(lesson, outcome)
    for i in range(0, len(figures), 2):
        for j, (column, figure) in enumerate(zip(st.columns(2, gap="medium"), figures[i : i + 2], strict=False)):
            with column:
                draw(figure, key=f"lessons.plot.{lesson.name}.{i + j}")
    seeds = len(outcome.seeds)
    st.caption(words.plain(
        f"{made(outcome, lesson.language)} · {say('page.seeds', seeds=seeds) if seeds > 1 else say('page.one-seed')} · "
        + say("page.again")
    ))  # fmt: skip
    st.code(outcome.command, language=None)
    _arms(lesson, outcome, say)
    _take(lesson, outcome, figures, say)


def made(outcome: Outcome, language: str) -> str:
    """When, for how long and on what an outcome was made."""
    date = datetime.fromisoformat(outcome.date).date().isoformat()
    return f"{date}, {time_of(outcome.seconds, language)}, {device_said(outcome, language)}"


def _verdict(outcome: Outcome, expected: str | None, say: Say) -> str:
    told = f"<small>{escape(say('page.expected', verdict=say(f'verdict.{expected}')))}</small>" if expected else ""
    return f'<p class="verdict">{mark(outcome.verdict)}{escape(say(f"verdict.{outcome.verdict}"))}{told}</p>'


def mark(verdict: Verdict) -> str:
    """A disc that is full, half full or empty."""
    return f'<i class="mark {verdict.replace(" ", "-")}" aria-hidden="true"></i>'


def _findings(lesson: Lesson, outcome: Outcome, say: Say) -> str:
    """A row for each check: what was claimed, what came out, and how it is judged."""
    found = {each.check: each for each in outcome.findings}
    rows = []
    for check in lesson.experiment.checks:
        if (each := found.get(check.name)) is None:
            continue
        beside = "" if each.bears else f" <small>({escape(say('report.beside'))})</small>"
        rows.append(
            f"<li>{mark(each.verdict)}<div>{escape(lesson.says(check))}{beside}"
            f"<small>{escape(rule(lesson, check, outcome.mode))}</small></div>"
            f"<div><b>{escape(number(lesson, check, each))}</b>"
            f"<small>{escape(say(f'verdict.{each.verdict}'))}</small></div></li>"
        )
    note = f"<details><summary>{escape(say('page.rule'))}</summary>{escape(say('rule.verdict'))}</details>"
    return f'<ul class="findings">{"".join(rows)}</ul>{note}'


def _arms(lesson: Lesson, outcome: Outcome, say: Say) -> None:
    """The networks, each a link that opens it on the canvas."""
    st.markdown(f"**{say('page.open')}**")
    titles = arm_titles(lesson, outcome)
    with st.container(horizontal=True, gap="small"):
        for arm in outcome.arms:
            counts = f"{amount(arm.parameters, lesson.language)} · {amount(arm.macs, lesson.language)}"
            st.page_link("views/design.py", label=words.plain(titles[arm.name]), icon=":material/account_tree:",
                         query_params={"design": arm.link}, width="content",
                         help=f"{say('figure.parameters')}, {say('figure.macs')}: {counts}")  # fmt: skip


def _take(lesson: Lesson, outcome: Outcome, figures: Collection, say: Say) -> None:
    """The figures' numbers and the whole outcome as files, and a link for a class."""
    name = f"{lesson.number}-{lesson.name}-{outcome.mode}"
    with st.container(horizontal=True, gap="small", key="lessons.take"):
        st.download_button(
            say("page.csv"), lambda: "\n".join(f"# {figure.title}\n{figure.as_csv()}" for figure in figures),
            f"{name}.csv", "text/csv", on_click="ignore", icon=":material/download:", key="lessons.csv",
        )  # fmt: skip
        st.download_button(
            say("page.json"), lambda: json.dumps(outcome.as_json(), indent=1, ensure_ascii=False), f"{name}.json",
            "application/json", on_click="ignore", icon=":material/data_object:", key="lessons.json",
        )  # fmt: skip
        outcome_report(lesson, outcome, say("page.report"), "lessons.report")
        with st.popover(say("page.teach"), icon=":material/school:"):
            hide = st.pills(say("page.hide"), PARTS, selection_mode="multi",
                            format_func=lambda part: say(f"page.hide.{part}"), key="lessons.teach.hide")  # fmt: skip
            st.caption(say("page.preset"))
            st.code(link(lesson, hide), language=None, wrap_lines=True)


def link(lesson: Lesson, hide: Collection[str]) -> str:
    """The address of a lesson with its controls as they stand, and some parts hidden."""
    given = {"lesson": lesson.name, "lang": lesson.language}
    for control in live(lesson.name).controls:
        if (value := chosen_value(lesson, control)) != control.first:
            given[control.name] = str(value)
    if hide:
        given["hide"] = ",".join(part for part in PARTS if part in hide)
    return state.address("&".join(f"{name}={value}" for name, value in given.items()))


def _turn(lesson: Lesson, say: Say) -> None:
    """To the lesson before and the one after."""
    course = lessons(lesson.language)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        for step, key in ((-1, "page.back"), (1, "page.next")):
            place = lesson.number - 1 + step
            if 0 <= place < len(course):
                other = course[place]
                st.button(say(key, title=other.title), type="tertiary", key=f"lessons.turn.{step}",
                          on_click=go_to, args=(other.name,))  # fmt: skip


def go_to(name: str | None) -> None:
    """Opens a lesson, or the list of all: what the link says of another goes out of it."""
    language, design = st.query_params.get("lang"), st.query_params.get("design")
    st.query_params.clear()
    kept = {"lang": language, "design": design, "lesson": name}
    st.query_params.update({key: value for key, value in kept.items() if value})
