"""What one server's process takes for each person who watches a run: memory, processor, and how long a poll lasts.

    python -m benchmarks.sessions --people 5 10 20

A real server shows a run under way, whose points a thread writes as a worker would. Each person is a websocket that
speaks Streamlit's protocol: it opens the Train page and asks for its live part as often as that page says. Prints a row
for each number of people, then one JSON line: figures, targets, "ok". `deploy/README.md` reckons with the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.served import Server, served
from resnet_tf.design.presets import preset
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.records import Run
from resnet_tf.runs.store import Happening
from resnet_tf.runs.workbench import Workbench

PEOPLE = (5, 10, 20)
SECONDS = 30.0  # that each number of people is watched for
POINTS = 2_000  # of the run when they come
COLUMNS = {
    "people": "people", "mb": "MB", "polls_a_second": "polls/s", "cpu_share": "cores", "cpu_ms_a_poll": "ms/poll",
    "p50_seconds": "p50 s", "p95_seconds": "p95 s",
}  # fmt: skip
TARGETS = {"mb_a_person": 15.0, "cpu_ms_a_poll": 150.0}
VARIABLES = {"RESNET_TF_WORKER": "none", "RESNET_TF_HOSTED": "0"}


@dataclass
class Person:
    """A browser that has the Train page open."""

    connection: ClientConnection
    run: str
    polls: list[float] = field(default_factory=list)  # seconds of each

    @classmethod
    async def come(cls, server: Server, run: str) -> Person:
        url = f"{server.url.replace('http', 'ws', 1)}/_stcore/stream"
        return cls(await connect(url, subprotocols=["streamlit"], max_size=None, origin=server.url), run)

    async def watch(self, until: float) -> None:
        """Opens the page, and asks for its live part again and again."""
        intervals = await self._drawn(BackMsg())
        due = {fragment: time.monotonic() + seconds for fragment, seconds in intervals.items()}
        while (now := time.monotonic()) < until:
            fragment = min(due, key=due.__getitem__)
            await asyncio.sleep(max(due[fragment] - now, 0.0))
            began = time.monotonic()
            asked = BackMsg()
            asked.rerun_script.fragment_id, asked.rerun_script.is_auto_rerun = fragment, True
            await self._drawn(asked)
            self.polls.append(time.monotonic() - began)
            due[fragment] = max(due[fragment] + intervals[fragment], time.monotonic())

    async def _drawn(self, asked: BackMsg) -> dict[str, float]:
        """Asks for a drawing and takes all of it; how often its live parts want to be asked for, in seconds."""
        asked.rerun_script.query_string, asked.rerun_script.page_name = f"run={self.run}", "train"
        await self.connection.send(asked.SerializeToString())
        intervals: dict[str, float] = {}
        while True:
            message = ForwardMsg.FromString(await self.connection.recv())
            kind = message.WhichOneof("type")
            if kind == "auto_rerun":
                intervals[message.auto_rerun.fragment_id] = message.auto_rerun.interval
            elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return intervals


class Worker:
    """Writes points of a run, four a second, in place of a training."""

    def __init__(self, bench: Workbench) -> None:
        self._store, self._step = bench._store, 0
        spec, chosen = preset("resnet20_cifar10"), recipe(epochs=500)
        bench.train(spec, "digits", chosen, name="watched")
        self._store.enter("benchmark", "host", "elsewhere", 1)
        self._store.note_worker("benchmark", warm=time.time(), device="CPU", why="a benchmark computes on nothing")
        self.run: Run = self._store.claim("benchmark", "CPU", "a benchmark computes on nothing")
        self._store.append("benchmark", self.run, [Happening("compiling", 0, 0, 0.0, {"steps": 100_000})])
        for _ in range(POINTS // 100):
            self.write(100)

    def write(self, count: int) -> None:
        numbers = range(self._step + 1, self._step + count + 1)
        self._step += count
        values = {"loss": 1.0, "accuracy": 0.5, "learning_rate": 0.1, "images_per_second": 500.0, "gradient_norm": 1.0}
        self._store.append("benchmark", self.run, [Happening("step", n, 0, n / 4, values) for n in numbers])

    def work(self, stop: threading.Event) -> None:
        while not stop.wait(0.25):
            self.write(1)
            self._store.beat("benchmark", self.run)


async def watched(server: Server, run: str, people: int, seconds: float) -> dict[str, float]:
    """What the server took while so many people watched: memory at the end, processor and seconds of a poll."""
    process = psutil.Process(server.process.pid)
    crowd = [await Person.come(server, run) for _ in range(people)]
    settled = time.monotonic() + seconds / 3
    await asyncio.gather(*(person.watch(settled) for person in crowd))
    for person in crowd:
        person.polls.clear()
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    await asyncio.gather(*(person.watch(began + seconds) for person in crowd))
    used, passed = sum(process.cpu_times()[:2]) - before, time.monotonic() - began
    polls = sorted(poll for person in crowd for poll in person.polls)
    memory = process.memory_info().rss
    for person in crowd:
        await person.connection.close()
    return {
        "people": people, "mb": memory / 1e6, "polls": len(polls), "polls_a_second": len(polls) / passed,
        "cpu_share": used / passed, "cpu_ms_a_poll": 1e3 * used / len(polls), "p50_seconds": statistics.median(polls),
        "p95_seconds": polls[int(0.95 * (len(polls) - 1))],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory and processor of a server for each person who watches a run")
    parser.add_argument("--people", type=int, nargs="+", default=PEOPLE)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    rows, stop = [], threading.Event()
    print("  ".join(f"{name:>10}" for name in COLUMNS.values()))
    with tempfile.TemporaryDirectory() as folder:
        worker = Worker(Workbench(Path(folder)))
        threading.Thread(target=worker.work, args=(stop,), daemon=True).start()
        for people in options.people:
            with served(Path(folder), variables=VARIABLES) as server:
                rows.append(asyncio.run(watched(server, worker.run.id, people, options.seconds)))
            print("  ".join(f"{rows[-1][name]:10.4g}" for name in COLUMNS), flush=True)
        stop.set()
    print(json.dumps(result(rows)))


def result(rows: list[dict[str, float]]) -> dict[str, object]:
    """The figures in the words of `deploy/README.md`: what one more person costs is the slope between the rows."""
    first, last = rows[0], rows[-1]
    slope = (last["mb"] - first["mb"]) / (last["people"] - first["people"])
    figures = {
        "mb_of_a_server": first["mb"] - slope * first["people"], "mb_a_person": slope,
        "cpu_ms_a_poll": last["cpu_ms_a_poll"], "polls_a_second_and_person": last["polls_a_second"] / last["people"],
        "p95_seconds": last["p95_seconds"], "rows": rows,
    }  # fmt: skip
    ok = all(figures[name] <= most for name, most in TARGETS.items())
    return {"benchmark": "sessions", "figures": figures, "targets": TARGETS, "ok": ok}


if __name__ == "__main__":
    main()
