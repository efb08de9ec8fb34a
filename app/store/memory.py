"""Runs in memory, gone with the process: the store of tests and trials."""

from __future__ import annotations

import hmac
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from itertools import islice

from app.core.errors import DeletedRun, Fenced, Forbidden, NotYet, UnknownRun
from app.core.run import Dropped, Outcome, Program, Run, State
from app.store import EXPIRED_AT_ONCE, Bell, Lease, Submission
from app.store.bell import Bells
from app.store.page import page


@dataclass(slots=True)
class _Entry:
    run: Run
    program: Program
    owner: str
    token_hash: str
    claimed: int = 0
    log: list[bytes] = field(default_factory=list)

    @property
    def stored(self) -> int:
        """How many bytes the program and the trace take."""
        return len(self.program.source.encode()) + sum(map(len, self.log))


class MemoryStore:
    """Every method is one step of the event loop, and so alone."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._deleted: set[str] = set()
        self._bells = Bells()
        self._claims = 0

    async def submit(self, submission: Submission, run_id: str, token_hash: str, created: str) -> Run:
        run = submission.queued(run_id, created)
        if run.parent is not None:
            self._entry(run.parent)
        self._entries[run_id] = _Entry(run, submission.program, submission.owner, token_hash)
        self._bells.ring("queue")
        return run

    async def run(self, run_id: str) -> Run:
        return self._entry(run_id).run

    async def recent(self, ids: list[str]) -> list[Run]:
        return [self._entries[run_id].run for run_id in ids if run_id in self._entries]

    async def source(self, run_id: str) -> Program:
        return self._entry(run_id).program

    async def queue(self) -> dict[str, list[str]]:
        running = [entry.owner for entry in self._in(State.running)]
        served = {entry.owner: entry.claimed for entry in sorted(self._entries.values(), key=lambda e: e.claimed)}
        by_owner: dict[str, list[str]] = {}
        for entry in self._in(State.queued):
            by_owner.setdefault(entry.owner, []).append(entry.run.id)
        # Sorting keeps the order of equals: the oldest first.
        return dict(sorted(by_owner.items(), key=lambda item: (running.count(item[0]), served[item[0]])))

    async def claim(self) -> Lease | None:
        queue = await self.queue()
        if not queue:
            return None
        entry = self._entries[next(iter(queue.values()))[0]]
        self._claims += 1
        entry.claimed = self._claims
        entry.log = []
        entry.run = replace(entry.run, state=State.running, epoch=entry.run.epoch + 1, events=0)
        self._ring("queue", entry.run.id)
        return Lease(entry.run, entry.run.epoch)

    async def append(self, lease: Lease, seq: int, chunk: bytes, events: int) -> None:
        entry = self._held(lease)
        if seq == len(entry.log) + 1:
            entry.log.append(chunk)
            entry.run = replace(entry.run, events=entry.run.events + events)
            self._ring(entry.run.id)
        elif entry.log[seq - 1 : seq] != [chunk]:
            raise ValueError(f"chunk {seq} of run {entry.run.id} does not follow chunk {len(entry.log)}")

    async def finish(
        self, lease: Lease, outcome: Outcome, *, wall_ns: int, cpu_ns: int, dropped: Dropped, events: int
    ) -> None:
        entry = self._held(lease)
        entry.run = replace(
            entry.run,
            state=State.finished,
            outcome=outcome,
            wall_ns=wall_ns,
            cpu_ns=cpu_ns,
            dropped=dropped,
            events=events,
        )
        self._ring(entry.run.id)

    async def discard(self, run_id: str, outcome: Outcome) -> bool:
        entry = self._entry(run_id)
        if entry.run.state is not State.queued:
            return False
        entry.run = replace(entry.run, state=State.finished, outcome=outcome)
        self._ring("queue", run_id)
        return True

    async def lose(self, run_id: str) -> None:
        entry = self._entry(run_id)
        if entry.run.state is State.running:
            entry.run = replace(entry.run, state=State.lost)
            self._ring(run_id)

    async def unfinished(self) -> list[Run]:
        return [entry.run for entry in self._in(State.running)]

    async def news(
        self, run_id: str, after: int = 0, limit_bytes: int = 1 << 20
    ) -> tuple[Run, list[tuple[int, bytes]]]:
        entry = self._entry(run_id)
        return entry.run, page(enumerate(islice(entry.log, after, None), after + 1), limit_bytes)

    async def chunks(self, run_id: str, after: int = 0, limit_bytes: int = 1 << 20) -> list[tuple[int, bytes]]:
        return (await self.news(run_id, after, limit_bytes))[1]

    async def last(self, run_id: str) -> int:
        return len(self._entry(run_id).log)

    async def delete(self, run_id: str, token_hash: str) -> None:
        entry = self._entry(run_id)
        if not hmac.compare_digest(entry.token_hash.encode(), token_hash.encode()):
            raise Forbidden("this token does not allow to delete the run")
        if entry.run.state is State.running:
            raise NotYet(f"run {run_id} is running: stop it first")
        del self._entries[run_id]
        self._deleted.add(run_id)
        self._ring("queue", run_id)

    async def share(self, run_id: str) -> Run:
        entry = self._entry(run_id)
        entry.run = replace(entry.run, shared=True)
        return entry.run

    async def expire(self, before: str, max_bytes: int) -> int:
        ended = [entry for entry in self._entries.values() if entry.run.state in (State.finished, State.lost)]
        found = [entry for entry in ended if entry.run.created < before and not entry.run.shared]
        excess = sum(entry.stored for entry in self._entries.values()) - max_bytes
        for entry in sorted(ended, key=lambda entry: entry.run.shared) if not found else ():
            if excess <= 0:
                break
            excess -= entry.stored
            found.append(entry)
        found = found[:EXPIRED_AT_ONCE]
        for entry in found:
            del self._entries[entry.run.id]
            self._deleted.add(entry.run.id)
            self._ring(entry.run.id)
        return len(found)

    def listen(self, topic: str) -> AbstractAsyncContextManager[Bell]:
        return self._bells.listen(topic)

    async def close(self) -> None:
        self._entries.clear()

    def _entry(self, run_id: str) -> _Entry:
        if run_id in self._deleted:
            raise DeletedRun(f"run {run_id} was deleted")
        if run_id not in self._entries:
            raise UnknownRun(f"there is no run {run_id}")
        return self._entries[run_id]

    def _held(self, lease: Lease) -> _Entry:
        entry = self._entries.get(lease.run.id)
        if entry is None or entry.run.state is not State.running or entry.run.epoch != lease.epoch:
            raise Fenced(f"run {lease.run.id} is not written under epoch {lease.epoch} any more")
        return entry

    def _in(self, state: State) -> list[_Entry]:
        """The entries of runs in this state, oldest first."""
        return [entry for entry in self._entries.values() if entry.run.state is state]

    def _ring(self, *topics: str) -> None:
        for topic in topics:
            self._bells.ring(topic)
