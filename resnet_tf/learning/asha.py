"""Asynchronous successive halving: which trial goes on, and how far (Li et al. 2020, arXiv:1810.05934, Algorithm 2).

Every trial begins in the lowest rung, with few epochs; the best 1/eta of those that came to the end of a rung go on to
the next, which has eta times as many. A rung never waits for all of its trials: whoever is free asks `next_job`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple, TypeAlias

Score: TypeAlias = tuple[float, ...]  # the larger the better
WORST: Score = ()  # of a trial that failed or diverged: smaller than every other


class Place(NamedTuple):
    """Where a trial is: its scores in the rungs that it has ended, the lowest first, and whether it waits to go on."""

    scores: tuple[Score, ...]
    waits: bool  # it has ended its last rung well, and was not sent to the next


class Job(NamedTuple):
    """A trial to be trained up to the end of a rung (0 is the lowest)."""

    trial: int
    rung: int


def rungs(least: int, most: int, eta: int) -> tuple[int, ...]:
    """The epochs at which the rungs end: `least` times powers of eta, the last `most` itself.

    The paper ends at the largest such number that is not above `most`; a schedule that is made for `most` epochs ends
    well only there.
    """
    powers = range(most.bit_length() + 1)
    lower = [*takewhile(lambda epochs: epochs * eta <= most, (least * eta**power for power in powers))]
    return (*lower, most)


def next_job(places: Mapping[int, Place], trials: int, top: int, eta: int) -> Job | None:
    """What somebody who is free should do: let the best go on, highest rung first, or begin a trial that was not yet.

    `places` are those of the trials that were begun, by their numbers, of `trials` in all; `top` is the highest rung.
    Among equals the lower number goes first. None where there is nothing to do until a trial has ended its rung.
    """
    for rung in reversed(range(top)):
        ended = {number: place.scores[rung] for number, place in places.items() if len(place.scores) > rung}
        for number in best(ended, len(ended) // eta):
            if places[number].waits and len(places[number].scores) == rung + 1:
                return Job(number, rung + 1)
    fresh = next((number for number in range(trials) if number not in places), None)
    return None if fresh is None else Job(fresh, 0)


def best(scores: Mapping[int, Score], count: int) -> Sequence[int]:
    """The trials with the highest scores, the best first; the lower number first among equals."""
    return sorted(scores, key=lambda number: (scores[number], -number), reverse=True)[:count]


def expected(trials: int, ends: Sequence[int], eta: int) -> int:
    """Epochs that so many trials take in all where exactly 1/eta of each rung goes on: since none waits, it is more."""
    spans = (end - begin for begin, end in zip((0, *ends), ends, strict=False))
    return sum(span * (trials // eta**rung) for rung, span in enumerate(spans))
