"""Has a Ray cluster work on what is queued: `python -m resnet_tf.runs.foreman`, one per home.

A process of its own, since Ray's client takes 130 MB, seconds to load, and ends its process when it loses the cluster.
It asks for a worker for each run that waits, as many as the cluster holds; a worker leaves when it is idle. A run whose
worker or node died goes back into the queue. Sweeps are led by Ray Tune, each by an experiment on the cluster. Workers
and experiments outlive their foreman, and the next one finds them.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from resnet_tf.runs import logs
from resnet_tf.runs.answers import insist
from resnet_tf.runs.cluster import MISSING, Cluster, Gone, refusal
from resnet_tf.runs.executor import PAUSES, STEADY, WORKER
from resnet_tf.runs.failures import StoreUnavailable, WorkbenchError
from resnet_tf.runs.home import Home, Lock
from resnet_tf.runs.rescue import Rescue
from resnet_tf.runs.settings import Settings, settings, variable
from resnet_tf.runs.store import Store
from resnet_tf.runs.trials import open_sweeps

log = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks at the queue and the cluster
IDLE = 60  # seconds without a run after which a worker leaves, and a foreman without anything to do
_CARRIED = ("RESNET_TF_", "AWS_", "KERAS_")  # beginnings of the variables that workers on other nodes are given
_NOT_CARRIED = ("RESNET_TF_HOME", "RESNET_TF_NODE", "RESNET_TF_WORKER")


class Troubled(NamedTuple):
    """How often in a row an experiment has failed, and when it did last."""

    failures: int
    failed: float


NEVER = Troubled(0, -float("inf"))


class Foreman:
    """Sees that there are workers for what waits, and that what they lost goes on."""

    def __init__(self, store: Store, cluster: Cluster, arguments: Sequence[str], chosen: Settings) -> None:
        """`arguments` are what Python is started with for a worker."""
        self._store, self._cluster, self._arguments = store, cluster, arguments
        self._most, self._cpus, self._gpus = chosen.limit("workers"), chosen.worker_cpus, chosen.worker_gpus
        self._variables = _variables(chosen)
        self._rescue = Rescue(store.database)
        self._failures, self._failed = 0, 0.0
        self._troubled: dict[str, Troubled] = {}  # the sweeps whose experiments failed

    def look(self) -> bool:
        """Whether there is anything to do, once what can be done now is. Raises WorkbenchError where nothing can."""
        for gone in self._cluster.look():
            self._bury(gone)
        for lost in self._rescue.look():
            log.warning("%s: %s", lost.name, lost.sentence, extra=logs.of("run.rescued", run=lost.run))
        open_now = self._store.waiting() + self._store.under_way()
        if time.monotonic() - self._failed >= PAUSES[min(self._failures, len(PAUSES) - 1)]:
            self._take(open_now - self._cluster.taken)
        led = self._lead()
        return led or open_now + self._cluster.taken > 0

    def _lead(self) -> bool:
        """Whether any sweep goes on; sees that each that does has an experiment."""
        led = self._cluster.experiments()
        for sweep, end in led.items():
            if end:
                log.warning("The experiment of a sweep ended: %s", end, extra=logs.of("experiment.died", sweep=sweep))
                self._troubled[sweep] = Troubled(self._troubled.get(sweep, NEVER).failures + 1, time.monotonic())
        going = open_sweeps(self._store.database)
        for sweep in going:
            failures, failed = self._troubled.get(sweep, NEVER)
            if led.get(sweep, "") is not None and time.monotonic() - failed >= PAUSES[min(failures, len(PAUSES) - 1)]:
                self._cluster.experiment(sweep, max(len(self._cluster.seats(self._most)), 1), self._variables)
                log.info("A sweep is led by Ray Tune", extra=logs.of("experiment.begun", sweep=sweep))
        return bool(going)

    def _take(self, count: int) -> None:
        """Asks for so many workers more, as far as there are seats."""
        if count <= 0:
            return
        free = self._cluster.free(self._most)
        if not free and not self._cluster.taken:
            raise WorkbenchError(f"No node of the Ray cluster has {self._room()}: runs wait until one has")
        for name in free[:count]:
            self._cluster.take(name, self._arguments, self._variables)
            log.info("A worker is asked for: %s", name, extra=logs.of("seat.taken"))

    def _room(self) -> str:
        """What a worker needs, in words."""
        cores = f"{self._cpus} cores for a worker ({variable('worker_cpus')})" if self._cpus else ""
        gpus = f"{self._gpus} GPUs for one ({variable('worker_gpus')})" if self._gpus > 1 else "a GPU"
        return " or ".join(filter(None, (cores, gpus)))

    def _bury(self, gone: Gone) -> None:
        """Writes down that a worker is dead, unless it left by itself; so its run goes on elsewhere."""
        cause = gone.ending.cause if gone.ending else gone.why
        failed = gone.seconds < STEADY and (gone.ending is None or gone.ending.code > 0)
        self._failures, self._failed = (self._failures + 1, time.monotonic()) if failed else (0, self._failed)
        log.info("The worker of %s left%s", gone.name, f": {cause}" if cause else "", extra=logs.of("seat.left"))
        if gone.place is not None:
            self._store.bury(*gone.place, cause)


def _variables(chosen: Settings) -> dict[str, str]:
    """What a worker on another node is told: where records and files are, and the instance's limits."""
    carried = {name: value for name, value in os.environ.items() if name.startswith(_CARRIED)}
    told = {name: value for name, value in carried.items() if name not in _NOT_CARRIED}
    idle = chosen.limit("idle_seconds") or IDLE
    own = {
        "DATABASE_URL": chosen.database_url, "ARTIFACT_URL": chosen.artifact_url, "RAY_ADDRESS": chosen.ray_address,
    }  # fmt: skip
    return {**told, **own, variable("idle_seconds"): str(idle), variable("patience"): str(idle)}


def work(foreman: Foreman, idle: float | None) -> None:
    """Works until there has been nothing to do for so many seconds; None is for ever. Raises WorkbenchError."""
    needed = time.monotonic()
    while idle is None or time.monotonic() - needed < idle:
        try:
            if foreman.look():
                needed = time.monotonic()
        except StoreUnavailable as trouble:
            log.warning("%s", trouble, extra=logs.of("foreman.trouble"))
        time.sleep(LOOK)


def main(arguments: Sequence[str], chosen: Settings | None = None) -> None:
    """Serves the home, the records and the cluster that the environment names, unless another foreman is there."""
    chosen = chosen or settings()
    logs.begin(chosen.log)
    home = Home.at()
    home.make()
    lock = Lock(home.foreman_lock)
    if not lock.acquire():
        return
    if said := refusal(chosen, chosen.records(home)):
        sys.exit(said)
    try:
        store = insist(lambda: Store(chosen.records(home)), log.warning)
        name = insist(lambda: store.secret("cluster"), log.warning)[:12]
        cluster = Cluster(chosen.ray_address, name, chosen.worker_cpus, chosen.worker_gpus)
        work(Foreman(store, cluster, arguments, chosen), IDLE if chosen.patience else None)
    except WorkbenchError as error:
        sys.exit(str(error))
    except ImportError:
        sys.exit(MISSING)


if __name__ == "__main__":
    main(sys.argv[1:] or WORKER[1:])
