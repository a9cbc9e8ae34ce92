"""Saved designs in the records: each save of a name is a version, and those before it are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from resnet_tf.design.spec import Spec, parse_spec
from resnet_tf.runs import clock
from resnet_tf.runs.database import Database
from resnet_tf.runs.failures import NoSuchDesign, WorkbenchError
from resnet_tf.runs.records import Design, DesignVersion, KeptDesign
from resnet_tf.runs.tables import designs, versions

MOST_VERSIONS = 100  # of a design; the oldest goes when another comes
MOST_DESIGNS = 2_000  # of one owner
MOST_TAGS, LONGEST_TAG, LONGEST_NOTES = 12, 30, 4_000


class Designs:
    """The saved designs of all owners; safe in threads and between processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def saved(self, owner: str | None = None) -> list[Design]:
        """The designs of an owner, or of all, the last changed first."""
        query = select(designs).order_by(designs.c.updated.desc(), designs.c.name)
        with self._database.reading() as connection:
            rows = connection.execute(query.where(designs.c.owner == owner) if owner else query).all()
        return [_design(row) for row in rows]

    def save(self, name: str, spec: Spec, owner: str) -> None:
        """Saves a design as the newest version of its name; one that is as it was saved last is no new version."""
        fields, now = spec.model_dump(mode="json"), clock.now()
        with self._database.writing() as connection:
            # which locks the name, so that two who save it at once get a version each
            if not connection.execute(update(designs).where(_same(owner, name)).values(updated=now)).rowcount:
                _check_room(connection, owner)
                row = {"owner": owner, "name": name, "spec": fields, "created": now, "updated": now}
                connection.execute(insert(designs).values(row))
            elif connection.scalar(select(designs.c.spec).where(_same(owner, name))) == fields:
                return
            connection.execute(update(designs).where(_same(owner, name)).values(spec=fields))
            _add_version(connection, owner, name, fields)

    def describe(self, name: str, owner: str, *, tags: Sequence[str] | None = None, notes: str | None = None) -> None:
        """Gives a design other tags or notes; None leaves them as they are. Raises WorkbenchError for too much."""
        said: dict[str, Any] = {} if tags is None else {"tags": list(checked_tags(tags))}
        said |= {} if notes is None else {"notes": _checked_notes(notes)}
        with self._database.writing() as connection:
            if said and not connection.execute(update(designs).where(_same(owner, name)).values(said)).rowcount:
                raise NoSuchDesign(name)

    def versions(self, name: str, owner: str) -> list[DesignVersion]:
        """All that is kept of a name, the newest first, which is the design as it is. Raises NoSuchDesign."""
        with self._database.reading() as connection:
            found = _versions(connection, owner, name)
        if not found:
            raise NoSuchDesign(name)
        return found

    def delete(self, name: str, owner: str) -> KeptDesign | None:
        """Deletes a design with its versions; what was deleted, for who wants it back. None where there was none."""
        with self._database.writing() as connection:
            row = connection.execute(select(designs).where(_same(owner, name))).one_or_none()
            if row is None:
                return None
            kept = KeptDesign(_design(row), tuple(_versions(connection, owner, name)))
            connection.execute(delete(designs).where(_same(owner, name)))
        return kept

    def put_back(self, kept: KeptDesign, owner: str) -> None:
        """Takes a deletion back. Raises WorkbenchError where the name was taken meanwhile."""
        design = kept.design
        with self._database.writing() as connection:
            if connection.scalar(select(designs.c.name).where(_same(owner, design.name))) is not None:
                raise WorkbenchError(f"{design.name} was saved anew meanwhile: it stays as it is now")
            _check_room(connection, owner)
            row = {"spec": design.spec.model_dump(mode="json"), "created": design.created, "updated": design.updated,
                   "tags": list(design.tags), "notes": design.notes}  # fmt: skip
            connection.execute(insert(designs).values(owner=owner, name=design.name, **row))
            connection.execute(insert(versions), [
                {"owner": owner, "name": design.name, "number": each.number, "saved": each.saved,
                 "spec": each.spec.model_dump(mode="json")} for each in kept.versions
            ])  # fmt: skip


def checked_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags as they are kept: trimmed, each once. Raises WorkbenchError for too many or too long ones."""
    trimmed = {tag.casefold(): tag for tag in (" ".join(tag.split()) for tag in tags) if tag}
    if len(trimmed) > MOST_TAGS:
        raise WorkbenchError(f"A design may have at most {MOST_TAGS} tags (got {len(trimmed)})")
    longest = max(trimmed.values(), key=len, default="")
    if len(longest) > LONGEST_TAG:
        raise WorkbenchError(f"A tag must be at most {LONGEST_TAG} characters long (got {len(longest)})")
    return tuple(trimmed.values())


def _checked_notes(notes: str) -> str:
    if len(notes) > LONGEST_NOTES:
        raise WorkbenchError(f"Notes must be at most {LONGEST_NOTES:,} characters long (got {len(notes):,})")
    return notes.strip()


def _same(owner: str, name: str) -> ColumnElement[bool]:
    return and_(designs.c.owner == owner, designs.c.name == name)


def _of(owner: str, name: str) -> ColumnElement[bool]:
    return and_(versions.c.owner == owner, versions.c.name == name)


def _check_room(connection: Connection, owner: str) -> None:
    count = connection.scalar(select(func.count()).select_from(designs).where(designs.c.owner == owner)) or 0
    if count >= MOST_DESIGNS:
        raise WorkbenchError(f"{count:,} designs are saved and at most {MOST_DESIGNS:,} may be: delete one first")


def _add_version(connection: Connection, owner: str, name: str, fields: dict[str, Any]) -> None:
    last = connection.scalar(select(func.max(versions.c.number)).where(_of(owner, name))) or 0
    row = {"owner": owner, "name": name, "number": last + 1, "spec": fields, "saved": clock.now()}
    connection.execute(insert(versions).values(row))
    connection.execute(delete(versions).where(_of(owner, name), versions.c.number <= last + 1 - MOST_VERSIONS))


def _versions(connection: Connection, owner: str, name: str) -> list[DesignVersion]:
    rows = connection.execute(select(versions).where(_of(owner, name)).order_by(versions.c.number.desc()))
    return [DesignVersion(row.number, parse_spec(row.spec), row.saved) for row in rows]


def _design(row: Any) -> Design:
    return Design(row.name, parse_spec(row.spec), row.owner, row.created, row.updated, tuple(row.tags), row.notes)
