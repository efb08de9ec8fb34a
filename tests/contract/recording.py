"""Programs run for real: sandbox, tracer, recorder and store, without a server."""

from __future__ import annotations

import asyncio
import fnmatch
from dataclasses import dataclass
from pathlib import Path

from app.core.event import Chunk, unpack_all
from app.core.fold import fold
from app.core.run import Limits, Program, Python, Run
from app.core.timeline import RESOURCES, Lane, Span, Timeline
from app.recorder import Recorder
from app.sandbox import Sandbox
from app.sandbox.bubblewrap import Bubblewrap
from app.sandbox.gvisor import Gvisor
from app.store import Submission
from app.store.memory import MemoryStore
from app.tracer import wire
from tests.hostile.suite import Warmed

BOXES = 4
AMPLE = Limits(wall_ns=60_000_000_000, cpu_ns=60_000_000_000)


@dataclass(frozen=True)
class Job:
    """What to run, on which interpreter."""

    source: str
    python: Python
    limits: Limits = AMPLE


@dataclass(frozen=True)
class Recorded:
    """A run and what it showed."""

    run: Run
    chunks: list[Chunk]
    timeline: Timeline

    def lanes(self, kind: int) -> list[Lane]:
        """The program's own lanes of this kind, in order of their numbers."""
        lanes = sorted(self.timeline.lanes.values(), key=lambda lane: lane.id)
        return [lane for lane in lanes if lane.kind == kind and not lane.internal]

    def waits(self, name: str, kind: str) -> list[Span]:
        """The waits of the lanes so named (a shell pattern) on a resource of this kind."""
        resources = self.timeline.resources
        return [
            span
            for lane in self.timeline.lanes.values()
            if fnmatch.fnmatchcase(lane.name, name)
            for span in lane.spans
            if span.state == wire.WAITING and span.on in resources and RESOURCES[resources[span.on].kind] == kind
        ]

    def printed(self) -> list[str]:
        """Standard output, line by line."""
        return "".join(text for _, _, stream, text, _ in self.timeline.output if stream == 1).splitlines()

    def printed_by(self, lane: Lane) -> list[str]:
        """What this lane printed on standard output, line by line."""
        said = [text for _, owner, stream, text, _ in self.timeline.output if stream == 1 and owner == lane.id]
        return "".join(said).splitlines()


def record(
    jobs: list[Job], folder: Path, *, warm: bool = False, backend: type[Bubblewrap | Gvisor] = Bubblewrap
) -> list[Recorded]:
    """Run all of them, a few at a time; in boxes that were warm."""
    return asyncio.run(_record(jobs, folder, backend, warm=warm))


async def _record(jobs: list[Job], folder: Path, backend: type[Bubblewrap | Gvisor], *, warm: bool) -> list[Recorded]:
    store = MemoryStore()
    behind = backend(tuple({job.python.id: job.python for job in jobs}.values()), folder, boxes=BOXES)
    sandbox: Sandbox = Warmed(behind) if warm else behind
    found = []
    try:
        async with asyncio.TaskGroup() as group:
            recording = group.create_task(Recorder(store, sandbox, boxes=BOXES).run_forever())
            ids = [f"{number:012}" for number in range(len(jobs))]
            for run_id, job in zip(ids, jobs, strict=True):
                submission = Submission(Program(job.source), job.python, job.limits, sandbox.name, owner="tests")
                await store.submit(submission, run_id, "", "2026-01-01T00:00:00Z")
            for run_id in ids:
                async with store.listen(run_id) as bell:
                    while (run := await store.run(run_id)).outcome is None:
                        await bell.wait()
                stored = await store.chunks(run_id, limit_bytes=1 << 30)
                chunks = [chunk for _, data in stored for chunk in unpack_all(data)]
                found.append(Recorded(run, chunks, fold(chunks, run.wall_ns)))
            recording.cancel()
    finally:
        await sandbox.close()
    return found
