"""Writes a run's events to the store; while the store cannot be written it keeps them and tries again."""

from __future__ import annotations

import logging
import threading
import time

from resnet_tf.runs import logs
from resnet_tf.runs.failures import StoreUnavailable
from resnet_tf.runs.records import Run
from resnet_tf.runs.store import Happening, Store

log = logging.getLogger(__name__)


class Journal:
    """The events of one run on their way to the store, in order, none lost and none twice; safe in threads."""

    def __init__(self, store: Store, worker: str, run: Run) -> None:
        self._store, self._worker, self._run = store, worker, run
        self._waiting: list[Happening] = []
        self._turn = threading.Lock()
        self._silent_since: float | None = None
        self.trouble: str | None = None  # a sentence, while the store cannot be written

    def write(self, event: Happening) -> None:
        """Writes an event, or keeps it while the store is in trouble: the worker's watch then calls `flush`."""
        self._waiting.append(event)  # without a turn: a flush may wait for a database that does not answer
        if self.trouble is None:
            try:
                self.flush()
            except StoreUnavailable as error:
                log.warning("%s: %s", self._run.name, error, extra=logs.of("run.waits_for_records", self._run))

    def flush(self) -> None:
        """Writes what waits. Raises StoreUnavailable where it goes on waiting, ClaimLost where it never will be."""
        with self._turn:
            written = list(self._waiting)
            if not written:
                return
            try:
                self._store.append(self._worker, self._run, [*written, *self._notes(written[-1])])
            except StoreUnavailable as error:
                self.trouble, self._silent_since = str(error), self._silent_since or time.monotonic()
                raise
            del self._waiting[: len(written)]
            self.trouble = self._silent_since = None

    def _notes(self, last: Happening) -> list[Happening]:
        """After a silence, one sentence about it."""
        if self._silent_since is None:
            return []
        seconds = time.monotonic() - self._silent_since
        said = f"{self.trouble} Points were kept for {seconds:,.0f} s and written then."
        return [Happening("note", last.step, last.epoch, last.seconds, {"sentence": said})]
