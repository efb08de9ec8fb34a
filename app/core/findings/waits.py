"""Who waits for whom: what a lane needs to go on at a time, and which lanes can't, because they wait for each other."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.core.findings.finding import MAIN_THREAD, TARGETED, is_lock
from app.core.timeline import Hold, Lane, Span, Timeline
from app.tracer import wire

FAR = 400
"""So many holds one looks back over for those that last."""
TOGETHER = ("gather", "TaskGroup", "wait")
"""What tasks wait on that wait for tasks which they have started."""
MOST_SEEN = 2000


@dataclass(frozen=True, slots=True)
class Need:
    """What a lane needs: that one of these lanes goes on. `how` says why, and on what it waits (0: on nothing).

    how: held, it lets a lock go · ends, it ends or sets a future · loop, it lets their event loop go on · children, it
    ends, being a task that the waiting one has started, and may or may not be one it waits for.
    """

    lanes: tuple[int, ...]
    how: str
    resource: int
    place: int


@dataclass(frozen=True, slots=True)
class Step:
    """One lane of a cycle and what it needs of the next."""

    lane: int
    need: Need
    next: int


@dataclass(slots=True)
class Waits:
    """The waits of a timeline, to be asked about any time."""

    timeline: Timeline
    holds: dict[int, list[Hold]] = field(default_factory=dict)
    starts: dict[int, list[float]] = field(default_factory=dict)
    tasks: dict[int, list[Lane]] = field(default_factory=dict)
    seen: int = 0
    """How many lanes were looked at in search of circles."""

    def __post_init__(self) -> None:
        for hold in self.timeline.holds:
            self.holds.setdefault(hold.resource, []).append(hold)
        for lane in self.timeline.lanes.values():
            if lane.kind == wire.TASK:
                self.tasks.setdefault(lane.starter, []).append(lane)

    def span(self, lane: Lane, t: float) -> Span | None:
        """What the lane does at this time."""
        starts = self.starts.get(lane.id)
        if starts is None:
            starts = self.starts[lane.id] = [span.start_ns for span in lane.spans]
        index = bisect_right(starts, t) - 1
        return lane.spans[index] if index >= 0 and (t < lane.end_ns or lane.end_ns < 0) else None

    def wait(self, lane: Lane, t: float) -> Span | None:
        """The wait in which the lane is at this time, if it is in one."""
        span = self.span(lane, t)
        return span if span is not None and span.state == wire.WAITING else None

    def holders(self, resource: int, t: float) -> list[int]:
        """The lanes that hold a resource at this time."""
        holds = self.holds.get(resource, [])
        last = bisect_right(holds, t, key=lambda hold: hold.start_ns)
        found = [hold.lane for hold in holds[max(0, last - FAR) : last] if t < hold.end_ns]
        return list(dict.fromkeys(found))

    def blocker(self, task: Lane, t: float) -> int:
        """The lane that blocks this task's event loop: a task of the same thread, or the thread; 0 if none does."""
        thread = self.timeline.lanes.get(task.parent)
        wait = self.wait(thread, t) if thread is not None else None
        if thread is None or wait is None or self.is_loop(wait.on):
            return 0
        return self.acting(thread, wait)

    def acting(self, thread: Lane, wait: Span) -> int:
        """The task that this wait of a thread is in, or the thread itself."""
        for number in thread.children:
            child = self.timeline.lanes[number]
            span = self.wait(child, wait.start_ns) if child.kind == wire.TASK else None
            if span is not None and (span.start_ns, span.on) == (wait.start_ns, wait.on):
                return number
        return thread.id

    def is_loop(self, resource: int) -> bool:
        """Whether this is what an event loop's thread waits on when it has nothing to do."""
        found = self.timeline.resources.get(resource)
        return found is not None and found.kind == wire.IO and found.name == "event loop"

    def needs(self, lane: Lane, t: float) -> list[Need]:
        """Everything that the lane needs to go on at this time, as far as it is known."""
        if lane.kind == wire.PROCESS:
            return self._ends_of(lane)
        span = self.span(lane, t)
        if span is None or span.state == wire.RUNNING:
            return []
        found = self._needs_of_wait(lane, span, t) if span.state == wire.WAITING else []
        if lane.kind == wire.TASK:
            blocker = self.blocker(lane, t)
            if blocker and blocker != lane.id:
                found.append(Need((blocker,), "loop", 0, span.place))
        return found

    def _needs_of_wait(self, lane: Lane, span: Span, t: float) -> list[Need]:
        resource = self.timeline.resources.get(span.on)
        if resource is None:
            return []
        if is_lock(resource):
            holders = self.holders(span.on, t)
            return [Need(tuple(holders), "held", span.on, span.place)] if holders else []
        if resource.kind in TARGETED and resource.target in self.timeline.lanes:
            target = self.timeline.lanes[resource.target]
            wait = self.wait(target, t) if target.kind == wire.THREAD else None
            number = self.acting(target, wait) if wait is not None and resource.kind == wire.FUTURE else target.id
            return [Need((number,), "ends", span.on, span.place)]
        if resource.kind == wire.FUTURE and resource.name in TOGETHER:
            return [
                Need((child.id,), "children", span.on, span.place)
                for child in self.tasks.get(lane.id, [])
                if child.start_ns <= span.start_ns and (t < child.end_ns or child.end_ns < 0)
            ]
        return []

    def _ends_of(self, process: Lane) -> list[Need]:
        """A process ends when its main thread has."""
        inside = [self.timeline.lanes[number] for number in process.children]
        return [Need((lane.id,), "ends", 0, 0) for lane in inside if lane.name == MAIN_THREAD]

    def stuck(self, start: Iterable[int], t: float) -> dict[int, list[Need]]:
        """Of these lanes and all they need, those that can't go on unless one of them does, and what each needs."""
        lanes = self.timeline.lanes
        graph: dict[int, list[Need]] = {}
        pending = [number for number in start if number in lanes]
        while pending and len(graph) < MOST_SEEN:
            number = pending.pop()
            self.seen += 1
            if number not in graph:
                graph[number] = self.needs(lanes[number], t)
                pending += [needed for need in graph[number] for needed in need.lanes if needed in lanes]
        return _peeled(graph)

    def cycle(self, start: int, t: float) -> list[Step]:
        """The shortest cycle of lanes around this one that need each other at this time; empty if there is none."""
        graph = self.stuck([start], t)
        if start not in graph:
            return []
        came: dict[int, Step] = {}
        pending = deque([start])
        while pending:
            number = pending.popleft()
            for need in graph[number]:
                for needed in need.lanes:
                    step = Step(number, need, needed)
                    if needed == start:
                        return self._back(came, step, start)
                    if needed not in came:
                        came[needed] = step
                        pending.append(needed)
        return []

    @staticmethod
    def _back(came: dict[int, Step], last: Step, start: int) -> list[Step]:
        path = [last]
        while path[-1].lane != start:
            path.append(came[path[-1].lane])
        return path[::-1]


def _peeled(graph: dict[int, list[Need]]) -> dict[int, list[Need]]:
    """The graph without the lanes that have no need left, those that needed only them, and so on."""
    left = {number: len(needs) for number, needs in graph.items()}
    users: dict[int, list[tuple[int, Need]]] = {}
    for number, needs in graph.items():
        for need in needs:
            for needed in need.lanes:
                users.setdefault(needed, []).append((number, need))
    met: set[int] = set()
    free = [number for number, needs in left.items() if not needs] + [needed for needed in users if needed not in graph]
    gone = set(free)
    while free:
        for number, need in users.get(free.pop(), ()):
            if id(need) in met:
                continue
            met.add(id(need))
            left[number] -= 1
            if not left[number] and number not in gone:
                gone.add(number)
                free.append(number)
    kept = graph.keys() - gone
    return {
        number: [need for need in needs if id(need) not in met] for number, needs in graph.items() if number in kept
    }
