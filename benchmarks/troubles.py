"""An instance under trial, and what can go wrong with it: each trouble is made on purpose, and says what came of it."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import psutil

__all__ = ["KILLS", "OF_FILES", "TROUBLES", "Place", "Postgres", "Trouble", "gone_for", "programs"]

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "runs")]

from benches import FAKE, SPEC, Bench, until  # noqa: E402
from clocks import Clock, follow, forget  # noqa: E402
from fake_worker import STEPS_PER_EPOCH, loss  # noqa: E402
from postgres import Postgres, programs  # noqa: E402

from benchmarks.served import end_processes_of  # noqa: E402
from resnet_tf.learning.archives import ImageSet, keep  # noqa: E402
from resnet_tf.learning.recipes import recipe  # noqa: E402
from resnet_tf.runs.failures import StoreUnavailable  # noqa: E402

EPOCHS = 10
PATIENCE = 120.0  # seconds: a machine that has other things to do
HOUR = 3600.0
WORKER_MB = 700  # that a worker may take: five times what one takes whose trainings are fake
SERVER = """
import sys, time
from benches import Bench
from clocks import Clock, follow
follow(Clock.of({clock!r}))
bench = Bench({home!r}, {url!r}, worker={worker!r})
bench.start()
print("up", flush=True)
time.sleep(36000)
"""


@dataclass
class Place:
    """An instance under trial: its records, the server that is up, the run under way."""

    home: Path
    url: str
    records: str
    luck: random.Random
    database: Postgres | None = None  # where the records are not a file
    made: list[tuple[str, str, bool]] = field(default_factory=list)  # a trouble, in which run, and if it ended well
    begun: list[str] = field(default_factory=list)
    server: subprocess.Popen[str] | None = None

    def __post_init__(self) -> None:
        self.clock = Clock(self.home / "clock", self.url)
        follow(self.clock)
        self.url = self.clock.url
        self.worker_command = (FAKE[0], str(ROOT / "tests" / "runs" / "clocks.py"), str(self.clock.file), *FAKE[1:])
        self.bench = Bench(self.home, self.url, worker=self.worker_command)

    def serve(self) -> None:
        """Starts a server, which starts or adopts a worker."""
        source = SERVER.format(
            clock=str(self.clock.file), home=str(self.home), url=self.url, worker=self.worker_command
        )  # fmt: skip
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "runs"), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": path, "RESNET_TF_WORKER_MB": str(WORKER_MB)}
        self.server = subprocess.Popen(
            [sys.executable, "-c", source], stdout=subprocess.PIPE, text=True, env=environment
        )  # fmt: skip
        assert self.server.stdout is not None
        self.server.stdout.readline()

    def end(self) -> None:
        if self.server is not None:
            self.server.kill()
            self.server.wait()
        end_processes_of(self.home)
        forget(self.clock)

    def run(self) -> str:
        """The run under way, some steps in; a new one where the last is over."""
        if not self.begun or self.bench.state(self.begun[-1]) == "finished":
            self.begun.append(self.bench.begin("steady", epochs=EPOCHS))
        run = self.begun[-1]
        if self.bench.run(run).resumable:
            self.bench.resume(run)
        until(lambda: self.bench.state(run) in ("running", "finished"), PATIENCE)
        return run

    def worker(self) -> psutil.Process:
        return psutil.Process(self.bench.pid())

    def lost(self, run: str) -> int:
        """Of a run, brought to its end: how many steps are not there once, with the value that they must have."""
        while self.bench.state(run) != "finished":
            if self.bench.run(run).resumable:
                self.bench.resume(run)
            until(lambda: self.bench.run(run).over, PATIENCE)
        return self.wrong(run, EPOCHS * STEPS_PER_EPOCH)

    def wrong(self, run: str, steps: int) -> int:
        """How many of a run's first steps are not there once, with the value that they must have, or are too many."""
        found = Counter((event.step, event.values["loss"]) for event in self.bench.events(run, most=10**9))
        must = Counter((step, loss(step)) for step in range(1, steps + 1))
        return ((must - found) + (found - must)).total()

    def outcome(self, run: str) -> tuple[str, str]:
        """How a run that was begun beside the one under way ended, and what was said of it."""
        until(lambda: self.bench.run(run).over, PATIENCE)
        return self.bench.state(run), self.bench.run(run).error or ""

    def silence(self, run: str) -> float:
        """The seconds until who asks for a run hears that the records do not answer; endless where they do."""
        began = time.monotonic()
        try:
            self.bench.run(run)
        except StoreUnavailable:
            return time.monotonic() - began
        return float("inf")

    def goes_on(self, run: str) -> bool:
        """Whether a run is never called interrupted in the next two seconds."""
        end = time.monotonic() + 2.0
        while time.monotonic() < end:
            if self.bench.state(run) == "interrupted":
                return False
            time.sleep(0.05)
        return True


Trouble: TypeAlias = Callable[[Place], bool]  # whether it ended well, beside the points of the run under way


# --- what is killed


def kill_worker(place: Place) -> bool:
    place.worker().kill()
    run = place.begun[-1]
    until(lambda: place.bench.state(run) != "running", PATIENCE)
    return True


def kill_server(place: Place) -> bool:
    assert place.server is not None
    place.server.send_signal(signal.SIGKILL)
    place.server.wait()
    place.serve()
    return True


