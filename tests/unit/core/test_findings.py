"""A deadlock is found and said in plain words; a healthy end is left in peace."""

from __future__ import annotations

from app.core.event import Chunk, events_of
from app.core.findings import findings, stuck
from app.core.fold import fold
from app.core.timeline import Timeline
from app.tracer import wire
from tests.golden.handmade import MS, Row, row

A, B, JOIN = 1, 2, 3


def lanes() -> list[Row]:
    names = ((1, "MainThread"), (2, "worker-1"), (3, "worker-2"))
    return [
        *(row(wire.LANE, 0, lane, flags=wire.THREAD, text=name) for lane, name in names),
        row(wire.RESOURCE, 0, 1, obj=A, flags=wire.LOCK, text="lock_a"),
        row(wire.RESOURCE, 0, 1, obj=B, flags=wire.LOCK, text="lock_b"),
        row(wire.RESOURCE, 0, 1, obj=JOIN, flags=wire.JOIN, by=2),
        row(wire.PLACE, 0, 1, obj=1, end=9, flags=1, text="work"),
        row(wire.STATE, 0, 1, flags=wire.WAITING, obj=JOIN),
    ]


def folded(*rows: Row) -> Timeline:
    return fold([Chunk(1, 0.0, 0, events_of([*lanes(), *rows]))], 10 * MS)


def test_a_cycle_of_two_locks_is_a_deadlock_with_lanes_locks_and_lines() -> None:
    timeline = folded(
        row(wire.HOLD, 1, 2, obj=A),
        row(wire.HOLD, 1, 3, obj=B),
        row(wire.STATE, 2, 2, flags=wire.WAITING, obj=B, place=1),
        row(wire.STATE, 3, 3, flags=wire.WAITING, obj=A, place=1),
    )
    (found,) = findings(timeline)
    assert (found.kind, set(found.lanes), set(found.resources)) == ("deadlock", {2, 3}, {A, B})
    assert found.lines == (9, 9)
    assert found.from_ns == 3 * MS
    assert stuck(timeline) == (
        "MainThread waits for worker-1; worker-1 waits for lock lock_b, held by worker-2; "
        "worker-2 waits for lock lock_a, held by worker-1"
    )


def test_a_chain_without_a_cycle_is_none() -> None:
    timeline = folded(
        row(wire.HOLD, 1, 3, obj=B),
        row(wire.STATE, 2, 2, flags=wire.WAITING, obj=B),
        row(wire.STATE, 2, 3, flags=wire.RUNNING),
    )
    assert findings(timeline) == []
    assert stuck(timeline) == "MainThread waits for worker-1; worker-1 waits for lock lock_b, held by worker-2"


def test_a_lock_that_its_holder_wants_again_is_a_deadlock_of_one() -> None:
    timeline = folded(row(wire.HOLD, 1, 2, obj=A), row(wire.STATE, 2, 2, flags=wire.WAITING, obj=A))
    (found,) = findings(timeline)
    assert found.lanes == (2,)


def test_nothing_is_stuck_in_a_run_that_ended() -> None:
    rows = [*lanes(), row(wire.END, 5, 1, flags=wire.RETURNED), row(wire.END, 5, 2, flags=wire.RETURNED)]
    timeline = fold([Chunk(1, 0.0, 0, events_of(rows))], 10 * MS)
    assert stuck(timeline) == ""
    assert findings(timeline) == []
