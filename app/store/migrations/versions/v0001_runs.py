"""Runs with their sources and logs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From an empty file."""
    op.create_table(
        "sources",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created", sa.String, nullable=False),
        sa.Column("program", sa.String, sa.ForeignKey("sources.digest"), nullable=False),
        sa.Column("python", sa.JSON, nullable=False),
        sa.Column("limits", sa.JSON, nullable=False),
        sa.Column("sandbox", sa.String, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("example", sa.String),
        sa.Column("parent", sa.String),
        sa.Column("outcome", sa.JSON),
        sa.Column("wall_ns", sa.Integer),
        sa.Column("cpu_ns", sa.Integer),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("dropped", sa.JSON, nullable=False),
        sa.Column("trace_version", sa.Integer, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("token_hash", sa.String, nullable=False),
        sa.Column("claimed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last", sa.Integer, nullable=False, server_default="0"),
        sa.Column("trace", sa.String),
    )
    op.create_index("runs_by_state", "runs", ["state", "owner", "n"])
    op.create_index("runs_by_claim", "runs", ["claimed"])
    op.create_index("runs_by_owner", "runs", ["owner", "claimed"])
    op.create_index("runs_by_program", "runs", ["program"])
    op.create_index("runs_by_trace", "runs", ["trace"])
    op.create_table(
        "chunks",
        sa.Column("run", sa.Integer, sa.ForeignKey("runs.n"), primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table("tombstones", sa.Column("id", sa.String, primary_key=True))
