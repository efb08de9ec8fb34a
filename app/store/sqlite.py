"""Runs in one SQLite file, traces as files beside it: the store of a single process.

    data_dir/lock            held for as long as the store is open: two processes would lose each other's runs
    data_dir/interleave.db   see tables.py; write-ahead log
    data_dir/traces/         see blobs.py

What is promised: whatever a method has returned from survives the death of the process at any instant. After a loss of
power the last commits may be gone, newest first and never half of one: a run that had finished is then running still,
and so lost, with its log; one that had been deleted is back, perhaps without its trace.

The event loop never waits for the disk. Three threads do, one job at a time each: one writes to the database, so that
every change is alone and in order; one reads it, unhindered by the first; one compresses and reads traces.
"""

from __future__ import annotations

import asyncio
import fcntl
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, ExitStack, closing
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.dialects.sqlite import insert as upsert

from app.core.errors import DamagedTrace, Fenced, Unavailable
from app.core.run import Dropped, Outcome, Program, Run, State
from app.store import Bell, Lease, Submission
from app.store.bell import Bells
from app.store.blobs import Sealed, Traces
from app.store.page import page
from app.store.queries import ADD, ADVANCE, AFTER, CLAIM, HELD, LOG, OWNERS, allowed, expired, forget, row_with, under
from app.store.tables import chunks, row_of, run_of, runs, sources
from app.store.tail import Tail

T = TypeVar("T")


