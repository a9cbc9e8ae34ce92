"""The process in which Keras lives: `python -m resnet_tf.runs.worker`. One per home; runs what is queued, oldest first.

It outlives the server that started it: a run goes on to its end. It leaves by itself when no server is up and nothing
is queued. A stop that a long step keeps it from hearing ends the process; the server's executor starts another.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing

import psutil

from resnet_tf.runs import tasks
from resnet_tf.runs.failures import ClaimLost, StoreUnavailable, WorkbenchError, disk_sentence
from resnet_tf.runs.home import Home, Lock, is_free
from resnet_tf.runs.journal import Journal
from resnet_tf.runs.records import Run
from resnet_tf.runs.store import Store

log = logging.getLogger(__name__)  # and not print: a full disk must not stop who reports it

LOOK = 0.2  # seconds between two looks for a stop, or for a run
BEAT = 1.0  # seconds between two heartbeats
HEARING = 1.0  # seconds that a run has to hear a stop, before the process ends
PATIENCE = 20.0  # seconds without a server before an idle worker leaves
YIELD = 2.0  # seconds to wait for the lock of the home before leaving it to another worker


class Worker:
    """One worker: a main thread that runs tasks, and a watch that beats, hears stops and writes what had to wait."""

    def __init__(
        self, home: Home, store: Store, table: Mapping[str, tasks.Task], warm_up: Callable[[], tasks.Device],
        patience: float,
    ) -> None:  # fmt: skip
        self.id = secrets.token_hex(8)
        self._home, self._store, self._table, self._warm_up, self._patience = home, store, table, warm_up, patience
        self._run: Run | None = None
        self._journal: Journal | None = None
        self._stop = threading.Event()  # the run shall stop
        self._ending = threading.Lock()  # who holds it writes down how the run ended

    def work(self) -> None:
        """Works until it is no longer needed. Raises whatever loading Keras raises."""
        place = (socket.gethostname(), str(self._home.folder))
        self._insist(lambda: self._store.enter(self.id, *place, os.getpid()))
        threading.Thread(target=self._watch, name="watch", daemon=True).start()
        try:
            device = self._warm_up()
        except Exception as error:
            self._store.note_worker(self.id, ended=time.time(), error=f"Keras could not be loaded: {_said(error)}")
            raise
        warm = time.time()
        self._insist(lambda: self._store.note_worker(self.id, warm=warm, device=device.name, why=device.why))
        needed = time.monotonic()
        while time.monotonic() - needed < self._patience:
            run = self._claim(device)
            if run is not None:
                self._perform(run)
            else:
                time.sleep(LOOK)
            if run is not None or not is_free(self._home.servers_lock):
                needed = time.monotonic()
        self._store.note_worker(self.id, ended=time.time())

    def _claim(self, device: tasks.Device) -> Run | None:
        try:
            return self._store.claim(self.id, device.name, device.why)
        except StoreUnavailable as error:
            log.warning("%s", error)
            time.sleep(BEAT)
            return None

    # --- the main thread

    def _perform(self, run: Run) -> None:
        self._stop.clear()
        self._journal = journal = Journal(self._store, self.id, run)
        self._run = run
        try:
            self._end(run, journal, *self._outcome(run, journal))
        except ClaimLost as error:
            log.warning("%s", error)
        finally:
            self._run = self._journal = None

    def _outcome(self, run: Run, journal: Journal) -> tuple[str, str | None]:
        """Runs the task to its end: how it ended, and a sentence where it did not end well. Raises ClaimLost."""
        desk = tasks.Desk(
            self._home,
            lambda artifact: self._insist(lambda: self._store.add_artifact(self.id, run, artifact)),
            self._store.run,
        )
        try:
            with closing(self._table[run.task](run, desk)) as happenings:
                for event in happenings:
                    journal.write(event)
                    if event.kind == "diverged":
                        return "diverged", event.values["advice"]
                    if self._stop.is_set() and event.kind != "finished":
                        return "stopped", None
        except ClaimLost:
            raise
        except Exception as error:
            log.exception("%s failed", run.name)
            return "failed", _said(error)
        return "finished", None

    def _end(self, run: Run, journal: Journal, outcome: str, error: str | None) -> None:
        """Writes down how a run ended, its last points first."""
        with self._ending:
            self._insist(journal.flush)
            self._insist(lambda: self._store.end(self.id, run, outcome, error))
            self._run = None

    def _insist(self, write: Callable[[], None]) -> None:
        """Writes to the store, again and again while it is in trouble and a server is up, whose people can mend it."""
        heard = time.monotonic()
        while True:
            try:
                return write()
            except StoreUnavailable as trouble:
                log.warning("%s", trouble)
                if not is_free(self._home.servers_lock):
                    heard = time.monotonic()
                if time.monotonic() - heard > self._patience:
                    raise
                time.sleep(BEAT)

    # --- the watch

    def _watch(self) -> None:
        """Beats, hears stops and writes what had to wait, while the main thread is deep in a step."""
        beaten, asked, of = 0.0, 0.0, None
        while True:
            time.sleep(LOOK)
            run, journal, now = self._run, self._journal, time.monotonic()
            try:
                if now - beaten >= BEAT:
                    self._store.beat(self.id, run)
                    beaten = now
                stop, lost = run is not None and self._store.is_to_stop(run), False
                if journal is not None:
                    journal.flush()
            except ClaimLost:
                stop = lost = True
            except WorkbenchError:
                continue  # the main thread meets the same and says so
            if run is None or not stop:
                continue
            if of is not run:
                of, asked = run, now
            self._stop.set()
            if now - asked > HEARING:
                self._leave(run, None if lost else journal)

    def _leave(self, run: Run, journal: Journal | None) -> None:
        """Ends the process in the middle of a step that has no ear; the run is written down as stopped first.

        Without a journal the run is no longer this worker's to write about.
        """
        with self._ending:
            if self._run is not run:
                return
            try:
                if journal is not None:
                    journal.flush()
                    self._store.end(self.id, run, "stopped")
                self._store.note_worker(self.id, ended=time.time())
            except StoreUnavailable:
                return  # and the watch comes back
            for child in psutil.Process().children(recursive=True):
                child.kill()
            os._exit(0)


# what training raises by names of its own libraries -> what it means
_MEANINGS = {
    "ResourceExhaustedError": "The device ran out of memory: choose a smaller batch size or a smaller design",
    "OutOfMemoryError": "The device ran out of memory: choose a smaller batch size or a smaller design",
    "MemoryError": "This machine ran out of memory: choose a smaller batch size or a smaller design",
}


def _said(error: Exception) -> str:
    """An error as a sentence for people."""
    kind = type(error).__name__
    if kind in _MEANINGS:
        return _MEANINGS[kind]
    if isinstance(error, tasks.SENTENCES):
        return str(error)
    if isinstance(error, OSError):
        return disk_sentence(error, str(error.filename or "A file"))
    first = (str(error).splitlines() or [""])[0]
    return f"{kind}: {first[:300]} (the worker's log has the rest)"


def main(
    table: Mapping[str, tasks.Task] = tasks.TASKS, warm_up: Callable[[], tasks.Device] = tasks.warm_up,
    patience: float = PATIENCE,
) -> None:  # fmt: skip
    """Works in the home and the store that the environment names, unless another worker is there already."""
    faulthandler.enable()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    home = Home.at()
    lock = Lock(home.make() / "worker.lock")
    until = time.monotonic() + YIELD
    while not lock.acquire():  # somebody may only be looking whether it is free
        if time.monotonic() > until:
            return
        time.sleep(0.05)
    Worker(home, Store(os.environ["DATABASE_URL"]), table, warm_up, patience).work()


if __name__ == "__main__":
    main()
