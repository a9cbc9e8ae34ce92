"""Carries checkpoints to the object store while the training goes on; what it does not take is tried again."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict

from resnet_tf.runs import logs
from resnet_tf.runs.checkpoints import Checkpoints
from resnet_tf.runs.failures import FilesUnavailable, disk_sentence

log = logging.getLogger(__name__)
STAYS = "What it has not taken stays on this machine and is sent when it answers again."
AGAIN = 30.0  # seconds to the next attempt at what the store did not take; a new checkpoint is one too


class Porter:
    """One thread that sends what it is asked to, run by run; safe in threads."""

    def __init__(self) -> None:
        self._waiting: dict[str, Checkpoints] = {}  # by their run
        self._carried: str | None = None  # the run whose checkpoints are under way
        self._said: dict[str, list[str]] = defaultdict(list)
        self._down_since: float | None = None
        self._turn = threading.Condition()
        self._thread: threading.Thread | None = None

    def ask(self, run: str, checkpoints: Checkpoints) -> None:
        """Has the checkpoints of a run sent, soon."""
        with self._turn:
            self._waiting[run] = checkpoints
            self._turn.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._carry, name="porter", daemon=True)
                self._thread.start()

    def said(self, run: str) -> list[str]:
        """The sentences about a run since this was last asked."""
        with self._turn:
            return self._said.pop(run, [])

    def wait(self, seconds: float) -> bool:
        """Whether all is sent, after at most so many seconds; it does not wait for a store that is down."""
        with self._turn:
            self._turn.wait_for(lambda: self._is_idle or self._down_since is not None, seconds)
            return self._is_idle

    @property
    def _is_idle(self) -> bool:
        return not self._waiting and self._carried is None

    def _carry(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._waiting)
                self._carried = run = next(iter(self._waiting))
                checkpoints = self._waiting.pop(run)
            try:
                checkpoints.send()
            except FilesUnavailable as error:
                self._stay(run, checkpoints, str(error))
            except OSError as error:
                self._stay(run, checkpoints, disk_sentence(error, "What is sent to the object store"))
            else:
                self._arrive(run)

    def _stay(self, run: str, checkpoints: Checkpoints, why: str) -> None:
        """Keeps what was not taken, says so once, and waits for a while or for a newer checkpoint."""
        log.warning("%s", why, extra=logs.of("files.trouble"))
        with self._turn:
            self._carried = None
            self._waiting.setdefault(run, checkpoints)
            if self._down_since is None:
                self._down_since = time.monotonic()
                self._said[run].append(f"{why.rstrip('.')}. {STAYS}")
            self._turn.notify_all()
            self._turn.wait(AGAIN)

    def _arrive(self, run: str) -> None:
        with self._turn:
            self._carried = None
            if self._down_since is not None:
                seconds, self._down_since = time.monotonic() - self._down_since, None
                self._said[run].append(f"The object store answers again after {seconds:,.0f} s: what waited is there.")
            self._turn.notify_all()
