"""The seam between Interleave and where runs live: runs, their append-only log of chunks, blobs, and a doorbell."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from app.core.run import Dropped, Limits, Outcome, Program, Python, Run, State


@dataclass(frozen=True, slots=True)
class Submission:
    """What is asked for; `owner` is an opaque key of the client, for fairness and quota."""

    program: Program
    python: Python
    limits: Limits
    sandbox: str
    owner: str
    example: str | None = None
    parent: str | None = None

    def queued(self, run_id: str, created: str) -> Run:
        """The run that it becomes."""
        return Run(
            id=run_id,
            state=State.queued,
            created=created,
            program=self.program.digest,
            python=self.python,
            limits=self.limits,
            sandbox=self.sandbox,
            example=self.example,
            parent=self.parent,
        )


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one run: `epoch` fences every append and the finish."""

    run: Run
    epoch: int


EXPIRED_AT_ONCE = 50
"""How many runs one `expire` deletes at most: others are to be written in between."""


def place(queue: dict[str, list[str]], run_id: str) -> int | None:
    """The run's place in the queue, from 1, if every owner gets one turn after the other; None if it is not queued."""
    ahead = 0
    turn = next((ids.index(run_id) for ids in queue.values() if run_id in ids), None)
    if turn is None:
        return None
    for ids in queue.values():
        if run_id in ids:
            break
        ahead += len(ids) > turn
    return ahead + sum(min(len(ids), turn) for ids in queue.values()) + 1


class Bell(Protocol):
    """A subscription to one doorbell; it tells "there is more", nothing else."""

    async def wait(self) -> None:
        """Return once something was rung since the last `wait` (or since the subscription)."""
        ...


class Store(Protocol):
    """Runs, their logs, sources and traces. Every method may be called from many tasks at once.

    Ids of runs that never were raise UnknownRun, of deleted ones DeletedRun. Any method may raise Unavailable; what was
    to be done under a lease is then done again.
    """

    async def submit(self, submission: Submission, run_id: str, token_hash: str, created: str) -> Run:
        """Store a queued run under this new id with its source, and ring the queue's bell. `parent` must exist."""
        ...

    async def run(self, run_id: str) -> Run:
        """The run as it stands."""
        ...

    async def recent(self, ids: list[str]) -> list[Run]:
        """Those of these runs that still exist, in the order asked."""
        ...

    async def source(self, run_id: str) -> Program:
        """The run's program."""
        ...

    async def queue(self) -> dict[str, list[str]]:
        """Ids of queued runs by owner, oldest first, and the owners as `claim` would serve them."""
        ...

    async def claim(self) -> Lease | None:
        """The next queued run, now running under a new epoch; None when nothing is queued.

        Fair between owners: first whose fewest runs are running, then who was served longest ago, then the oldest.
        """
        ...

    async def append(self, lease: Lease, seq: int, chunk: bytes, events: int) -> None:
        """Append chunk `seq` (the first is 1) and ring the run's bell.

        The same chunk again is harmless; a gap, or other bytes under the same number, is a ValueError. Raises Fenced
        when the lease is void.
        """
        ...

    async def finish(
        self, lease: Lease, outcome: Outcome, *, wall_ns: int, cpu_ns: int, dropped: Dropped, events: int
    ) -> None:
        """The only commit point: the run is finished and its log sealed into one blob. Raises Fenced.

        Call it after every append has returned; it survives the death of the process from then on.
        """
        ...

    async def discard(self, run_id: str, outcome: Outcome) -> bool:
        """Finish a run that is still queued (it was stopped before it began); False if it is not queued any more."""
        ...

    async def lose(self, run_id: str) -> None:
        """Mark a running run lost; what was recorded stays readable. A run in another state is left alone."""
        ...

    async def unfinished(self) -> list[Run]:
        """Runs that the store believes to be running: after a restart nobody writes them any more."""
        ...

    async def news(
        self, run_id: str, after: int = 0, limit_bytes: int = 1 << 20
    ) -> tuple[Run, list[tuple[int, bytes]]]:
        """The run and its chunks after this cursor, both as they stood at one moment; otherwise as `chunks`."""
        ...

    async def chunks(self, run_id: str, after: int = 0, limit_bytes: int = 1 << 20) -> list[tuple[int, bytes]]:
        """Stored chunks after this cursor, as (seq, bytes) in order, at least one if there is one; [] past the end.

        Raises DamagedTrace when what was stored cannot be read back.
        """
        ...

    async def last(self, run_id: str) -> int:
        """The last chunk's number, 0 if there is none."""
        ...

    async def delete(self, run_id: str, token_hash: str) -> None:
        """Delete a run and whatever only it referred to: its source, its trace.

        Raises Forbidden for a wrong token, NotYet while the run is running: it must be stopped first.
        """
        ...

    async def share(self, run_id: str) -> Run:
        """Keep the run whatever its age: its link was given to somebody."""
        ...

    async def expire(self, before: str, max_bytes: int) -> int:
        """Delete a few ended runs that are too many; returns how many, 0 when there is nothing left to delete.

        Those are the runs created before this (RFC 3339) that are not shared, and when all that is stored takes more
        than `max_bytes`, also others, the oldest first and shared ones last.
        """
        ...

    def listen(self, topic: str) -> AbstractAsyncContextManager[Bell]:
        """A bell for a run's id (a chunk, another state, deleted), or for "queue" (a run came or went).

        Subscribe first, then read, so that nothing is missed.
        """
        ...

    async def close(self) -> None:
        """Flush and close."""
        ...
