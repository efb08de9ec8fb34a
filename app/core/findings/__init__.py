"""Findings: what a timeline shows that is worth saying, and the sentence that explains how a run was stuck.

finding      Finding, and what things are called in one
waits        who waits for whom
deadlocks · hopeless, starved · loops · contention · unseen      one kind of finding each, or a few
"""

from __future__ import annotations

from app.core.findings.contention import contention
from app.core.findings.deadlocks import deadlocks
from app.core.findings.finding import Finding, full_name, lane_name, named
from app.core.findings.hopeless import hopeless
from app.core.findings.loops import blocked_loops
from app.core.findings.unseen import unseen
from app.core.findings.waits import Waits
from app.core.timeline import Span, Timeline
from app.tracer import wire

__all__ = ["Finding", "findings", "full_name", "lane_name", "named", "owners", "stuck"]

MOST = 100
FIRST = ("deadlock", "nobody_can_wake")
"""What explains why a run did not end comes first."""


def findings(timeline: Timeline) -> list[Finding]:
    """All findings so far: first those that explain why a run does not end, then in order of time."""
    waits = Waits(timeline)
    circles = deadlocks(waits)
    caught = {lane for finding in circles for lane in finding.lanes}
    found = [*circles, *hopeless(waits), *blocked_loops(waits)]
    found += [each for each in unseen(waits) if each.kind != "daemon_cut_off" or not caught & set(each.lanes)]
    if timeline.over:
        found += contention(waits)
    return sorted(found, key=lambda finding: (finding.kind not in FIRST, finding.from_ns))[:MOST]


def owners(timeline: Timeline, span: Span) -> list[int]:
    """The lanes that a waiting lane waits for at its span's end: holders of the resource, or the lane it joins."""
    resource = timeline.resources.get(span.on)
    if resource is None:
        return []
    if resource.target:
        return [resource.target]
    return [h.lane for h in timeline.holds if h.resource == span.on and h.start_ns <= span.end_ns <= h.end_ns]


def stuck(timeline: Timeline, most: int = 4) -> str:
    """Who waits for what at the run's end, as one line for an outcome's detail; "" when nobody does."""
    said = []
    for lane in timeline.lanes.values():
        wait = lane.spans[-1] if lane.spans else None
        if wait is None or wait.state != wire.WAITING or wait.end_ns < timeline.end_ns:
            continue
        if lane.internal or lane.kind == wire.PROCESS:
            continue
        resource = timeline.resources.get(wait.on)
        held = [full_name(timeline, timeline.lanes[n]) for n in owners(timeline, wait) if n in timeline.lanes]
        by = f", held by {' and '.join(held)}" if held and resource and not resource.target else ""
        said.append(f"{full_name(timeline, lane)} waits for {named(timeline, wait.on)}{by}")
    more = f"; and {len(said) - most} more" if len(said) > most else ""
    return "; ".join(said[:most]) + more
