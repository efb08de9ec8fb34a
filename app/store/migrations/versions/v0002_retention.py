"""Which runs are shared, and how much each of them takes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """What was stored before counts as nothing, and goes by its age."""
    op.add_column("runs", sa.Column("shared", sa.Boolean, nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("stored", sa.Integer, nullable=False, server_default="0"))
    op.create_index("runs_by_age", "runs", ["shared", "n"])
