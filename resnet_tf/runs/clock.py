"""The one clock of an instance: the database's. Hosts may disagree about the time, and any clock may be set anew."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Double, Select, case, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from resnet_tf.runs.records import STALE, Facts, State

GRACE = 10.0  # seconds for which a silent worker is watched before it counts as dead
MOST = 10_000  # heartbeats that are watched at once
APART = 1e-3  # seconds between two moments of an order, where the clock went back


class now(FunctionElement[float]):
    """The time in unix seconds, by the database's clock."""

    type = Double()
    inherit_cache = True


@compiles(now)
def _by_sqlite(element: Any, compiler: Any, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _by_postgres(element: Any, compiler: Any, **_: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


def read(connection: Connection) -> float:
    return connection.execute(select(now())).scalar_one()


def is_beating(heartbeat: ColumnElement[float]) -> ColumnElement[bool]:
    """Whether a heartbeat is recent; one that lies as far ahead is of before the clock was set back."""
    return func.abs(now() - heartbeat) <= STALE


def after(latest: Select[Any]) -> ColumnElement[float]:
    """Now, or just after the latest moment of an order: it stays an order when the clock is set back."""
    last = func.coalesce(latest.scalar_subquery(), 0.0) + APART
    return case((last > now(), last), else_=now())


class Heard(NamedTuple):
    """What one process knows of a heartbeat; times are of its own steady clock."""

    beat: float
    since: float  # when it was first seen to be this
    alive: bool
    doubted: float | None = None  # since when its silence has been seen


class Watch:
    """Whose heart beats, as one process sees it; safe in threads.

    The age of a heartbeat says little where a clock was set anew, or where the records were gone, and with them every
    worker's word. So whom this process saw alive is doubted for GRACE seconds before it counts as dead, and then counts
    as dead until its heartbeat moves. Whom it never saw before counts by the age (who is `patient` doubts that too).
    """

    def __init__(self, *, patient: bool = False) -> None:
        self._patient = patient
        self._known: dict[Hashable, Heard] = {}

    def state(self, row: Any, now: float) -> State:
        """The state of a run, from a row with its id, its attempt and its facts."""
        facts = Facts(*(getattr(row, name) for name in Facts.__dataclass_fields__))
        if facts.outcome is None and facts.claimed_by is not None and facts.heartbeat is not None:
            alive = self.beats((row.id, row.attempt), facts.heartbeat, now)
            facts = replace(facts, heartbeat=now if alive else None)
        return facts.state(now)

    def beats(self, key: Hashable, beat: float, now: float) -> bool:
        """Whether a heartbeat, whose last beat was at a time of the records' clock, goes on."""
        here, fresh, known = time.monotonic(), abs(now - beat) <= STALE, self._known.get(key)
        if known is None:
            known = Heard(beat, here, alive=fresh or self._patient)
        elif known.beat != beat:
            known = Heard(beat, here, alive=True)
        if known.alive:
            silent = not fresh or here - known.since > STALE
            doubted = (here if known.doubted is None else known.doubted) if silent else None
            known = known._replace(doubted=doubted, alive=doubted is None or here - doubted < GRACE)
        if len(self._known) > MOST:
            self._known.clear()
        self._known[key] = known
        return known.alive
