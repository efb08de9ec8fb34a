"""Waits that nobody could end any more: everybody who was left waited for somebody else."""

from __future__ import annotations

from app.core.findings.finding import (
    Finding,
    enumerated,
    full_name,
    is_lock,
    lines_of,
    named,
)
from app.core.findings.starved import Starved, explained, starved
from app.core.findings.waits import TOGETHER, Waits
from app.core.timeline import Lane, Span, Timeline
from app.tracer import wire

SETTLED_NS = 500_000_000
"""While a run is on, everybody must have waited so long."""
OUTSIDE = (wire.SLEEP, wire.IO)
HELPED = ("to_thread", "run_in_executor")
"""Futures of tasks that a thread works for: it is the thread that waits in vain."""

ENDERS = {
    wire.LOCK: "let it go",
    wire.RLOCK: "let it go",
    wire.CONDITION: "notify it",
    wire.SEMAPHORE: "release it",
    wire.EVENT: "set it",
    wire.BARRIER: "come to it",
    wire.FUTURE: "set it",
    wire.PIPE: "send",
}


def hopeless(waits: Waits) -> list[Finding]:
    """One finding for each thing that was waited for when nobody was left who could have ended the wait.

    Inferred: signals, and threads that only C code knows, can't be seen.
    """
    timeline = waits.timeline
    left = [
        (lane, lane.spans[-1])
        for lane in timeline.lanes.values()
        if lane.spans and not lane.internal and (lane.ending == wire.UNFINISHED or lane.end_ns < 0)
    ]
    if any(may_act(waits, lane, span) for lane, span in left):
        return []
    groups: dict[int, list[Span]] = {}
    weak: dict[int, list[Span]] = {}
    for lane, span in left:
        if lane.kind == wire.PROCESS or span.state != wire.WAITING or waits.is_loop(span.on):
            continue
        resource = timeline.resources[span.on]
        follows = resource.kind == wire.EXECUTOR or waits.needs(lane, timeline.end_ns - 1)
        mirror = lane.kind == wire.THREAD and waits.acting(lane, span) != lane.id
        if not follows and not mirror and resource.name not in TOGETHER:
            helped = resource.kind == wire.FUTURE and resource.name in HELPED
            (weak if helped else groups).setdefault(span.on, []).append(span)
    if not timeline.over and any(timeline.end_ns - span.start_ns < SETTLED_NS for _, span in left):
        return []
    hungry = starved(waits, {lane.id: span for lane, span in left})
    if hungry:
        groups, weak = (_without(timeline, hungry, group) for group in (groups, weak))
    found = [explained(waits, each) for each in hungry]
    return found + [_finding(waits, resource, spans) for resource, spans in (groups or weak).items()]


def _without(timeline: Timeline, hungry: list[Starved], group: dict[int, list[Span]]) -> dict[int, list[Span]]:
    """What is left of these waits without those that are taken to be for jobs of executors that starve."""
    executors = {each.executor for each in hungry}
    askers = {job.submitter for job in timeline.jobs.values() if job.executor in executors}
    return {
        number: spans
        for number, spans in group.items()
        if timeline.resources[number].kind != wire.FUTURE or not askers.issuperset(span.lane for span in spans)
    }


def may_act(waits: Waits, lane: Lane, span: Span) -> bool:
    """Whether this lane can go on without another one that we see."""
    timeline = waits.timeline
    if lane.kind == wire.PROCESS:
        return not lane.children  # what is no Python, or has told nothing yet
    if lane.kind == wire.TASK and waits.blocker(lane, timeline.end_ns - 1):
        return False
    if span.state != wire.WAITING:
        return True
    resource = timeline.resources.get(span.on)
    if resource is None or span.limited:
        return True
    return resource.kind in OUTSIDE and not waits.is_loop(span.on)


def _finding(waits: Waits, number: int, spans: list[Span]) -> Finding:
    timeline = waits.timeline
    names = [full_name(timeline, timeline.lanes[span.lane]) for span in spans]
    need = needed(timeline, number)
    holder = last_holder(waits, number)
    what = {"item": "an item in ", "room": "room in ", "": ""}[need] + named(timeline, number)
    doing = {"item": "put one", "room": "take one out", "": ENDERS.get(timeline.resources[number].kind, "end that")}
    ended = f"nobody is left to {doing[need]}"
    if holder:
        ended = f"{full_name(timeline, timeline.lanes[holder])} has ended without letting it go"
    return Finding(
        kind="nobody_can_wake",
        title=f"{enumerated(names)} {'waits' if len(names) == 1 else 'wait'} for {what}: {ended}",
        lanes=tuple(span.lane for span in spans),
        resources=(number,),
        from_ns=min(span.start_ns for span in spans),
        to_ns=timeline.end_ns,
        lines=tuple(dict.fromkeys(lines_of(timeline, spans))),
        inferred=True,
        details={"need": need or None, "holder": holder or None},
    )


def needed(timeline: Timeline, number: int) -> str:
    """What is missing in a queue whose depth is known: an item, or room for one."""
    if timeline.resources[number].kind != wire.QUEUE:
        return ""
    levels = [value for resource, _, value in timeline.levels if resource == number]
    return ("room" if levels[-1] > 0 else "item") if levels else ""


def last_holder(waits: Waits, number: int) -> int:
    """The lane that held this lock until it ended; 0 if none did."""
    if not is_lock(waits.timeline.resources.get(number)) or number not in waits.holds:
        return 0
    last = max(waits.holds[number], key=lambda hold: hold.end_ns)
    lane = waits.timeline.lanes[last.lane]
    return lane.id if lane.ending != wire.UNFINISHED and last.end_ns >= lane.end_ns >= 0 else 0
