"""The tables of the store. A change here needs a migration beside the others (a test compares the two)."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

# SQLite counts rows by itself only for INTEGER; everywhere else a long life of a store outgrows 32 bits
Serial = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Times are unix seconds. Every row that a person made has an owner.
designs = Table(
    "designs",
    metadata,
    Column("owner", String(200), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("spec", JSON, nullable=False),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("home", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", Double, nullable=False),
    Column("warm", Double),  # when it was ready; warm - started is what a start takes
    Column("heartbeat", Double, nullable=False),
    Column("ended", Double),  # left, or found dead
    Column("device", String(40)),
    Column("why", Text),
    Column("error", Text),  # what it died of
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("task", String(20), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("dataset", JSON(none_as_null=True)),
    Column("recipe", JSON(none_as_null=True)),
    Column("seed", BigInteger, nullable=False),
    Column("options", JSON, nullable=False),  # of a task: an export's formats and source
    Column("created", Double, nullable=False),
    Column("queued", Double, nullable=False),  # created, or resumed
    Column("attempt", Integer, nullable=False),
    Column("claimed_by", String(32), ForeignKey("workers.id")),
    Column("claimed_at", Double),
    Column("started", Double),  # the first attempt
    Column("heartbeat", Double),
    Column("stop_requested", Double),
    Column("ended", Double),
    Column("outcome", String(20)),  # finished, stopped, failed, diverged
    Column("error", Text),
    Column("device", String(40)),
    Column("why", Text),
    Index(None, "owner", "created"),
    Index(None, "outcome", "claimed_by", "queued"),
)

events = Table(
    "events",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("values", JSON, nullable=False),
    Index(None, "run", "kind", "seq"),
    sqlite_autoincrement=True,
)
# A resumed run may do a step again: one point, the newer. Of notes a step may have several.
_points = events.c.kind != "note"
Index(
    "uq_events_run_kind_step", events.c.run, events.c.kind, events.c.step,
    unique=True, sqlite_where=_points, postgresql_where=_points,
)  # fmt: skip

artifacts = Table(
    "artifacts",
    metadata,
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("format", String(40), primary_key=True),
    Column("path", Text),
    Column("bytes", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("verified", Boolean),
    Column("difference", Double),
    Column("load", Text, nullable=False),
    Column("error", Text),
    Column("note", Text),
)
