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


LOOP, SLEEPS, QUIET, GOES = 10, 11, 12, 13


def looped(*rows: Row) -> Timeline:
    lanes = [
        row(wire.LANE, 0, LOOP, flags=wire.THREAD, text="MainThread"),
        row(wire.STATE, 0, LOOP, flags=wire.RUNNING),
        row(wire.RESOURCE, 0, LOOP, obj=A, flags=wire.SLEEP, text="sleep"),
        row(wire.PLACE, 0, LOOP, obj=1, end=9, flags=1, text="fetch"),
        *(row(wire.LANE, 1, task, flags=wire.TASK, obj=LOOP, by=LOOP, text=f"Task-{task}") for task in (SLEEPS, GOES)),
    ]
    return fold([Chunk(1, 0.0, 0, events_of([*lanes, *rows]))], 1000 * MS)


def blocks(until: float) -> list[Row]:
    """A task that sleeps without await: its thread sleeps with it."""
    return [
        row(wire.STATE, 10, SLEEPS, flags=wire.RUNNING),
        *(row(wire.STATE, 11, lane, flags=wire.WAITING, obj=A, place=1) for lane in (SLEEPS, LOOP)),
        *(row(wire.STATE, until, lane, flags=wire.RUNNING) for lane in (SLEEPS, LOOP)),
        row(wire.END, until + 1, SLEEPS, flags=wire.RETURNED),
        row(wire.STATE, until + 2, GOES, flags=wire.RUNNING),
        row(wire.END, until + 3, GOES, flags=wire.RETURNED),
        row(wire.END, until + 4, LOOP, flags=wire.RETURNED),
    ]


def test_a_task_that_keeps_the_event_loop_from_another_is_found_with_its_line() -> None:
    (found,) = findings(looped(*blocks(until=211)))
    assert (found.kind, found.lanes, found.lines, found.inferred) == ("loop_blocked", (SLEEPS, GOES), (9,), False)
    assert (found.from_ns, found.to_ns) == (10 * MS, 212 * MS)
    assert found.title == "Task-11 kept the event loop of MainThread for 202 ms; Task-13 had to wait"


def test_a_short_step_is_nothing_to_speak_of() -> None:
    assert findings(looped(*blocks(until=40))) == []


def test_a_task_that_awaits_its_sleep_blocks_nobody() -> None:
    awaits = [each for each in blocks(until=211) if not (each[2] == LOOP and each[7] == wire.STATE)]
    assert findings(looped(*awaits)) == []


def test_what_nobody_looked_at_is_found_where_it_was_marked() -> None:
    timeline = folded(
        row(wire.MARK, 2, 2, flags=wire.NEVER_RETRIEVED, text="KeyError: 'lost'"),
        row(wire.MARK, 3, 3, flags=wire.NEVER_AWAITED, place=1, text="coroutine 'never' was never awaited"),
        row(wire.END, 4, 2, flags=wire.KILLED),
        row(wire.STATE, 4, 3, flags=wire.RUNNING),
    )
    assert [(found.kind, found.lanes, found.lines) for found in findings(timeline)] == [
        ("never_retrieved", (2,), ()),
        ("never_awaited", (3,), (9,)),
        ("daemon_cut_off", (2,), ()),
    ]


def test_a_wait_that_nobody_is_left_to_end_is_inferred() -> None:
    queue = row(wire.RESOURCE, 1, 2, obj=9, flags=wire.QUEUE, text="jobs")
    waits = row(wire.STATE, 2, 2, flags=wire.WAITING, obj=9, place=1)
    ended = row(wire.END, 3, 3, flags=wire.RETURNED)
    (found,) = findings(folded(queue, waits, ended))
    assert (found.kind, found.lanes, found.resources, found.inferred) == ("nobody_can_wake", (2,), (9,), True)
    assert findings(folded(queue, waits, row(wire.STATE, 3, 3, flags=wire.RUNNING))) == []
