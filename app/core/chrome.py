"""A timeline as Chrome trace events, for Perfetto's page and whatever else reads them (docs/timeline.md, "Export").

A process is a group of tracks, each of its lanes is one track: `pid` and `tid` are lanes' numbers, since a number that
the program saw may be given to two processes. Below them, what a lane may hold is a track with a span for each holder;
holds that overlap, as of a semaphore, need more than one. Spans are complete events, links are flows, levels and CPU
are counters, marks, findings and output are instants. Times are in µs with the ns behind the point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from app.core.findings import Finding
from app.core.timeline import LANE_KINDS, MARKS, RESOURCES, STATES, STREAMS, Lane, Resource, Timeline, process_of
from app.tracer import wire

Event = dict[str, Any]
MOST_NAME = 80


def events(timeline: Timeline, findings: Iterable[Finding]) -> Iterator[Event]:
    """The events one by one: names, then each track in order of time, then what joins tracks or has none."""
    process = {lane.id: process_of(timeline, lane).id for lane in timeline.lanes.values()}
    for order, lane in enumerate(sorted(timeline.lanes.values(), key=lambda lane: lane.id)):
        yield from _named(lane, process[lane.id], order)
    for lane in timeline.lanes.values():
        yield from _spans(timeline, lane, process[lane.id])
    yield from _holds(timeline, process)
    for number, link in enumerate(timeline.links, 1):
        cause, effect = timeline.lanes.get(link.from_lane), timeline.lanes.get(link.to_lane)
        if cause is None or effect is None or not cause.spans or not effect.spans:
            continue
        # A flow hangs on the spans at its ends, and what a lane does last it does while its last span lasts.
        since = max(cause.spans[0].start_ns, min(link.from_ns, cause.spans[-1].end_ns - 1))
        flow = {"name": link.kind, "cat": "link", "id": number}
        yield flow | {"ph": "s", "pid": process[cause.id], "tid": cause.id, "ts": _us(since)}
        yield flow | {"ph": "f", "bp": "e", "pid": process[effect.id], "tid": effect.id, "ts": _us(link.to_ns)}
    for of, t, value in timeline.levels:
        resource = timeline.resources.get(of)
        if resource is None or resource.kind == wire.GIL:
            continue
        pid = process.get(resource.lane, 0)
        yield {
            "ph": "C",
            "name": _name(resource),
            "id": of,
            "pid": pid,
            "ts": _us(t),
            "args": {"level": round(value)},
        }
    if timeline.stats.get(wire.CPU_HZ):
        for lane in timeline.lanes.values():
            yield from _cpu(lane, process[lane.id])
    for finding in findings:
        about = {"title": finding.title, "until": _us(finding.to_ns), "lines": list(finding.lines)}
        for number in finding.lanes:
            said = about | {"inferred": finding.inferred}
            yield _instant(process, number, finding.from_ns, finding.kind, "finding", said)
    for number, t, kind, text, where in timeline.marks:
        said = {"text": text, "line": timeline.places.get(where, (0,))[0] or None}
        yield _instant(process, number, t, MARKS[kind], "mark", said)
    for t, number, stream, text, inferred in timeline.output:
        said = {"text": text, "inferred": inferred}
        yield _instant(process, number, t, text.strip()[:MOST_NAME] or STREAMS[stream], STREAMS[stream], said)


def _us(ns: float) -> float:
    return round(ns) / 1000


def _named(lane: Lane, pid: int, order: int) -> Iterator[Event]:
    kind = LANE_KINDS[lane.kind]
    name = lane.name or f"{kind} {lane.id}"
    if lane.kind == wire.PROCESS:
        outside = f"{name} (pid {lane.number})" if lane.number else name
        yield {"ph": "M", "name": "process_name", "pid": pid, "args": {"name": outside}}
        yield {"ph": "M", "name": "process_sort_index", "pid": pid, "args": {"sort_index": order}}
    what = name if lane.kind == wire.THREAD else f"{kind} {name}"
    yield {"ph": "M", "name": "thread_name", "pid": pid, "tid": lane.id, "args": {"name": what}}
    yield {"ph": "M", "name": "thread_sort_index", "pid": pid, "tid": lane.id, "args": {"sort_index": order}}


def _spans(timeline: Timeline, lane: Lane, pid: int) -> Iterator[Event]:
    for span in lane.spans:
        line, function, _ = timeline.places.get(span.place, (0, "", False))
        resource = timeline.resources.get(span.on)
        state = STATES[span.state]
        start, end = round(span.start_ns), round(span.end_ns)
        waited = f"{state}: {_name(resource)}" if resource else state
        name = function or state if span.state == wire.RUNNING else waited
        said = {
            "on": _name(resource) if resource else None,
            "line": line or None,
            "function": function or None,
            "inferred": span.inferred,
        }
        yield {
            "ph": "X",
            "name": name,
            "cat": state,
            "pid": pid,
            "tid": lane.id,
            "ts": start / 1000,
            "dur": (end - start) / 1000,
            "args": said,
        }


def _holds(timeline: Timeline, process: dict[int, int]) -> Iterator[Event]:
    """Who held what, on tracks whose numbers follow the lanes'."""
    free = max(timeline.lanes, default=0) + 1
    tracks: dict[int, list[tuple[int, float]]] = {}
    for hold in timeline.holds:
        resource, lane = timeline.resources.get(hold.resource), timeline.lanes.get(hold.lane)
        if resource is None or lane is None:
            continue
        mine = tracks.setdefault(hold.resource, [])
        pid = process.get(resource.lane, process[lane.id])
        row = next((row for row, (_, until) in enumerate(mine) if until <= hold.start_ns), len(mine))
        if row == len(mine):
            name = f"{_name(resource)} ({row + 1})" if row else _name(resource)
            yield {"ph": "M", "name": "thread_name", "pid": pid, "tid": free, "args": {"name": name}}
            yield {"ph": "M", "name": "thread_sort_index", "pid": pid, "tid": free, "args": {"sort_index": free}}
            mine.append((free, 0.0))
            free += 1
        tid = mine[row][0]
        mine[row] = tid, hold.end_ns
        yield {
            "ph": "X",
            "name": lane.name or f"{LANE_KINDS[lane.kind]} {lane.id}",
            "cat": "hold",
            "pid": pid,
            "tid": tid,
            "ts": _us(hold.start_ns),
            "dur": (round(hold.end_ns) - round(hold.start_ns)) / 1000,
            "args": {
                "lane": lane.id,
                "line": timeline.places.get(hold.place, (0,))[0] or None,
                "inferred": hold.inferred,
            },
        }


def _cpu(lane: Lane, pid: int) -> Iterator[Event]:
    """Which share of a core a thread used, from one look to the next."""
    since, before = lane.start_ns, 0.0
    for t, used in lane.used:
        if t > since:
            share = round(100 * min(1.0, max(0.0, (used - before) / (t - since))))
            yield {
                "ph": "C",
                "name": f"CPU of {lane.name}",
                "id": lane.id,
                "pid": pid,
                "ts": _us(since),
                "args": {"%": share},
            }
        since, before = max(t, since), used
    if lane.used:
        yield {"ph": "C", "name": f"CPU of {lane.name}", "id": lane.id, "pid": pid, "ts": _us(since), "args": {"%": 0}}


def _name(resource: Resource) -> str:
    if resource.kind == wire.GIL:
        return "GIL"
    return f"{RESOURCES[resource.kind] or 'resource'} {resource.name}".strip()


def _instant(process: dict[int, int], lane: int, t: float, name: str, category: str, said: dict[str, Any]) -> Event:
    where = {"pid": process.get(lane, 0), "tid": lane, "ts": _us(t)}
    return {"ph": "i", "s": "t", "name": name, "cat": category, **where, "args": said}
