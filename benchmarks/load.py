"""What the records bear: viewers who poll as the Train page does, runs that write, a curve of a million points.

python -m benchmarks.load [--viewers 20] [--writers 4] [--points 1000000] [--runs 0] [--seconds 30]. The viewers are
threads of one process, as those of one server are; half of them watch the long run, the others those that are under
way. The writers are real worker processes whose trainings cost no time and write ten points a second; a real one writes
four at most. So many runs more are over already. On SQLite, and on PostgreSQL where it is installed. A poll is all that
the page asks once a second: the run, its notes, its outlook, its curves in 600 points; every second time the table of
the newest runs too. Targets: 95 of 100 polls within 50 ms, and no point of the writers' lost or there twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "runs")]

from benches import FAKE, SPEC, Bench, until  # noqa: E402
from fake_worker import loss  # noqa: E402
from postgres import Postgres, programs  # noqa: E402

from benchmarks.served import end_processes_of  # noqa: E402
from resnet_tf.learning.recipes import recipe  # noqa: E402
from resnet_tf.runs.store import Happening  # noqa: E402
from resnet_tf.runs.tables import events, runs  # noqa: E402

MOST = 600  # points of a curve on the page
PAGE = 50  # runs of the table
EVERY = 1.0  # seconds between two polls of a viewer
AT_ONCE = 5_000  # points of the long run that are written in one transaction
TARGET = 0.05  # seconds within which 95 of 100 polls are answered
LONG = 10_000  # epochs: no writer comes to its end


def poll(bench: Bench, run: str, table: bool) -> None:
    """What the Train page asks while a run is open."""
    found = bench.run(run)
    bench.events(found, ("note",))
    bench.events(found, ("compiling",))
    for kind in ("step", "epoch"):
        bench.events(found, (kind,), most=MOST)
    if table:
        bench.runs(most=PAGE, brief=True)
        bench.count_runs()


class Viewer(threading.Thread):
    """Somebody who has a run open; keeps how long each poll took."""

    def __init__(self, bench: Bench, run: str, until: float, luck: random.Random) -> None:
        super().__init__(daemon=True)
        self._bench, self._run, self._until, self._wait = bench, run, until, luck.uniform(0, EVERY)
        self.seconds: list[float] = []
        self.error: Exception | None = None

    def run(self) -> None:
        time.sleep(self._wait)  # they did not all come at once
        while (began := time.perf_counter()) and time.monotonic() < self._until:
            try:
                poll(self._bench, self._run, len(self.seconds) % 2 == 1)
            except Exception as error:  # told at the end: a thread's own goes nowhere
                self.error = error
                return
            self.seconds.append(time.perf_counter() - began)
            time.sleep(max(EVERY - self.seconds[-1], 0.0))


def long_run(bench: Bench, points: int) -> str:
    """A run with so many points, written as a worker writes them."""
    store = bench._store
    run = bench.train(SPEC, "digits", recipe(epochs=10), 0, name="long")
    store.enter("filler", "host", "elsewhere", 1)
    claimed = store.claim("filler", "CPU", "a benchmark")
    noise = np.random.default_rng(0).normal(0, 0.1, points) + 1 / np.arange(1, points + 1)
    for first in range(0, points, AT_ONCE):
        losses = noise[first : first + AT_ONCE].tolist()
        steps = [Happening("step", first + n, 0, float(n), {"loss": x}) for n, x in enumerate(losses, 1)]
        store.append("filler", claimed, steps)
    store.end("filler", claimed, "stopped")
    return run


def finished_runs(bench: Bench, count: int) -> None:
    """So many runs that are over, each with a step and an epoch."""
    if not count:
        return
    store, first = bench._store, bench.train(SPEC, "digits", recipe(epochs=1), 0, name="earlier")
    store.enter("earlier", "host", "long ago", 1)
    claimed = store.claim("earlier", "CPU", "a benchmark")
    store.append("earlier", claimed, [Happening(kind, 1, 1, 1.0, {"loss": 1.0}) for kind in ("step", "epoch")])
    store.end("earlier", claimed, "finished")
    copies = [{"id": f"earlier {n}", "created": n} for n in range(1, count)]
    with store.database.writing() as connection:
        run = connection.execute(sa.select(runs).where(runs.c.id == first)).one()._asdict()
        points = [row._asdict() for row in connection.execute(sa.select(events).where(events.c.run == first))]
        for point in points:
            del point["seq"]
        connection.execute(sa.insert(runs), [{**run, **copy} for copy in copies])
        connection.execute(sa.insert(events), [{**point, "run": copy["id"]} for copy in copies for point in points])


def start_writers(home: Path, url: str, count: int) -> list[subprocess.Popen[bytes]]:
    """So many workers, each in a home of its own, on the same records."""
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "RESNET_TF_PATIENCE": "0",
        "FAKE_PAUSE": "0.1",
        "PYTHONPATH": str(ROOT),
    }
    command = [*FAKE[:-1], "600"]
    homes = [home / f"writer{n}" for n in range(count)]
    for folder in homes:
        folder.mkdir()
    return [
        subprocess.Popen(
            command, env={**environment, "RESNET_TF_HOME": str(folder)}, stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("wb"),
        )
        for folder in homes
    ]  # fmt: skip


def wrong_points(bench: Bench, run: str) -> tuple[int, int]:
    """How many of a run's points are missing or not as they must be, and how many are there more than once."""
    found = [(event.step, event.values["loss"]) for event in bench.events(run, most=10**9)]
    must = {(step, loss(step)) for step in range(1, max(found)[0] + 1)}
    return len(must ^ set(found)), len(found) - len(set(found))


