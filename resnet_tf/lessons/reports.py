"""An outcome as lines for people, in the lesson's language. No Keras."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator

from resnet_tf.lessons.course import Lesson
from resnet_tf.lessons.experiments import Check, Mode
from resnet_tf.lessons.results import Outcome
from resnet_tf.lessons.texts import numeral, said, text
from resnet_tf.lessons.verdicts import Finding

WIDTH = 110
_SHARES = frozenset({"accuracy", "train_accuracy", "mean_iou", "backbone_share"})  # 0 to 1, shown in percent


def report(lesson: Lesson, outcome: Outcome) -> list[str]:
    """Claim, what the papers report, the verdict and what it rests on, and the time."""
    say = _in(lesson)
    found = {each.check: each for each in outcome.findings}
    several = len(outcome.seeds) > 1
    seeds = say("report.seeds", seeds=len(outcome.seeds)) if several else say("report.one-seed")
    mode = say(f"mode.{outcome.mode}")
    time = say(
        "report.seconds", seconds=f"{outcome.seconds:.0f}", device=device_said(outcome, lesson.language), mode=mode
    )
    return [
        f"{lesson.number}. {lesson.title}",
        *_entry(say("report.claim"), lesson.claim),
        *_entry(say("report.reported"), f"{lesson.reported} ({lesson.source})"),
        *_entry(say("report.outcome"), f"{say(f'verdict.{outcome.verdict}').upper()} ({seeds})"),
        *(
            line
            for check in lesson.experiment.checks
            if check.name in found
            for line in _finding(lesson, check, found[check.name], outcome.mode)
        ),
        *_entry(say("report.time"), time),
    ]


def device_said(outcome: Outcome, language: str) -> str:
    """What an outcome was made on."""
    return re.sub(r"(\d+) cores$", lambda found: text("report.cores", language, cores=found[1]), outcome.device)


def rule(lesson: Lesson, check: Check, mode: Mode) -> str:
    """What must come out for a check to hold, in words."""
    say = _in(lesson)
    names = {"arm": check.arm, "against": check.against}
    titles = {key: lesson.arm_title(name, mode) for key, name in names.items() if name is not None}
    what = say(f"rule.{check.how}", figure=say(f"figure.{check.figure}"), **titles)
    bounds = {"least": check.least, "most": check.most}
    given = {name: _number(lesson, check, bound) for name, bound in bounds.items() if bound is not None}
    kind = "between" if len(given) > 1 else next(iter(given))
    return say(f"rule.{kind}", what=what, **given)


def number(lesson: Lesson, check: Check, found: Finding) -> str:
    """What came out for a check: the mean, and the deviation where there is one."""
    mean = _number(lesson, check, found.mean)
    if not found.deviation:
        return mean
    return text("report.spread", lesson.language, mean=mean, deviation=_number(lesson, check, found.deviation))


def _finding(lesson: Lesson, check: Check, found: Finding, mode: Mode) -> Iterator[str]:
    say = _in(lesson)
    beside = "" if found.bears else f", {say('report.beside')}"
    came = f"{lesson.says(check)} {number(lesson, check, found)}: {say(f'verdict.{found.verdict}')}{beside}"
    yield from _folded(came, " " * 12 + "- ", " " * 14)
    yield from _folded(f"({rule(lesson, check, mode)})", " " * 16, " " * 17)


def _number(lesson: Lesson, check: Check, value: float) -> str:
    if check.how == "ratio":
        return text("report.times", lesson.language, number=said(value, lesson.language))
    if check.figure in _SHARES:
        kind = "points" if check.how == "difference" else "percent"
        return text(f"report.{kind}", lesson.language, number=numeral(f"{100 * value:.1f}", lesson.language))
    return said(value, lesson.language)


def _in(lesson: Lesson) -> Callable[..., str]:
    return lambda key, **values: text(key, lesson.language, **values)


def _entry(name: str, said: str) -> list[str]:
    """A named paragraph."""
    return _folded(said, f"   {name:<8} ", " " * 12)


def _folded(said: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(said, WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)
