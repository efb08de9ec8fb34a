"""The fold: from events to a timeline (docs/trace-format.md, "The fold").

`static/js/fold.js` is its twin; the recordings in tests/golden hold the two equal.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any

import numpy as np

from app.core.event import NO_EVENTS, Chunk, Column, Events, concatenate, merged
from app.core.jobs import RUNS, Jobs, delivered, job_links
from app.core.timeline import Hold, Lane, Link, Resource, Span, Timeline, process_of
from app.tracer import wire

LINK_OF_ACT = {wire.WAKE: "wake", wire.PUT: "item", wire.GET: "wake", wire.CANCEL: "cancel"}
LOCKS = (wire.LOCK, wire.RLOCK)
THROUGH = (wire.QUEUE, wire.PIPE)
PASSING = (wire.PUT, wire.GET)
JOINS = (wire.JOIN, wire.TASK_WAIT, wire.CHILD)
MAIN_THREAD = "MainThread"
FAR = 256
"""So many acts one looks back over for the one that ended a wait."""
SLICE = 4096
MOVES = (wire.STATE, wire.STEP)
DECLARATIONS = (wire.LANE, wire.END, wire.RESOURCE, wire.PLACE, wire.NAME)


def fold(chunks: Iterable[Chunk], end_ns: float | None = None) -> Timeline:
    """The timeline of these chunks.

    `end_ns` is when the run ended; lanes that are open then are `unfinished`. Without it the run is still on: open
    spans end at the time up to which it is known. Any prefix of a trace folds.
    """
    kept = list(chunks)
    timeline = Timeline()
    folding = _Fold(timeline)
    folding.all(kept)
    known = max([chunk.known for chunk in kept], default=0.0)
    _close(timeline, known if end_ns is None else end_ns, over=end_ns is not None)
    folding.jobs.close(over=end_ns is not None)
    _overlay_gil(timeline)
    timeline.links = sorted(
        [*_links(timeline), *job_links(timeline)],
        key=lambda link: (link.to_ns, link.to_lane, link.from_ns, link.from_lane),
    )
    return timeline


def standing(parts: Iterable[Events]) -> Events:
    """Of these events, in order, those that matter to how things stand after the last: what exists, and of every lane
    and hold the latest. Their fold ends as that of all of them does, and takes no more memory than the parts at a time.
    """
    kept = NO_EVENTS
    for part in parts:
        events = concatenate([kept, part])
        runs = (events.kind == wire.JOB) & np.isin(events.flags, RUNS)
        moves = np.flatnonzero(np.isin(events.kind, MOVES) | runs)
        since = np.where(events.kind == wire.STEP, events.end, events.t)[moves]
        holds = np.flatnonzero(events.kind == wire.HOLD)
        held = events.lane[holds].astype("<u8") << np.uint64(32) | events.obj[holds]
        picked = [
            np.flatnonzero(np.isin(events.kind, DECLARATIONS)),
            moves[_last(events.lane[moves], since, events.kind[moves] != wire.STEP)],
            holds[_last(held, events.t[holds], events.end[holds] > 0)],
        ]
        kept = events.take(np.sort(np.concatenate(picked)))
    return kept


def _last(group: Column, *keys: Column) -> Column:
    """The index of each group's greatest member by these keys, of equals the last."""
    order = np.lexsort((*reversed(keys), group))
    ends = np.append(group[order][1:] != group[order][:-1], True)
    last: Column = order[ends[: len(order)]]
    return last


