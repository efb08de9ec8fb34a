"""A timeline as Chrome trace events: what Perfetto would otherwise drop in silence is an error here."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.core import chrome
from app.core.event import unpack_all
from app.core.findings import findings
from app.core.fold import fold
from app.core.timeline import Hold, Timeline
from app.tracer import wire

GOLDEN = Path(__file__).parents[2] / "golden"
RECORDINGS = sorted(path.stem for path in GOLDEN.glob("*.chunks"))
FIELDS = {
    "M": {"ph", "name", "pid", "args"},
    "X": {"ph", "name", "cat", "pid", "tid", "ts", "dur", "args"},
    "s": {"ph", "name", "cat", "id", "pid", "tid", "ts"},
    "f": {"ph", "name", "cat", "id", "bp", "pid", "tid", "ts"},
    "C": {"ph", "name", "id", "pid", "ts", "args"},
    "i": {"ph", "s", "name", "cat", "pid", "tid", "ts", "args"},
}
Events = list[dict[str, Any]]


def exported(name: str) -> tuple[Timeline, Events]:
    chunks = list(unpack_all((GOLDEN / f"{name}.chunks").read_bytes()))
    timeline = fold(chunks, max(chunk.known for chunk in chunks))
    return timeline, list(chrome.events(timeline, findings(timeline)))


def tracks(events: Events) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """By (pid, tid) the spans as (start, end) in ns, in the order in which they stand."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for event in events:
        if event["ph"] == "X":
            start, length = (ns(event[name]) for name in ("ts", "dur"))
            found.setdefault((event["pid"], event["tid"]), []).append((start, start + length))
    return found


def ns(us: float) -> int:
    assert abs(us * 1000 - round(us * 1000)) < 1e-3
    return round(us * 1000)


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_event_is_of_the_format(name: str) -> None:
    timeline, events = exported(name)
    for event in events:
        fields = set(event) - ({"tid"} if event["ph"] == "M" else set())
        assert fields == FIELDS[event["ph"]], event
        assert isinstance(event["name"], str)
        assert event["name"]
        assert {type(event[name]) for name in ("pid", "tid", "id") if name in event} == {int}
        assert event.get("ts", 0) >= 0
        assert event.get("dur", 0) >= 0
    spans = {key: len(found) for key, found in tracks(events).items()}
    assert {tid: count for (_, tid), count in spans.items() if tid in timeline.lanes} == {
        lane.id: len(lane.spans) for lane in timeline.lanes.values() if lane.spans
    }
    assert sum(count for (_, tid), count in spans.items() if tid not in timeline.lanes) == len(timeline.holds)
    noticed = sum(len(finding.lanes) for finding in findings(timeline))
    assert sum(event["ph"] == "i" for event in events) == len(timeline.marks) + len(timeline.output) + noticed


@pytest.mark.parametrize("name", RECORDINGS)
def test_spans_of_a_track_follow_each_other_in_ns(name: str) -> None:
    timeline, events = exported(name)
    told = {
        lane.id: [(round(span.start_ns), round(span.end_ns)) for span in lane.spans] for lane in timeline.lanes.values()
    }
    for (_, tid), spans in tracks(events).items():
        assert tid not in told or spans == told[tid]
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("name", RECORDINGS)
def test_tracks_have_a_name_and_stand_in_a_process_that_has_one(name: str) -> None:
    _, events = exported(name)
    named = {(event["pid"], event.get("tid"), event["name"]) for event in events if event["ph"] == "M"}
    for pid, tid in tracks(events):
        assert (pid, tid, "thread_name") in named
        assert (pid, tid, "thread_sort_index") in named
    for pid in {event["pid"] for event in events if event["ph"] != "C"}:
        assert (pid, None, "process_name") in named


@pytest.mark.parametrize("name", RECORDINGS)
def test_flows_come_in_pairs_that_hang_on_spans(name: str) -> None:
    timeline, events = exported(name)
    spans = tracks(events)
    ends: dict[int, list[dict[str, Any]]] = {}
    for event in events:
        if event["ph"] in ("s", "f"):
            ends.setdefault(event["id"], []).append(event)
            at = ns(event["ts"])
            assert any(start <= at < end or start == at for start, end in spans[event["pid"], event["tid"]]), event
    assert len(ends) == len(timeline.links)
    for cause, effect in ends.values():
        assert (cause["ph"], effect["ph"]) == ("s", "f")
        assert cause["ts"] <= effect["ts"]


def test_it_says_what_the_timeline_says() -> None:
    _, events = exported("handmade")
    spans = [event for event in events if event["ph"] == "X" and event["cat"] != "hold"]
    assert {event["cat"] for event in spans} == {"created", "running", "ready", "waiting"}
    wait = next(event for event in spans if event["name"] == "waiting: lock lock")
    assert wait["args"] == {"on": "lock lock", "line": 20, "function": "<module>", "inferred": False}
    assert {event["name"] for event in spans if event["cat"] == "running"} >= {"running"}
    assert next(e for e in events if e["name"] == "process_name")["args"] == {"name": "MainProcess (pid 2)"}
    assert [e["args"]["level"] for e in events if e["ph"] == "C" and e["name"].startswith("queue")][:1] == [1]
    named = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    held = [(named[event["tid"]], event["name"]) for event in events if event.get("cat") == "hold"]
    assert ("lock lock", "Thread-1 (worker)") in held
    assert ("GIL", "MainThread") in held
    said = next(event for event in events if event["ph"] == "i" and event["cat"] == "stdout")
    assert (said["name"], said["args"]["text"], said["ts"]) == ("Привет <b>", "Привет <b>\n", 2500)


def test_holds_that_overlap_stand_on_tracks_of_their_own() -> None:
    timeline, _ = exported("handmade")
    [lock] = [each.id for each in timeline.resources.values() if each.name == "lock"]
    timeline.holds = [Hold(lock, 2, start, end) for start, end in ((0, 10), (5, 15), (10, 20), (12, 30))]
    events = list(chrome.events(timeline, []))
    found = [(event["tid"], ns(event["ts"])) for event in events if event.get("cat") == "hold"]
    first = max(timeline.lanes) + 1
    assert found == [(first, 0), (first + 1, 5), (first, 10), (first + 2, 12)]
    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    assert [names[first + row] for row in range(3)] == ["lock lock", "lock lock (2)", "lock lock (3)"]


def test_a_finding_is_an_instant_on_each_of_its_lanes_and_cpu_a_counter() -> None:
    timeline, events = exported("deadlock")
    noticed = [event for event in events if event.get("cat") == "finding"]
    assert [(event["name"], timeline.lanes[event["tid"]].name) for event in noticed] == [
        ("deadlock", "worker-1"),
        ("deadlock", "worker-2"),
    ]
    main = timeline.lanes[2]
    main.used = [(main.start_ns + 100e6, 50e6), (main.start_ns + 200e6, 50e6)]
    timeline.stats[wire.CPU_HZ] = 20
    counted = [event for event in chrome.events(timeline, []) if event["name"] == f"CPU of {main.name}"]
    assert [(event["ph"], event["args"]["%"]) for event in counted] == [("C", 50), ("C", 0), ("C", 0)]
