"""A finding, and what lanes, resources and lines are called in one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.core.timeline import RESOURCES, Lane, Resource, Span, Timeline, process_of
from app.tracer import wire

MAIN_THREAD = "MainThread"
NAMED = 3
TARGETED = (wire.JOIN, wire.FUTURE, wire.TASK_WAIT, wire.CHILD)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something noticed. `title` is one English line; `details` are the same facts for who says it in other words.

    Times are in ns. `inferred`: at least one step from what was observed to what is said is a conclusion.
    """

    kind: str
    title: str
    lanes: tuple[int, ...]
    from_ns: float
    to_ns: float
    resources: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()
    inferred: bool = False
    details: dict[str, Any] = field(default_factory=dict)

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
            "details": self.details,
        }


def lane_name(lane: Lane) -> str:
    """A lane's name, or its kind and number."""
    return lane.name or f"lane {lane.id}"


def full_name(timeline: Timeline, lane: Lane) -> str:
    """A lane's name that can't be mistaken for one of another process: a child's main thread goes by its process's."""
    process = process_of(timeline, lane)
    if process is lane or process.parent not in timeline.lanes:
        return lane_name(lane)
    return lane_name(process) if lane.name == MAIN_THREAD else f"{lane_name(process)}/{lane_name(lane)}"


def line_of(timeline: Timeline, place: int) -> int:
    """The program's line at a place; 0 if it is not known."""
    return timeline.places.get(place, (0, "", False))[0]


def lines_of(timeline: Timeline, spans: Iterable[Span]) -> tuple[int, ...]:
    """The lines of these spans that are known."""
    return tuple(line for span in spans if (line := line_of(timeline, span.place)))


def named(timeline: Timeline, resource: int) -> str:
    """How to call a resource: its kind and name, like "lock a", or its kind and line; a lane, if it stands for one."""
    found = timeline.resources.get(resource)
    if found is None:
        return "something"
    kind = RESOURCES[found.kind]
    if found.kind in TARGETED and found.target in timeline.lanes:
        return full_name(timeline, timeline.lanes[found.target])
    if found.name:
        return f"{kind} {found.name}" if found.name != kind else kind
    line = line_of(timeline, found.place)
    return f"the {kind} of line {line}" if line else f"a {kind}"


def namesakes(timeline: Timeline, resources: Iterable[int]) -> dict[int, str]:
    """How to call each of these resources so that no two sound alike."""
    found: dict[int, str] = {}
    for number in dict.fromkeys(resources):
        name = named(timeline, number)
        twins = sum(other == name or other.startswith(f"{name} #") for other in found.values())
        found[number] = f"{name} #{twins + 1}" if twins else name
    return found


def enumerated(names: list[str]) -> str:
    """The names in one enumeration, the first few of many: "a, b and 3 more"."""
    shown = names if len(names) <= NAMED + 1 else [*names[:NAMED], f"{len(names) - NAMED} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "nobody"


def is_lock(resource: Resource | None) -> bool:
    """Whether lanes hold it one after the other, or as many as it has permits."""
    return resource is not None and resource.kind in (wire.LOCK, wire.RLOCK, wire.SEMAPHORE)
