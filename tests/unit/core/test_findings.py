"""What is worth saying is found and said in plain words; what is healthy is left in peace."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.event import Chunk, events_of
from app.core.findings import Finding, findings, stuck
from app.core.fold import fold
from app.core.timeline import Timeline
from app.tracer import wire
from tests.golden.handmade import MS, Row, row, step

A, B, JOIN = 1, 2, 3
MAIN, ONE, TWO = 1, 2, 3
LONG = 1000
"""ms, when every run here ends."""


def lanes() -> list[Row]:
    names = ((MAIN, "MainThread"), (ONE, "worker-1"), (TWO, "worker-2"))
    return [
        *(row(wire.LANE, 0, lane, flags=wire.THREAD, text=name) for lane, name in names),
        row(wire.RESOURCE, 0, MAIN, obj=A, flags=wire.LOCK, text="lock_a"),
        row(wire.RESOURCE, 0, MAIN, obj=B, flags=wire.LOCK, text="lock_b"),
        row(wire.RESOURCE, 0, MAIN, obj=JOIN, flags=wire.JOIN, by=ONE),
        row(wire.PLACE, 0, MAIN, obj=1, end=9, flags=1, text="work"),
        row(wire.STATE, 0, MAIN, flags=wire.WAITING, obj=JOIN),
    ]


def timeline_of(*rows: Row, over: bool = True) -> Timeline:
    return fold([Chunk(1, LONG * MS, 0, events_of(list(rows)))], LONG * MS if over else None)


def folded(*rows: Row, over: bool = True) -> Timeline:
    return timeline_of(*lanes(), *rows, over=over)


def waits(t: float, lane: int, on: int, flags: int = 0) -> Row:
    return row(wire.STATE, t, lane, flags=wire.WAITING | flags, obj=on, place=1)


def kinds(timeline: Timeline) -> list[str]:
    return [found.kind for found in findings(timeline)]


CROSSED = (
    row(wire.HOLD, 1, ONE, obj=A),
    row(wire.HOLD, 1, TWO, obj=B),
    waits(2, ONE, B),
    waits(3, TWO, A),
)


def test_a_cycle_of_two_locks_is_a_deadlock_with_lanes_locks_and_lines() -> None:
    timeline = folded(*CROSSED)
    (found,) = findings(timeline)
    assert (found.kind, found.lanes, found.resources) == ("deadlock", (ONE, TWO), (B, A))
    assert found.lines == (9, 9)
    assert (found.from_ns, found.to_ns, found.inferred) == (3 * MS, LONG * MS, False)
    assert found.title == (
        "Deadlock: worker-1 waits for lock lock_b, held by worker-2; worker-2 waits for lock lock_a, held by worker-1; "
        "MainThread waits behind them"
    )
    assert [(each["lane"], each["needs"]) for each in found.details["steps"]] == [(ONE, TWO), (TWO, ONE)]
    assert found.details["behind"] == [MAIN]
    assert stuck(timeline) == (
        "MainThread waits for worker-1; worker-1 waits for lock lock_b, held by worker-2; "
        "worker-2 waits for lock lock_a, held by worker-1"
    )


def test_a_deadlock_is_found_while_the_run_is_on() -> None:
    assert kinds(folded(*CROSSED, over=False)) == ["deadlock"]


def test_a_cycle_that_a_timeout_is_to_break_is_inferred_and_one_that_it_broke_was_a_deadlock_for_a_while() -> None:
    limited = (*CROSSED[:3], waits(3, TWO, A, wire.LIMITED))
    (found,) = findings(folded(*limited))
    assert (found.kind, found.inferred) == ("deadlock", True)
    ended = (
        row(wire.STATE, 303, TWO, flags=wire.RUNNING),
        row(wire.HOLD, 1, TWO, obj=B, end=304 * MS),
        row(wire.STATE, 304, ONE, flags=wire.RUNNING),
    )
    (found,) = findings(folded(*limited, *ended))
    assert (found.kind, found.inferred, found.details["broken"]) == ("deadlock", False, True)
    assert (found.from_ns, found.to_ns) == (3 * MS, 303 * MS)
    assert found.title.startswith("Deadlock for 0.3 s: worker-1 waits for")


def test_a_hand_over_is_no_deadlock() -> None:
    rows = (*CROSSED, row(wire.STATE, 4, TWO, flags=wire.RUNNING), row(wire.STATE, 5, ONE, flags=wire.RUNNING))
    assert kinds(folded(*rows)) == []


def test_a_lock_that_somebody_else_let_go_of_was_no_deadlock() -> None:
    rows = (*CROSSED, row(wire.STATE, 504, TWO, flags=wire.RUNNING), row(wire.STATE, 505, ONE, flags=wire.RUNNING))
    assert kinds(folded(*rows)) == []


def test_a_chain_without_a_cycle_is_none() -> None:
    timeline = folded(row(wire.HOLD, 1, TWO, obj=B), waits(2, ONE, B), row(wire.STATE, 2, TWO, flags=wire.RUNNING))
    assert findings(timeline) == []
    assert stuck(timeline) == "MainThread waits for worker-1; worker-1 waits for lock lock_b, held by worker-2"


def test_a_lock_that_its_holder_wants_again_is_a_deadlock_of_one() -> None:
    own = (row(wire.HOLD, 1, ONE, obj=A), waits(2, ONE, A))
    (found,) = findings(folded(*own, row(wire.END, 3, TWO, flags=wire.RETURNED)))
    assert (found.lanes, found.inferred) == ((ONE,), False)
    assert "worker-1 waits for lock lock_a, which it holds itself" in found.title
    # Another thread might let it go: that is how some use a lock.
    runs = (*own, row(wire.STATE, 3, TWO, flags=wire.RUNNING))
    assert [found.inferred for found in findings(folded(*runs))] == [True]
    assert kinds(folded(*runs, over=False)) == []
    assert kinds(folded(*runs, row(wire.STATE, 900, ONE, flags=wire.RUNNING))) == []


def test_namesakes_are_told_apart() -> None:
    same = [row(wire.RESOURCE, 0, MAIN, obj=each, flags=wire.LOCK, text="lock") for each in (A, B)]
    (found,) = findings(folded(*same, *CROSSED))
    assert "waits for lock, held by worker-2; worker-2 waits for lock #2, held by worker-1" in found.title


def test_nothing_is_stuck_in_a_run_that_ended() -> None:
    ends = [row(wire.END, 5, lane, flags=wire.RETURNED) for lane in (MAIN, ONE, TWO)]
    timeline = folded(*ends)
    assert stuck(timeline) == ""
    assert findings(timeline) == []


@st.composite
def circles(draw: st.DrawFn) -> tuple[list[Row], set[frozenset[int]]]:
    """Threads that each wait for at most one other, by a lock that it holds or by its end; and the circles among them.

    They begin to wait in any order.
    """
    count = draw(st.integers(2, 9))
    needs = {lane: draw(st.integers(0, count)) for lane in range(1, count + 1)}
    rows = [row(wire.LANE, 0, lane, flags=wire.THREAD, text=f"t{lane}") for lane in needs]
    for lane, needed in needs.items():
        joins = needed != lane and draw(st.booleans())
        t = draw(st.integers(2, 50))
        if needed and joins:
            rows.append(row(wire.RESOURCE, 0, lane, obj=lane, flags=wire.JOIN, by=needed))
        elif needed:
            rows.append(row(wire.RESOURCE, 0, lane, obj=lane, flags=wire.LOCK))
            rows.append(row(wire.HOLD, 1, needed, obj=lane))
        rows.append(waits(t, lane, lane) if needed else row(wire.STATE, t, lane, flags=wire.RUNNING))
    found = set()
    for start in needs:
        path = [start]
        while needs[path[-1]] and needs[path[-1]] not in path:
            path.append(needs[path[-1]])
        if needs[path[-1]]:
            found.add(frozenset(path[path.index(needs[path[-1]]) :]))
    return rows, found


@given(circles())
def test_exactly_the_circles_are_deadlocks(case: tuple[list[Row], set[frozenset[int]]]) -> None:
    rows, wanted = case
    for over in (True, False):
        found = [finding for finding in findings(timeline_of(*rows, over=over)) if finding.kind == "deadlock"]
        shown = {frozenset(finding.lanes) for finding in found}
        # Of a run that is on, a lock that its holder waits for may still be let go by another thread.
        assert shown == wanted if over else {each for each in wanted if len(each) > 1} <= shown <= wanted
        assert len(found) == len(shown)


@given(circles(), st.data())
def test_waits_in_one_direction_are_never_a_deadlock(
    case: tuple[list[Row], set[frozenset[int]]], data: st.DataObject
) -> None:
    rows, wanted = case
    for circle in wanted:
        # One of each circle was never in it.
        free = data.draw(st.sampled_from(sorted(circle)))
        rows = [each for each in rows if not (each[2] == free and each[7] == wire.STATE)]
        rows.append(row(wire.STATE, 2, free, flags=wire.RUNNING))
    assert "deadlock" not in kinds(timeline_of(*rows))


LOOP, SLEEPS, GOES = 10, 11, 13
IO, LOCK, GATHER = 20, 21, 22


def looped(*rows: Row, over: bool = True) -> Timeline:
    lanes = [
        row(wire.LANE, 0, LOOP, flags=wire.THREAD, text="MainThread"),
        row(wire.STATE, 0, LOOP, flags=wire.RUNNING),
        row(wire.RESOURCE, 0, LOOP, obj=A, flags=wire.SLEEP, text="sleep"),
        row(wire.RESOURCE, 0, LOOP, obj=IO, flags=wire.IO, text="event loop"),
        row(wire.RESOURCE, 0, LOOP, obj=LOCK, flags=wire.LOCK, text="lock"),
        row(wire.RESOURCE, 0, LOOP, obj=GATHER, flags=wire.FUTURE, text="gather"),
        row(wire.PLACE, 0, LOOP, obj=1, end=9, flags=1, text="fetch"),
        row(wire.PLACE, 0, LOOP, obj=2, end=7, flags=1, text="fetch"),
        row(wire.PLACE, 0, LOOP, obj=3, end=12, flags=1, text="fetch"),
        row(wire.LANE, 1, SLEEPS, flags=wire.TASK, obj=LOOP, by=LOOP, text="Task-11"),
        row(wire.LANE, 1, GOES, flags=wire.TASK, obj=LOOP, by=SLEEPS, text="Task-13"),
    ]
    return timeline_of(*lanes, *rows, over=over)


def blocks(until: float) -> list[Row]:
    """A task that sleeps without await: its thread sleeps with it."""
    return [
        row(wire.STATE, 10, SLEEPS, flags=wire.RUNNING),
        *(waits(11, lane, A) for lane in (SLEEPS, LOOP)),
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


def heartbeat(*, rests: bool) -> list[Row]:
    """A task computes from 50 to 250; another sleeps from 20 on and is woken at 251, the loop having rested or not."""
    return [
        row(wire.STATE, 2, SLEEPS, flags=wire.RUNNING),
        row(wire.STATE, 3, SLEEPS, flags=wire.WAITING, obj=A, place=2),
        step(19, 20, GOES, wire.WAITING, A, 1),
        row(wire.STATE, 49, SLEEPS, flags=wire.READY),
        step(50, 250, SLEEPS, wire.WAITING, A, 3),
        *([waits(250.2, LOOP, IO), row(wire.STATE, 250.9, LOOP, flags=wire.RUNNING)] if rests else []),
        row(wire.STATE, 251, GOES, flags=wire.READY),
        step(251, 252, GOES, wire.ENDS),
        row(wire.END, 252, GOES, flags=wire.RETURNED),
        row(wire.STATE, 900, SLEEPS, flags=wire.READY),
        step(900, 901, SLEEPS, wire.ENDS),
        row(wire.END, 901, SLEEPS, flags=wire.RETURNED),
        row(wire.END, 902, LOOP, flags=wire.RETURNED),
    ]


def test_a_task_that_was_due_during_a_long_computation_had_to_wait_as_one_concludes() -> None:
    (found,) = findings(looped(*heartbeat(rests=False)))
    assert (found.kind, found.lanes, found.inferred) == ("loop_blocked", (SLEEPS, GOES), True)
    assert (found.lines, found.details["after"], found.details["before"]) == ((7, 12), 7, 12)
    assert found.title == (
        "Task-11 kept the event loop of MainThread for 200 ms between line 7 and line 12; Task-13 was due meanwhile"
    )


def test_a_step_that_waited_for_the_machine_did_not_block_the_loop() -> None:
    def looks(used: float) -> list[Row]:
        return [row(wire.CPU, t, LOOP, end=ns * MS) for t, ns in ((40, 30), (260, 30 + used))]

    assert kinds(looped(*heartbeat(rests=False), *looks(210))) == ["loop_blocked"]
    assert kinds(looped(*heartbeat(rests=False), *looks(15))) == []


def test_a_task_that_the_loop_rested_before_was_not_due() -> None:
    assert findings(looped(*heartbeat(rests=True))) == []


def test_a_lock_that_is_held_across_gather_is_a_deadlock_with_the_children() -> None:
    timeline = looped(
        row(wire.HOLD, 2, SLEEPS, obj=LOCK),
        step(2, 3, SLEEPS, wire.WAITING, GATHER, 1),
        step(4, 5, GOES, wire.WAITING, LOCK, 2),
        waits(6, LOOP, IO),
    )
    (found,) = findings(timeline)
    assert (found.kind, found.lanes, found.lines, found.inferred) == ("deadlock", (SLEEPS, GOES), (9, 7), True)
    assert [each["how"] for each in found.details["steps"]] == ["children", "held"]


def test_a_task_that_blocks_the_loop_on_what_another_task_holds_is_a_deadlock() -> None:
    timeline = looped(
        row(wire.HOLD, 2, SLEEPS, obj=LOCK),
        step(2, 3, SLEEPS, wire.WAITING, A, 1),
        row(wire.STATE, 4, GOES, flags=wire.RUNNING),
        *(waits(5, lane, LOCK) for lane in (GOES, LOOP)),
    )
    (found,) = findings(timeline)
    assert (found.kind, found.lanes, found.inferred) == ("deadlock", (GOES, SLEEPS), False)
    assert found.title == (
        "Deadlock: Task-13 waits for lock, held by Task-11; Task-11 can't go on while Task-13 blocks their event loop"
    )


def test_what_nobody_looked_at_is_found_where_it_was_marked() -> None:
    timeline = folded(
        row(wire.MARK, 2, ONE, flags=wire.NEVER_RETRIEVED, text="KeyError: 'lost'"),
        row(wire.MARK, 3, TWO, flags=wire.NEVER_AWAITED, place=1, text="coroutine 'never' was never awaited"),
        row(wire.MARK, 4, ONE, flags=wire.EXCEPTION, place=1, text="ValueError: bad"),
        row(wire.END, 4, ONE, flags=wire.RAISED),
        row(wire.STATE, 4, MAIN, flags=wire.RUNNING),
    )
    assert [(found.kind, found.lanes, found.lines) for found in findings(timeline)] == [
        ("never_retrieved", (ONE,), ()),
        ("never_awaited", (TWO,), (9,)),
        ("exception", (ONE,), (9,)),
    ]


def test_the_error_that_ended_the_program_is_no_finding() -> None:
    failed = (
        row(wire.MARK, 4, MAIN, flags=wire.EXCEPTION, text="ValueError: bad"),
        row(wire.END, 4, MAIN, flags=wire.RAISED),
    )
    assert "exception" not in kinds(folded(*failed))


def exits(*rows: Row) -> list[Finding]:
    """What is found in a process that ends at 900 with a daemon in it."""
    process = 30
    return findings(
        timeline_of(
            row(wire.LANE, 0, process, flags=wire.PROCESS, end=2, text="main process"),
            row(wire.LANE, 0, MAIN, flags=wire.THREAD, obj=process, text="MainThread"),
            row(wire.STATE, 0, MAIN, flags=wire.RUNNING),
            row(wire.LANE, 1, ONE, flags=wire.THREAD, obj=process, by=MAIN, text="daemon"),
            row(wire.RESOURCE, 1, MAIN, obj=A, flags=wire.SLEEP),
            row(wire.RESOURCE, 1, MAIN, obj=B, flags=wire.QUEUE, text="jobs"),
            row(wire.PLACE, 1, MAIN, obj=1, end=9, flags=1, text="work"),
            *rows,
            row(wire.END, 900, MAIN, flags=wire.RETURNED),
            row(wire.END, 900, process, flags=wire.RETURNED),
        )
    )


def test_a_daemon_that_was_busy_at_exit_was_cut_off_and_one_that_waited_for_work_was_not() -> None:
    (found,) = exits(waits(2, ONE, A))
    assert (found.kind, found.lanes, found.lines) == ("daemon_cut_off", (ONE,), (9,))
    assert found.title == "daemon was still busy on line 9 when its process ended, and was cut off"
    assert exits(waits(2, ONE, B)) == []


def queued(kind: int = wire.QUEUE) -> Row:
    return row(wire.RESOURCE, 1, ONE, obj=9, flags=kind, text="jobs")


def test_a_wait_that_nobody_is_left_to_end_is_inferred() -> None:
    ended = row(wire.END, 3, TWO, flags=wire.RETURNED)
    (found,) = findings(folded(queued(), waits(2, ONE, 9), ended))
    assert (found.kind, found.lanes, found.resources, found.inferred) == ("nobody_can_wake", (ONE,), (9,), True)
    for way_out in (row(wire.STATE, 3, TWO, flags=wire.RUNNING), waits(4, ONE, 9, wire.LIMITED)):
        assert findings(folded(queued(), waits(2, ONE, 9), way_out)) == []
    assert kinds(folded(queued(), waits(2, ONE, 9), ended, over=False)) == ["nobody_can_wake"]
    assert kinds(folded(queued(), waits(800, ONE, 9), ended, over=False)) == []


def test_what_a_queue_is_missing_is_said() -> None:
    ended = row(wire.END, 3, TWO, flags=wire.RETURNED)
    for level, said in (
        (0, "worker-1 waits for an item in queue jobs: nobody is left to put one"),
        (2, "worker-1 waits for room in queue jobs: nobody is left to take one out"),
    ):
        (found,) = findings(folded(queued(), row(wire.LEVEL, 1, ONE, obj=9, end=level), waits(2, ONE, 9), ended))
        assert found.title == said


def test_a_lock_whose_holder_has_ended_is_never_let_go() -> None:
    (found,) = findings(
        folded(row(wire.HOLD, 1, TWO, obj=A), row(wire.END, 5, TWO, flags=wire.RETURNED), waits(6, ONE, A))
    )
    assert found.title == "worker-1 waits for lock lock_a: worker-2 has ended without letting it go"


def turns(count: int, held: float, *, kind: int = wire.LOCK) -> Timeline:
    """Two threads that take turns holding something, `held` of every 10 ms; the other one waits for it meanwhile."""
    rows = [
        row(wire.RESOURCE, 0, MAIN, obj=A, flags=kind, text="lock_a"),
        row(wire.PLACE, 0, MAIN, obj=1, end=9, flags=1),
    ]
    rows += [row(wire.LANE, 0, lane, flags=wire.THREAD, text=f"worker-{lane - 1}") for lane in (ONE, TWO)]
    rows += [row(wire.STATE, 0, lane, flags=wire.RUNNING) for lane in (ONE, TWO)]
    for turn in range(count):
        holder, other = (ONE, TWO) if turn % 2 else (TWO, ONE)
        start = 10 * turn + 1
        rows += [
            row(wire.HOLD, start, holder, obj=A, end=(start + held) * MS),
            waits(start, other, A),
            row(wire.STATE, start + held, other, flags=wire.RUNNING, place=1),
        ]
    rows += [row(wire.END, 10 * count + 1, lane, flags=wire.RETURNED) for lane in (ONE, TWO)]
    return timeline_of(*rows)


def test_a_lock_that_costs_its_users_much_of_their_time_is_named_with_holders_and_lines() -> None:
    (found,) = findings(turns(40, 8))
    assert (found.kind, set(found.lanes), found.resources, found.lines) == ("contention", {ONE, TWO}, (A,), (9,))
    assert found.details["waits"] == 40
    assert found.details["waited_ns"] == 320 * MS
    assert 0.39 < found.details["share"] < 0.41
    assert {each["lane"]: each["held_ns"] for each in found.details["holders"]} == {ONE: 160 * MS, TWO: 160 * MS}
    assert found.title == (
        "worker-1 and worker-2 spent 40% of their time waiting for lock lock_a (40 waits, 320 ms); "
        "it was held by worker-2 and worker-1, longest on line 9"
    )


def test_a_lock_that_is_used_well_a_hand_over_and_a_semaphore_are_not_contention() -> None:
    assert findings(turns(40, 3)) == []
    assert findings(turns(5, 9)) == []
    assert findings(turns(40, 8, kind=wire.SEMAPHORE)) == []