class SqliteStore:
    """The store that keeps its promises through a crash. Make it with `open`."""

    def __init__(self, writer: sa.Connection, reader: sa.Connection, traces: Traces, held: ExitStack) -> None:
        self._writer = writer
        self._reader = reader
        self._traces = traces
        self._held = held
        self._bells = Bells()
        self._tails: dict[str, Tail] = {}
        self._changes = 0
        self._shared: dict[tuple[object, ...], asyncio.Future[Any]] = {}
        self._loop = asyncio.get_running_loop()
        self._writes, self._reads, self._files = (
            ThreadPoolExecutor(1, f"store-{name}") for name in ("writes", "reads", "files")
        )

    @classmethod
    async def open(cls, data_dir: Path) -> SqliteStore:
        """The store in this folder, made or migrated if need be. Raises BlockingIOError if a process has it open."""
        return cls(*await asyncio.to_thread(_open, data_dir))

    async def submit(self, submission: Submission, run_id: str, token_hash: str, created: str) -> Run:
        run = submission.queued(run_id, created)

        def job() -> None:
            with self._writer.begin():
                if run.parent is not None:
                    row_with(self._writer, run.parent)
                source = {"digest": run.program, "source": submission.program.source}
                self._writer.execute(upsert(sources).values(source).on_conflict_do_nothing())
                private = {
                    "owner": submission.owner,
                    "token_hash": token_hash,
                    "stored": len(source["source"].encode()),
                }
                self._writer.execute(sa.insert(runs).values(row_of(run) | private))
            self._ring("queue")

        await self._on(self._writes, job)
        return run

    async def run(self, run_id: str) -> Run:
        run: Run = await self._share(lambda db: run_of(row_with(db, run_id)), run_id)
        return run

    async def recent(self, ids: list[str]) -> list[Run]:
        rows = await self._read(lambda db: db.execute(sa.select(runs).where(runs.c.id.in_(ids))).mappings().all())
        found = {row["id"]: run_of(row) for row in rows}
        return [found[run_id] for run_id in ids if run_id in found]

    async def source(self, run_id: str) -> Program:
        def read(db: sa.Connection) -> str:
            digest = row_with(db, run_id)["program"]
            source: str = db.execute(sa.select(sources.c.source).where(sources.c.digest == digest)).scalar_one()
            return source

        return Program(await self._read(read))

    async def queue(self) -> dict[str, list[str]]:
        queued = sa.select(runs.c.owner, runs.c.id).where(runs.c.state == State.queued).order_by(runs.c.n)

        def read(db: sa.Connection) -> dict[str, list[str]]:
            by_owner: dict[str, list[str]] = {owner: [] for _, owner in db.execute(OWNERS)}
            for owner, run_id in db.execute(queued):
                by_owner[owner].append(run_id)
            return by_owner

        found: dict[str, list[str]] = await self._share(read, "queue")
        return found

    async def claim(self) -> Lease | None:
        def job() -> Run | None:
            with self._writer.begin():
                row = self._writer.execute(CLAIM).mappings().one_or_none()
            if row is None:
                return None
            self._ring("queue", row["id"])
            return run_of(row)

        run = await self._on(self._writes, job)
        if run is None:
            return None
        self._tails[run.id] = Tail(run)
        return Lease(run, run.epoch)

    async def append(self, lease: Lease, seq: int, chunk: bytes, events: int) -> None:
        def job() -> None:
            with self._writer.begin():
                found = ADVANCE(self._writer, under(lease) | {"seq": seq, "more": events}).fetchone()
                if found is None:
                    self._again(lease, seq, chunk)
                    return
                ADD(self._writer, {"run": found[0], "epoch": lease.epoch, "seq": seq, "data": chunk})
            self._loop.call_soon_threadsafe(appended)

        def appended() -> None:
            if tail := self._tails.get(lease.run.id):
                tail.add(lease.epoch, seq, chunk, events)
            self._changed(lease.run.id)

        await self._on(self._writes, job)

    def _again(self, lease: Lease, seq: int, chunk: bytes) -> None:
        """An append that did not fit was either refused, or done before, or is a mistake."""
        row = self._writer.execute(sa.select(runs.c.n, runs.c.last).where(*HELD), under(lease)).one_or_none()
        if row is None:
            raise Fenced(f"run {lease.run.id} is not written under epoch {lease.epoch} any more")
        place = chunks.c.run == row.n, chunks.c.epoch == lease.epoch, chunks.c.seq == seq
        if self._writer.execute(sa.select(chunks.c.data).where(*place)).scalar_one_or_none() != chunk:
            raise ValueError(f"chunk {seq} of run {lease.run.id} does not follow chunk {row.last}")

    async def finish(
        self, lease: Lease, outcome: Outcome, *, wall_ns: int, cpu_ns: int, dropped: Dropped, events: int
    ) -> None:
        log: list[bytes] = await self._read(lambda db: [data for (data,) in LOG(db, under(lease))])
        sealed = await self._on(self._files, lambda: self._traces.seal(log)) if log else None
        ended = {
            "state": State.finished,
            "outcome": asdict(outcome),
            "wall_ns": wall_ns,
            "cpu_ns": cpu_ns,
            "dropped": asdict(dropped),
            "events": events,
            "trace": sealed and sealed.digest,
            "stored": runs.c.stored + (sealed.size if sealed else 0),
        }
        commit = sa.update(runs).where(*HELD, runs.c.last == len(log)).values(ended).returning(runs.c.n)
        await self._on(self._writes, lambda: self._commit(lease, commit, sealed))

    def _commit(self, lease: Lease, commit: Any, sealed: Sealed | None) -> None:
        with self._writer.begin():
            run = self._writer.execute(commit, under(lease)).scalar_one_or_none()
            if run is None:
                if sealed:
                    sealed.file.unlink()
                raise Fenced(f"run {lease.run.id} is not written under epoch {lease.epoch} any more")
            self._writer.execute(sa.delete(chunks).where(chunks.c.run == run))
            # The file is in place before the commit that names it; this thread alone publishes and removes traces.
            if sealed:
                self._traces.publish(sealed)
        self._ring(lease.run.id)

    async def discard(self, run_id: str, outcome: Outcome) -> bool:
        return await self._move(run_id, State.queued, {"state": State.finished, "outcome": asdict(outcome)})

    async def lose(self, run_id: str) -> None:
        log = sa.select(sa.func.coalesce(sa.func.sum(sa.func.length(chunks.c.data)), 0)).where(chunks.c.run == runs.c.n)
        stored = runs.c.stored + log.scalar_subquery()
        await self._move(run_id, State.running, {"state": State.lost, "stored": stored})

    async def _move(self, run_id: str, state: State, values: dict[str, object]) -> bool:
        def job() -> bool:
            with self._writer.begin():
                row_with(self._writer, run_id)
                moved = sa.update(runs).where(runs.c.id == run_id, runs.c.state == state).values(values)
                happened = self._writer.execute(moved).rowcount == 1
            self._ring("queue", run_id)
            return happened

        return await self._on(self._writes, job)

    async def unfinished(self) -> list[Run]:
        running = sa.select(runs).where(runs.c.state == State.running).order_by(runs.c.n)
        return [run_of(row) for row in await self._read(lambda db: db.execute(running).mappings().all())]

    async def news(
        self, run_id: str, after: int = 0, limit_bytes: int = 1 << 20
    ) -> tuple[Run, list[tuple[int, bytes]]]:
        def read(db: sa.Connection) -> tuple[Run, list[tuple[int, bytes]] | str]:
            row = row_with(db, run_id)
            if row["trace"]:
                return run_of(row), str(row["trace"])
            with closing(AFTER(db, {"n": row["n"], "epoch": row["epoch"], "after": after})) as rows:
                return run_of(row), page(rows, limit_bytes)

        tail = self._tails.get(run_id)
        if tail is not None and (news := tail.news(after, limit_bytes)):
            return news
        run, found = await self._share(read, run_id, after, limit_bytes)
        if isinstance(found, list):
            return run, found
        try:
            trace = await self._on(self._files, lambda: self._traces.load(found))
        except DamagedTrace:
            await self.run(run_id)  # says so if the trace is gone because the run was deleted meanwhile
            raise
        return run, page(enumerate(islice(trace, after, None), after + 1), limit_bytes)

    async def chunks(self, run_id: str, after: int = 0, limit_bytes: int = 1 << 20) -> list[tuple[int, bytes]]:
        return (await self.news(run_id, after, limit_bytes))[1]

    async def last(self, run_id: str) -> int:
        row = await self._read(lambda db: row_with(db, run_id))
        return int(row["last"])

    async def delete(self, run_id: str, token_hash: str) -> None:
        def job() -> None:
            with self._writer.begin():
                allowed(self._writer, run_id, token_hash)
                trace = forget(self._writer, run_id)
            if trace is not None:
                self._traces.remove(trace)
            self._ring("queue", run_id)

        await self._on(self._writes, job)

    async def share(self, run_id: str) -> Run:
        def job() -> Run:
            with self._writer.begin():
                self._writer.execute(sa.update(runs).where(runs.c.id == run_id).values(shared=True))
                run = run_of(row_with(self._writer, run_id))
            self._ring()
            return run

        return await self._on(self._writes, job)

    async def expire(self, before: str, max_bytes: int) -> int:
        def job() -> int:
            with self._writer.begin():
                found = expired(self._writer, before, max_bytes)
                traces = [forget(self._writer, run_id) for run_id in found]
            for trace in filter(None, traces):
                self._traces.remove(trace)
            self._ring(*found)
            return len(found)

        return await self._on(self._writes, job)

    def listen(self, topic: str) -> AbstractAsyncContextManager[Bell]:
        return self._bells.listen(topic)

    async def close(self) -> None:
        for thread in (self._files, self._reads, self._writes):
            # Jobs run in order: when this one has, all before it have.
            await self._on(thread, lambda: None)
            thread.shutdown(wait=False)
        await asyncio.to_thread(self._held.close)

    async def _read(self, work: Callable[[sa.Connection], T]) -> T:
        def job() -> T:
            with self._reader.begin():
                return work(self._reader)

        return await self._on(self._reads, job)

    async def _share(self, work: Callable[[sa.Connection], T], *what: object) -> T:
        """A read that all who ask for it before the next change share: a bell wakes many viewers at once."""
        key = (self._changes, *what)
        reading = self._shared.get(key)
        if reading is None:
            reading = self._shared[key] = asyncio.ensure_future(self._read(work))
            reading.add_done_callback(lambda _: self._shared.pop(key))
        result: T = await asyncio.shield(reading)  # who leaves must not end it for the others
        return result

    async def _on(self, thread: ThreadPoolExecutor, job: Callable[[], T]) -> T:
        try:
            return await self._loop.run_in_executor(thread, job)
        except (sqlite3.OperationalError, sa.exc.OperationalError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else getattr(error, "orig", error)
            raise Unavailable(f"the store can't be used: {reason}") from error

    def _ring(self, *topics: str) -> None:
        """From a writing job, after its commit: so the bell rings even if whoever asked for the job was cancelled."""
        self._loop.call_soon_threadsafe(self._moved, topics)

    def _moved(self, topics: tuple[str, ...]) -> None:
        for topic in topics:
            self._tails.pop(topic, None)
        self._changed(*topics)

    def _changed(self, *topics: str) -> None:
        self._changes += 1
        for topic in topics:
            self._bells.ring(topic)


def _open(data_dir: Path) -> tuple[sa.Connection, sa.Connection, Traces, ExitStack]:
    data_dir.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        lock = held.enter_context((data_dir / "lock").open("wb"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BlockingIOError(error.errno, "another process has this folder open", str(data_dir)) from None
        engine = sa.create_engine(sa.URL.create("sqlite", database=str(data_dir / "interleave.db")))
        held.callback(engine.dispose)
        sa.event.listen(engine, "connect", _configure)
        # The driver would begin a transaction only before the first write, and then a read would be no snapshot.
        sa.event.listen(engine, "begin", lambda db: db.exec_driver_sql("BEGIN"))
        writer, reader = (held.enter_context(engine.connect()) for _ in range(2))
        traces = Traces(data_dir / "traces")
        with writer.begin():
            _migrate(writer)
            traces.sweep(set(writer.execute(sa.select(runs.c.trace).where(runs.c.trace.is_not(None))).scalars()))
        return writer, reader, traces, held.pop_all()


def _migrate(db: sa.Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = db
    command.upgrade(config, "head")


def _configure(driver: Any, _record: object) -> None:
    driver.isolation_level = None
    # Some builds write zeros over all that is deleted, which for a log that is now a file costs as much as writing it.
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "secure_delete = FAST"):
        driver.execute(f"PRAGMA {pragma}")
