"""The fold of jobs (docs/trace-format.md, "The fold"): who submitted each, who ran it and how it ended."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.core.timeline import Job, Link, Timeline
from app.tracer import wire

ENDED_BY_ITSELF = (wire.DONE + wire.RETURNED, wire.DONE + wire.RAISED)
RUNS = (wire.BEGAN, *ENDED_BY_ITSELF)
"""What is said of a job by the lane that runs it, and that it runs from then on."""


@dataclass(slots=True)
class Jobs:
    """Takes JOB events, in order of time, into a timeline's jobs and levels."""

    timeline: Timeline
    calls: dict[tuple[int, int], tuple[int, int, bool]] = field(default_factory=dict)
    """By executor and number: the function's place, the submitting one, and whether the call has parts."""
    backlog: dict[int, int] = field(default_factory=dict)

    def tell(self, t: float, lane: int, what: int, executor: int, number: int, by: int, place: int) -> int:
        """One event. Gives the place of the function that the lane now runs, if there is one."""
        if what in (wire.SUBMITTED, wire.IN_PARTS):
            self.calls[executor, number] = by, place, what == wire.IN_PARTS
            if what == wire.SUBMITTED:
                self.submitted(self.job(executor, number, 0), t, lane)
            return 0
        job = self.job(executor, number, by)
        if what == wire.PART:
            job.items = place
            self.submitted(job, t, lane)
        elif what == wire.BEGAN and job.start_ns < 0:
            self.leaves(job, t)
            job.lane, job.start_ns = lane, t
            return self.calls.get((executor, number), (0, 0, False))[0]
        elif what == wire.DELIVERED:
            self.timeline.delivered.setdefault(lane, []).append((t, job))
        elif what > wire.DONE:
            self.leaves(job, t)
            job.end_ns, job.ending = t, what - wire.DONE
        return 0

    def job(self, executor: int, number: int, part: int) -> Job:
        found = self.timeline.jobs.get((executor, number, part))
        if found is None:
            found = self.timeline.jobs[executor, number, part] = Job(executor, number, part)
        return found

    def submitted(self, job: Job, t: float, lane: int) -> None:
        if job.submitted_ns < 0:
            job.submitter, job.submitted_ns = lane, t
            self.level(job, t, 1)

    def leaves(self, job: Job, t: float) -> None:
        """The job waits no longer, if it did."""
        if job.submitted_ns >= 0 and job.start_ns < 0 and not job.ending:
            self.level(job, t, -1)

    def level(self, job: Job, t: float, more: int) -> None:
        self.backlog[job.executor] = self.backlog.get(job.executor, 0) + more
        self.timeline.levels.append((job.executor, t, float(self.backlog[job.executor])))

    def close(self, *, over: bool) -> None:
        """When the rest is closed: what a call says of all its parts, and the ends of what was left open."""
        for job in self.timeline.jobs.values():
            job.place, job.where, job.is_part = self.calls.get((job.executor, job.number), (0, 0, False))
            if job.start_ns >= 0 and not job.ending:
                lane = self.timeline.lanes[job.lane]
                cut = lane.end_ns >= job.start_ns and lane.ending != wire.UNFINISHED
                job.end_ns = lane.end_ns if cut else self.timeline.end_ns
                job.ending = wire.KILLED if cut else wire.UNFINISHED if over else 0


def job_links(timeline: Timeline) -> Iterator[Link]:
    """From each job's submission to its start."""
    for job in timeline.jobs.values():
        if job.submitter and job.lane and job.submitted_ns <= job.start_ns:
            yield Link("item", job.submitter, job.submitted_ns, job.lane, job.start_ns, job.executor)


def delivered(timeline: Timeline, lane: int, t: float, since: float | None) -> tuple[int, float]:
    """Who caused what this lane did at t, and when: for a lane that brings results, the one whose job ended.

    With `since`, what it brought is not just what it did it by: then only if it brought one since that time.
    """
    found = timeline.delivered.get(lane, [])
    at = bisect_right(found, t, key=lambda entry: entry[0]) - 1
    if at < 0 or (since is not None and (found[at][0] <= since or (at > 0 and found[at - 1][0] > since))):
        return lane, t
    job = found[at][1]
    return (job.lane, job.end_ns) if job.lane and 0 <= job.end_ns <= t else (lane, t)
