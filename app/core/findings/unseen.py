"""What went wrong without anybody's looking: errors, coroutines and lanes that ended unnoticed."""

from __future__ import annotations

from app.core.findings.finding import MAIN_THREAD, Finding, full_name, line_of
from app.core.findings.waits import Waits
from app.core.timeline import MARKS, STATES, Lane, Timeline, process_of
from app.tracer import wire

UNSEEN = {
    wire.NEVER_RETRIEVED: "nobody looked at its exception: ",
    wire.NEVER_AWAITED: "",
    wire.FAILED_START: "it failed to start: ",
}
IDLE = (wire.CONDITION, wire.SEMAPHORE, wire.EVENT, wire.BARRIER, wire.QUEUE, wire.PIPE, wire.EXECUTOR, wire.FUTURE)
"""What a daemon waits on that waits to be given work: cutting it off there is how it is meant."""


def unseen(waits: Waits) -> list[Finding]:
    """Exceptions and coroutines that nobody looked at, and daemons that were cut off in the middle of something."""
    timeline = waits.timeline
    found = []
    for number, t, kind, text, place in timeline.marks:
        lane = timeline.lanes.get(number)
        if lane is None:
            continue
        line = line_of(timeline, place)
        if kind == wire.EXCEPTION and ended_alone(timeline, lane):
            name, said = "exception", "it ended by an exception, and nothing else noticed: "
        elif kind in UNSEEN:
            name, said = MARKS[kind], UNSEEN[kind]
        else:
            continue
        lines = (line,) if line else ()
        title = f"{full_name(timeline, lane)}: {said}{text}"
        found.append(Finding(name, title, (number,), t, t, lines=lines, details={"text": text}))
    return found + [_cut_off(timeline, lane) for lane in timeline.lanes.values() if was_cut_off(waits, lane)]


def ended_alone(timeline: Timeline, lane: Lane) -> bool:
    """Whether an exception ended this thread, or the main thread of a child process: nobody is told of that."""
    if lane.kind != wire.THREAD or lane.ending != wire.RAISED or lane.internal:
        return False
    return lane.name != MAIN_THREAD or process_of(timeline, lane).parent in timeline.lanes


def was_cut_off(waits: Waits, lane: Lane) -> bool:
    """Whether the end of its process, or for a process of its parent, cut this daemon off while it did something."""
    timeline = waits.timeline
    if lane.internal or lane.ending != wire.KILLED:
        return False
    if lane.kind == wire.THREAD:
        process = process_of(timeline, lane)
        return (
            lane.name != MAIN_THREAD
            and process.ending in (wire.RETURNED, wire.RAISED, wire.EXITED)
            and busy(timeline, lane)
        )
    if lane.kind != wire.PROCESS or lane.parent not in timeline.lanes:
        return False
    return joined_at_exit(waits, lane) and busy(timeline, acting(timeline, lane))


def acting(timeline: Timeline, lane: Lane) -> Lane:
    """The lane that says what this one does: a process's main thread, if it has got so far."""
    inside = [timeline.lanes[number] for number in lane.children] if lane.kind == wire.PROCESS else []
    return next((child for child in inside if child.name == MAIN_THREAD), lane)


def busy(timeline: Timeline, lane: Lane) -> bool:
    """Whether the lane's last stay was more than a wait for work."""
    if not lane.spans:
        return False
    last = lane.spans[-1]
    return last.state != wire.WAITING or getattr(timeline.resources.get(last.on), "kind", 0) not in IDLE


def joined_at_exit(waits: Waits, process: Lane) -> bool:
    """Whether its parent waited for it when no code of the program's was left to run: multiprocessing had ended it."""
    timeline = waits.timeline
    for number in timeline.lanes[process.parent].children:
        span = waits.span(timeline.lanes[number], process.end_ns)
        resource = timeline.resources.get(span.on) if span is not None else None
        if span is not None and resource is not None and resource.target == process.id:
            return line_of(timeline, span.place) == 0
    return False


def _cut_off(timeline: Timeline, lane: Lane) -> Finding:
    doing = acting(timeline, lane)
    last = doing.spans[-1]
    line = line_of(timeline, last.place)
    where = f" on line {line}" if line else ""
    whose = "its parent" if lane.kind == wire.PROCESS else "its process"
    return Finding(
        kind="daemon_cut_off",
        title=f"{full_name(timeline, lane)} was still busy{where} when {whose} ended, and was cut off",
        lanes=(doing.id,),
        from_ns=last.start_ns,
        to_ns=lane.end_ns,
        resources=(last.on,) if last.on in timeline.resources else (),
        lines=(line,) if line else (),
        inferred=lane.kind == wire.PROCESS,
        details={"state": STATES[last.state], "process": lane.kind == wire.PROCESS},
    )
