"""Every save of a design is kept as a version; designs have tags and notes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("designs", sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("designs", sa.Column("notes", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "versions",
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("saved", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner", "name"], ["designs.owner", "designs.name"],
            name=op.f("fk_versions_owner"), ondelete="CASCADE", onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("owner", "name", "number", name=op.f("pk_versions")),
    )  # fmt: skip
    op.execute(
        "INSERT INTO versions (owner, name, number, spec, saved) SELECT owner, name, 1, spec, updated FROM designs"
    )


def downgrade() -> None:
    op.drop_table("versions")
    op.drop_column("designs", "notes")
    op.drop_column("designs", "tags")
