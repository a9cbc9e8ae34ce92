"""What is mirrored elsewhere, and how far: one row for a run and a target, held by one mirror at a time."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from sqlalchemy import and_, exists, insert, or_, select, update

from resnet_tf.runs import clock
from resnet_tf.runs.database import Database
from resnet_tf.runs.points import KINDS
from resnet_tf.runs.records import StoredEvent
from resnet_tf.runs.rows import facts_of
from resnet_tf.runs.tables import events, mirrors, runs, sweeps

TOLD = ("train", "export")  # the tasks whose runs are mirrored
LEASE = 120.0  # seconds that a mirror holds a run without a word; longer than any request of its may take


class HolderLost(RuntimeError):
    """A run is mirrored by another mirror now, or is gone."""


class Due(NamedTuple):
    """A run of which something is not told yet: points, or its state."""

    run: str
    state: str


class Place(NamedTuple):
    """How far a run is told: its name at the target, and the last event that is there."""

    ref: str | None
    seq: int


class Ledger:
    """The rows of one target, for one holder: a home on a host, whose earlier mirrors are dead if it has a new one."""

    def __init__(self, database: Database, target: str, holder: str) -> None:
        self._database, self._target, self._holder = database, target, holder

    def due(self) -> list[Due]:
        """The begun runs of which something is not told yet, the oldest first; those that another holds among them."""
        row = and_(mirrors.c.run == runs.c.id, mirrors.c.target == self._target)
        points = exists().where(events.c.run == runs.c.id, events.c.kind.in_(KINDS), events.c.seq > mirrors.c.seq)
        query = (
            facts_of(mirrors.c.state.label("told"), points.label("points"))
            .outerjoin(mirrors, row)
            .where(runs.c.started.is_not(None), runs.c.task.in_(TOLD), mirrors.c.closed.is_not(True))
            .where(or_(mirrors.c.state.is_(None), runs.c.outcome.is_(None), runs.c.outcome != mirrors.c.state))
            .order_by(runs.c.created, runs.c.id)
        )  # fmt: skip
        with self._database.reading() as connection:
            rows, now = connection.execute(query).all(), clock.read(connection)
        named = [(r, self._database.watch.state(r, now)) for r in rows]
        return [Due(r.id, state) for r, state in named if r.points or state != r.told]

    def take(self, run: str) -> Place | None:
        """How far a run is told, once it is this holder's to tell; None while it is another's, or gone."""
        mine, now = self._row(run), time.time()
        # one that lies further ahead than any is given is of before the clock was set back
        over = or_(mirrors.c.held_until < now, mirrors.c.held_until > now + LEASE)
        free = or_(mirrors.c.holder.is_(None), mirrors.c.holder == self._holder, over)
        with self._database.writing() as connection:
            # two mirrors that find no row at the same moment come here one after the other
            there = connection.scalar(select(runs.c.id).where(runs.c.id == run).with_for_update())
            if there is None:
                return None
            if connection.execute(select(mirrors.c.run).where(mine)).first() is None:
                connection.execute(insert(mirrors).values(run=run, target=self._target, seq=0))
            held = update(mirrors).where(mine, free).values(holder=self._holder, held_until=now + LEASE)
            if not connection.execute(held).rowcount:
                return None
            return Place(*connection.execute(select(mirrors.c.ref, mirrors.c.seq).where(mine)).one())

    def note(self, run: str, **facts: Any) -> None:
        """Writes down facts of a run that this holder tells: ref, seq, state, closed. Raises HolderLost."""
        mine = update(mirrors).where(self._row(run), mirrors.c.holder == self._holder)
        with self._database.writing() as connection:
            if not connection.execute(mine.values(held_until=time.time() + LEASE, **facts)).rowcount:
                raise HolderLost(run)

    def ref(self, run: str) -> str | None:
        """A run's name at the target; None where it has none yet."""
        with self._database.reading() as connection:
            return connection.scalar(select(mirrors.c.ref).where(self._row(run)))

    def sweep(self, sweep: str) -> str:
        """What a sweep is called."""
        with self._database.reading() as connection:
            return connection.scalar(select(sweeps.c.name).where(sweeps.c.id == sweep)) or sweep

    def leave(self) -> None:
        """Lets others have what this holder held."""
        held = update(mirrors).where(mirrors.c.target == self._target, mirrors.c.holder == self._holder)
        with self._database.writing() as connection:
            connection.execute(held.values(holder=None, held_until=None))

    def events(self, run: str, after: int, most: int) -> list[StoredEvent]:
        """The next events that have points, as they were written; none thinned out."""
        chosen = and_(events.c.run == run, events.c.kind.in_(KINDS), events.c.seq > after)
        with self._database.reading() as connection:
            rows = connection.execute(select(events).where(chosen).order_by(events.c.seq).limit(most)).all()
        return [StoredEvent(r.seq, r.attempt, r.kind, r.step, r.epoch, r.seconds, r._mapping["values"]) for r in rows]

    def _row(self, run: str) -> Any:
        return and_(mirrors.c.run == run, mirrors.c.target == self._target)
