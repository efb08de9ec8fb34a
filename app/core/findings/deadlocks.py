"""Deadlocks: lanes that wait for each other in a circle, as long as that lasted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from app.core.findings.finding import Finding, enumerated, full_name, is_lock, line_of, namesakes
from app.core.findings.waits import Step, Waits
from app.core.timeline import Lane, Span, Timeline, process_of
from app.tracer import wire

LASTING_NS = 20_000_000
"""A circle that is over sooner was a hand-over in progress; the recorder's view of a live run is as old."""
MOST_BEHIND = 20
MOST_SEEN = 300_000
"""So many lanes are looked at in search of circles, the endless waits first: a hostile trace must not take long."""
OUTSIDE = (wire.SLEEP, wire.IO)
"""Waits that end without any lane's doing."""


def deadlocks(waits: Waits) -> list[Finding]:
    """Every circle of lanes that needed each other to go on, also one that a timeout or a cancellation broke."""
    found: dict[frozenset[int], Finding] = {}
    for lane, wait in candidates(waits):
        if waits.seen > MOST_SEEN:
            break
        steps = plain(waits, waits.cycle(lane.id, wait.start_ns))
        if not steps:
            continue
        # Circles over the same things are one: whoever else waits for one of them waits behind it.
        key = frozenset(step.need.resource for step in steps)
        if key in found and found[key].to_ns >= wait.start_ns:
            continue
        finding = explained(waits, steps, wait.start_ns)
        if finding is not None and key in found:
            finding = replace(finding, from_ns=found[key].from_ns)
        if finding is not None:
            found[key] = finding
    return list(found.values())


def candidates(waits: Waits) -> Iterator[tuple[Lane, Span]]:
    """The waits whose beginnings may have closed a circle: those that lasted, the endless first, in order of time."""
    pairs = [
        (lane, span)
        for lane in waits.timeline.lanes.values()
        for span in lane.spans
        if span.state == wire.WAITING and span.end_ns - span.start_ns >= LASTING_NS
    ]
    yield from sorted(pairs, key=lambda pair: (pair[1] is not pair[0].spans[-1], pair[1].start_ns))


def plain(waits: Waits, steps: list[Step]) -> list[Step]:
    """The steps between the program's own threads and tasks: without processes, whose threads do what they do, and
    without the tasks that asyncio makes to wait for something; the lowest lane that waits of itself comes first."""
    lanes = waits.timeline.lanes
    kept: list[Step] = []
    for step in steps:
        lane = lanes[step.lane]
        if kept and lane.kind == wire.PROCESS:
            kept[-1] = replace(kept[-1], next=step.next)
        elif kept and lane.internal and lane.kind == wire.TASK:
            outer = kept[-1]
            kept[-1] = replace(step, lane=outer.lane, need=replace(step.need, place=outer.need.place))
        else:
            kept.append(step)
    if len(kept) > 1 and (lanes[kept[0].lane].kind == wire.PROCESS or lanes[kept[0].lane].internal):
        return plain(waits, steps[1:] + steps[:1])
    first = min(range(len(kept)), key=lambda at: (kept[at].need.how == "loop", kept[at].lane), default=0)
    return kept[first:] + kept[:first]


