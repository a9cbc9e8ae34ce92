"""A sentence beside each artifact: what was lost on the way."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("artifacts", sa.Column("note", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("artifacts", "note")