def trial(home: Path, url: str, asked: argparse.Namespace) -> dict[str, Any]:
    """The figures of one kind of records."""
    bench, luck = Bench(home, url, worker=FAKE), random.Random(0)
    began = time.monotonic()
    finished_runs(bench, asked.runs)
    filled = long_run(bench, asked.points)
    filling = time.monotonic() - began
    live = [bench.train(SPEC, "digits", recipe(epochs=LONG), 0, name="steady") for _ in range(asked.writers)]
    writers = start_writers(home, url, asked.writers)
    try:
        until(lambda: all(bench.steps(run) for run in live), 120)
        end = time.monotonic() + asked.seconds
        viewers = [
            Viewer(bench, filled if n % 2 else live[n // 2 % len(live)], end, luck) for n in range(asked.viewers)
        ]
        for viewer in viewers:
            viewer.start()
        for viewer in viewers:
            viewer.join()
        for run in live:
            bench.stop(run)
        until(lambda: all(bench.run(run).over for run in live), 60)
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
        for number in range(asked.writers):
            end_processes_of(home / f"writer{number}")
    broken = next((viewer.error for viewer in viewers if viewer.error), None)
    if broken:
        raise broken
    polls = 1e3 * np.array([seconds for viewer in viewers for seconds in viewer.seconds])
    lost, doubled = map(sum, zip(*(wrong_points(bench, run) for run in live), strict=True))
    written = sum(bench.run(run).latest and len(bench.steps(run)) for run in live)
    return {
        "polls": len(polls), **{f"p{q}_ms": round(float(np.percentile(polls, q)), 1) for q in (50, 95, 99)},
        "points": asked.points + written, "written_meanwhile": written, "points_lost": lost, "points_doubled": doubled,
        "seconds_to_fill": round(filling, 1),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("viewers", 20), ("writers", 4), ("points", 1_000_000), ("runs", 0), ("seconds", 30)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    asked = parser.parse_args()
    results = {}
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = {"sqlite": f"sqlite:///{home / 'workbench.db'}"}
        if programs():
            server = Postgres()
            stack.callback(server.remove)
            server.start()
            urls["postgres"] = server.create()
        for kind, url in urls.items():
            (home / kind).mkdir()
            results[kind] = trial(home / kind, url, asked)
            print(kind, results[kind], flush=True)
    targets = {"p95_ms": 1e3 * TARGET, "points_lost": 0, "points_doubled": 0, "records": ["sqlite", "postgres"]}
    good = [
        r["p95_ms"] <= 1e3 * TARGET and r["points_lost"] == r["points_doubled"] == 0 for r in results.values()
    ]  # fmt: skip
    said = {"viewers": asked.viewers, "writers": asked.writers, "runs": asked.runs, **results, "targets": targets}
    print(json.dumps(said | {"ok": all(good) and set(results) == set(targets["records"])}))


if __name__ == "__main__":
    main()
