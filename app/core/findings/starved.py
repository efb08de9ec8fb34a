"""Executors that starve themselves: every worker is in a job that waits for one that stands in the queue behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.core.findings.finding import Finding, enumerated, full_name, lines_of, named
from app.core.findings.waits import Waits
from app.core.timeline import Job, Span
from app.tracer import wire

MOST_REACHED = 1000
"""So many lanes are looked at: a hostile trace must not take long."""


@dataclass(slots=True)
class Starved:
    """An executor's jobs that no worker has begun, and its workers' waits."""

    executor: int
    queued: list[Job]
    spans: list[Span] = field(default_factory=list)

    @property
    def lanes(self) -> tuple[int, ...]:
        """The workers."""
        return tuple(span.lane for span in self.spans)


def starved(waits: Waits, left: dict[int, Span]) -> list[Starved]:
    """Of the executors whose workers are among the lanes that are left waiting, those that starve.

    Which job's future one waits for is not known: a job that a worker, or what it waits for, has submitted to its own
    executor, and that stands in the queue, is taken to be it.
    """
    queued: dict[int, list[Job]] = {}
    inside: dict[int, list[Job]] = {}
    for job in waits.timeline.jobs.values():
        if job.start_ns < 0 and not job.ending:
            queued.setdefault(job.executor, []).append(job)
        elif job.ending in (0, wire.UNFINISHED):
            inside.setdefault(job.executor, []).append(job)
    found = []
    awaited = {span.on for span in left.values()}
    for executor, jobs in queued.items():
        workers = list(dict.fromkeys(job.lane for job in inside.get(executor, [])))
        spans = [left[number] for number in workers if number in left and _on_future(waits, left[number])]
        if not spans or len(spans) < len(workers) or executor in awaited:
            continue
        if _reached(waits, workers) & {job.submitter for job in jobs}:
            found.append(Starved(executor, jobs, spans))
    return found


def _on_future(waits: Waits, span: Span) -> bool:
    resource = waits.timeline.resources.get(span.on)
    return span.state == wire.WAITING and resource is not None and resource.kind == wire.FUTURE


def _reached(waits: Waits, workers: list[int]) -> set[int]:
    """These lanes and what they need to go on."""
    pending, found = list(workers), set(workers)
    while pending and len(found) < MOST_REACHED:
        lane = waits.timeline.lanes.get(pending.pop())
        for need in waits.needs(lane, waits.timeline.end_ns - 1) if lane is not None else ():
            pending += set(need.lanes) - found
            found |= set(need.lanes)
    return found


def explained(waits: Waits, starved: Starved) -> Finding:
    """What to say of an executor that starves."""
    timeline = waits.timeline
    names = [full_name(timeline, timeline.lanes[number]) for number in starved.lanes]
    doing = "waits for a job" if len(names) == 1 else "wait for jobs"
    return Finding(
        kind="nobody_can_wake",
        title=f"{enumerated(names)} {doing} in the queue of {named(timeline, starved.executor)}: "
        "no worker is left to run what stands there",
        lanes=starved.lanes,
        resources=(starved.executor, *dict.fromkeys(span.on for span in starved.spans)),
        from_ns=max(span.start_ns for span in starved.spans),
        to_ns=timeline.end_ns,
        lines=tuple(dict.fromkeys(lines_of(timeline, starved.spans))),
        inferred=True,
        details={"need": "worker", "holder": None, "queued": len(starved.queued)},
    )
