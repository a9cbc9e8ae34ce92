"""The lessons in the reader's language: what the talk claimed, what the papers report, what to try. No Keras."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from resnet_tf.design.costs import costs
from resnet_tf.design.spec import SpecError, nearest_word
from resnet_tf.lessons.experiments import Check, Experiment, Mode
from resnet_tf.lessons.rows import ROWS
from resnet_tf.lessons.texts import DEFAULT, text


@dataclass(frozen=True)
class Lesson:
    """A claim of the talk, and the experiment that looks whether it is so."""

    number: int
    name: str
    title: str
    claim: str  # in the talk's words
    source: str  # the paper, its section or table
    reported: str  # what the papers report
    question: str  # to be answered by the experiment
    experiment: Experiment
    language: str = DEFAULT

    def says(self, check: Check) -> str:
        """The sentence that a check puts to the test."""
        return text(f"{self.name}.check.{check.name}", self.language)

    def arm_title(self, name: str, mode: Mode) -> str:
        """What a network of the experiment is called."""
        setting = self.experiment.setting(mode)
        depth = costs(setting.fitted(setting.named(name))).depth
        return text(f"{self.name}.arm.{name}", self.language, depth=depth)


@cache
def lessons(language: str = DEFAULT) -> tuple[Lesson, ...]:
    """The ten lessons, in order. Raises SpecError for a language that they are not in."""

    def said(name: str, part: str) -> str:
        return text(f"{name}.{part}", language)

    return tuple(
        Lesson(
            number, name, said(name, "title"), said(name, "claim"), source, said(name, "reported"),
            said(name, "question"), experiment, language,
        )
        for number, name, source, experiment in ROWS
    )  # fmt: skip


def lesson(which: str | int, language: str = DEFAULT) -> Lesson:
    """A lesson by its number or name. Raises SpecError for one that there is not, with the nearest."""
    found = {key: each for each in lessons(language) for key in (each.name, str(each.number))}
    if str(which) not in found:
        names = [each.name for each in lessons(language)]
        raise SpecError("lesson", f"1 to {len(names)} or a name", which, nearest_word(which, names))
    return found[str(which)]