class _Fold:
    """Applies events, in order of time, to a timeline."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.holds: dict[tuple[int, int, float], Hold] = {}
        self.jobs = Jobs(timeline)

    def all(self, chunks: list[Chunk]) -> None:
        """Every event; a STEP is two: it runs from t, and is in its next state from `end`."""
        events = merged(chunks)
        texts = events.text_of()
        columns = (events.t, events.end, events.lane, events.obj, events.by, events.place, events.kind, events.flags)
        later: list[tuple[float, int, int, int, int]] = []
        rows = (
            row
            for start in range(0, len(events), SLICE)  # as Python's numbers they take eight times the memory
            for row in zip(*(column[start : start + SLICE].tolist() for column in columns), strict=True)
        )
        for index, (t, end, lane, obj, by, place, kind, flags) in enumerate(rows):
            while later and later[0][0] <= t:
                self.state(*heapq.heappop(later), 0, 0)
            if kind == wire.STEP:
                self.state(t, lane, wire.RUNNING, 0, 0, 0, 0)
                heapq.heappush(later, (end, lane, flags, obj, place))
            elif kind == wire.STATE:
                self.state(t, lane, flags & 15, obj, place, by, flags)
            elif kind == wire.JOB:
                running = self.jobs.tell(t, lane, flags, obj, int(end), by, place)
                if flags in RUNS:
                    self.state(t, lane, wire.RUNNING, 0, running, 0, 0)
            else:
                self.other(kind, flags, t, end, lane, obj, by, place, texts.get(index, ""))
        for item in sorted(later):
            self.state(*item, 0, 0)

    def lane(self, number: int) -> Lane:
        found = self.timeline.lanes.get(number)
        if found is None:
            found = self.timeline.lanes[number] = Lane(number)
        return found

    def state(self, t: float, number: int, state: int, on: int, place: int, by: int, flags: int) -> None:
        """The lane is in this state from t on; of the flags, what stands beside the state counts."""
        lane = self.lane(number)
        if lane.end_ns >= 0:
            return
        last = lane.spans[-1] if lane.spans else None
        if last is not None:
            if last.state == state and last.on == on and last.start_ns == t:
                return
            last.end_ns = t
            if last.end_ns <= last.start_ns:
                lane.spans.pop()
        if state == wire.ENDS:
            lane.end_ns = t
        else:
            inferred, limited = bool(flags & wire.INFERRED), bool(flags & wire.LIMITED)
            lane.spans.append(Span(number, state, t, -1.0, on, place, inferred, by, t, limited))

    def other(
        self, kind: int, flags: int, t: float, end: float, number: int, obj: int, by: int, place: int, text: str
    ) -> None:
        """Everything that is not a state."""
        timeline = self.timeline
        if kind == wire.LANE:
            self.declare(t, number, flags, obj, by, int(end), place, text)
        elif kind == wire.END:
            self.end(t, number, flags, int(obj) - (1 << 31) if obj else None, text)
        elif kind == wire.RESOURCE:
            resource = timeline.resources.setdefault(obj, Resource(obj))
            resource.kind = flags
            resource.name = text or resource.name
            resource.place = resource.place or place
            resource.lane = resource.lane or number
            resource.target = by or resource.target
        elif kind == wire.HOLD:
            self.hold(t, end, number, obj, place, bool(flags & wire.INFERRED))
        elif kind == wire.LEVEL:
            timeline.levels.append((obj, t, end))
        elif kind == wire.ACT:
            timeline.acts.setdefault(obj, []).append((t, number, flags))
        elif kind == wire.MARK:
            timeline.marks.append((number, t, flags, text, place))
        elif kind == wire.OUTPUT:
            timeline.output.append((t, number, flags & 3, text, bool(flags & wire.INFERRED)))
        elif kind == wire.PLACE:
            timeline.places[obj] = (int(end), text, bool(flags))
        elif kind == wire.NAME:
            self.lane(number).name = text
        elif kind == wire.CPU:
            self.lane(number).cpu_ns = end
            self.lane(number).used.append((t, end))
        elif kind == wire.STAT:
            timeline.stats[flags] = timeline.stats.get(flags, 0.0) + end

    def declare(
        self, t: float, number: int, flags: int, parent: int, starter: int, outside: int, place: int, name: str
    ) -> None:
        """LANE, perhaps the second one of a lane: what its starter says wins, but for what only the lane knows."""
        lane = self.lane(number)
        told = bool(flags & wire.TOLD)
        if not lane.declared:
            lane.start_ns = t
        lane.kind = flags & 15
        lane.declared = True
        if parent and parent != lane.parent:
            if lane.parent:
                self.lane(lane.parent).children.remove(number)
            lane.parent = parent
            self.lane(parent).children.append(number)
        if name and (told or not lane.told):
            lane.name = name
        lane.told = lane.told or told
        lane.starter = starter or lane.starter
        lane.number = outside or lane.number
        lane.internal = lane.internal or bool(flags & wire.INTERNAL)
        if not lane.spans and lane.end_ns < 0:
            lane.spans.append(Span(number, wire.CREATED, t, -1.0, place=place))

    def end(self, t: float, number: int, ending: int, exit_code: int | None, error: str) -> None:
        """END: close the lane and, with a process, what is open inside it."""
        lane = self.lane(number)
        if lane.ending:
            return
        self.state(t, number, wire.ENDS, 0, 0, 0, 0)
        lane.ending, lane.error, lane.exit_code = ending, error, exit_code
        if lane.kind == wire.PROCESS:
            self.end_inside(t, lane, ending)

    def end_inside(self, t: float, process: Lane, ending: int) -> None:
        for child in process.children:
            inner = self.lane(child)
            if inner.kind == wire.PROCESS:
                continue
            self.end_inside(t, inner, ending)
            if not inner.ending:
                self.state(t, child, wire.ENDS, 0, 0, 0, 0)
                inner.ending = ending if inner.name == MAIN_THREAD else wire.KILLED

    def hold(self, t: float, end: float, lane: int, resource: int, place: int, inferred: bool) -> None:
        """HOLD: one that a cell told open and one that a record told whole are the same, whichever comes first."""
        hold = self.holds.get((lane, resource, t))
        if hold is None or (hold.end_ns >= 0 and end > 0):
            hold = self.holds[lane, resource, t] = Hold(resource, lane, t, -1.0, inferred, place)
            self.timeline.holds.append(hold)
        if end > 0:
            hold.end_ns, hold.place = end, place or hold.place


def _close(timeline: Timeline, end_ns: float, *, over: bool) -> None:
    """End what is open at the end of what is known."""
    starts = [span.start_ns for lane in timeline.lanes.values() for span in lane.spans[-1:]]
    timeline.over = over
    timeline.end_ns = max([end_ns, *starts, *(lane.end_ns for lane in timeline.lanes.values())])
    for lane in timeline.lanes.values():
        if lane.spans and lane.spans[-1].end_ns < 0:
            lane.spans[-1].end_ns = timeline.end_ns
        if over and lane.end_ns < 0:
            lane.end_ns, lane.ending = timeline.end_ns, wire.UNFINISHED
        elif lane.end_ns >= 0 and not lane.ending:
            lane.ending = wire.RETURNED
    for hold in timeline.holds:
        if hold.end_ns < 0:
            ended = timeline.lanes[hold.lane].end_ns if hold.lane in timeline.lanes else -1.0
            hold.end_ns = ended if ended >= hold.start_ns else timeline.end_ns
    timeline.holds.sort(key=lambda hold: (hold.start_ns, hold.resource, hold.lane))


def _overlay_gil(timeline: Timeline) -> None:
    """Threads that run in the log while another thread holds their process's GIL are ready: sampled, so inferred."""
    gils = {r.lane: r.id for r in timeline.resources.values() if r.kind == wire.GIL}
    if not gils:
        return
    held: dict[int, list[Hold]] = {}
    for hold in timeline.holds:
        held.setdefault(hold.resource, []).append(hold)
    for lane in timeline.lanes.values():
        gil = gils.get(process_of(timeline, lane).id) if lane.kind == wire.THREAD else None
        if gil is None:
            continue
        others = [hold for hold in held.get(gil, []) if hold.lane != lane.id]
        lane.spans = [part for span in lane.spans for part in _without(span, others, gil)]


