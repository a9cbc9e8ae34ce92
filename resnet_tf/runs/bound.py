"""What a worker takes of the machine's memory, and when that is more than it may have."""

from __future__ import annotations

import psutil

from resnet_tf.runs.settings import variable


class Bound:
    """A bound on the resident memory of this process, in MB; None for none."""

    def __init__(self, most: int | None) -> None:
        self._most = None if most is None else most * 10**6
        self._process = psutil.Process()
        self._warm = 0

    def warm(self) -> None:
        """Notes what the process takes before its first run."""
        self._warm = self._taken()

    def exceeded(self) -> str | None:
        """Why a run must end; None while it need not."""
        if self._most is None or self._taken() <= self._most:
            return None
        return (
            f"It needed more than {self._most // 10**6:,} MB of memory, all that the worker may have here "
            f"({variable('worker_mb')}): choose a smaller batch size or a smaller design"
        )

    def is_half_used(self) -> bool:
        """Whether runs that are over have left so little room that the next is better begun in a fresh process."""
        return self._most is not None and 2 * self._taken() > self._most + self._warm

    def _taken(self) -> int:
        return int(self._process.memory_info().rss)
