"""Event loops that were kept from going on by a step that took long."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from app.core.findings.finding import Finding, enumerated, full_name, line_of
from app.core.findings.waits import Waits
from app.core.timeline import Lane, Span, Timeline
from app.tracer import wire

BLOCKED_NS = 50_000_000
"""A step of a task that lasts so long keeps its event loop from the others: people notice, servers time out."""
SOON_NS = 10_000_000
"""What a loop wakes so soon after a long step, without having rested, was due by then."""
LEAST_BUSY = 0.5
"""Of BLOCKED_NS: a step with less CPU time and blocking calls in it waited for the machine, or for the GIL."""
TIMED = (wire.SLEEP, wire.IO, wire.FUTURE)
"""Waits of a task that its loop ends by itself, when a time has come or a descriptor is ready."""


def blocked_loops(waits: Waits) -> list[Finding]:
    """Every step of BLOCKED_NS or more during which another task could have gone on.

    Observed where that was ready all the while. Inferred where it was found due right after the step: since when, only
    the loop could have seen.
    """
    found = []
    for thread in waits.timeline.lanes.values():
        tasks = [waits.timeline.lanes[number] for number in thread.children]
        tasks = [task for task in tasks if task.kind == wire.TASK]
        if thread.kind != wire.THREAD or len(tasks) < 2:
            continue
        blocks = {(span.start_ns, span.on) for span in thread.spans if span.state == wire.WAITING}
        steps = [step for task in tasks for step in _steps(task, blocks) if _busy(thread, step)]
        steps.sort(key=lambda step: step[0].start_ns)
        if not steps:
            continue
        ready, due = _ready(tasks), _due(waits, thread, tasks, steps)
        for step in steps:
            start, end = step[0].start_ns, step[-1].end_ns
            kept = [span.lane for span in ready if min(end, span.end_ns) - max(start, span.start_ns) >= BLOCKED_NS]
            seen = [number for number in dict.fromkeys(kept) if number != step[0].lane]
            late = [number for number in due.get(start, []) if number not in seen and number != step[0].lane]
            if seen or late:
                found.append(_finding(waits.timeline, thread, step, seen + late, inferred=not seen))
    return found


def _steps(task: Lane, blocks: set[tuple[float, int]]) -> Iterator[list[Span]]:
    """The task's long steps: spans in which it runs or blocks its thread, which then waits for the same."""
    step: list[Span] = []
    for span in [*task.spans, None]:
        if span is not None and (
            span.state == wire.RUNNING or (span.state == wire.WAITING and (span.start_ns, span.on) in blocks)
        ):
            step.append(span)
        else:
            if step and step[-1].end_ns - step[0].start_ns >= BLOCKED_NS:
                yield step
            step = []


def _busy(thread: Lane, step: list[Span]) -> bool:
    """Whether it was the step that took so long, and not the machine, as far as looks at its thread's CPU time tell."""
    busy = sum(_used(thread.used, span) if span.state == wire.RUNNING else span.end_ns - span.start_ns for span in step)
    return busy >= LEAST_BUSY * BLOCKED_NS


def _used(looks: list[tuple[float, float]], span: Span) -> float:
    """About how much CPU time was used in this stay: all of it, where nobody looked before and after."""
    first = bisect_right(looks, (span.start_ns, float("inf"))) - 1
    last = bisect_left(looks, (span.end_ns, 0.0))
    length = span.end_ns - span.start_ns
    if first < 0 or last == len(looks):
        return length
    (since, before), (until, after) = looks[first], looks[last]
    return length * min(max((after - before) / (until - since), 0.0), 1.0)


def _ready(tasks: list[Lane]) -> list[Span]:
    """The stays in which a task could have begun or gone on, if a long step may be why they lasted."""
    return [
        span
        for task in tasks
        if not task.internal
        for span in task.spans
        if span.state in (wire.CREATED, wire.READY) and span.end_ns - span.start_ns >= BLOCKED_NS
    ]


def _due(waits: Waits, thread: Lane, tasks: list[Lane], steps: list[list[Span]]) -> dict[float, list[int]]:
    """By the start of a step: the tasks whose time had come by its end, so that the loop woke them before it rested."""
    rests = [span.start_ns for span in thread.spans if span.state == wire.WAITING and waits.is_loop(span.on)]
    ends = [step[-1].end_ns for step in steps]
    found: dict[float, list[int]] = {}
    for task in tasks:
        for index, span in enumerate(task.spans[:-1]):
            following = task.spans[index + 1]
            kind = getattr(waits.timeline.resources.get(span.on), "kind", 0)
            if task.internal or span.state != wire.WAITING or kind not in TIMED or following.by not in (0, thread.id):
                continue
            at = bisect_right(ends, span.end_ns) - 1
            if at < 0 or steps[at][0].start_ns < span.start_ns or span.end_ns - ends[at] > SOON_NS:
                continue
            rested = bisect_left(rests, ends[at])
            if rested == len(rests) or rests[rested] > span.end_ns:
                found.setdefault(steps[at][0].start_ns, []).append(task.id)
    return found


def _finding(timeline: Timeline, thread: Lane, step: list[Span], others: list[int], *, inferred: bool) -> Finding:
    task = timeline.lanes[step[0].lane]
    longest = max(step, key=lambda span: span.end_ns - span.start_ns)
    start, end = step[0].start_ns, step[-1].end_ns
    line = line_of(timeline, longest.place)
    at = next(index for index, span in enumerate(task.spans) if span is step[0])
    before = [line_of(timeline, span.place) for span in task.spans[max(0, at - 2) : at] if span.state == wire.WAITING]
    behind = [line_of(timeline, span.place) for span in task.spans[at + len(step) :][:1]]
    after, until = (0, 0) if line else ((before or [0])[-1], (behind or [0])[0])
    around = tuple(dict.fromkeys(one for one in (after, until) if one))
    where = ""
    if after and until and after != until:
        where = f" between line {after} and line {until}"
    elif around:
        where = f" after line {after}" if after else f" before line {until}"
    names = [full_name(timeline, timeline.lanes[number]) for number in others]
    had = "had to wait" if not inferred else "was due meanwhile" if len(names) == 1 else "were due meanwhile"
    return Finding(
        kind="loop_blocked",
        title=f"{full_name(timeline, task)} kept the event loop of {full_name(timeline, thread)} for "
        f"{(end - start) / 1e6:.0f} ms{where}; {enumerated(names)} {had}",
        lanes=(task.id, *others),
        resources=(longest.on,) if longest.on else (),
        from_ns=start,
        to_ns=end,
        lines=(line,) if line else around,
        inferred=inferred,
        details={"thread": thread.id, "called": line or None, "after": after or None, "before": until or None},
    )
