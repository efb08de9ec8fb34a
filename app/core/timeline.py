"""Lane, Span, Link and Timeline: what a trace says, and how GET /api/runs/{id}/timeline says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.tracer import wire

LANE_KINDS = ("process", "thread", "task")
STATES = ("", "created", "running", "ready", "waiting")
ENDINGS = ("", "returned", "raised", "cancelled", "exited", "killed", "unfinished")
RESOURCES = (
    *("", "lock", "rlock", "condition", "semaphore", "event", "barrier", "queue", "pipe", "join", "future"),
    *("task", "sleep", "io", "process", "executor", "gil"),
)
MARKS = ("", "failed_start", "exception", "warning", "never_retrieved", "never_awaited")
STREAMS = ("", "stdout", "stderr")


@dataclass(slots=True)
class Span:
    """A lane's stay in one state; `on` is the resource waited on, `by` and `by_ns` who brought it there and when.

    `limited`: a wait that may end without any lane's doing, as one with a timeout.
    """

    lane: int
    state: int
    start_ns: float
    end_ns: float
    on: int = 0
    place: int = 0
    inferred: bool = False
    by: int = 0
    by_ns: float = 0.0
    limited: bool = False


@dataclass(slots=True)
class Lane:
    """One row. `end_ns` is -1 while it is open; `number` is its pid or tid inside the box.

    `used` are looks at its CPU time: when, and how much until then.
    """

    id: int
    kind: int = wire.THREAD
    name: str = ""
    parent: int = 0
    starter: int = 0
    number: int = 0
    internal: bool = False
    told: bool = False
    declared: bool = False
    start_ns: float = 0.0
    end_ns: float = -1.0
    ending: int = 0
    error: str = ""
    exit_code: int | None = None
    cpu_ns: float | None = None
    used: list[tuple[float, float]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    children: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Resource:
    """What lanes hold or wait on; `target` is the lane that a join, future, task or process resource waits for."""

    id: int
    kind: int = 0
    name: str = ""
    place: int = 0
    lane: int = 0
    target: int = 0


@dataclass(slots=True)
class Hold:
    """A lane held a resource; `place` is where it took it, if that is known."""

    resource: int
    lane: int
    start_ns: float
    end_ns: float
    inferred: bool = False
    place: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A cause: from the causing act to the moment when the other lane goes on."""

    kind: str
    from_lane: int
    from_ns: float
    to_lane: int
    to_ns: float
    resource: int = 0


@dataclass(slots=True)
class Job:
    """What an executor was asked to do; times are -1 while they are not known.

    `part` counts from 0 in a call that has parts; `place` is where the function begins, `where` the submitting line.
    """

    executor: int
    number: int
    part: int
    is_part: bool = False
    items: int = 0
    place: int = 0
    where: int = 0
    submitter: int = 0
    submitted_ns: float = -1.0
    lane: int = 0
    start_ns: float = -1.0
    end_ns: float = -1.0
    ending: int = 0


