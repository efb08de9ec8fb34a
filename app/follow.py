"""The read side: everything about a run from a cursor on, until there is no more.

A live viewer, a late joiner, a reconnect and a replay are this one loop over the stored log. It listens before it
reads, so that what comes in between is read or rings.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from app.core.run import Run, State
from app.store import Store


@dataclass(frozen=True, slots=True)
class Changed:
    """The run as it is now: first of all, and whenever its state has changed."""

    run: Run


@dataclass(frozen=True, slots=True)
class Chunks:
    """The next chunks, as (seq, bytes), without a gap."""

    chunks: list[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Reset:
    """The run was begun anew: forget the chunks so far, they start again from 1."""

    run: Run


Step = Changed | Chunks | Reset


async def follow(store: Store, run_id: str, after: int = 0) -> AsyncGenerator[Step, None]:
    """What happens to a run after chunk `after`; it ends when the run has and every chunk was given.

    A run's new state may be given before its last chunks. However slow the consumer, no more than one step is held for
    it. Raises UnknownRun, and DeletedRun also in the middle. Leave it early through `contextlib.aclosing`.
    """
    async with store.listen(run_id) as bell:
        run = await store.run(run_id)
        yield Changed(run)
        while True:
            before = run
            run, chunks = await store.news(run_id, after)
            if run.epoch != before.epoch and before.epoch:
                after = 0
                yield Reset(run)
                continue
            if run.state != before.state or run.epoch != before.epoch:
                yield Changed(run)
            if chunks:
                after = chunks[-1][0]
                yield Chunks(chunks)
            elif run.state in (State.finished, State.lost):
                return
            else:
                await bell.wait()
