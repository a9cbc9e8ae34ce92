"""Figures over seeds -> whether what was claimed came out; no Keras.

A check holds where its mean over the seeds, one deviation to either side, lies within its bounds, and in part where the
mean does and the deviation reaches beyond. Else it does not hold here. One seed has no deviation: it says less.
A claim holds where all checks that bear on it hold, does not hold here where none holds even in part, and holds in
part otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from resnet_tf.learning.signals import Spread
from resnet_tf.lessons.experiments import Check

Verdict: TypeAlias = Literal["holds", "holds in part", "does not hold here"]
Figures: TypeAlias = Mapping[str, Mapping[str, Sequence[float]]]  # arm -> figure -> a number for each seed

_HOW: dict[str, Callable[[float, float], float]] = {
    "difference": lambda a, b: a - b,
    "ratio": lambda a, b: a / b,
}


@dataclass(frozen=True)
class Finding:
    """What came of a check: mean and deviation over the seeds of the number that it is about."""

    check: str
    mean: float
    deviation: float
    verdict: Verdict
    bears: bool = True


def finding(check: Check, figures: Figures) -> Finding:
    """What came of a check. Raises KeyError for a figure that was not measured."""
    numbers = list(figures[check.arm][check.figure])
    if check.against is not None:
        other = figures[check.against][check.figure]
        numbers = [_HOW[check.how](a, b) for a, b in zip(numbers, other, strict=True)]
    mean, deviation = Spread.of(numbers)
    inside = _within(check, mean)
    clear = _within(check, mean - deviation) and _within(check, mean + deviation)
    verdict: Verdict = "holds" if clear else "holds in part" if inside else "does not hold here"
    return Finding(check.name, mean, deviation, verdict, check.bears)


def _within(check: Check, number: float) -> bool:
    least = -math.inf if check.least is None else check.least
    most = math.inf if check.most is None else check.most
    return least <= number <= most


def verdict(findings: Sequence[Finding]) -> Verdict:
    """What they say of the claim, those that bear on it."""
    said = {each.verdict for each in findings if each.bears}
    if said == {"holds"}:
        return "holds"
    return "does not hold here" if said == {"does not hold here"} else "holds in part"
