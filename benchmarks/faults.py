"""What outlives its trouble: processes killed, disks filled, records gone, clocks set, at random moments of real runs.

python -m benchmarks.faults [--kills 100] [--each 5] [--gone 60] [--seed 0]. Workers, servers and records are the real
ones; the trainings cost no time but are followed by the same checkpoints, so that each of their points is known
beforehand. A fault is survived where the run under way ends with every point, once, as it must be, and where what else
it must lead to came (see `troubles.py`). A database is killed where PostgreSQL is installed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.troubles import KILLS, OF_FILES, TROUBLES, Place, Postgres, Trouble, gone_for, programs

Fault: TypeAlias = tuple[str, Trouble]
TURNS = ("worker", "server", "worker", "database", "worker")  # whose turn it is to be killed


def faults_of(place: Place, kills: int, each: int, gone: float) -> list[Fault]:
    """So many kills, by turns, each other trouble so often, and once the records are gone for so many seconds."""
    turns = [f"{who} killed" for who in TURNS if who != "database" or place.database]
    faults = [(name, KILLS[name]) for name in itertools.islice(itertools.cycle(turns), kills)]
    troubles = TROUBLES if place.database else TROUBLES | OF_FILES
    faults += [row for row in troubles.items() for _ in range(each)]
    return faults + ([(f"records gone for {gone:.0f} s", gone_for(gone))] if gone else [])


def trial(place: Place, faults: list[Fault]) -> dict[str, Any]:
    """Makes the faults in a random order; what came of them."""
    place.serve()
    place.luck.shuffle(faults)
    for number, (name, fault) in enumerate(faults, 1):
        while len(place.made) < number:
            run = place.run()
            time.sleep(place.luck.uniform(0.0, 1.2))
            if place.bench.state(run) == "running":
                place.made.append((name, run, fault(place)))
        print(f"{place.records}: {number:,} of {len(faults):,}: {name}, in run {len(place.begun):,}", flush=True)
    lost = {run: place.lost(run) for run in place.begun}
    survived = [name for name, run, well in place.made if well and not lost[run]]
    return {
        "made": dict(Counter(name for name, *_ in place.made)), "survived": dict(Counter(survived)),
        "runs": len(lost), "points_lost": sum(lost.values()),
    }  # fmt: skip


def on_sqlite(stack: ExitStack, luck: random.Random) -> Place:
    home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    place = Place(home, f"sqlite:///{home / 'workbench.db'}", "sqlite", luck)
    stack.callback(place.end)
    return place


def on_postgres(stack: ExitStack, luck: random.Random) -> Place:
    """A server of its own."""
    server = Postgres()
    stack.callback(server.remove)
    server.start()
    home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    place = Place(home, server.create(), "postgres", luck, server)
    stack.callback(place.end)
    return place


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--each", type=int, default=5, help="how often each other fault is made")
    parser.add_argument("--gone", type=float, default=60.0, help="seconds for which the records are gone, once")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    kinds = [on_sqlite, on_postgres] if programs() else [on_sqlite]
    results = {}
    for kind in kinds:
        with ExitStack() as stack:  # one after the other: each has this process tell the time by its own clock
            place = kind(stack, random.Random(chosen.seed))
            faults = faults_of(place, chosen.kills // len(kinds), chosen.each, chosen.gone)
            results[place.records] = trial(place, faults)
    made, survived = (sum(sum(r[what].values()) for r in results.values()) for what in ("made", "survived"))
    kills = sum(r["made"].get(name, 0) for r in results.values() for name in KILLS)
    lost = sum(r["points_lost"] for r in results.values())
    figures = {"faults": made, "survived": survived, "kills": kills, "points_lost": lost, **results}
    targets = {"kills": chosen.kills, "survived": made, "points_lost": 0}
    print(json.dumps(figures | {"targets": targets, "ok": kills >= chosen.kills and survived == made and not lost}))


if __name__ == "__main__":
    main()
