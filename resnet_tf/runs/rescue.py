"""Runs whose worker is dead, and how they go on by themselves: back into the queue, a bounded number of times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from resnet_tf.runs import clock
from resnet_tf.runs.database import Database
from resnet_tf.runs.spans import keep_extremes
from resnet_tf.runs.tables import events, runs, workers

MOST = 3  # rescues from the same checkpoint; the next death is a failure that a person looks into
_RESCUED = "rescued"  # marks the note of a rescue


class Lost(NamedTuple):
    """A run whose worker died in the middle of it, or has long been silent."""

    run: str
    name: str
    attempt: int
    worker: str
    host: str
    why: str | None  # what the worker died of, as far as it is known
    beat: float  # its last heartbeat: who speaks again has another
    step: int  # of its last checkpoint, and the epoch
    epoch: int
    rescues: int  # from that checkpoint

    @property
    def sentence(self) -> str:
        """What became of its worker."""
        return f"Its worker on {self.host} died{f' ({self.why})' if self.why else ''}"


class Rescue:
    """Finds lost runs, and puts each back into the queue once: whoever takes it goes on from its last checkpoint."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watch = clock.Watch(patient=True)

    def look(self) -> list[Lost]:
        """The runs that were lost and now wait again, or have failed since that was tried often enough."""
        with self._database.reading() as connection:
            lost = list(_lost(connection, self._watch))
        return [one for one in lost if self._settle(one)]

    def _settle(self, lost: Lost) -> bool:
        """Whether it was this foreman who settled it: another may have been faster, or the worker spoke again."""
        if lost.rescues >= MOST:
            said = f"{lost.sentence}, {lost.rescues + 1} times in a row without a new checkpoint"
            return self._write(lost, None, outcome="failed", error=said, ended=clock.now())
        whence = "goes on from its last checkpoint" if lost.epoch else "begins anew"
        said = f"{lost.sentence}: the run {whence} by itself, wherever there is room"
        again = {"claimed_by": None, "claimed_at": None, "heartbeat": None, "attempt": lost.attempt + 1}
        return self._write(lost, {"sentence": said, _RESCUED: True}, **again)

    def _write(self, lost: Lost, note: dict[str, Any] | None, **facts: Any) -> bool:
        theirs = update(runs).where(
            runs.c.id == lost.run, runs.c.attempt == lost.attempt, runs.c.claimed_by == lost.worker,
            runs.c.outcome.is_(None), runs.c.stop_requested.is_(None), runs.c.heartbeat == lost.beat,
        )  # fmt: skip
        event = {"run": lost.run, "kind": "note", "step": lost.step, "epoch": lost.epoch, "seconds": 0.0}
        with self._database.writing() as connection:
            if not connection.execute(theirs.values(facts)).rowcount:
                return False
            if note is not None:
                connection.execute(insert(events).values(**event, attempt=lost.attempt + 1, values=note))
                keep_extremes(connection, lost.run, [("note", lost.step)])
        return True


def _lost(connection: Connection, watch: clock.Watch) -> Iterator[Lost]:
    ended = workers.c.ended.label("worker_ended")
    query = select(runs, ended, workers.c.host, workers.c.error.label("cause"))
    claimed = query.join_from(runs, workers, runs.c.claimed_by == workers.c.id).where(runs.c.outcome.is_(None))
    now = clock.read(connection)
    for row in connection.execute(claimed).all():
        if watch.state(row, now) == "interrupted":
            kept = _checkpoint(connection, row.id)
            yield Lost(row.id, row.name, row.attempt, row.claimed_by, row.host, row.cause, row.heartbeat, *kept)


def _checkpoint(connection: Connection, run: str) -> tuple[int, int, int]:
    """The step and the epoch after which a run was last kept, and how often it was rescued from there."""
    of_run = events.c.run == run
    last = select(func.max(events.c.step), func.max(events.c.epoch)).where(of_run, events.c.kind == "epoch")
    step, epoch = (value or 0 for value in connection.execute(last).one())
    notes = select(events.c["values"]).where(of_run, events.c.kind == "note", events.c.step == step)
    return step, epoch, sum(_RESCUED in values for values in connection.scalars(notes))