def explained(waits: Waits, steps: list[Step], t: float) -> Finding | None:
    """What to say of a circle that was closed at this time; nothing if it was none that lasted."""
    timeline = waits.timeline
    lanes = [timeline.lanes[step.lane] for step in steps]
    spans = [span for lane in lanes if (span := waits.span(lane, t)) is not None]
    end = min(span.end_ns for span in spans)
    broken = any(lane.spans[-1] is not span for lane, span in zip(lanes, spans, strict=True))
    limited = any(waits_limited(waits, lane, span) for lane, span in zip(lanes, spans, strict=True))
    if end - t < LASTING_NS:
        return None
    if broken and not limited and all(lane.kind != wire.TASK for lane in lanes):
        return None  # somebody else let a lock go
    inferred = any(step.need.how == "children" for step in steps) or (limited and not broken)
    if len(steps) == 1 and is_lock(timeline.resources.get(steps[0].need.resource)):
        if broken:
            return None
        if goes_on(waits, lanes[0], end):
            if not timeline.over:
                return None
            inferred = True  # another one may let the lock go, if that is how it is used
    behind = waiting_behind(waits, {lane.id for lane in lanes}, end)
    lines = [line_of(timeline, step.need.place) for step in steps]
    names = namesakes(timeline, (step.need.resource for step in steps if step.need.resource))
    said = "; ".join(_said(timeline, step, names.get(step.need.resource, "")) for step in steps)
    lasted = f" for {(end - t) / 1e9:.3g} s" if broken else ""
    also = [full_name(timeline, timeline.lanes[number]) for number in behind]
    more = f"; {enumerated(also)} {'waits' if len(also) == 1 else 'wait'} behind them" if also else ""
    return Finding(
        kind="deadlock",
        title=f"Deadlock{lasted}: {said}{more}",
        lanes=tuple(lane.id for lane in lanes),
        resources=tuple(names),
        from_ns=t,
        to_ns=end,
        lines=tuple(line for line in lines if line),
        inferred=inferred,
        details={
            "steps": [_details(step, line) for step, line in zip(steps, lines, strict=True)],
            "behind": behind,
            "broken": broken,
        },
    )


def _details(step: Step, line: int) -> dict[str, Any]:
    need = step.need
    return {
        "lane": step.lane,
        "how": need.how,
        "resource": need.resource or None,
        "line": line or None,
        "needs": step.next,
        "holders": list(need.lanes) if need.how == "held" else [],
    }


def _said(timeline: Timeline, step: Step, what: str) -> str:
    name, other = (full_name(timeline, timeline.lanes[number]) for number in (step.lane, step.next))
    match step.need.how:
        case "held" if step.next == step.lane:
            return f"{name} waits for {what}, which it holds itself"
        case "held":
            holders = [full_name(timeline, timeline.lanes[number]) for number in step.need.lanes]
            return f"{name} waits for {what}, held by {enumerated(holders)}"
        case "loop":
            return f"{name} can't go on while {other} blocks their event loop"
        case "children":
            return f"{name} waits for the tasks it has started, one of which is {other}"
        case _:
            return f"{name} waits for {other}"


def waits_limited(waits: Waits, lane: Lane, span: Span) -> bool:
    """Whether this stay may end without any lane's doing: it has a timeout, or its event loop has timers."""
    if lane.kind != wire.TASK:
        return span.limited
    thread = waits.timeline.lanes.get(lane.parent)
    last = waits.wait(thread, min(span.end_ns, waits.timeline.end_ns) - 1) if thread is not None else None
    return last is not None and last.limited


def goes_on(waits: Waits, lane: Lane, t: float) -> bool:
    """Whether another lane of the same process can do something just before this time."""
    lanes = waits.timeline.lanes
    process = process_of(waits.timeline, lane)
    for other in lanes.values():
        own = other.id in (lane.id, lane.parent)
        apart = process_of(waits.timeline, other) is not process and process.kind == wire.PROCESS
        span = None if own or apart or other.kind == wire.PROCESS or other.internal else waits.span(other, t - 1)
        if span is None or (other.kind == wire.TASK and waits.blocker(other, t - 1)):
            continue
        kind = getattr(waits.timeline.resources.get(span.on), "kind", 0)
        if span.state != wire.WAITING or kind in OUTSIDE or waits_limited(waits, other, span):
            return True
    return False


def waiting_behind(waits: Waits, circle: set[int], end: float) -> list[int]:
    """The program's lanes that can't go on because those of the circle can't."""
    lanes = waits.timeline.lanes
    waiting = [lane.id for lane in lanes.values() if lane.kind != wire.PROCESS and waits.wait(lane, end - 1)]
    graph = waits.stuck(waiting, end - 1)
    behind = set(circle)
    grown = True
    while grown:
        more = {
            number
            for number, needs in graph.items()
            if number not in behind and any(needed in behind for need in needs for needed in need.lanes)
        }
        grown = bool(more)
        behind |= more
    mirrors = {
        number
        for number in behind
        if (wait := waits.wait(lanes[number], end - 1)) and waits.acting(lanes[number], wait) != number
    }
    own = [n for n in behind - circle - mirrors if lanes[n].kind != wire.PROCESS and not lanes[n].internal]
    return sorted(own)[:MOST_BEHIND]
