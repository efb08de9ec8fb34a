"""The tables, and the way between a row and a Run.

Times and sizes are those of `Run`. `n` orders runs by submission, `claimed` by the moment they were claimed. `last` is
the number of the run's newest chunk, so that one UPDATE both fences an append and finds a gap in front of it. A log
lives in `chunks` until its run finishes, then in the trace file that `trace` names; the log of a lost run stays where
it was. `stored` is how many bytes the program and the trace take. `tombstones` remembers the ids of deleted runs, and
nothing more of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

from app.core.run import Dropped, Kind, Limits, Outcome, Python, Run, State

metadata = MetaData()

sources = Table(
    "sources",
    metadata,
    Column("digest", String, primary_key=True),
    Column("source", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("state", String, nullable=False),
    Column("created", String, nullable=False),
    Column("program", ForeignKey("sources.digest"), nullable=False),
    Column("python", JSON, nullable=False),
    Column("limits", JSON, nullable=False),
    Column("sandbox", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("example", String),
    Column("parent", String),
    Column("outcome", JSON(none_as_null=True)),
    Column("wall_ns", Integer),
    Column("cpu_ns", Integer),
    Column("events", Integer, nullable=False),
    Column("dropped", JSON, nullable=False),
    Column("trace_version", Integer, nullable=False),
    Column("owner", String, nullable=False),
    Column("token_hash", String, nullable=False),
    Column("claimed", Integer, nullable=False, server_default="0"),
    Column("last", Integer, nullable=False, server_default="0"),
    Column("trace", String),
    Column("shared", Boolean, nullable=False, server_default="0"),
    Column("stored", Integer, nullable=False, server_default="0"),
    Index("runs_by_state", "state", "owner", "n"),
    Index("runs_by_claim", "claimed"),
    Index("runs_by_owner", "owner", "claimed"),
    Index("runs_by_program", "program"),
    Index("runs_by_trace", "trace"),
    Index("runs_by_age", "shared", "n"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("run", ForeignKey("runs.n"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

tombstones = Table("tombstones", metadata, Column("id", String, primary_key=True))


def row_of(run: Run) -> dict[str, Any]:
    """The columns that a Run knows."""
    return asdict(run)


_COLUMNS = tuple((column.name, isinstance(column.type, JSON)) for column in runs.columns)


def decoded(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row of `runs` from one that the driver gave."""
    columns = zip(_COLUMNS, row, strict=True)
    return {name: json.loads(value) if encoded and value else value for (name, encoded), value in columns}


def run_of(row: Mapping[Any, Any]) -> Run:
    """The Run in a row of `runs`."""
    outcome = row["outcome"]
    return Run(
        id=row["id"],
        state=State(row["state"]),
        created=row["created"],
        program=row["program"],
        python=Python(**row["python"]),
        limits=Limits(**row["limits"]),
        sandbox=row["sandbox"],
        epoch=row["epoch"],
        example=row["example"],
        parent=row["parent"],
        outcome=outcome and Outcome(**outcome | {"kind": Kind(outcome["kind"])}),
        wall_ns=row["wall_ns"],
        cpu_ns=row["cpu_ns"],
        events=row["events"],
        dropped=Dropped(**row["dropped"]),
        trace_version=row["trace_version"],
        shared=bool(row["shared"]),
    )
