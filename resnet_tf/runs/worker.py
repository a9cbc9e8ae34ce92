"""The process in which Keras lives: `python -m resnet_tf.runs.worker`. One per home; runs what is queued, oldest first.

It outlives the server that started it: a run goes on to its end. It leaves by itself when no server is up and nothing
is queued. A stop that a long step keeps it from hearing ends the process, as does a run that takes more memory than
there may be; the server's executor starts another. Asked to end by the system (SIGTERM), it gives its run back, as it
does when its seat on a cluster is gone.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TypeVar

import psutil

from resnet_tf.learning.shelf import Shelf
from resnet_tf.runs import clock, logs, tasks
from resnet_tf.runs.answers import insist
from resnet_tf.runs.bound import Bound
from resnet_tf.runs.compiled import keep_compiled
from resnet_tf.runs.executor import TIE
from resnet_tf.runs.failures import ClaimLost, StoreUnavailable, WorkbenchError, disk_sentence
from resnet_tf.runs.files import Files
from resnet_tf.runs.home import Home, Lock, is_free
from resnet_tf.runs.journal import Journal
from resnet_tf.runs.records import Run
from resnet_tf.runs.settings import Settings, settings
from resnet_tf.runs.store import Store
from resnet_tf.runs.tidier import Tidier
from resnet_tf.runs.trials import Trials

T = TypeVar("T")
log = logging.getLogger(__name__)  # and not print: a full disk must not stop who reports it

LOOK = 0.2  # seconds between two looks for a stop, or for a run
PARTING = 20.0  # seconds for the object store to take the last checkpoint before the worker leaves
TERM = 5.0  # and when the system asks for its end, which waits ten seconds where nobody says more
BEAT = 1.0  # seconds between two heartbeats
HEARING = 1.0  # seconds that a run has to hear a stop, before the process ends
KEPT = 8  # an eighth of the memory that a worker may have is for what is kept of a run for the next
YIELD = 2.0  # seconds to wait for the lock of the home before leaving it to another worker


class Worker:
    """One worker: a main thread that runs tasks, and a watch that beats, hears stops and writes what had to wait."""

    def __init__(
        self, home: Home, store: Store, table: Mapping[str, tasks.Task], warm_up: Callable[[], tasks.Device],
        patience: float | None, chosen: Settings,
    ) -> None:  # fmt: skip
        self.id = secrets.token_hex(8)
        self._files, self._settings = Files(home, chosen), chosen
        self._home, self._store, self._table, self._warm_up, self._patience = home, store, table, warm_up, patience
        self._idle, self._minutes = chosen.limit("idle_seconds"), chosen.limit("minutes")
        most = chosen.limit("worker_mb")
        self._memory, self._devices = Bound(most), chosen.limit("devices")
        self._shelf = Shelf() if most is None else Shelf(most * 10**6 // KEPT)
        self._trials = Trials(store, chosen)
        self._unsure = False  # whether it has a run
        self._node, self._tie = chosen.node, int(os.environ.get(TIE, 0))
        self._run: Run | None = None
        self._journal: Journal | None = None
        self._stop = threading.Event()  # the run shall stop
        self._ending = threading.Lock()  # who holds it writes down how the run ended
        self._ear = _ear()

    def work(self) -> None:
        """Works until it is no longer needed. Raises whatever loading Keras raises."""
        place = (self._node, str(self._home.folder))
        self._insist(lambda: self._store.enter(self.id, *place, os.getpid()))
        for watch in (self._watch, self._hear_end):
            threading.Thread(target=watch, name=watch.__name__, daemon=True).start()
        try:
            device = self._warm_up()
        except Exception as error:
            self._note_end(f"Keras could not be loaded: {_said(error)}")
            raise
        self._memory.warm()
        self._insist(lambda: self._store.note_worker(self.id, warm=clock.now(), device=device.name, why=device.why))
        log.info("A worker is ready on %s", device.name, extra=logs.of("worker.ready"))
        Tidier(self._files, lambda: self._store, self._settings).start()
        needed, most = time.monotonic(), self._patience if self._idle is None else self._idle
        while self._patience is None or time.monotonic() - needed < most:
            with self._ending:
                self._run = run = self._claim(device)
            if run is not None:
                self._perform(run)
                if self._memory.is_half_used():
                    break
            else:
                time.sleep(LOOK)
            if run is not None or (self._idle is None and not is_free(self._home.servers_lock)):
                needed = time.monotonic()
        self._files.porter.wait(PARTING)  # what a store that is down has not taken is sent by the next worker
        self._note_end()
        log.info("The worker leaves", extra=logs.of("worker.left"))

    def _claim(self, device: tasks.Device) -> Run | None:
        try:
            self._trials.advance()
            held = self._store.busy(self.id) if self._unsure else None  # a claim whose answer was cut off
            run = self._store.run(held) if held else self._store.claim(self.id, device.name, device.why)
            self._unsure = False
            return run
        except StoreUnavailable as error:
            self._unsure = True
            log.warning("%s", error, extra=logs.of("worker.trouble"))
            time.sleep(BEAT)
            return None

    # --- the main thread

    def _perform(self, run: Run) -> None:
        log.info("%s begins", run.name, extra=logs.of("run.begun", run))
        self._stop.clear()
        self._journal = journal = Journal(self._store, self.id, run)
        try:
            self._end(run, journal, *self._outcome(run, journal))
        except ClaimLost as error:
            log.warning("%s", error, extra=logs.of("run.lost", run))
        finally:
            self._run = self._journal = None

    def _outcome(self, run: Run, journal: Journal) -> tuple[str, str | None]:
        """Runs the task to its end: how it ended, and a sentence where it did not end well. Raises ClaimLost."""
        desk = tasks.Desk(
            self._files,
            lambda artifact: self._insist(lambda: self._store.add_artifact(self.id, run, artifact)),
            lambda id: self._insist(lambda: self._store.run(id)),
            lambda count: self._weigh(run, journal, count),
            self._shelf,
            self._devices,
        )
        try:
            with closing(self._table[run.task](run, desk)) as happenings:
                for event in happenings:
                    journal.write(event)
                    if event.kind == "diverged":
                        return "diverged", event.values["advice"]
                    if event.kind == "paused":
                        return "paused", None
                    if event.kind == "finished":
                        continue
                    if self._stop.is_set():
                        return "stopped", None
                    if self._minutes is not None and event.seconds > 60 * self._minutes:
                        return "stopped", f"Stopped after {self._minutes:,} minutes, the limit of this instance"
        except ClaimLost:
            raise
        except Exception as error:
            log.exception("%s failed", run.name, extra=logs.of("run.error", run))
            return "failed", _said(error)
        return "finished", None

    def _weigh(self, run: Run, journal: Journal, count: int) -> None:
        """Writes down the bytes of a run's checkpoints; while the store is in trouble it is left to a later one."""
        try:
            if journal.trouble is None:
                self._store.weigh(self.id, run, count)
        except StoreUnavailable as error:
            log.warning("%s", error)

    def _end(self, run: Run, journal: Journal, outcome: str, error: str | None) -> None:
        """Writes down how a run ended, its last points first."""
        with self._ending:
            self._insist(journal.flush)
            self._insist(lambda: self._store.end(self.id, run, outcome, error))
            self._run = None
        self._log_end(run, outcome, error)

    def _log_end(self, run: Run, outcome: str, error: str | None) -> None:
        said = f": {error}" if error else ""
        log.info("%s %s%s", run.name, outcome, said, extra=logs.of("run.ended", run, outcome=outcome))

    def _insist(self, ask: Callable[[], T]) -> T:
        """What the store answers, however long that takes: what waits to be written is nowhere else."""
        return insist(ask, self._wait)

    def _wait(self, trouble: StoreUnavailable) -> None:
        """Says why it waits. Raises the trouble where the whole home is gone: nobody will mend that."""
        log.warning("%s", trouble, extra=logs.of("worker.trouble", self._run))
        if not self._home.worker_lock.exists():  # a checkpoint may have made the folder again
            raise trouble

    def _note_end(self, error: str | None = None) -> None:
        """Writes down that this worker leaves; where the records do not answer, the next of its home finds that out."""
        try:
            self._store.note_worker(self.id, ended=clock.now(), error=error)
        except StoreUnavailable as trouble:
            log.warning("%s", trouble, extra=logs.of("worker.trouble"))

    # --- the watch

    def _watch(self) -> None:
        """Beats, hears stops and writes what had to wait, while the main thread is deep in a step."""
        beaten, asked, of = 0.0, 0.0, None
        while True:
            time.sleep(LOOK)
            run, journal, now = self._run, self._journal, time.monotonic()
            if self._tie and os.getppid() != self._tie:
                os.kill(os.getpid(), signal.SIGTERM)
                return
            try:
                if run is not None and (excess := self._memory.exceeded()):
                    self._leave(run, journal, "failed", excess)
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
                self._leave(run, None if lost else journal, "stopped")

    def _leave(self, run: Run, journal: Journal | None, outcome: str, error: str | None = None) -> None:
        """Ends the process in the middle of a step that has no ear; how the run ended is written down first.

        Without a journal the run is no longer this worker's to write about.
        """
        with self._ending:
            if self._run is not run:
                return
            try:
                if journal is not None:
                    journal.flush()
                    self._store.end(self.id, run, outcome, error)
                self._store.note_worker(self.id, ended=clock.now())
            except StoreUnavailable:
                return  # and the watch comes back
            self._log_end(run, outcome, error)
            self._quit()

    def _hear_end(self) -> None:
        """Waits until the system asks this process to end; its run goes back to the queue, for another worker."""
        while self._ear.recv(1) != bytes([signal.SIGTERM]):
            continue
        self._files.porter.wait(TERM)  # who takes the run over goes on from what the object store has
        if self._ending.acquire(timeout=TERM):  # who writes down an end may wait for the records
            run, journal = self._run, self._journal
            try:
                if run is not None:
                    if journal is not None:
                        journal.flush()
                    self._store.give_back(self.id, run)
                    log.info("%s waits for another worker", run.name, extra=logs.of("run.given_back", run))
                self._store.note_worker(self.id, ended=clock.now())
            except WorkbenchError as error:
                log.warning("%s", error, extra=logs.of("worker.trouble", run))
        self._quit()

    def _quit(self) -> None:
        for child in psutil.Process().children(recursive=True):
            child.kill()
        os._exit(0)


def _ear() -> socket.socket:
    """What a byte comes out of for every signal, at once: Python's own handlers wait for the end of a step."""
    heard, told = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.detach())
    signal.signal(signal.SIGTERM, lambda *_: None)
    return heard


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
    patience: float | None = None,
) -> None:  # fmt: skip
    """Works in the home and the store that the environment names, unless another worker is there already.

    `patience` are the seconds that it waits for a page before it leaves; by default the environment's.
    """
    faulthandler.enable()
    chosen = settings()
    logs.begin(chosen.log)
    home = Home.at()
    lock = Lock(home.make() / "worker.lock")
    until = time.monotonic() + YIELD
    while not lock.acquire():  # somebody may only be looking whether it is free
        if time.monotonic() > until:
            return
        time.sleep(0.05)
    keep_compiled(home)
    seconds = patience or chosen.patience or None
    store = insist(lambda: Store(chosen.records(home)), log.warning)
    Worker(home, store, table, warm_up, seconds, chosen).work()


if __name__ == "__main__":
    main()
