"""How rows become records: a run is its own row, its worker's, its newest points and its place in the queue."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select

from resnet_tf.design.spec import parse_spec
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.recipes import Recipe
from resnet_tf.runs.records import ENDED, Facts, Run
from resnet_tf.runs.tables import events, runs, workers

WAITING = (runs.c.outcome.is_(None), runs.c.claimed_by.is_(None), runs.c.stop_requested.is_(None))


def queue() -> Select[Any]:
    """The ids of the runs that wait, in the order in which they are taken."""
    return select(runs.c.id).where(*WAITING).order_by(runs.c.queued, runs.c.id)


def read_runs(connection: Connection, query: Select[Any]) -> list[Run]:
    """The runs that a query on the table of runs finds, in its order."""
    death = (workers.c.ended.label("worker_ended"), workers.c.error.label("worker_error"))
    joined = query.add_columns(*death).select_from(runs.outerjoin(workers, runs.c.claimed_by == workers.c.id))
    rows = connection.execute(joined).all()
    ids = [row.id for row in rows]
    newest, epochs, waiting = _newest(connection, ids), _epochs(connection, ids), list(connection.scalars(queue()))
    now = time.time()
    return [
        _run(row, now, waiting, newest.get((row.id, "step")), newest.get((row.id, "compiling")), epochs.get(row.id, []))
        for row in rows
    ]


def _newest(connection: Connection, ids: Sequence[str]) -> dict[tuple[str, str], Any]:
    """The `step` and the `compiling` of each run that were written last; one seek in an index each."""
    last = [
        select(func.max(events.c.seq)).where(events.c.run == runs.c.id, events.c.kind == kind).scalar_subquery()
        for kind in ("step", "compiling")
    ]
    numbers = [seq for row in connection.execute(select(*last).where(runs.c.id.in_(ids))) for seq in row]
    return {(row.run, row.kind): row for row in connection.execute(select(events).where(events.c.seq.in_(numbers)))}


def _epochs(connection: Connection, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    query = select(events).where(events.c.run.in_(ids), events.c.kind == "epoch").order_by(events.c.step)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.run, []).append({"epoch": row.epoch, "step": row.step, **row._mapping["values"]})
    return found


def _run(
    row: Any, now: float, waiting: list[str], latest: Any, compiling: Any, epochs: list[dict[str, Any]]
) -> Run:  # fmt: skip
    facts = Facts(row.outcome, row.claimed_by, row.stop_requested, row.heartbeat, row.worker_ended)
    state = facts.state(now)
    return Run(
        id=row.id, task=row.task, name=row.name, spec=parse_spec(row.spec), dataset=_card(row.dataset),
        recipe=Recipe(**row.recipe) if row.recipe else None, seed=row.seed, owner=row.owner, state=state,
        position=waiting.index(row.id) + 1 if row.id in waiting else None,
        created=row.created, started=row.started, ended=_ended(row, state),
        progress=1.0 if state == "finished" else _progress(latest, compiling),
        latest=latest._mapping["values"] if latest else {}, epochs=tuple(epochs),
        device=row.device, why=row.why, error=_interruption(row) if state == "interrupted" else row.error,
        attempt=row.attempt, formats=tuple(row.options.get("formats", ())), source=row.options.get("source"),
    )  # fmt: skip


def _ended(row: Any, state: str) -> float | None:
    """When it ended; of a run whose worker died its last heartbeat; of one never begun when it was stopped."""
    return row.ended or (row.heartbeat or row.stop_requested if state in ENDED else None)


def _progress(latest: Any, compiling: Any) -> float:
    steps = compiling._mapping["values"].get("steps") if compiling else None
    return min(latest.step / steps, 1.0) if latest and steps else 0.0


def _interruption(row: Any) -> str:
    cause = f" ({row.worker_error})" if row.worker_error else ""
    return (
        f"Its worker ended in the middle of it{cause}. All points are kept; resume to go on from the last checkpoint."
    )


def _card(fields: dict[str, Any] | None) -> DatasetCard | None:
    if fields is None:
        return None
    kept = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    return DatasetCard(**{name: value for name, value in kept.items() if name != "classes"})


def finite(values: Any) -> Any:
    """The values with None for what JSON cannot hold: infinities and not-a-number."""
    if isinstance(values, dict):
        return {name: finite(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [finite(value) for value in values]
    return None if isinstance(values, float) and not math.isfinite(values) else values