def _without(span: Span, others: list[Hold], gil: int) -> Iterable[Span]:
    """The span, cut where another lane holds the GIL."""
    if span.state != wire.RUNNING:
        yield span
        return
    at = span.start_ns
    first = bisect_right(others, span.start_ns, key=lambda hold: hold.end_ns)
    for hold in others[first:]:
        start, end = max(hold.start_ns, at), min(hold.end_ns, span.end_ns)
        if start >= span.end_ns:
            break
        if end <= start:
            continue
        if start > at:
            yield Span(span.lane, wire.RUNNING, at, start, 0, span.place)
        yield Span(span.lane, wire.READY, start, end, gil, span.place, inferred=True)
        at = end
    if at < span.end_ns:
        yield Span(span.lane, span.state, at, span.end_ns, span.on, span.place, span.inferred, span.by, span.by_ns)


def _links(timeline: Timeline) -> Iterable[Link]:
    """Causes, from what the events say (docs/trace-format.md, "The fold")."""
    released: dict[int, list[tuple[float, int]]] = {}
    for hold in timeline.holds:
        released.setdefault(hold.resource, []).append((hold.end_ns, hold.lane))
    for ends in released.values():
        ends.sort()
    begun = {(job.lane, job.start_ns) for job in timeline.jobs.values() if job.lane}
    for lane in timeline.lanes.values():
        spans = lane.spans
        first = _going(spans)
        if lane.starter and first is not None:
            yield Link("start", lane.starter, lane.start_ns, lane.id, first.start_ns)
        for index, span in enumerate(spans):
            if span.state != wire.WAITING or span.end_ns >= timeline.end_ns or index + 1 == len(spans):
                continue
            following = spans[index + 1]
            going = _going(spans[index + 1 : index + 3])
            if going is None or (lane.id, following.start_ns) in begun:
                continue
            cause = _cause(timeline, lane, span, following, released)
            if cause is not None:
                kind, by, t = cause
                if kind == "wake":
                    by, t = delivered(timeline, by, t, span.start_ns if following.by else None)
                yield Link(kind, by, t, lane.id, going.start_ns, span.on)


