"""The fold: spans, links and endings from events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core.event import Chunk, Events, events_of, unpack_all
from app.core.findings import stuck
from app.core.findings.deadlocks import deadlocks
from app.core.findings.waits import Waits
from app.core.fold import fold, standing
from app.core.timeline import ENDINGS, STATES, Timeline, to_json
from app.tracer import wire
from tests.golden import handmade
from tests.golden.handmade import MS, row, step

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("*.chunks"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_recordings_fold_to_what_they_folded_to(path: Path) -> None:
    expected = json.loads(path.with_suffix(".timeline.json").read_text())
    end_ns = expected.pop("end_ns")
    assert to_json(fold(list(unpack_all(path.read_bytes())), end_ns)) == expected


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_how_a_trace_is_cut_into_chunks_changes_nothing(path: Path) -> None:
    chunks = list(unpack_all(path.read_bytes()))
    end_ns = json.loads(path.with_suffix(".timeline.json").read_text())["end_ns"]
    single = [Chunk(1, chunks[-1].known, 0, events) for events in [join([chunk.events for chunk in chunks])]]
    assert to_json(fold(single, end_ns)) == to_json(fold(chunks, end_ns))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@pytest.mark.parametrize("share", [0.3, 0.6, 1])
def test_what_stands_at_the_end_is_what_the_whole_trace_ends_with(path: Path, share: float) -> None:
    chunks = list(unpack_all(path.read_bytes()))
    chunks = chunks[: max(1, int(share * len(chunks)))]
    end_ns = chunks[-1].known
    whole = fold(chunks, end_ns)
    kept = fold([Chunk(1, end_ns, 0, standing(chunk.events for chunk in chunks))], end_ns)
    assert stuck(kept, most=99) == stuck(whole, most=99)
    assert [(f.kind, f.title) for f in deadlocks(Waits(kept))] == [(f.kind, f.title) for f in deadlocks(Waits(whole))]
    for number, lane in whole.lanes.items():
        same = kept.lanes[number]
        assert (same.name, same.kind, same.parent, same.ending) == (lane.name, lane.kind, lane.parent, lane.ending)
        if ENDINGS[lane.ending] == "unfinished":
            assert (same.spans[-1].state, same.spans[-1].on) == (lane.spans[-1].state, lane.spans[-1].on)


def test_what_stands_is_no_more_than_there_are_lanes_and_holds() -> None:
    moves = [row(wire.STATE, t, 1, flags=wire.RUNNING if t % 2 else wire.WAITING, obj=1) for t in range(1000)]
    holds = [row(wire.HOLD, t, 1, obj=1, end=(t + 0.5) * MS) for t in range(1000)]
    parts = [events_of(list(part)) for part in batched([MAIN, *moves, *holds], 100)]
    assert len(standing(parts)) == 3


def batched(rows: list[handmade.Row], size: int) -> list[list[handmade.Row]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def join(parts: list[Events]) -> Events:
    from app.core.event import concatenate

    return concatenate(parts)


def test_any_prefix_folds_and_its_lanes_are_in_one_state_at_a_time() -> None:
    events = join([chunk.events for chunk in handmade.chunks()])
    import numpy as np

    for n in range(len(events) + 1):
        timeline = fold([Chunk(1, 0.0, 0, events.take(np.arange(n)))])
        for lane in timeline.lanes.values():
            for before, after in zip(lane.spans, lane.spans[1:], strict=False):
                assert before.start_ns < before.end_ns == after.start_ns


def folded(*rows: handmade.Row, end: float | None = None) -> Timeline:
    known = max(each[0] for each in rows)
    return fold([Chunk(1, known, 0, events_of(list(rows)))], None if end is None else end * MS)


def states(timeline: Timeline, lane: int) -> list[tuple[str, float, float]]:
    return [(STATES[span.state], span.start_ns / MS, span.end_ns / MS) for span in timeline.lanes[lane].spans]


MAIN = row(wire.LANE, 0, 1, flags=wire.THREAD, text="MainThread")


def test_a_wait_inside_a_step_splits_it() -> None:
    timeline = folded(
        row(wire.LANE, 1, 2, flags=wire.TASK, obj=1),
        row(wire.STATE, 3, 2, flags=wire.WAITING, obj=1),
        row(wire.STATE, 4, 2, flags=wire.RUNNING),
        step(2, 6, 2, wire.ENDS),
        end=7,
    )
    assert states(timeline, 2) == [("created", 1, 2), ("running", 2, 3), ("waiting", 3, 4), ("running", 4, 6)]
    assert timeline.lanes[2].end_ns == 6 * MS


def test_an_open_step_told_twice_is_one_span() -> None:
    timeline = folded(MAIN, row(wire.STATE, 2, 1, flags=wire.RUNNING), step(2, 5, 1, wire.READY), end=6)
    assert states(timeline, 1) == [("created", 0, 2), ("running", 2, 5), ("ready", 5, 6)]


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["open first", "whole first"])
def test_a_hold_told_open_and_told_whole_is_one(order: slice) -> None:
    told = [row(wire.HOLD, 2, 1, obj=4), row(wire.HOLD, 2, 1, obj=4, end=5 * MS)]
    timeline = folded(MAIN, *told[order], end=6)
    assert [(hold.start_ns, hold.end_ns) for hold in timeline.holds] == [(2 * MS, 5 * MS)]


def test_what_is_open_at_the_end_is_unfinished_and_reaches_to_it() -> None:
    timeline = folded(MAIN, row(wire.HOLD, 2, 1, obj=4), row(wire.STATE, 2, 1, flags=wire.WAITING, obj=4), end=9)
    assert ENDINGS[timeline.lanes[1].ending] == "unfinished"
    assert states(timeline, 1)[-1] == ("waiting", 2, 9)
    assert timeline.holds[0].end_ns == 9 * MS


def test_while_the_run_is_on_nothing_has_ended() -> None:
    timeline = folded(MAIN, row(wire.STATE, 2, 1, flags=wire.WAITING, obj=4), row(wire.CPU, 5, 1, end=1))
    assert to_json(timeline)["lanes"][0]["end_ns"] is None
    assert states(timeline, 1)[-1] == ("waiting", 2, 5)


def test_a_wait_that_timed_out_has_no_cause() -> None:
    timeline = folded(
        MAIN,
        row(wire.LANE, 0, 2, flags=wire.THREAD, text="worker"),
        row(wire.RESOURCE, 0, 1, obj=3, flags=wire.JOIN, by=2),
        row(wire.STATE, 2, 1, flags=wire.WAITING, obj=3),
        row(wire.STATE, 3, 1, flags=wire.RUNNING),
        row(wire.END, 4, 2, flags=wire.RETURNED),
        end=5,
    )
    assert timeline.links == []


def test_who_does_not_hold_the_gil_wants_it() -> None:
    process = row(wire.LANE, 0, 1, flags=wire.PROCESS, end=2)
    threads = [row(wire.LANE, 0, lane, flags=wire.THREAD, obj=1) for lane in (2, 3)]
    running = [row(wire.STATE, 0, lane, flags=wire.RUNNING) for lane in (2, 3)]
    gil = [
        row(wire.RESOURCE, 0, 1, obj=1, flags=wire.GIL),
        row(wire.HOLD, 1, 2, obj=1, end=4 * MS, flags=wire.INFERRED),
        row(wire.HOLD, 4, 3, obj=1, end=6 * MS, flags=wire.INFERRED),
    ]
    timeline = folded(process, *threads, *running, *gil, end=7)
    assert states(timeline, 2) == [("running", 0, 4), ("ready", 4, 6), ("running", 6, 7)]
    assert states(timeline, 3) == [("running", 0, 1), ("ready", 1, 4), ("running", 4, 7)]
    assert [span.inferred for span in timeline.lanes[3].spans] == [False, True, False]
