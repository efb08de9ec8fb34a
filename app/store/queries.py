"""The questions asked of the tables: those of every chunk and every read, made once, and the long ones.

Making a statement takes longer than SQLite takes to carry it out, and so does making SQLAlchemy's rows of its answer.
"""

from __future__ import annotations

import hmac
import sqlite3
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from app.core.errors import DeletedRun, Forbidden, NotYet, UnknownRun
from app.core.run import State
from app.store import EXPIRED_AT_ONCE, Lease
from app.store.tables import chunks, decoded, runs, sources, tombstones


class Direct:
    """A statement that goes to the driver as it is, inside a transaction of SQLAlchemy's; rows are bare tuples."""

    def __init__(self, statement: sa.ClauseElement, *columns: str) -> None:
        """Compile it once; `columns` are those of an insertion."""
        compiled: Any = statement.compile(dialect=sqlite.dialect(paramstyle="named"), column_keys=columns or None)
        self._text = str(compiled)
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}

    def __call__(self, db: sa.Connection, values: dict[str, Any]) -> sqlite3.Cursor:
        """Execute it."""
        driver: Any = db.connection.driver_connection
        cursor: sqlite3.Cursor = driver.execute(self._text, self._constants | values)
        return cursor


_RUN = Direct(sa.select(runs).where(runs.c.id == sa.bindparam("run_id")))
_TOMBSTONE = sa.select(tombstones).where(tombstones.c.id == sa.bindparam("run_id"))

HELD = (
    runs.c.id == sa.bindparam("lease_run"),
    runs.c.epoch == sa.bindparam("lease_epoch"),
    runs.c.state == State.running,
)
"""The fence: what must hold for a write under a lease; `under` gives the parameters."""

ADVANCE = Direct(
    sa.update(runs)
    .where(*HELD, runs.c.last == sa.bindparam("seq") - 1)
    .values(last=sa.bindparam("seq"), events=runs.c.events + sa.bindparam("more"))
    .returning(runs.c.n)
)
"""Make room for chunk `seq` with `more` events, if it is the next one."""

ADD = Direct(sa.insert(chunks), "run", "epoch", "seq", "data")

AFTER = Direct(
    sa.select(chunks.c.seq, chunks.c.data)
    .where(chunks.c.run == sa.bindparam("n"), chunks.c.epoch == sa.bindparam("epoch"))
    .where(chunks.c.seq > sa.bindparam("after"))
    .order_by(chunks.c.seq)
)

LOG = Direct(
    sa.select(chunks.c.data)
    .join(runs)
    .where(*HELD, chunks.c.epoch == sa.bindparam("lease_epoch"))
    .order_by(chunks.c.seq)
)
"""All the chunks under a lease."""


_heads = (
    sa.select(sa.func.min(runs.c.n).label("n"), runs.c.owner)
    .where(runs.c.state == State.queued)
    .group_by(runs.c.owner)
    .subquery()
)
_others = runs.alias()
_running = sa.select(sa.func.count(_others.c.n)).where(
    _others.c.owner == _heads.c.owner, _others.c.state == State.running
)
_served = sa.select(sa.func.max(_others.c.claimed)).where(_others.c.owner == _heads.c.owner)
OWNERS = sa.select(_heads.c.n, _heads.c.owner).order_by(
    _running.scalar_subquery(), _served.scalar_subquery(), _heads.c.n
)
"""Who waits, in the order of their turns: by fewest running, then by who was served longest ago."""
_fairest = OWNERS.with_only_columns(_heads.c.n).limit(1)

CLAIM = (
    sa.update(runs)
    .where(runs.c.n == _fairest.scalar_subquery())
    .values(
        state=State.running,
        epoch=runs.c.epoch + 1,
        claimed=sa.select(sa.func.max(runs.c.claimed) + 1).scalar_subquery(),
        last=0,
        events=0,
    )
    .returning(runs)
)
"""Begin the oldest queued run of whoever's turn it is."""


def under(lease: Lease) -> dict[str, Any]:
    """The parameters of HELD."""
    return {"lease_run": lease.run.id, "lease_epoch": lease.epoch}


def row_with(db: sa.Connection, run_id: str) -> dict[str, Any]:
    """The row of a run. Raises UnknownRun, DeletedRun."""
    row = _RUN(db, {"run_id": run_id}).fetchone()
    if row is not None:
        return decoded(row)
    if db.execute(_TOMBSTONE, {"run_id": run_id}).one_or_none():
        raise DeletedRun(f"run {run_id} was deleted")
    raise UnknownRun(f"there is no run {run_id}")


_OLDEST = (
    sa.select(runs.c.id, runs.c.stored)
    .where(runs.c.state.in_([State.finished, State.lost]))
    .order_by(runs.c.shared, runs.c.n)
    .limit(EXPIRED_AT_ONCE)
)


def expired(db: sa.Connection, before: str, max_bytes: int) -> list[str]:
    """The ids of runs that are too old, or too many: those that `Store.expire` deletes next."""
    old = _OLDEST.where(runs.c.created < before, ~runs.c.shared)
    found = list(db.execute(old).scalars())
    excess = db.execute(sa.select(sa.func.coalesce(sa.func.sum(runs.c.stored), 0))).scalar_one() - max_bytes
    for run_id, stored in db.execute(_OLDEST) if not found else ():
        if excess <= 0:
            break
        excess -= stored
        found.append(run_id)
    return found


def allowed(db: sa.Connection, run_id: str, token_hash: str) -> None:
    """Raise Forbidden unless this token deletes the run, and NotYet while that is running."""
    row = row_with(db, run_id)
    if not hmac.compare_digest(row["token_hash"].encode(), token_hash.encode()):
        raise Forbidden("this token does not allow to delete the run")
    if row["state"] == State.running:
        raise NotYet(f"run {run_id} is running: stop it first")


def forget(db: sa.Connection, run_id: str) -> str | None:
    """Delete a run, and its source if nothing else refers to it; returns its trace if nothing else refers to that."""
    row = row_with(db, run_id)
    db.execute(sa.delete(chunks).where(chunks.c.run == row["n"]))
    db.execute(sa.delete(runs).where(runs.c.n == row["n"]))
    db.execute(sa.insert(tombstones).values(id=run_id))
    orphan = sources.c.digest == row["program"], ~sa.exists().where(runs.c.program == sources.c.digest)
    db.execute(sa.delete(sources).where(*orphan))
    shared = db.execute(sa.select(runs.c.n).where(runs.c.trace == row["trace"]).limit(1)).one_or_none()
    trace: str | None = row["trace"]
    return None if shared else trace
