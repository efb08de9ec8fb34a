"""Programs that say in comments what their trace must tell: who waits on what on this line, and what lets it go on.

`#: LANE KIND NAME` at a line's end, then perhaps `<- LINK LANE`; several with a semicolon between; before it perhaps
the versions it is for, like `3.12+` or `3.11`. A lane that is named anywhere waits for nothing else, `#: LANE nothing`.
A comment on a line of its own means waits on no line of the program's, or with `@N` before all on that line of another
file. Lines that only bring threads to a point, by `blocked`, don't count.
"""

from __future__ import annotations

import difflib
import re
import shlex
import textwrap
from collections import defaultdict
from itertools import pairwise
from typing import NamedTuple

from app.core.timeline import RESOURCES, Timeline
from app.tracer import wire

from .conftest import Seen, Tracer

SAID = re.compile(r"#: (.*)$")
VERSION = re.compile(r"3\.(\d+)(\+?)")
ADDRESS = re.compile("0x[0-9a-f]+")


class Stay(NamedTuple):
    """A wait, and the link that ended it: its kind and the lane that it comes from."""

    line: int
    kind: str
    name: str
    cause: tuple[str, str] | None


Stays = dict[str, set[Stay]]
"""The waits of some lanes, by name."""


def play(tracer: Tracer, program: str) -> tuple[Seen, Stays, Stays]:
    """Run a program with its trace and without, to the same effect: its run, what the trace tells and what it must tell."""
    source = textwrap.dedent(program).strip() + "\n"
    seen, bare = tracer.run(source), tracer.run(source, traced=False)
    same(seen, bare)
    assert (seen.exit_code, seen.lost, seen.rejected) == (0, 0, 0)
    sound(seen.timeline)
    expected = told(source, tracer.version)
    return seen, {lane: waits(seen, lane, source) for lane in expected}, expected


def same(seen: Seen, bare: Seen) -> None:
    """The program did the same with the tracer and without; bare, prints of several threads may be mixed."""
    for stream, order in ("stderr", list), ("stdout", sorted):
        with_us, without = (ADDRESS.sub("", getattr(run, stream)) for run in (seen, bare))
        if order(with_us) != order(without):
            raise AssertionError("\n".join(difflib.unified_diff(without.splitlines(), with_us.splitlines())))
    assert seen.exit_code == bare.exit_code


def told(source: str, version: tuple[int, ...]) -> Stays:
    """What the program's comments say about each lane."""
    found: Stays = defaultdict(set)
    for number, text in enumerate(source.splitlines(), 1):
        said = SAID.search(text)
        for each in said[1].split(";") if said else ():
            words = shlex.split(each)
            line = 0 if text.lstrip().startswith("#") else number
            if words[0].startswith("@"):
                line = int(words.pop(0)[1:])
            only = VERSION.fullmatch(words[0])
            if only:
                del words[0]
            if words[1] == "nothing":
                found[words[0]]
                continue
            lane, kind, name, *cause = words
            stays = found[lane]
            if not only or version[1] == int(only[1]) or (only[2] and version[1] > int(only[1])):
                stays.add(Stay(line, kind, "" if name == "-" else name, (cause[1], cause[2]) if cause else None))
    return dict(found)


def waits(seen: Seen, name: str, source: str) -> set[Stay]:
    """What the lane of this name waited on, and why it went on."""
    timeline = seen.timeline
    lane = seen.lane(name)
    arrows = {(link.to_ns, link.resource): link for link in timeline.links if link.to_lane == lane.id}
    going = [*lane.spans[1:], None]
    found = set()
    for index, span in enumerate(lane.spans):
        if span.state != wire.WAITING:
            continue
        resource = timeline.resources[span.on]
        line = timeline.places.get(span.place, (0,))[0]
        if line and "blocked(" in source.splitlines()[line - 1]:
            continue
        runs = next((after for after in going[index:] if after is not None and after.state == wire.RUNNING), None)
        link = arrows.get((runs.start_ns, span.on)) if runs is not None else None
        cause = (link.kind, seen.name(link.from_lane)) if link is not None else None
        found.add(Stay(line, RESOURCES[resource.kind], resource.name, cause))
    return found


def sound(timeline: Timeline) -> None:
    """What holds for every timeline."""
    lanes = timeline.lanes
    for lane in lanes.values():
        assert all(one.end_ns == two.start_ns for one, two in pairwise(lane.spans)), lane
        assert all(span.start_ns <= span.end_ns for span in lane.spans), lane
        after_waits = {two.state for one, two in pairwise(lane.spans) if one.state == wire.WAITING}
        assert after_waits <= {wire.RUNNING, wire.READY}, lane
        steps = [
            (span.start_ns, span.end_ns)
            for child in lane.children
            if lanes[child].kind == wire.TASK
            for span in lanes[child].spans
            if span.state == wire.RUNNING
        ]
        steps.sort()
        assert all(one[1] <= two[0] for one, two in pairwise(steps)), lane
    for link in timeline.links:
        assert link.from_ns <= link.to_ns, link
        assert any(span.state == wire.RUNNING and span.start_ns == link.to_ns for span in lanes[link.to_lane].spans), (
            link
        )
