"""The tables of the store. A change here needs a migration beside the others (a test compares the two)."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    false,
    literal_column,
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
    Column("tags", JSON, nullable=False, server_default="[]"),
    Column("notes", Text, nullable=False, server_default=""),
)

# What a design was at each save; the newest is what it is.
versions = Table(
    "versions",
    metadata,
    Column("owner", String(200), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("spec", JSON, nullable=False),
    Column("saved", Double, nullable=False),
    ForeignKeyConstraint(["owner", "name"], ["designs.owner", "designs.name"], ondelete="CASCADE", onupdate="CASCADE"),
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

sweeps = Table(
    "sweeps",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("spec", JSON, nullable=False),  # what its axes are changed in
    Column("options", JSON, nullable=False),  # dataset, recipe, axes, how they are searched, the trials
    Column("created", Double, nullable=False),
    Column("stop_requested", Double),
    Column("ended", Double),  # nothing is left to do
    Index(None, "owner", "created"),
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
    Column("options", JSON, nullable=False),  # of a task: an export's formats and source, a trial's number
    Column("created", Double, nullable=False),
    Column("queued", Double, nullable=False),  # created, or resumed
    Column("attempt", Integer, nullable=False),
    Column("claimed_by", String(32), ForeignKey("workers.id")),
    Column("claimed_at", Double),
    Column("started", Double),  # the first attempt
    Column("heartbeat", Double),
    Column("stop_requested", Double),
    Column("ended", Double),
    Column("outcome", String(20)),  # finished, paused, stopped, failed, diverged
    Column("error", Text),
    Column("device", String(40)),
    Column("why", Text),
    Column("shared", Boolean, nullable=False, server_default=false()),  # its link may be opened by anybody
    Column("sweep", String(32), ForeignKey("sweeps.id")),
    Column("bytes", BigInteger, nullable=False, server_default="0"),  # of its checkpoints
    Index(None, "owner", "created"),
    Index(None, "sweep"),
    Index(None, "outcome", "claimed_by", "queued"),
    Index(None, "owner", "claimed_at"),
    Index(None, "owner", "outcome", "claimed_by"),
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
# A resumed run may do a step again: one point, the newer. Of notes a step may have several. A question by steps says
# this in the index's own words, with no parameter: SQLite would not see that the index answers it.
ONE_A_STEP = events.c.kind != literal_column("'note'")
Index(
    "uq_events_run_kind_step", events.c.run, events.c.kind, events.c.step,
    unique=True, sqlite_where=ONE_A_STEP, postgresql_where=ONE_A_STEP,
)  # fmt: skip

# what a curve is drawn of where it has more events than a page wants; see `spans.py`
spans = Table(
    "spans",
    metadata,
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),  # its first step
    Column("low", Double),  # the smallest loss; null where there is none
    Column("low_seq", BigInteger, nullable=False),  # of the event that has it
    Column("high", Double),
    Column("high_seq", BigInteger, nullable=False),
    Column("oldest", BigInteger, nullable=False),  # the smallest seq of its events
    Column("newest", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

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
    Column("expired", Double),  # when the file was removed for its age
)

# runs that were deleted: whatever machine or object store still has files of one may remove them
deletions = Table(
    "deletions",
    metadata,
    Column("run", String(32), primary_key=True),
    Column("at", Double, nullable=False),
)

# what is mirrored elsewhere, and how far: a server that was down for a while loses nothing
mirrors = Table(
    "mirrors",
    metadata,
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("target", String(20), primary_key=True),
    Column("ref", Text),  # the run's name there
    Column("seq", BigInteger, nullable=False),  # the last event that is there
    Column("closed", Boolean, nullable=False, server_default=false()),  # nothing more of it will be told
    Column("holder", String(32)),  # who mirrors it
    Column("held_until", Double),  # after which another may
    Column("state", String(20)),  # the state that was told last
)

# what all servers of an instance must agree on, by name: the secret that signs cookies
secrets = Table(
    "secrets",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
