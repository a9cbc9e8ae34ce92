"""A lesson's outcome becomes a report, in the lesson's language. No Keras."""

from __future__ import annotations

from resnet_tf.design.links import from_link
from resnet_tf.learning.card import versions
from resnet_tf.learning.catalogue import DATASETS
from resnet_tf.lessons.course import Lesson
from resnet_tf.lessons.reports import number, rule
from resnet_tf.lessons.results import Outcome
from resnet_tf.lessons.texts import text
from resnet_tf.reports.record import Experiment, Made, Passage, Report, design_of
from resnet_tf.reports.subjects import now


def report_of_outcome(lesson: Lesson, outcome: Outcome) -> Report:
    """The report of a lesson's experiment: claim, papers, verdict and what it rests on, networks and their curves."""
    setting = lesson.experiment.setting(outcome.mode)
    designs = tuple(
        design_of(from_link(arm.link), lesson.arm_title(arm.name, outcome.mode), arm.name) for arm in outcome.arms
    )
    usual = outcome.seeds == setting.seeds
    asked = {"lesson": lesson.name, "mode": outcome.mode, "seeds": None if usual else len(outcome.seeds)}
    images = DATASETS[setting.dataset].title if outcome.data else ""
    made = Made(outcome.device, outcome.versions, images, outcome.data, outcome.date, outcome.seconds, outcome.command)
    sources = [lesson.source, *(design.source for design in designs), setting.recipe.source]
    sources += [DATASETS[setting.dataset].source] if outcome.data else []
    return Report(
        f"{lesson.number}. {lesson.title}", lesson.question, now(), designs,
        (Experiment("lesson", lesson.title, asked, outcome.as_json(), made),), versions(),
        tuple(dict.fromkeys(sources)), (*_claimed(lesson), _verdict(lesson, outcome)), lesson.language,
    )  # fmt: skip


def _claimed(lesson: Lesson) -> tuple[Passage, Passage]:
    """What the talk said, and what the papers report."""
    claim, papers = (text(f"report.{word}", lesson.language).capitalize() for word in ("claim", "reported"))
    return Passage(claim, (lesson.claim,)), Passage(papers, (lesson.reported, f"{lesson.source}."))


def _verdict(lesson: Lesson, outcome: Outcome) -> Passage:
    """What came out, check by check."""
    found = {each.check: each for each in outcome.findings}
    several = len(outcome.seeds) > 1
    seeds = {"seeds": len(outcome.seeds)} if several else {}
    over = text("report.seeds" if several else "report.one-seed", lesson.language, **seeds)
    verdict = text(f"verdict.{outcome.verdict}", lesson.language).capitalize()
    rows = tuple(
        (
            lesson.says(check) + ("" if check.bears else f" ({text('report.beside', lesson.language)})"),
            number(lesson, check, found[check.name]), rule(lesson, check, outcome.mode),
            text(f"verdict.{found[check.name].verdict}", lesson.language),
        )
        for check in lesson.experiment.checks
        if check.name in found
    )  # fmt: skip
    lines = (f"{verdict} ({over}).", text("rule.verdict", lesson.language))
    return Passage(text("report.outcome", lesson.language).capitalize(), lines, ("", "", "", ""), rows)
