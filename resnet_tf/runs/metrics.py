"""An instance in figures, as Prometheus reads them (`/metrics`): of the records, and of this server's own process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, get_args

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from sqlalchemy import Connection, func, select

from resnet_tf.runs import clock
from resnet_tf.runs.clock import Watch
from resnet_tf.runs.instance import Instance
from resnet_tf.runs.polls import BOUNDS, Polls
from resnet_tf.runs.records import State, Task
from resnet_tf.runs.rows import WAITING, facts_of
from resnet_tf.runs.tables import artifacts, events, runs, workers

__all__ = ["CONTENT_TYPE", "exposition"]


def exposition(instance: Instance) -> str:
    """The figures as text. Raises WorkbenchError where the records cannot be read."""
    registry = CollectorRegistry()
    registry.register(_Figures(instance))
    ProcessCollector(registry=registry)
    return generate_latest(registry).decode()


class _Figures:
    """What Prometheus' client calls a collector."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def collect(self) -> Iterator[Metric]:
        database = self._instance.store.database
        with database.reading() as connection:
            yield _runs(connection, database.watch)
            yield from [read(connection) for read in _READINGS]
        if self._instance.settings.mlflow_tracking_uri:
            yield _gauge("mirror_runs_behind", "Runs of which MLflow is not told everything", self._instance.behind())
        yield _polls(self._instance.polls)


def _runs(connection: Connection, watch: Watch) -> Metric:
    over = select(runs.c.task, runs.c.outcome, func.count()).where(runs.c.outcome.is_not(None))
    counts = Counter({row[:2]: row[2] for row in connection.execute(over.group_by(runs.c.task, runs.c.outcome))})
    now = clock.read(connection)
    for row in connection.execute(facts_of(runs.c.task).where(runs.c.outcome.is_(None))):
        counts[row.task, watch.state(row, now)] += 1
    family = GaugeMetricFamily("resnet_tf_runs", "Runs by task and state", labels=("task", "state"))
    for task in get_args(Task):
        for state in get_args(State):
            family.add_metric((task, state), counts[task, state])
    return family


def _queue(connection: Connection) -> Metric:
    waiting = connection.scalar(select(func.count()).select_from(runs).where(*WAITING)) or 0
    return _gauge("queue_length", "Runs that wait", waiting)


def _oldest(connection: Connection) -> Metric:
    first = connection.scalar(select(func.min(runs.c.queued)).where(*WAITING))
    seconds = max(clock.read(connection) - first, 0.0) if first else 0.0
    return _gauge("queue_oldest_seconds", "Seconds that the run that waits longest has waited", seconds)


def _workers(connection: Connection) -> Metric:
    up = select(workers.c.id, workers.c.warm).where(workers.c.ended.is_(None), clock.is_beating(workers.c.heartbeat))
    working = set(connection.scalars(select(runs.c.claimed_by).where(runs.c.outcome.is_(None))))
    counts = Counter(
        "starting" if not row.warm else "busy" if row.id in working else "idle" for row in connection.execute(up)
    )
    family = GaugeMetricFamily("resnet_tf_workers", "Workers that are up, by what they do", labels=("state",))
    for state in ("starting", "idle", "busy"):
        family.add_metric((state,), counts[state])
    return family


def _points(connection: Connection) -> Metric:
    # their numbers are counted up and never used again: no table of a million rows need be counted
    last = connection.scalar(select(func.max(events.c.seq))) or 0
    return CounterMetricFamily("resnet_tf_points_written", "Points ever written to the records", last)


def _disk(connection: Connection) -> Metric:
    exported = select(func.sum(artifacts.c.bytes)).where(artifacts.c.expired.is_(None))
    kinds = {"checkpoints": select(func.sum(runs.c.bytes)), "exports": exported}
    family = GaugeMetricFamily("resnet_tf_files_bytes", "Bytes of the files of all runs, by kind", labels=("kind",))
    for kind, query in kinds.items():
        family.add_metric((kind,), float(connection.scalar(query) or 0))
    return family


_READINGS = (_queue, _oldest, _workers, _points, _disk)


def _polls(polls: Polls) -> Metric:
    family = HistogramMetricFamily(
        "resnet_tf_poll_seconds", "Seconds in which the records answered this server's pages", labels=("question",)
    )
    for question, (counts, seconds) in polls.read().items():
        bounds = [*map(str, BOUNDS), "+Inf"]
        family.add_metric((question,), list(zip(bounds, accumulate(counts), strict=True)), seconds)
    return family


def _gauge(name: str, about: str, value: Any) -> Metric:
    return GaugeMetricFamily(f"resnet_tf_{name}", about, value)
