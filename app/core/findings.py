"""Findings: what a timeline shows that is worth saying, and the sentence that explains how a run was stuck."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.core.timeline import MARKS, RESOURCES, Lane, Span, Timeline
from app.tracer import wire

BLOCKED_NS = 50_000_000
"""A step of a task that lasts so long keeps its event loop from the others."""
NAMED = 3
MOST = 100
FROM_OUTSIDE = (wire.SLEEP, wire.IO, wire.PIPE, wire.CHILD, wire.FUTURE)
"""What can end without any lane that we see."""
UNSEEN = {
    wire.NEVER_RETRIEVED: "nobody looked at its exception: ",
    wire.NEVER_AWAITED: "",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something noticed; `title` is one English line; times in ns; `inferred` when it was not observed directly."""

    kind: str
    title: str
    lanes: tuple[int, ...]
    resources: tuple[int, ...]
    from_ns: float
    to_ns: float
    lines: tuple[int, ...]
    inferred: bool = False

    def to_json(self) -> dict[str, Any]:
        """As GET /api/runs/{id}/timeline says it."""
        return {
            "kind": self.kind,
            "title": self.title,
            "lanes": list(self.lanes),
            "resources": list(self.resources),
            "from_ns": round(self.from_ns),
            "to_ns": round(self.to_ns),
            "lines": list(self.lines),
            "inferred": self.inferred,
        }


def named(timeline: Timeline, resource: int) -> str:
    """How to call a resource: its kind and name, like "lock a", or its kind and line."""
    found = timeline.resources.get(resource)
    if found is None:
        return "something"
    kind = RESOURCES[found.kind]
    if found.kind in (wire.JOIN, wire.TASK_WAIT, wire.CHILD) and found.target in timeline.lanes:
        return lane_name(timeline.lanes[found.target])
    if found.name:
        return f"{kind} {found.name}"
    line = timeline.places.get(found.place, (0, "", False))[0]
    return f"the {kind} of line {line}" if line else f"a {kind}"


def lane_name(lane: Lane) -> str:
    """A lane's name, or its kind and number."""
    return lane.name or f"lane {lane.id}"


def last_wait(lane: Lane, end_ns: float) -> Span | None:
    """The wait in which this lane was when the run ended, if it was in one."""
    span = lane.spans[-1] if lane.spans else None
    return span if span is not None and span.state == wire.WAITING and span.end_ns >= end_ns else None


def owners(timeline: Timeline, span: Span) -> list[int]:
    """The lanes that a waiting lane waits for at its span's end: holders of the resource, or the lane it joins."""
    resource = timeline.resources.get(span.on)
    if resource is None:
        return []
    if resource.target:
        return [resource.target]
    return [h.lane for h in timeline.holds if h.resource == span.on and h.start_ns <= span.end_ns <= h.end_ns]


def deadlocks(timeline: Timeline) -> list[Finding]:
    """Every cycle of lanes that wait for each other when the run ended."""
    waits = {lane.id: wait for lane in timeline.lanes.values() if (wait := last_wait(lane, timeline.end_ns))}
    waits = {number: wait for number, wait in waits.items() if timeline.lanes[number].ending == wire.UNFINISHED}
    after = {number: owners(timeline, wait) for number, wait in waits.items()}
    found: dict[frozenset[int], Finding] = {}
    for start in waits:
        path = [start]
        while (nexts := [owner for owner in after.get(path[-1], []) if owner in waits]) and nexts[0] not in path:
            path.append(nexts[0])
        if not nexts:
            continue
        cycle = path[path.index(nexts[0]) :]
        spans = [waits[number] for number in cycle]
        names = [lane_name(timeline.lanes[number]) for number in cycle]
        said = "; ".join(
            f"{name} waits for {named(timeline, span.on)}, held by {names[(i + 1) % len(names)]}"
            for i, (name, span) in enumerate(zip(names, spans, strict=True))
        )
        found.setdefault(
            frozenset(cycle),
            Finding(
                kind="deadlock",
                title=f"Deadlock: {said}",
                lanes=tuple(cycle),
                resources=tuple(span.on for span in spans),
                from_ns=max(span.start_ns for span in spans),
                to_ns=timeline.end_ns,
                lines=tuple(timeline.places.get(span.place, (0, "", False))[0] for span in spans),
            ),
        )
    return list(found.values())


def blocked_loops(timeline: Timeline) -> list[Finding]:
    """Every step of a task that kept its event loop for BLOCKED_NS or more while another task could have run."""
    found = []
    for thread in timeline.lanes.values():
        if thread.kind != wire.THREAD:
            continue
        tasks = [timeline.lanes[number] for number in thread.children]
        waits = {(span.start_ns, span.on) for span in thread.spans if span.state == wire.WAITING}
        due = [
            span
            for task in tasks
            for span in task.spans
            if span.state in (wire.CREATED, wire.READY) and span.end_ns - span.start_ns >= BLOCKED_NS
        ]
        for task in tasks if due else ():
            for step in _steps(task, waits):
                start, end = step[0].start_ns, step[-1].end_ns
                others = [
                    span.lane
                    for span in due
                    if span.lane != task.id and min(end, span.end_ns) - max(start, span.start_ns) >= BLOCKED_NS
                ]
                if others:
                    found.append(_blocked(timeline, thread, step, list(dict.fromkeys(others))))
    return found


