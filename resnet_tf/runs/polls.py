"""How long the records take to answer a page: counted in buckets, as Prometheus wants it."""

from __future__ import annotations

import functools
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds


class Polls:
    """For each question how often it was answered within each bound, and the seconds of all answers."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
        self._seconds: dict[str, float] = defaultdict(float)
        self._turn = threading.Lock()

    def note(self, question: str, seconds: float) -> None:
        with self._turn:
            self._counts[question][bisect_left(BOUNDS, seconds)] += 1
            self._seconds[question] += seconds

    def read(self) -> dict[str, tuple[list[int], float]]:
        """Of each question the counts between the bounds (the last is of what took longer), and the sum in seconds."""
        with self._turn:
            return {name: (list(counts), self._seconds[name]) for name, counts in self._counts.items()}


def timed(method: F) -> F:
    """A workbench's method that notes how long it takes, an answer or not."""

    @functools.wraps(method)
    def answer(self: Any, *given: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return method(self, *given, **named)
        finally:
            self._instance.polls.note(method.__name__, time.perf_counter() - began)

    return answer  # type: ignore[return-value]
