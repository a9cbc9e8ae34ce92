"""How rows become records: a run is its own row, its worker's, its newest points and its place in the queue."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select

from resnet_tf.design.spec import parse_spec
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.recipes import Recipe
from resnet_tf.runs import clock
from resnet_tf.runs.clock import Watch
from resnet_tf.runs.records import ENDED, Facts, Origin, Run, State
from resnet_tf.runs.tables import ONE_A_STEP, events, runs, workers

WAITING = (runs.c.outcome.is_(None), runs.c.claimed_by.is_(None), runs.c.stop_requested.is_(None))


def queue() -> Select[Any]:
    """The ids of the runs that wait, in the order in which they are taken: the owners take turns.

    An owner's first run comes before anybody's second, one under way counts as one that had its turn; among equals
    it is who was served longest ago, then who asked first.
    """
    taken = runs.alias("taken")
    of_owner = taken.c.owner == runs.c.owner
    under_way = select(func.count()).where(of_owner, taken.c.claimed_by.is_not(None), taken.c.outcome.is_(None))
    served = select(func.coalesce(func.max(taken.c.claimed_at), 0.0)).where(of_owner)
    turn = func.row_number().over(partition_by=runs.c.owner, order_by=(runs.c.queued, runs.c.id))
    waiting = (
        select(
            runs.c.id, runs.c.queued, (turn + under_way.scalar_subquery()).label("turn"),
            served.scalar_subquery().label("served"),
        )
        .where(*WAITING)
        .subquery()
    )  # fmt: skip
    return select(waiting.c.id).order_by(waiting.c.turn, waiting.c.served, waiting.c.queued, waiting.c.id)


def facts_of(*columns: Any) -> Select[Any]:
    """A query of all runs for what their state follows from (see `Watch.state`), with more columns."""
    names = (name for name in Facts.__dataclass_fields__ if name != "worker_ended")
    facts = (*(runs.c[name] for name in names), workers.c.ended.label("worker_ended"))
    joined = runs.outerjoin(workers, runs.c.claimed_by == workers.c.id)
    return select(runs.c.id, runs.c.attempt, *facts, *columns).select_from(joined)


def read_runs(connection: Connection, query: Select[Any], watch: Watch, *, brief: bool = False) -> list[Run]:
    """The runs that a query on the table of runs finds, in its order; `brief` with their last epochs alone."""
    death = (workers.c.ended.label("worker_ended"), workers.c.error.label("worker_error"), clock.now().label("now"))
    joined = query.add_columns(*death).select_from(runs.outerjoin(workers, runs.c.claimed_by == workers.c.id))
    rows = connection.execute(joined).all()
    ids = [row.id for row in rows]
    newest = _newest(connection, ids)
    epochs = _last_epochs(newest) if brief else _epochs(connection, ids)
    waiting = list(connection.scalars(queue())) if any(row.claimed_by is None for row in rows) else []
    return [
        _run(
            row, watch.state(row, row.now), waiting, newest.get((row.id, "step")), newest.get((row.id, "compiling")),
            epochs.get(row.id, []),
        )
        for row in rows
    ]  # fmt: skip


# kind -> the events of a run, the last first: what was written last, or what belongs to the highest step
_LAST = {
    "step": (events.c.seq.desc(), ()),
    "compiling": (events.c.seq.desc(), ()),
    "epoch": (events.c.step.desc(), (ONE_A_STEP,)),
}


def _newest(connection: Connection, ids: Sequence[str]) -> dict[tuple[str, str], Any]:
    """The last `step`, `compiling` and `epoch` of each run; one seek in an index each."""
    last = [
        select(events.c.seq)
        .where(events.c.run == runs.c.id, events.c.kind == kind, *conditions)
        .order_by(order)
        .limit(1)
        .scalar_subquery()
        for kind, (order, conditions) in _LAST.items()
    ]
    numbers = [seq for row in connection.execute(select(*last).where(runs.c.id.in_(ids))) for seq in row]
    return {(row.run, row.kind): row for row in connection.execute(select(events).where(events.c.seq.in_(numbers)))}


def _last_epochs(newest: dict[tuple[str, str], Any]) -> dict[str, list[dict[str, Any]]]:
    epochs = {run: event for (run, kind), event in newest.items() if kind == "epoch"}
    return {run: [epoch_values(row.epoch, row.step, row._mapping["values"])] for run, row in epochs.items()}


def _epochs(connection: Connection, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    query = select(events).where(events.c.run.in_(ids), events.c.kind == "epoch").order_by(events.c.step)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(query).all():
        found.setdefault(row.run, []).append(epoch_values(row.epoch, row.step, row._mapping["values"]))
    return found


def epoch_values(epoch: int, step: int, values: dict[str, Any]) -> dict[str, Any]:
    """What a run says of an epoch."""
    return {"epoch": epoch, "step": step, **values}


def _run(
    row: Any, state: State, waiting: list[str], latest: Any, compiling: Any, epochs: list[dict[str, Any]]
) -> Run:  # fmt: skip
    return Run(
        id=row.id, task=row.task, name=row.name, spec=parse_spec(row.spec), dataset=card_of(row.dataset),
        recipe=Recipe(**row.recipe) if row.recipe else None, seed=row.seed, owner=row.owner, state=state,
        position=waiting.index(row.id) + 1 if row.id in waiting else None,
        created=row.created, started=row.started, ended=_ended(row, state),
        progress=1.0 if state == "finished" else _progress(latest, compiling),
        latest=latest._mapping["values"] if latest else {}, epochs=tuple(epochs),
        device=row.device, why=row.why, error=_interruption(row) if state == "interrupted" else row.error,
        attempt=row.attempt, formats=tuple(row.options.get("formats", ())), source=row.options.get("source"),
        shared=row.shared, sweep=row.sweep, trial=row.options.get("trial"), until=row.options.get("until"),
        bytes=row.bytes, seconds=latest.seconds if latest else None,
        asked=row.options.get("asked", {}), start=Origin(**row.options["start"]) if row.options.get("start") else None,
    )  # fmt: skip


def _ended(row: Any, state: str) -> float | None:
    """When it ended; of a run whose worker died its last heartbeat; of one never begun when it was stopped."""
    ended = row.ended or (row.heartbeat or row.stop_requested if state in ENDED else None)
    return max(ended, row.started or 0.0) if ended else None  # the clock may have been set back meanwhile


def _progress(latest: Any, compiling: Any) -> float:
    steps = compiling._mapping["values"].get("steps") if compiling else None
    return min(latest.step / steps, 1.0) if latest and steps else 0.0


def _interruption(row: Any) -> str:
    cause = f" ({row.worker_error})" if row.worker_error else ""
    return (
        f"Its worker ended in the middle of it{cause}. All points are kept; resume to go on from the last checkpoint."
    )


def card_of(fields: dict[str, Any] | None) -> DatasetCard | None:
    """The card as JSON kept it."""
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
