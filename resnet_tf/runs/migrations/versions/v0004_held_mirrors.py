"""Who mirrors a run just now, until when nobody else may, and the state that was told last."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COLUMNS = {"holder": sa.String(length=32), "held_until": sa.Double(), "state": sa.String(length=20)}


def upgrade() -> None:
    for name, kind in _COLUMNS.items():
        op.add_column("mirrors", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("mirrors", name)
