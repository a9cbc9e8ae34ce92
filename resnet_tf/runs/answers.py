"""What becomes of a question while the records do not answer: a page waits a moment, a process as long as it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from resnet_tf.runs.failures import StoreUnavailable

T = TypeVar("T")

MOMENT = 1.0  # seconds that everybody waits when the records cease to answer: a database that restarts takes less
AGAIN = 1.0  # seconds before a process asks again
LONGEST = 3600.0  # seconds for which it does


class Silence:
    """Since when the records have not answered, by a clock that nobody sets; safe in threads."""

    def __init__(self) -> None:
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """0.0 while they answer."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def begin(self) -> None:
        """They did not answer; a silence that goes on already goes on."""
        if self._since is None:
            self._since = time.monotonic()

    def end(self) -> None:
        """They answered."""
        self._since = None


def insist(ask: Callable[[], T], say: Callable[[StoreUnavailable], object], most: float = LONGEST) -> T:
    """What the records answer, asked again and again while they do not; each time `say` is told why.

    Raises StoreUnavailable after so many seconds.
    """
    began = time.monotonic()
    while True:
        try:
            return ask()
        except StoreUnavailable as error:
            say(error)
            if time.monotonic() - began > most:
                raise
            time.sleep(AGAIN)