@dataclass(slots=True)
class Timeline:
    """Everything a trace says; `over`: it has all been said. Times are ns since the run's zero."""

    end_ns: float = 0.0
    over: bool = True
    lanes: dict[int, Lane] = field(default_factory=dict)
    resources: dict[int, Resource] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    levels: list[tuple[int, float, float]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    marks: list[tuple[int, float, int, str, int]] = field(default_factory=list)
    output: list[tuple[float, int, int, str, bool]] = field(default_factory=list)
    places: dict[int, tuple[int, str, bool]] = field(default_factory=dict)
    stats: dict[int, float] = field(default_factory=dict)
    acts: dict[int, list[tuple[float, int, int]]] = field(default_factory=dict)
    jobs: dict[tuple[int, int, int], Job] = field(default_factory=dict)
    delivered: dict[int, list[tuple[float, Job]]] = field(default_factory=dict)
    """By lane: when it brought the result of which job."""

    @property
    def spans(self) -> list[Span]:
        """All spans, lane by lane."""
        return [span for lane in self.lanes.values() for span in lane.spans]


def process_of(timeline: Timeline, lane: Lane) -> Lane:
    """The process lane around this lane (itself if it is one, or if nothing is known)."""
    seen = set()
    while lane.kind != wire.PROCESS and lane.parent in timeline.lanes and lane.id not in seen:
        seen.add(lane.id)
        lane = timeline.lanes[lane.parent]
    return lane


def to_json(timeline: Timeline) -> dict[str, Any]:
    """The timeline as GET /api/runs/{id}/timeline says it, without `run` and `findings`."""
    return {name: list(value) if isinstance(value, Iterator) else value for name, value in parts(timeline).items()}


def parts(timeline: Timeline) -> dict[str, Any]:
    """As `to_json`, but what may be as long as the trace is made item by item: iterators in place of lists."""

    def place(number: int) -> tuple[int | None, str | None]:
        line, function, _ = timeline.places.get(number, (0, "", False))
        return line or None, function or None

    def lane(item: Lane) -> dict[str, Any]:
        return {
            "id": item.id,
            "kind": LANE_KINDS[item.kind],
            "name": item.name,
            "parent": item.parent or None,
            "starter": item.starter or None,
            "pid": process_of(timeline, item).number or None,
            "tid": item.number or None if item.kind == wire.THREAD else None,
            "internal": item.internal,
            "start_ns": round(item.start_ns),
            "end_ns": round(item.end_ns) if item.end_ns >= 0 else None,
            "ending": ENDINGS[item.ending] or None,
            "error": item.error or None,
            "exit_code": item.exit_code,
            "cpu_ns": None if item.cpu_ns is None else round(item.cpu_ns),
        }

    def span(item: Span) -> dict[str, Any]:
        line, function = place(item.place)
        return {
            "lane": item.lane,
            "state": STATES[item.state],
            "start_ns": round(item.start_ns),
            "end_ns": round(item.end_ns),
            "on": item.on or None,
            "line": line,
            "function": function,
            "inferred": item.inferred,
        }

    def job(item: Job) -> dict[str, Any]:
        line, function = place(item.place)
        return {
            "executor": item.executor,
            "number": item.number,
            "part": item.part + 1 if item.is_part else None,
            "items": item.items or None,
            "function": function,
            "line": line,
            "submitter": item.submitter or None,
            "submitted_ns": _known(item.submitted_ns),
            "submitted_line": place(item.where)[0],
            "lane": item.lane or None,
            "start_ns": _known(item.start_ns),
            "end_ns": _known(item.end_ns),
            "ending": ENDINGS[item.ending] or None,
        }

    return {
        "lanes": [lane(item) for item in sorted(timeline.lanes.values(), key=lambda item: item.id)],
        "spans": (span(item) for owner in sorted(timeline.lanes) for item in timeline.lanes[owner].spans),
        "resources": [
            {
                "id": item.id,
                "kind": RESOURCES[item.kind],
                "name": item.name or None,
                "line": place(item.place)[0],
                "lane": item.lane or None,
                "target": item.target or None,
            }
            for item in sorted(timeline.resources.values(), key=lambda item: item.id)
        ],
        "holds": (
            {
                "resource": item.resource,
                "lane": item.lane,
                "start_ns": round(item.start_ns),
                "end_ns": round(item.end_ns),
                "inferred": item.inferred,
            }
            for item in timeline.holds
        ),
        "jobs": (job(item) for item in timeline.jobs.values()),
        "cpu": (
            {"lane": owner, "t_ns": round(t), "cpu_ns": round(ns)}
            for owner in sorted(timeline.lanes)
            for t, ns in timeline.lanes[owner].used
        ),
        "levels": ({"resource": r, "t_ns": round(t), "value": round(value)} for r, t, value in timeline.levels),
        "links": (
            {
                "kind": item.kind,
                "from_lane": item.from_lane,
                "from_ns": round(item.from_ns),
                "to_lane": item.to_lane,
                "to_ns": round(item.to_ns),
                "resource": item.resource or None,
            }
            for item in timeline.links
        ),
        "marks": [
            {"lane": owner, "t_ns": round(t), "kind": MARKS[kind], "text": text, "line": place(where)[0]}
            for owner, t, kind, text, where in timeline.marks
        ],
        "output": [
            {"t_ns": round(t), "lane": owner, "stream": STREAMS[stream], "text": text, "inferred": inferred}
            for t, owner, stream, text, inferred in timeline.output
        ],
        "cost": {
            "tracer_ns": round(timeline.stats.get(wire.TRACER_NS, 0)),
            "sampler_hz": timeline.stats.get(wire.SAMPLER_HZ, 0),
            "missed_switches": round(timeline.stats.get(wire.MISSED_SWITCHES, 0)),
            "cpu_hz": timeline.stats.get(wire.CPU_HZ, 0),
            "writer": _writer(timeline),
        },
        "dropped": {
            "events": round(timeline.stats.get(wire.DROPPED_EVENTS, 0)),
            "output_bytes": round(timeline.stats.get(wire.DROPPED_OUTPUT, 0)),
        },
    }


def _known(t: float) -> int | None:
    return round(t) if t >= 0 else None


def _writer(timeline: Timeline) -> str | None:
    """What wrote the events in the program's processes: C, Python, or each in some of them."""
    in_c, in_python = timeline.stats.get(wire.IN_C, 0), timeline.stats.get(wire.IN_PYTHON, 0)
    return "both" if in_c and in_python else "c" if in_c else "python" if in_python else None
