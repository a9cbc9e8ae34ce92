"""The extremes of curves by ranges of steps, so that a page reads a long one in no time; what a queue is ordered by."""

import json
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RATIO, LEVELS, SOME = 10, 6, 10_000
# when an owner was served last, and what of his is under way
QUEUE = [["owner", "claimed_at"], ["owner", "outcome", "claimed_by"]]


def upgrade() -> None:
    for columns in QUEUE:
        op.create_index(op.f(f"ix_runs_{'_'.join(columns)}"), "runs", columns)
    spans = op.create_table(
        "spans",
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("low_seq", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("high_seq", sa.BigInteger(), nullable=False),
        sa.Column("oldest", sa.BigInteger(), nullable=False),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_spans_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "kind", "level", "start", name=op.f("pk_spans")),
        sqlite_with_rowid=False,
    )
    connection, waiting = op.get_bind(), []
    for row in _all_spans(connection):
        waiting.append(row)
        if len(waiting) == SOME:
            connection.execute(spans.insert(), waiting)
            waiting = []
    if waiting:
        connection.execute(spans.insert(), waiting)


def _all_spans(connection):
    """The spans over all events that there are, run by run."""
    kinds = connection.execute(sa.text("SELECT DISTINCT run, kind FROM events")).all()
    query = 'SELECT step, seq, "values" FROM events WHERE run = :run AND kind = :kind ORDER BY step, seq'
    for run, kind in kinds:
        rows = connection.execute(sa.text(query), {"run": run, "kind": kind})
        below = (_of_event(*row) for row in rows)
        for level in range(1, LEVELS + 1):
            width = RATIO**level
            families = groupby(below, key=lambda span, width=width: span["start"] // width)
            below = [_joined(place * width, list(parts)) for place, parts in families]
            yield from ({"run": run, "kind": kind, "level": level, **span} for span in below)


def _of_event(step, seq, values):
    loss = (json.loads(values) if isinstance(values, str) else values).get("loss")
    loss = float(loss) if isinstance(loss, int | float) else None
    ends = {"low": loss, "low_seq": seq, "high": loss, "high_seq": seq}
    return {"start": step, **ends, "oldest": seq, "newest": seq}


def _joined(start, parts):
    low = min(parts, key=lambda span: float("inf") if span["low"] is None else span["low"])
    high = max(parts, key=lambda span: float("-inf") if span["high"] is None else span["high"])
    return {
        "start": start, "low": low["low"], "low_seq": low["low_seq"], "high": high["high"],
        "high_seq": high["high_seq"], "oldest": min(span["oldest"] for span in parts),
        "newest": max(span["newest"] for span in parts),
    }  # fmt: skip


def downgrade() -> None:
    op.drop_table("spans")
    for columns in QUEUE:
        op.drop_index(op.f(f"ix_runs_{'_'.join(columns)}"), "runs")
