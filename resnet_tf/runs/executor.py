"""Keeps one warm worker alive for a server: starts it, adopts one that is already there, replaces a dead one."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from resnet_tf.runs.failures import WorkbenchError, disk_sentence
from resnet_tf.runs.home import Home, Lock, is_free

WORKER = (sys.executable, "-m", "resnet_tf.runs.worker")
FIRST_PAINT = 2.5  # seconds left to the first page before a worker takes the processor
LOOK = 0.25  # seconds between two looks at the worker
PAUSES = (0.0, 1.0, 5.0, 30.0)  # seconds before the next start, the longer the more starts have failed in a row
STEADY = 30.0  # seconds after which a worker counts as well started
LARGEST_LOG = 5_000_000  # bytes, after which it begins anew
TROUBLE = "The worker ends as soon as it starts: {log} says why"
MEMORY = {signal.SIGKILL: ", which is what a system does when its memory runs out"}
PACKAGES = Path(__file__).parents[2]  # where this package lies, installed or not


class Executor:
    """One warm worker per home, whichever server started it. Every server that is up holds a shared lock."""

    def __init__(self, home: Home, url: str, command: Sequence[str], bury: Callable[[str], None]) -> None:
        """`bury` is told what a worker of ours died of; the next worker buries one whose death nobody saw."""
        self.home, self._url, self._command, self._bury = home, url, tuple(command), bury
        self.trouble: str | None = None  # a sentence, where no worker can be started
        self.since = time.time()
        self._present = Lock(home.servers_lock)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._child: int | None = None  # a process of ours; None where another server started the worker
        self._born, self._failures = 0.0, 0
        self._starting = threading.Lock()

    @property
    def starting(self) -> bool:
        """Whether a worker is on its way."""
        return self._thread is not None and not self._closing.is_set() and self.trouble is None

    def start(self) -> None:
        """Begins to look after the worker, in the background; a second call changes nothing."""
        with self._starting:
            if self._thread is None:
                self.since = time.time()
                self._thread = threading.Thread(target=self._look_after, name="executor", daemon=True)
                self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._present.release()

    def _look_after(self) -> None:
        self._closing.wait(FIRST_PAINT)
        while not self._closing.wait(LOOK):
            try:
                self._look()
            except WorkbenchError as error:
                self.trouble = str(error)

    def _look(self) -> None:
        if not self._present.held:
            self.home.make()
            self._present.acquire(shared=True, wait=True)
        if cause := self._cause_of_death():
            self._bury(cause)
        if self._child is None and is_free(self.home.worker_lock):
            if self._closing.wait(PAUSES[min(self._failures, len(PAUSES) - 1)]):
                return
            self._child, self._born = self._spawn(), time.time()
            self.since = self._born
        elif time.time() - self._born > STEADY:
            self._failures = 0
        self.trouble = TROUBLE.format(log=self.home.log) if self._failures else None

    def _cause_of_death(self) -> str | None:
        """What the worker that this server started died of; None while it lives, or where that is not known."""
        if self._child is None:
            return None
        try:
            pid, status = os.waitpid(self._child, os.WNOHANG)
        except ChildProcessError:  # the server has another reaper of children
            self._child = None
            return None
        if pid == 0:
            return None
        self._child = None
        code, early = os.waitstatus_to_exitcode(status), time.time() - self._born < STEADY
        self._failures = self._failures + 1 if code > 0 and early else 0
        return f"ended by {signal.Signals(-code).name}{MEMORY.get(-code, '')}" if code < 0 else None

    def _spawn(self) -> int:
        """The process number of a new worker, in a session of its own: no Ctrl-C reaches it, and it outlives us."""
        environment = {**os.environ, "RESNET_TF_HOME": str(self.home.folder), "DATABASE_URL": self._url}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGES), os.environ.get("PYTHONPATH")]))
        log = self.home.log
        fresh = log.exists() and log.stat().st_size > LARGEST_LOG
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if fresh else os.O_APPEND)
        streams = (
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            *((os.POSIX_SPAWN_CLOSE, handle) for handle in _inheritable()),
        )
        try:
            return os.posix_spawn(self._command[0], self._command, environment, file_actions=streams, setsid=True)
        except OSError as error:
            raise WorkbenchError(disk_sentence(error, f"The worker, or its log {log},")) from error


def _inheritable() -> Iterator[int]:
    """The files that a child would inherit: the server's port among them, which would stay taken after its death."""
    for name in os.listdir("/dev/fd"):
        with suppress(OSError):  # the listing itself is over by now
            if int(name) > 2 and os.get_inheritable(int(name)):
                yield int(name)
