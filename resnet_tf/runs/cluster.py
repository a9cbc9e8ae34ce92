"""A Ray cluster as a foreman sees it: how many workers it holds, who sits where, who is gone.

A worker's seat is a detached actor: it outlives the foreman that asked for it, and the next one adopts it. Its name is
one of as many as the cluster holds, so that two foremen do not ask for the same seat twice. A sweep's experiment is
such an actor, too. Ray is loaded here and by these actors alone.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, NamedTuple

from resnet_tf.runs import logs
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.seat import Ending, Place, Seat
from resnet_tf.runs.settings import Settings

log = logging.getLogger(__name__)

REACH = 10.0  # seconds that the cluster has to take a connection
FOREMEN = 16  # that may watch a seat at once, each in a thread of it
_SWEEP = "sweep-"  # and its id: the name of an experiment
MISSING = "RAY_ADDRESS is set and Ray is not installed: pip install 'resnet_tf[ray]'"
_RECORDS = "Workers on a Ray cluster need records that all its nodes reach: set DATABASE_URL to a PostgreSQL"
_FILES = "Workers on a Ray cluster need files that all its nodes reach: set ARTIFACT_URL to an object store or a folder"


def refusal(chosen: Settings, url: str) -> str | None:
    """Why runs cannot go to a cluster with these settings, in a sentence; None where they can."""
    rows = (
        (url.startswith("sqlite"), _RECORDS),
        (not chosen.artifact_url, _FILES),
        (find_spec("ray") is None, MISSING),
    )
    return next((said for holds, said in rows if holds), None)


class Gone(NamedTuple):
    """A seat that is free again: where it was (None: nobody knew yet), and how its worker ended (None: as the seat)."""

    name: str
    place: Place | None
    ending: Ending | None
    why: str  # what became of the seat
    seconds: float  # that it was watched


@dataclass
class _Taken:
    """A seat that was asked for or found."""

    actor: Any
    told: Any  # a reference to its place
    ended: Any  # and one to its ending
    place: Place | None = None
    since: float = field(default_factory=time.monotonic)


class Cluster:
    """The seats of one instance, by its namespace."""

    def __init__(self, address: str, namespace: str, cpus: int, gpus: int) -> None:
        """`gpus` are the GPUs of a worker, on a node that has any, and `cpus` the cores of one without; 0 is no such.

        Raises ImportError, WorkbenchError.
        """
        import ray

        _reach(address)
        try:
            ray.init(address, namespace=namespace, log_to_driver=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise WorkbenchError(f"The Ray cluster at {address} cannot be used: {error}") from error
        self._ray, self._namespace, self._cpus, self._gpus = ray, namespace, cpus, gpus
        self._taken: dict[str, _Taken] = {}
        self._experiments: dict[str, tuple[Any, Any]] = {}  # by sweep: the actor, a reference to its end

    @property
    def taken(self) -> int:
        """How many seats are taken, or on their way."""
        return len(self._taken)

    def seats(self, most: int | None = None) -> list[str]:
        """The names of all seats: one for so many GPUs of a node, and one for so many cores of a node without any.

        With `most` there are so many, even if the cluster would have to grow for them.
        """
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        gpus = sum(int(node.get("GPU", 0)) // self._gpus for node in nodes)
        cores = [int(node.get("CPU", 0)) for node in nodes if not node.get("GPU")]
        count = {"gpu": gpus, "cpu": sum(each // self._cpus for each in cores) if self._cpus else 0}
        if most is not None:
            count["gpu" if gpus or not self._cpus else "cpu"] += max(most - sum(count.values()), 0)
        return [f"{kind}-{i}" for kind in count for i in range(count[kind])][:most]

    def free(self, most: int | None = None) -> list[str]:
        """The names of the seats that nobody has taken."""
        return [name for name in self.seats(most) if name not in self._taken]

    def take(self, name: str, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        """Asks for a seat with a worker: what Python is to be started with there. Ray chooses the node, and lets the
        worker see the GPUs that it has there and no others (`CUDA_VISIBLE_DEVICES`): its runs use them all.
        """
        kind = name.partition("-")[0]
        needs = {"gpu": {"num_gpus": self._gpus, "num_cpus": 1}, "cpu": {"num_cpus": self._cpus}}[kind]
        threads = {"TF_NUM_INTRAOP_THREADS": str(self._cpus)} if kind == "cpu" else {}
        seat = self._ray.remote(Seat).options(
            name=name, lifetime="detached", get_if_exists=True, max_restarts=0, max_concurrency=FOREMEN,
            scheduling_strategy="SPREAD", **needs,
        )  # fmt: skip
        self._watch(name, seat.remote(f"{self._namespace}/{name}", list(arguments), {**variables, **threads}))

    def look(self) -> list[Gone]:
        """The seats that became free since the last look; adopts those that another foreman took."""
        for name in self._ray.util.list_named_actors():
            if name not in self._taken and name.removeprefix(_SWEEP) not in self._experiments:
                self._adopt(name)
        return list(self._gone())

    def _adopt(self, name: str) -> None:
        try:
            actor = self._ray.get_actor(name)
        except ValueError:
            log.info("The seat %s was left just now", name, extra=logs.of("seat.left"))
            return
        if name.startswith(_SWEEP):
            self._experiments[name.removeprefix(_SWEEP)] = (actor, actor.watch.remote())
        else:
            self._watch(name, actor)

    def _watch(self, name: str, actor: Any) -> None:
        self._taken[name] = _Taken(actor, *_asked(actor))

    def _gone(self) -> Iterator[Gone]:
        for name, seat in [*self._taken.items()]:
            if seat.place is None and self._is_ready(seat.told):
                seat.place, _ = self._answer(seat.told)
            if not self._is_ready(seat.ended):
                continue
            ending, error = self._answer(seat.ended)
            if isinstance(error, self._ray.exceptions.ActorUnavailableError):
                seat.told, seat.ended = _asked(seat.actor)  # its node may come back
                continue
            del self._taken[name]
            if error is None:
                self._ray.kill(seat.actor)
            yield Gone(name, seat.place, ending, _said(error), time.monotonic() - seat.since)

    def experiments(self) -> Mapping[str, str | None]:
        """The sweeps that Ray Tune has a hand in: what ended each experiment, or None while it goes on.

        One that is over is told of once; "" where it was not cut short.
        """
        told: dict[str, str | None] = {}
        for sweep, (actor, ended) in [*self._experiments.items()]:
            told[sweep] = None
            if self._is_ready(ended):
                del self._experiments[sweep]
                told[sweep] = self._how_it_ended(ended)
                self._ray.kill(actor)
        return told

    def _how_it_ended(self, reference: Any) -> str:
        try:
            self._ray.get(reference)
        except self._ray.exceptions.RayActorError as error:
            return _said(error) or "its process died"
        except self._ray.exceptions.RayTaskError as error:
            return f"{type(error.cause).__name__}: {error.cause}"
        return ""

    def experiment(self, sweep: str, most: int, variables: Mapping[str, str]) -> None:
        """Asks for an experiment that leads a sweep, with so many trials under way at once."""
        from resnet_tf.runs.experiment import Experiment

        actor = self._ray.remote(Experiment).options(
            name=_SWEEP + sweep, lifetime="detached", get_if_exists=True, max_restarts=0, max_concurrency=FOREMEN,
            num_cpus=0,
        ).remote(sweep, most, dict(variables))  # fmt: skip
        self._experiments[sweep] = (actor, actor.watch.remote())

    def _is_ready(self, reference: Any) -> bool:
        return bool(self._ray.wait([reference], timeout=0)[0])

    def _answer(self, reference: Any) -> tuple[Any, Exception | None]:
        try:
            return self._ray.get(reference), None
        except self._ray.exceptions.RayActorError as error:
            return None, error


def _asked(actor: Any) -> tuple[Any, Any]:
    """References to where a seat is and how it ends."""
    return actor.place.remote(), actor.watch.remote()


def _said(error: Exception | None) -> str:
    """What Ray says of a seat's death, without the tables in it."""
    lines = [line.strip() for line in str(error or "").splitlines()]
    if any("node has died" in line for line in lines):
        return "its node died"
    causes = [line[:300] for line in lines if line.startswith(("The actor is dead", "The actor died because"))]
    return causes[0] if causes else ""


def _reach(address: str) -> None:
    """Returns where somebody listens at an address; Ray itself would try for minutes. Raises WorkbenchError."""
    host, _, port = address.partition("://")[2].rpartition(":") if "://" in address else address.rpartition(":")
    if not port.isdigit():
        return  # "auto": Ray looks for one on this machine
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH).close()
    except OSError as error:
        raise WorkbenchError(f"No Ray cluster answers at RAY_ADDRESS={address} ({error}): start one there") from error
