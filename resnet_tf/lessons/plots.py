"""What came of an experiment, as figures: curves of every network over the seeds, or bars where nothing has a curve."""

from __future__ import annotations

from resnet_tf.lessons.course import Lesson
from resnet_tf.lessons.figures import Figure, Series, bars, spread
from resnet_tf.lessons.results import COUNTED, ArmOutcome, Outcome
from resnet_tf.lessons.texts import text

# the curves that there may be, in order: what runs along the bottom, whether it is logarithmic
_CURVES: dict[str, tuple[str, bool]] = {
    "gradient": ("by-block", True),
    "mean_square": ("by-block", True),
    "accuracy": ("by-epoch", False),
    "validation_accuracy": ("by-epoch", False),
    "loss": ("by-epoch", False),
}
_BY_STEP = "segmentation"  # what is measured of networks whose curves are not by epoch
_AS_BARS = ("mean_iou",)  # what is drawn beside curves


def plots(lesson: Lesson, outcome: Outcome) -> list[Figure]:
    """The figures of an outcome, in the lesson's language."""
    measured = [arm for arm in outcome.arms if arm.runs]
    names = [name for name in _CURVES if any(name in run.curves for arm in measured for run in arm.runs)]
    figures = dict.fromkeys(check.figure for check in lesson.experiment.checks)
    barred = [figure for figure in figures if not names or figure in _AS_BARS]
    return [
        *(_bars(lesson, outcome, name) for name in barred),
        *(_curves(lesson, outcome, measured, name) for name in names),
    ]


def arm_titles(lesson: Lesson, outcome: Outcome) -> dict[str, str]:
    """What the networks are called; of two of one name the second has a number."""
    titles: dict[str, str] = {}
    for arm in outcome.arms:
        name = lesson.arm_title(arm.name, outcome.mode)
        titles[arm.name] = name if name not in titles.values() else f"{name} (2)"
    return titles


def _curves(lesson: Lesson, outcome: Outcome, arms: list[ArmOutcome], name: str) -> Figure:
    along, log = _CURVES[name]
    if lesson.experiment.setting(outcome.mode).arms[0].measures[0].startswith(_BY_STEP):
        along = "by-step"
    titles, language = arm_titles(lesson, outcome), lesson.language
    series: list[Series] = []
    for arm in arms:
        rows = [run.curves[name] for run in arm.runs if name in run.curves]
        if rows:
            series.append(spread(titles[arm.name], range(1, max(map(len, rows)) + 1), rows))
    return Figure("lines", text(f"curve.{name}", language), text(f"page.{along}", language),
                  text(f"unit.{name}", language), tuple(series), log=log)  # fmt: skip


def _bars(lesson: Lesson, outcome: Outcome, name: str) -> Figure:
    """A bar for every network that has a figure: the mean over its seeds; of what is counted, where some only are."""
    titles, language = arm_titles(lesson, outcome), lesson.language
    counted = [arm for arm in outcome.arms if not arm.runs]
    arms = counted if name in COUNTED and counted else outcome.arms
    numbers = {arm.name: arm.numbers(max(len(arm.runs), 1)) for arm in arms}
    heights = [(titles[arm], sum(each[name]) / len(each[name])) for arm, each in numbers.items() if name in each]
    title = text(f"figure.{name}", language)
    return Figure("bars", title, text("page.by-network", language), title, (bars(title, heights),))
