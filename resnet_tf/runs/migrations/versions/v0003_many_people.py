"""Shared runs, sweeps, mirrors, what files take and when they expired, and what all servers agree on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("stop_requested", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweeps")),
    )
    op.create_index(op.f("ix_sweeps_owner_created"), "sweeps", ["owner", "created"])
    op.add_column("runs", sa.Column("shared", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("runs", sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False))
    # in words that SQLite and PostgreSQL share: Alembic would make SQLite's table anew, and dropping the old one would
    # take the events of every run with it
    op.execute("ALTER TABLE runs ADD COLUMN sweep VARCHAR(32) CONSTRAINT fk_runs_sweep REFERENCES sweeps (id)")
    op.create_index(op.f("ix_runs_sweep"), "runs", ["sweep"])
    op.add_column("artifacts", sa.Column("expired", sa.Double(), nullable=True))
    op.create_table(
        "mirrors",
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_mirrors_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "target", name=op.f("pk_mirrors")),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )


def downgrade() -> None:
    op.drop_table("secrets")
    op.drop_table("mirrors")
    op.drop_column("artifacts", "expired")
    op.drop_index(op.f("ix_runs_sweep"), table_name="runs")
    for column in ("sweep", "bytes", "shared"):
        op.drop_column("runs", column)
    op.drop_table("sweeps")
