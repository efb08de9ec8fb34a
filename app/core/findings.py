"""Findings: what a timeline shows that is worth saying, and the sentence that explains how a run was stuck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.core.timeline import RESOURCES, Lane, Span, Timeline
from app.tracer import wire

HELD = (wire.LOCK, wire.RLOCK, wire.CONDITION, wire.SEMAPHORE)


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


def findings(timeline: Timeline) -> list[Finding]:
    """All findings, in order of time."""
    return sorted(deadlocks(timeline), key=lambda finding: finding.from_ns)


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
