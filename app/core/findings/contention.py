"""Locks that the lanes using them spent much of their time waiting for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.core.findings.finding import Finding, enumerated, full_name, line_of, named
from app.core.findings.waits import Waits
from app.core.timeline import Lane, Span, Timeline
from app.tracer import wire

LOCKS = (wire.LOCK, wire.RLOCK)
"""Not semaphores: to keep lanes waiting is what they are for."""
SHARE = 0.25
"""Of the time that those who waited for it lived."""
LEAST_NS = 100_000_000
LEAST_WAITS = 6
NAMED_LINES = 3
LEAST_SHARE = 0.1
"""Of the time that it was held: lines with less are not named."""


@dataclass(slots=True)
class Use:
    """How a lock was waited for: the waits that ended, by lane."""

    waits: list[Span] = field(default_factory=list)
    lanes: dict[int, float] = field(default_factory=dict)


def contention(waits: Waits) -> list[Finding]:
    """Every lock that those who ever waited for it spent a large share of their lives waiting for, again and again.

    SHARE: a quarter is lost time that one sees on the picture and gets back by holding the lock more briefly; a lock
    that is used well costs its users a few percent. LEAST_NS and LEAST_WAITS: what is below is a hand-over or two, or
    over before anybody notices. Waits that never ended are not counted: they are another finding.
    """
    timeline = waits.timeline
    found = []
    for number, use in _uses(waits).items():
        lived = sum(_lived(timeline.lanes[lane], timeline) for lane in use.lanes)
        waited = sum(use.lanes.values())
        if len(use.waits) >= LEAST_WAITS and waited >= LEAST_NS and waited >= SHARE * lived:
            found.append(_finding(waits, number, use, waited / lived))
    return found


def _uses(waits: Waits) -> dict[int, Use]:
    uses: dict[int, Use] = {}
    for lane in waits.timeline.lanes.values():
        for span in lane.spans[:-1]:
            kind = getattr(waits.timeline.resources.get(span.on), "kind", 0)
            if span.state != wire.WAITING or kind not in LOCKS or lane.internal:
                continue
            if lane.kind == wire.THREAD and waits.acting(lane, span) != lane.id:
                continue
            use = uses.setdefault(span.on, Use())
            use.waits.append(span)
            use.lanes[lane.id] = use.lanes.get(lane.id, 0.0) + span.end_ns - span.start_ns
    return uses


def _lived(lane: Lane, timeline: Timeline) -> float:
    return (lane.end_ns if lane.end_ns >= 0 else timeline.end_ns) - lane.start_ns


def _finding(waits: Waits, number: int, use: Use, share: float) -> Finding:
    timeline = waits.timeline
    held: Counter[int] = Counter()
    lines: Counter[int] = Counter()
    for hold in waits.holds.get(number, []):
        held[hold.lane] += round(hold.end_ns - hold.start_ns)
        for line, ns in _lines(waits, timeline.lanes[hold.lane], hold.start_ns, hold.end_ns, hold.place):
            lines[line] += round(ns)
    del lines[0]
    most = [(line, ns) for line, ns in lines.most_common(NAMED_LINES) if ns >= LEAST_SHARE * lines.total()]
    longest = [line for line, _ in most]
    waited = sum(use.lanes.values())
    waiters = sorted(use.lanes, key=lambda lane: -use.lanes[lane])
    names = [full_name(timeline, timeline.lanes[lane]) for lane in waiters]
    held_by = [full_name(timeline, timeline.lanes[lane]) for lane, _ in held.most_common()]
    where = f", longest on line {longest[0]}" if longest else ""
    return Finding(
        kind="contention",
        title=f"{enumerated(names)} spent {share:.0%} of their time waiting for {named(timeline, number)} "
        f"({len(use.waits)} waits, {waited / 1e6:.0f} ms); it was held by {enumerated(held_by)}{where}",
        lanes=tuple(dict.fromkeys([*waiters, *(lane for lane, _ in held.most_common())])),
        resources=(number,),
        from_ns=min(span.start_ns for span in use.waits),
        to_ns=max(span.end_ns for span in use.waits),
        lines=tuple(longest),
        details={
            "waited_ns": round(waited),
            "share": round(share, 4),
            "waits": len(use.waits),
            "waiters": waiters,
            "holders": [{"lane": lane, "held_ns": ns} for lane, ns in held.most_common()],
            "lines": [{"line": line, "held_ns": ns} for line, ns in most],
        },
    )


def _lines(waits: Waits, lane: Lane, start: float, end: float, place: int) -> Iterator[tuple[int, float]]:
    """On which lines the lane was, as far as events tell, while it held the lock; 0 where none did."""
    at = start
    taken = line = line_of(waits.timeline, place)
    while at < end:
        span = waits.span(lane, at)
        if span is None or span.end_ns <= at:
            break
        until = min(span.end_ns, end)
        # What it did when it took the lock, it had begun before: there the line is where it took it, if that is known.
        line = (taken if span.start_ns < start else 0) or line_of(waits.timeline, span.place) or line
        yield line, until - at
        at = until
