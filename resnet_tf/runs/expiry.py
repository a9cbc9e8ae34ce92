"""What is to become of files, by the records alone: whose run was deleted, whose is too long ago, what is in use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, update

from resnet_tf.runs import clock
from resnet_tf.runs.database import Database
from resnet_tf.runs.tables import artifacts, deletions, runs

Fate: TypeAlias = Literal["deleted", "old", "open", "kept"]


def _is_old(before: float) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a run that neither waits nor is under way, and in which nothing has happened since a time."""
    silent = (func.coalesce(column, 0.0) < before for column in (runs.c.queued, runs.c.heartbeat, runs.c.ended))
    begun = or_(runs.c.outcome.is_not(None), runs.c.claimed_by.is_not(None), runs.c.stop_requested.is_not(None))
    return (begun, *silent)


def fates(database: Database, ids: Iterable[str], before: float) -> dict[str, Fate]:
    """What is to become of the files of runs; of an id that these records never had nothing is said."""
    chosen = list(ids)
    alive = or_(runs.c.claimed_by.is_(None), clock.is_beating(runs.c.heartbeat))
    rows: tuple[tuple[Fate, Any, tuple[ColumnElement[bool], ...]], ...] = (
        ("kept", runs.c.id, ()),
        ("open", runs.c.id, (runs.c.outcome.is_(None), runs.c.stop_requested.is_(None), alive)),
        ("old", runs.c.id, _is_old(before)),
        ("deleted", deletions.c.run, ()),
    )
    found: dict[str, Fate] = {}
    with database.reading() as connection:
        for fate, column, conditions in rows:
            of_these = select(column).where(column.in_(chosen), *conditions)
            found |= dict.fromkeys(connection.scalars(of_these), fate)
    return found


def expire(database: Database, before: float) -> int:
    """Writes down that the files of old runs are gone; how many exports lost theirs."""
    old = select(runs.c.id).where(*_is_old(before))
    there = (artifacts.c.run.in_(old), artifacts.c.path.is_not(None))
    with database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id.in_(old), runs.c.bytes > 0).values(bytes=0))
        return connection.execute(update(artifacts).where(*there).values(path=None, expired=clock.now())).rowcount


def weigh(database: Database, sizes: Mapping[str, int]) -> None:
    """Writes down the bytes of runs' checkpoints where they are others: a worker may have died before it could."""
    with database.writing() as connection:
        for run, size in sizes.items():
            connection.execute(update(runs).where(runs.c.id == run, runs.c.bytes != size).values(bytes=size))


def used_uploads(database: Database, before: float) -> set[str]:
    """The stems of the files that runs which are not old were begun with: images and weights."""
    recent = select(runs.c.dataset, runs.c.options).where(runs.c.task == "train", not_(and_(*_is_old(before))))
    with database.reading() as connection:
        rows = connection.execute(recent).all()
    images = {PurePath(row.dataset["path"]).stem for row in rows if row.dataset and row.dataset.get("path")}
    return images | {weights for row in rows if (weights := (row.options.get("start") or {}).get("weights"))}