def _going(spans: list[Span]) -> Span | None:
    """The first of these that runs in the log, also where it was seen without the GIL."""
    return next(
        (span for span in spans if span.state == wire.RUNNING or (span.state == wire.READY and span.inferred)), None
    )


def _cause(
    timeline: Timeline, lane: Lane, span: Span, following: Span, released: dict[int, list[tuple[float, int]]]
) -> tuple[str, int, float] | None:
    """What ended this wait: (kind of link, lane, its time), if anything known did."""
    resource = timeline.resources.get(span.on)
    target = timeline.lanes.get(resource.target) if resource is not None and resource.kind in JOINS else None
    # It may have told its end before the wait began, and be gone only then.
    if target is not None and 0 <= target.end_ns <= span.end_ns:
        return ("join", target.id, target.end_ns)
    if target is not None and following.by == target.id:
        return ("join", target.id, following.by_ns)
    acts = timeline.acts.get(span.on, [])
    latest = _latest(acts, span.end_ns)
    first = max(_latest(acts, span.start_ns, before=True) + 1, latest - FAR)
    passed = resource.kind if resource is not None and resource.kind in THROUGH and not following.by else 0
    own = _own(acts[first : latest + 1], lane.id) if passed else 0
    while latest >= first and (
        _of_others(acts[latest], lane, following) or (passed and not _lets_go_on(acts[latest][2], own, passed))
    ):
        latest -= 1
    act = acts[latest] if latest >= first else None
    if following.by and following.by != lane.id:
        kind = "handoff" if resource is not None and resource.kind in LOCKS else "wake"
        if act is not None and act[1] == following.by:
            kind = LINK_OF_ACT.get(act[2], "wake")
        return (kind, following.by, following.by_ns)
    if act is not None:
        return (LINK_OF_ACT.get(act[2], "wake"), act[1], act[0])
    ends = released.get(span.on, [])
    if ends and ends[0][0] <= span.end_ns:
        t, holder = ends[_latest(ends, span.end_ns)]
        if t >= span.start_ns and holder != lane.id:
            return ("handoff", holder, t)
    return None


def _own(acts: list[tuple[float, int, int]], lane: int) -> int:
    """What the waiter itself did, last, before its wait was over: a put or a get; 0 if neither."""
    return next((what for _, by, what in reversed(acts) if by == lane and what in PASSING), 0)


def _lets_go_on(what: int, own: int, kind: int) -> bool:
    """Whether such an act lets one go on who waits for a queue or a pipe: a put one who gets, a get one who puts.

    Who has done neither waited in vain, or for all to be done.
    """
    if own:
        return what != own
    return kind != wire.QUEUE or what not in PASSING


def _of_others(act: tuple[float, int, int], lane: Lane, following: Span) -> bool:
    """Whether the act let others go on: it is the waiter's own, or the cancelling of another that waited there, too."""
    t, by, what = act
    return by == lane.id or (what == wire.CANCEL and following.by > 0 and t != following.by_ns)


def _latest(entries: list[Any], t: float, *, before: bool = False) -> int:
    """The index of the last entry whose time is not after t, or is before it."""
    return (bisect_left if before else bisect_right)(entries, t, key=lambda entry: entry[0]) - 1
