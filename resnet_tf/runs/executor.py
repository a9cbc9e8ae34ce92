"""Keeps one warm worker alive for a server: starts it, adopts one that is already there, replaces a dead one.

A mirror is kept as a worker is, by another lock, and a foreman, where a Ray cluster has the workers.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from resnet_tf.runs.failures import WorkbenchError, disk_sentence
from resnet_tf.runs.home import Home, Lock, is_free
from resnet_tf.runs.records import WorkerState

WORKER = (sys.executable, "-m", "resnet_tf.runs.worker")
MIRROR = (sys.executable, "-m", "resnet_tf.runs.mirror")
FOREMAN = (sys.executable, "-m", "resnet_tf.runs.foreman")
FIRST_PAINT = 2.5  # seconds left to the first page before a worker takes the processor
LOOK = 0.25  # seconds between two looks at the worker
PAUSES = (0.0, 1.0, 5.0, 30.0)  # seconds before the next start, the longer the more starts have failed in a row
STEADY = 30.0  # seconds after which a worker counts as well started
LARGEST_LOG = 5_000_000  # bytes, after which it begins anew
TROUBLE = "The {name} ends as soon as it starts: {log} says why"
MEMORY = {signal.SIGKILL: ", which is what a system does when its memory runs out"}
TIE = "RESNET_TF_TIE"  # a variable: the number of the process without which a worker ends, its seat on a cluster
PACKAGES = Path(__file__).parents[2]  # where this package lies, installed or not


class Post(NamedTuple):
    """What is kept alive: how it is started, the lock that it holds as long as it lives, where it says what."""

    name: str
    command: Sequence[str]
    lock: Path
    log: Path
    look: float = LOOK
    speaks: bool = False  # the last line of its log is a sentence for people where it failed


class Executor:
    """One warm worker per home, whichever server started it. Every server that is up holds a shared lock."""

    def __init__(
        self, home: Home, url: str, post: Post, bury: Callable[[str], None],
        needed: Callable[[], bool] | None = None,
    ) -> None:  # fmt: skip
        """`bury` is told what a worker of ours died of; the next worker buries one whose death nobody saw.

        `needed` says whether there is work for a worker; without it one is always kept warm.
        """
        self.home, self._url, self._post, self._bury, self._needed = home, url, post, bury, needed
        self.trouble: str | None = None  # a sentence, where no worker can be started
        self.since = time.time()
        self._present = Lock(home.servers_lock)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._child: int | None = None  # a process of ours; None where another server started the worker
        self._born, self._failures = 0.0, 0
        self._unburied: str | None = None  # what the last one died of, until the records have heard that
        self._starting = threading.Lock()
        self._resting = needed is not None

    @property
    def state(self) -> WorkerState:
        """Of a worker that is not there: on its way, resting until it is needed, or not to be had."""
        if self._thread is None or self._closing.is_set() or self.trouble is not None:
            return "down"
        return "resting" if self._resting else "starting"

    def start(self) -> None:
        """Begins to look after the worker, in the background; a second call changes nothing."""
        with self._starting:
            if self._thread is None:
                self.since = time.time()
                self._thread = threading.Thread(target=self._look_after, name=self._post.name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._present.release()

    def _look_after(self) -> None:
        self._closing.wait(FIRST_PAINT)
        while not self._closing.wait(self._post.look):
            try:
                self._look()
            except WorkbenchError as error:
                self.trouble = str(error)

    def _look(self) -> None:
        if not self._present.held:
            self.home.make()
            self._present.acquire(shared=True, wait=True)
        self._unburied = self._cause_of_death() or self._unburied
        if self._unburied:
            if is_free(self._post.lock):  # else another server's has come after it, and has said so
                self._bury(self._unburied)
            self._unburied = None
        gone = self._child is None and is_free(self._post.lock)
        self._resting = gone and self._needed is not None and not self._needed()
        if gone and not self._resting:
            if self._closing.wait(PAUSES[min(self._failures, len(PAUSES) - 1)]):
                return
            self._child, self._born, self.since = self._spawn(), time.monotonic(), time.time()
        elif time.monotonic() - self._born > STEADY:
            self._failures = 0
        self.trouble = self._said() if self._failures else None

    def _said(self) -> str:
        """Why no worker can be started, as far as it is known."""
        lines = self._post.log.read_text(errors="replace").split("\n") if self._post.speaks else []
        last = next((line for line in reversed(lines) if line.strip()), "")
        return last or TROUBLE.format(name=self._post.name, log=self._post.log)

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
        code, early = os.waitstatus_to_exitcode(status), time.monotonic() - self._born < STEADY
        self._failures = self._failures + 1 if code > 0 and early else 0
        return cause_of_death(status)

    def _spawn(self) -> int:
        """The process number of a new worker, in a session of its own: no Ctrl-C reaches it, and it outlives us."""
        return spawn(self._post, {"RESNET_TF_HOME": str(self.home.folder), "DATABASE_URL": self._url}, setsid=True)


def spawn(post: Post, variables: Mapping[str, str], *, setsid: bool) -> int:
    """The process number of what is to be kept alive, started with more variables than this process has.

    Raises WorkbenchError where it or its log cannot be had.
    """
    environment = {**os.environ, **variables}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGES), environment.get("PYTHONPATH")]))
    log, command = post.log, tuple(post.command)
    fresh = log.exists() and log.stat().st_size > LARGEST_LOG
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if fresh else os.O_APPEND)
    streams = (
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
        *((os.POSIX_SPAWN_CLOSE, handle) for handle in _inheritable()),
    )
    try:
        return os.posix_spawn(command[0], command, environment, file_actions=streams, setsid=setsid)
    except OSError as error:
        raise WorkbenchError(disk_sentence(error, f"The {post.name}, or its log {log},")) from error


def cause_of_death(status: int) -> str | None:
    """What a process died of, from what `waitpid` says; None where it ended by itself."""
    code = os.waitstatus_to_exitcode(status)
    return f"ended by {signal.Signals(-code).name}{MEMORY.get(-code, '')}" if code < 0 else None


def _inheritable() -> Iterator[int]:
    """The files that a child would inherit: the server's port among them, which would stay taken after its death."""
    for name in os.listdir("/dev/fd"):
        with suppress(OSError):  # the listing itself is over by now
            if int(name) > 2 and os.get_inheritable(int(name)):
                yield int(name)