def _steps(task: Lane, waits: set[tuple[float, int]]) -> Iterator[list[Span]]:
    """The task's long steps: spans in which it runs or blocks its thread, which then waits for the same."""
    step: list[Span] = []
    for span in [*task.spans, None]:
        if span is not None and (span.state == wire.RUNNING or (span.start_ns, span.on) in waits):
            step.append(span)
        else:
            if step and step[-1].end_ns - step[0].start_ns >= BLOCKED_NS:
                yield step
            step = []


def _blocked(timeline: Timeline, thread: Lane, step: list[Span], others: list[int]) -> Finding:
    longest = max(step, key=lambda span: span.end_ns - span.start_ns)
    start, end = step[0].start_ns, step[-1].end_ns
    names = [lane_name(timeline.lanes[number]) for number in others[:NAMED]]
    if len(others) > NAMED:
        names.append(f"{len(others) - NAMED} more")
    task = timeline.lanes[longest.lane]
    return Finding(
        kind="loop_blocked",
        title=f"{lane_name(task)} kept the event loop of {lane_name(thread)} for {(end - start) / 1e6:.0f} ms; "
        f"{' and '.join(names)} had to wait",
        lanes=(task.id, *others),
        resources=(longest.on,) if longest.on else (),
        from_ns=start,
        to_ns=end,
        lines=tuple(filter(None, [timeline.places.get(longest.place, (0, "", False))[0]])),
    )


def unseen(timeline: Timeline) -> list[Finding]:
    """Exceptions and coroutines that nobody looked at, and daemons that were cut off."""
    found = []
    for number, t, kind, text, place in timeline.marks:
        if kind in UNSEEN and number in timeline.lanes:
            line = timeline.places.get(place, (0, "", False))[0]
            title = f"{lane_name(timeline.lanes[number])}: {UNSEEN[kind]}{text}"
            found.append(Finding(MARKS[kind], title, (number,), (), t, t, (line,) if line else ()))
    for lane in timeline.lanes.values():
        if lane.kind == wire.THREAD and lane.ending == wire.KILLED and not lane.internal and lane.name != "MainThread":
            title = f"{lane_name(lane)} is a daemon: it was cut off when its process ended"
            found.append(Finding("daemon_cut_off", title, (lane.id,), (), lane.end_ns, lane.end_ns, ()))
    return found


def forsaken(timeline: Timeline) -> list[Finding]:
    """Waits that nobody could end when the run was ended: every lane that was left waited for another one.

    Inferred, since a wait may have had a timeout.
    """
    left = [
        lane
        for lane in timeline.lanes.values()
        if lane.ending == wire.UNFINISHED and lane.kind != wire.PROCESS and not lane.internal
    ]
    loops = {lane.parent for lane in left if lane.kind == wire.TASK}
    found = []
    for lane in left:
        if lane.id in loops:
            continue  # it waits for what its tasks wait for
        wait = last_wait(lane, timeline.end_ns)
        if wait is None or wait.on not in timeline.resources or timeline.resources[wait.on].kind in FROM_OUTSIDE:
            return []
        if not owners(timeline, wait):
            found.append(
                Finding(
                    kind="nobody_can_wake",
                    title=f"{lane_name(lane)} waits for {named(timeline, wait.on)}, which nobody is left to end",
                    lanes=(lane.id,),
                    resources=(wait.on,),
                    from_ns=wait.start_ns,
                    to_ns=timeline.end_ns,
                    lines=tuple(filter(None, [timeline.places.get(wait.place, (0, "", False))[0]])),
                    inferred=True,
                )
            )
    return found


def findings(timeline: Timeline) -> list[Finding]:
    """All findings, in order of time."""
    found = [*deadlocks(timeline), *blocked_loops(timeline), *unseen(timeline), *forsaken(timeline)]
    return sorted(found, key=lambda finding: finding.from_ns)[:MOST]


def stuck(timeline: Timeline, most: int = 4) -> str:
    """Who waits for what at the run's end, as one line for an outcome's detail; "" when nobody does."""
    said = []
    for lane in timeline.lanes.values():
        wait = last_wait(lane, timeline.end_ns)
        if wait is None or lane.internal or lane.kind == wire.PROCESS:
            continue
        holders = [lane_name(timeline.lanes[n]) for n in owners(timeline, wait) if n in timeline.lanes]
        resource = timeline.resources.get(wait.on)
        held = f", held by {' and '.join(holders)}" if holders and resource and not resource.target else ""
        said.append(f"{lane_name(lane)} waits for {named(timeline, wait.on)}{held}")
    more = f"; and {len(said) - most} more" if len(said) > most else ""
    return "; ".join(said[:most]) + more