def kill_database(place: Place) -> bool:
    """The server comes back after a moment."""
    assert place.database is not None
    place.database.kill()
    time.sleep(place.luck.uniform(0.0, 3.0))
    place.database.start()
    return True


# --- what a run itself suffers


def truncate_checkpoint(place: Place) -> bool:
    """Cuts the newest checkpoint in the middle, and the run that wrote it."""
    run = place.begun[-1]
    place.bench.stop(run)
    until(lambda: place.bench.run(run).over, PATIENCE)
    newest = sorted(place.bench.home.checkpoints(run).glob("*-*.npz"))[-1:]
    for path in newest:
        os.truncate(path, place.luck.randrange(path.stat().st_size))
    return True


def exhaust_memory(place: Place) -> bool:
    """A run takes more memory than a worker may: it has failed with the figure, and the next goes on."""
    run = place.bench.begin("hungry")
    state, said = place.outcome(run)
    return state == "failed" and f"{WORKER_MB:,} MB" in said and not place.wrong(run, 4)


def give_nan(place: Place) -> bool:
    """A loss is not a number: the run ends with advice, and every point before is kept."""
    run = place.bench.begin("diverging")
    return place.outcome(run) == ("diverged", "Try a smaller rate.") and not place.wrong(run, 4)


def damage_image(place: Place) -> bool:
    """A byte of added images is damaged in the middle of an epoch: that run ends well, the next on them says why."""
    images = np.random.default_rng(0).integers(0, 256, (20, 6, 6, 3), np.uint8)
    folder = place.bench.home.make(place.bench.home.uploads("local"))
    name = f"Mine {len(place.made)}"
    card = keep(ImageSet(images, np.arange(20, dtype=np.int32) % 2, ("no", "yes")), name, folder)
    first, second = (place.bench.train(SPEC, card, recipe(epochs=2), 0, name="seeing") for _ in range(2))
    until(lambda: place.bench.steps(first), PATIENCE)
    whole = bytearray(Path(card.path).read_bytes())
    whole[len(whole) // 2] ^= 1 << place.luck.randrange(8)
    Path(card.path).write_bytes(whole)
    well = place.outcome(first)[0] == "finished" and not place.wrong(first, 2 * STEPS_PER_EPOCH)
    state, said = place.outcome(second)
    Path(card.path).unlink()
    return well and state == "failed" and name in said and "add them again" in said


# --- what passes


@contextmanager
def full_disk(place: Place) -> Iterator[None]:
    worker = place.worker()
    worker.rlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))  # no file may grow beyond 1 kB
    yield
    worker.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def locked_records(place: Place) -> Iterator[None]:
    with closing(sqlite3.connect(place.bench.home.database, isolation_level=None, timeout=PATIENCE)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def absent_records(place: Place) -> Iterator[None]:
    """The server is stopped; of a file the journal goes last and comes back first: without it nobody begins another."""
    if place.database is not None:
        place.database.stop()
        yield
        place.database.start()
        return
    database = place.bench.home.database
    away = database.with_name("away")
    away.mkdir(exist_ok=True)
    files = [path for suffix in ("", "-wal", "-shm") if (path := Path(f"{database}{suffix}")).exists()]
    for path in files:
        path.rename(away / path.name)
    yield
    for path in reversed(files):
        (away / path.name).rename(path)


def for_a_while(trouble: Callable[[Place], AbstractContextManager[None]]) -> Trouble:
    """A trouble that passes after up to four seconds, which is longer than anybody waits for a lock."""

    def fault(place: Place) -> bool:
        with trouble(place):
            time.sleep(place.luck.uniform(0.5, 4.0))
        return True

    return fault


def gone_for(seconds: float) -> Trouble:
    """Records that are gone for so long: who asks hears that at once, and no run counts as interrupted after it."""

    def fault(place: Place) -> bool:
        run, worker, slowest = place.begun[-1], place.worker(), 0.0
        assert place.bench.state(run) in ("running", "finished")
        end = time.monotonic() + seconds
        with absent_records(place):
            place.silence(run)  # the first waits a moment
            while time.monotonic() < end:
                slowest = max(slowest, place.silence(run))
                time.sleep(0.5)
        return slowest < 1.0 and place.goes_on(run) and place.worker() == worker

    return fault


def set_clock(place: Place) -> bool:
    """Sets every clock of the instance by an hour: no run counts as interrupted for that."""
    run = place.begun[-1]
    known = place.bench.state(run)
    place.clock.set(place.luck.choice([ahead for ahead in (-HOUR, 0.0, HOUR) if ahead != place.clock.ahead]))
    return known == "finished" or place.goes_on(run)


# --- the troubles by name

KILLS: dict[str, Trouble] = {
    "worker killed": kill_worker, "server killed": kill_server, "database killed": kill_database
}  # fmt: skip
TROUBLES: dict[str, Trouble] = {
    "checkpoint truncated": truncate_checkpoint,
    "clock set": set_clock,
    "out of memory": exhaust_memory,
    "not a number": give_nan,
    "image damaged": damage_image,
}
# what only a file can suffer
OF_FILES: dict[str, Trouble] = {
    "disk full": for_a_while(full_disk),
    "records locked": for_a_while(locked_records),
    "records moved away": for_a_while(absent_records),
}
