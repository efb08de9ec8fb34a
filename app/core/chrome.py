"""A timeline as Chrome trace events, for Perfetto's page and whatever else reads them (docs/timeline.md, "Export").

A process is a group of tracks, each of its lanes is one track: `pid` and `tid` are lanes' numbers, since a number that
the program saw may be given to two processes. Spans are complete events, links are flows, levels are counters, marks
and output are instants. Times are in µs with the ns behind the point.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.timeline import LANE_KINDS, MARKS, RESOURCES, STATES, STREAMS, Lane, Resource, Timeline, process_of
from app.tracer import wire

Event = dict[str, Any]
MOST_NAME = 80


def events(timeline: Timeline) -> Iterator[Event]:
    """The events one by one: names, then each track in order of time, then what joins tracks or has none."""
    process = {lane.id: process_of(timeline, lane).id for lane in timeline.lanes.values()}
    for order, lane in enumerate(sorted(timeline.lanes.values(), key=lambda lane: lane.id)):
        yield from _named(lane, process[lane.id], order)
    for lane in timeline.lanes.values():
        yield from _spans(timeline, lane, process[lane.id])
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


def _name(resource: Resource) -> str:
    return f"{RESOURCES[resource.kind] or 'resource'} {resource.name}".strip()


def _instant(process: dict[int, int], lane: int, t: float, name: str, category: str, said: dict[str, Any]) -> Event:
    where = {"pid": process.get(lane, 0), "tid": lane, "ts": _us(t)}
    return {"ph": "i", "s": "t", "name": name, "cat": category, **where, "args": said}
