"""What the suites about stores say often."""

from __future__ import annotations

from app.core.run import Dropped, Kind, Limits, Outcome, Program, Python, Run
from app.store import Lease, Store, Submission

PYTHON = Python("3.12", "3.12.1", free_threaded=False, executable="/usr/bin/python3.12")
COMPLETED = Outcome(Kind.completed, exit_code=0)
STOPPED = Outcome(Kind.stopped, detail="stopped before it began")


async def submit(
    store: Store, run_id: str, *, owner: str = "ann", source: str = "print(1)", parent: str | None = None
) -> Run:
    submission = Submission(Program(source), PYTHON, Limits(wall_ns=1), "local", owner, "clocks", parent)
    return await store.submit(submission, run_id, f"token of {run_id}", "2025-01-02T03:04:05Z")


async def begin(store: Store, run_id: str = "run", chunks: tuple[bytes, ...] = (), **more: str) -> Lease:
    """A running run with these chunks."""
    await submit(store, run_id, **more)
    lease = await store.claim()
    assert lease is not None
    assert lease.run.id == run_id
    for seq, chunk in enumerate(chunks, 1):
        await store.append(lease, seq, chunk, events=10)
    return lease


async def finish(store: Store, lease: Lease, outcome: Outcome = COMPLETED) -> None:
    await store.finish(lease, outcome, wall_ns=7, cpu_ns=5, dropped=Dropped(events=2, output_bytes=3), events=11)
