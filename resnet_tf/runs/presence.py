"""What a page says of the worker: of its own one, or of those that are started elsewhere."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import Any

from resnet_tf.runs.home import is_free
from resnet_tf.runs.instance import Instance
from resnet_tf.runs.records import WorkerState, WorkerStatus

USUAL_START = 20.0  # seconds, until this machine's own starts are known
NOBODY = "No worker is up: start one with python -m resnet_tf.runs.worker, since RESNET_TF_WORKER is none"


def presence(instance: Instance) -> WorkerStatus:
    """The worker as it is now; of several the one that is soonest at hand."""
    if instance.settings.worker == "none":
        return _several(instance) or WorkerStatus("down", why=NOBODY)
    if instance.settings.ray_address:
        return _several(instance) or _coming(instance)
    rows, executor = instance.store.workers(*instance.place), instance.executor
    usual = _usual(rows)
    if not rows or not instance.store.is_up(rows[0]) or is_free(instance.home.worker_lock):
        why = (rows[0].error if rows and executor.trouble else None) or executor.trouble
        return WorkerStatus(executor.state, why=why, since=executor.since, usual_seconds=usual)
    return _status(instance, rows[0], usual)


def _several(instance: Instance) -> WorkerStatus | None:
    """The workers that are up anywhere, as one; None where none is."""
    rows = [row for row in instance.store.workers() if instance.store.is_up(row)]
    if not rows:
        return None
    found = [_status(instance, row, _usual(rows)) for row in rows]
    soonest = min(found, key=lambda status: ("warm", "starting", "busy").index(status.state))
    return replace(soonest, workers=len(rows), nodes=len({row.host for row in rows}))


def _coming(instance: Instance) -> WorkerStatus:
    """Of workers on a cluster where none is up: whether they rest, are on their way, or cannot be had, and why."""
    executor, waiting, last = instance.executor, instance.store.waiting(), instance.store.last_worker()
    if waiting and last is not None and last.error is not None and last.warm is None:
        return WorkerStatus("down", why=last.error, since=last.ended)
    state = "starting" if waiting and executor.state == "resting" else executor.state
    return WorkerStatus(state, why=executor.trouble, since=executor.since)


def _status(instance: Instance, row: Any, usual: float) -> WorkerStatus:
    """The status of a worker that is there."""
    if row.warm is None:
        return WorkerStatus("starting", since=row.started, usual_seconds=usual)
    present: WorkerState = "busy" if instance.store.busy(row.id) else "warm"
    return WorkerStatus(present, row.device, row.why, row.warm, usual)


def _usual(rows: list[Any]) -> float:
    """Seconds that a start usually takes."""
    starts = [row.warm - row.started for row in rows if row.warm]
    return median(starts) if starts else USUAL_START
