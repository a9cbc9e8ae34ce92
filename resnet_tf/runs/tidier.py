"""When a home is tidied up: by one process at a time, once an hour, in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from resnet_tf.runs import logs
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.files import Files
from resnet_tf.runs.home import Lock
from resnet_tf.runs.settings import Settings

if TYPE_CHECKING:
    from resnet_tf.runs.store import Store

log = logging.getLogger(__name__)

FIRST = 60.0  # seconds after the start of a server or worker, which has better things to do then
EVERY = 3600.0


class Tidier:
    """Tidies a home up in the background, one process at a time."""

    def __init__(self, files: Files, store: Callable[[], Store | None], chosen: Settings) -> None:
        self._files, self._store, self._settings = files, store, chosen
        self._closing, self._starting = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._work, name="tidier", daemon=True)

    def start(self) -> None:
        """Begins; a second call changes nothing."""
        with self._starting:
            if self._thread.ident is None:
                self._thread.start()

    def close(self) -> None:
        self._closing.set()

    def _work(self) -> None:
        pause = FIRST
        while not self._closing.wait(pause):
            pause = EVERY
            try:
                self._tidy()
            except (WorkbenchError, OSError) as error:
                log.warning("Tidying up stopped: %s", error, extra=logs.of("tidy.trouble"))

    def _tidy(self) -> None:
        from resnet_tf.runs.tidy import tidy

        lock = Lock(self._files.home.make() and self._files.home.tidy_lock)
        if lock.acquire():
            try:
                if store := self._store():
                    tidy(self._files, store, self._settings)
            finally:
                lock.release()
