"""Reports to take away, of what is compared, a run, trainings in step, a lesson's outcome: page, PDF, papers, data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from app import state
from app.frame import net
from resnet_tf.design.spec import SpecError
from resnet_tf.lessons.course import Lesson
from resnet_tf.lessons.results import Outcome
from resnet_tf.reports.outcomes import report_of_outcome
from resnet_tf.reports.record import Report, bibtex, file_name, to_json
from resnet_tf.reports.studied import StudyOf, report_of_studies
from resnet_tf.reports.studied import title_of as title_of_studies
from resnet_tf.reports.subjects import Subject, report_of, report_of_versus, title_of
from resnet_tf.runs.profiles import Profiled
from resnet_tf.runs.versus import Found, Question
from resnet_tf.runs.workbench import Workbench


class File(NamedTuple):
    """A form of a report: what its button says, how its file ends, what a browser is told of it, what writes it."""

    title: str
    suffix: str
    mime: str
    help: str
    write: Callable[[Report], str | bytes]


def _page(report: Report) -> str:
    from resnet_tf.reports.page import to_html  # not before somebody wants one

    return to_html(report)


def _paper(report: Report) -> bytes:
    from resnet_tf.reports.paper import to_pdf

    return to_pdf(report)


FILES = (
    File("HTML", ".html", "text/html", "A page that needs no network, its charts alive; "
         "`resnet_tf reproduce` does its experiments again", _page),
    File("PDF", ".pdf", "application/pdf", "The same on paper, figures as vectors", _paper),
    File("BibTeX", ".bib", "application/x-bibtex", "The papers that these designs and recipes come from", bibtex),
    File("JSON", ".json", "application/json", "For programs: every number, and what asks for it again", to_json),
)  # fmt: skip


def report(subjects: Sequence[Subject], key: str) -> None:
    """A popover with the report of subjects in each form, which is made when somebody takes it."""
    with _popover("Report", key) as popover, net("The report"):
        if popover.open:
            st.caption("Designs, exact counts, curves, gradient profiles where measured, and how to have it again.")
            made = partial(_made, state.workbench(), tuple(subjects))
            _files(made, title_of(subjects), key, is_helped=True)


def outcome_report(lesson: Lesson, outcome: Outcome, label: str, key: str) -> None:
    """The same of a lesson's outcome, in its language."""
    with _popover(label, key) as popover, net("The report"):
        if popover.open:
            made = partial(report_of_outcome, lesson, outcome)
            _files(made, f"{lesson.number} {lesson.name} {outcome.mode}", key, is_helped=lesson.language == "en")


def versus_report(asked: Question, found: Found, name: str, key: str) -> None:
    """The same of a design that was trained in step with itself without some shortcuts."""
    with _popover("Report", key) as popover, net("The report"):
        if popover.open:
            st.caption("Both designs, their curves and gradients, what differs, and how to have it again.")
            _files(partial(report_of_versus, asked, found, name), f"{name} in step", key, is_helped=True)


def study_report(kind: str, subjects: Sequence[StudyOf]) -> None:
    """The same of a study of the Laboratory, or of several runs' that stand beside each other."""
    with _popover("Report", "laboratory.report") as popover, net("The report"):
        if popover.open:
            trained = any(each.run for each in subjects)
            st.caption("The study, the training that it is of, and how to have both again." if trained else
                       "The study, the design with its exact counts, and how to have it again.")  # fmt: skip
            made = partial(report_of_studies, state.workbench(), kind, tuple(subjects))
            _files(made, title_of_studies(kind, subjects), "laboratory.report", is_helped=True)


def _popover(label: str, key: str) -> Any:
    return st.popover(label, icon=":material/description:", key=key, on_change="rerun")


def _files(made: Callable[[], Report], title: str, key: str, *, is_helped: bool) -> None:
    """A button for each form of a report, which is made when one is pressed."""
    with st.container(horizontal=True, gap="xsmall"):
        for file in FILES:
            st.download_button(
                file.title, partial(_written, file, made), f"{file_name(title)}{file.suffix}", file.mime,
                on_click="ignore", help=file.help if is_helped else None, key=f"{key}.{file.title}",
            )  # fmt: skip


def _written(file: File, made: Callable[[], Report]) -> str | bytes:
    return file.write(made())


def _made(bench: Workbench, subjects: Sequence[Subject]) -> Report:
    """The report, with the profiles that were measured by now. Made outside of the page's script, so as one visitor."""
    return report_of(bench, [each._replace(profiled=_profiled(bench, each)) for each in subjects])


def _profiled(bench: Workbench, subject: Subject) -> Profiled | None:
    with suppress(SpecError):  # a design without a head has none
        return bench.laboratory.profiled(subject.spec)
    return None
