"""What a hostile log can and can't make us believe."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.core import log
from app.tracer import wire

NOW = 10_000_000_000


def number(process: int, n: int) -> int:
    return process << 24 | n


def records(*rows: tuple[int, int, int, int, int, int]) -> log.Records:
    """Records from (kind, flags, obj, t, arg, lane)."""
    raw = np.array([(k, f, 0, obj, t, arg, lane, 0) for k, f, obj, t, arg, lane in rows], dtype=log.RECORD)
    return log.Records(raw, np.arange(len(rows), dtype="<u8"))


MAIN = number(1, 2)
GOOD = (wire.STATE, wire.RUNNING, 0, 5, 0, MAIN)


def test_true_records_pass() -> None:
    checked, bad = log.check(records(GOOD, (wire.STEP, wire.READY, 0, 5, 9, MAIN)), NOW)
    assert (len(checked), bad) == (2, 0)


def test_impossible_records_are_counted() -> None:
    lies = [
        (99, 0, 0, 5, 0, MAIN),
        (wire.STATE, 9, 0, 5, 0, MAIN),
        (wire.STATE, wire.RUNNING, 0, NOW * 2, 0, MAIN),
        (wire.STATE, wire.RUNNING, 0, 5, 0, 7),
        (wire.STATE, wire.RUNNING, 0, 5, 0, number(241, 1)),
        (wire.STEP, wire.READY, 0, 5, 4, MAIN),
        (wire.STEP, wire.READY, 0, 5, NOW * 2, MAIN),
        (wire.HOLD, 0, 0, 5, 6, MAIN),
        (wire.STAT, wire.DROPPED_EVENTS, 0, 5, 6, MAIN),
        (wire.OUTPUT, 3, 0, 5, 6, MAIN),
        (wire.JOB, wire.BEGAN, number(1, 3), 5, 1 << 32, MAIN),
        (wire.JOB, wire.BEGAN, 0, 5, 1, MAIN),
        (wire.JOB, wire.DELIVERED + 1, number(1, 3), 5, 1, MAIN),
    ]
    for lie in lies:
        checked, bad = log.check(records(GOOD, lie), NOW)
        assert (len(checked), bad) == (1, 1), lie


@given(st.binary(min_size=3200, max_size=3200))
def test_random_bytes_never_break_it(data: bytes) -> None:
    raw = np.frombuffer(data, log.RECORD).copy()
    raw["n"] = 1
    given_records = log.Records(raw, np.arange(100, dtype="<u8"), b"?" * 100)
    checked, bad = log.check(given_records, NOW)
    events = log.Numbering(0).events(checked)
    assert len(checked) + bad == 100
    assert len(events) <= len(checked)


def test_numbers_are_small_and_in_order_of_first_sight() -> None:
    lock_b, lock_a = number(1, 9), number(1, 3)
    events = log.Numbering(zero=3).events(
        records(
            (wire.LANE, wire.PROCESS, 0, 1, 50 << 32, number(1, 1)),
            (wire.LANE, wire.THREAD, number(1, 1), 4, 50 << 32, number(1, 7)),
            (wire.STATE, wire.WAITING, lock_b, 6, 0, number(1, 7)),
            (wire.HOLD, 0, lock_a, 6, 8, number(1, 7)),
        )
    )
    assert events.lane.tolist() == [1, 2, 2, 2]
    assert events.obj.tolist() == [0, 1, 1, 2]
    assert events.t.tolist() == [0, 1, 3, 3]
    assert events.end.tolist() == [50, 50, 0, 5]


def test_a_process_told_by_its_starter_and_by_itself_is_one_lane() -> None:
    child, told = number(2, 1), number(1, 5)
    events = log.Numbering(0).events(
        records(
            (wire.LANE, wire.PROCESS, 0, 1, 50 << 32, number(1, 1)),
            (wire.LANE, wire.PROCESS, 0, 3, 51 << 32, child),
            (wire.LANE, wire.PROCESS | wire.TOLD, number(1, 1), 2, 51 << 32 | number(1, 1), told),
            (wire.END, wire.RETURNED, 0, 9, 0, told),
        )
    )
    assert events.lane.tolist() == [1, 2, 2, 2]


def test_a_resource_opened_twice_by_name_is_one() -> None:
    key = 0xABCDEF
    events = log.Numbering(0).events(
        records(
            (wire.RESOURCE, wire.SEMAPHORE, number(1, 4), 1, key, MAIN),
            (wire.RESOURCE, wire.SEMAPHORE, number(2, 8), 2, key, MAIN),
            (wire.RESOURCE, wire.SEMAPHORE, number(2, 9), 2, 0, MAIN),
        )
    )
    assert events.obj.tolist() == [1, 1, 2]


def test_lanes_past_the_bound_are_left_out_and_counted() -> None:
    many = log.MAX_LANES + 10
    numbering = log.Numbering(0)
    events = numbering.events(records(*((wire.STATE, wire.RUNNING, 0, 1, 0, number(1, n)) for n in range(1, many + 1))))
    assert (len(events), numbering.dropped) == (log.MAX_LANES, 10)


def test_what_is_said_of_a_job_keeps_its_numbers_and_a_function_gets_a_small_one() -> None:
    executor, function, line = number(1, 3), number(1, 9), number(1, 8)
    given = records(
        (wire.JOB, wire.SUBMITTED, executor, 5, 7 | function << 32, MAIN),
        (wire.JOB, wire.IN_PARTS, executor, 5, 8 | function << 32, MAIN),
        (wire.JOB, wire.PART, executor, 5, 8 | 4 << 32, MAIN),
        (wire.JOB, wire.BEGAN, executor, 6, 8 | 4 << 32, MAIN),
    )
    given.raw["place"] = [line, line, 1 << 30, 0]
    checked, bad = log.check(given, NOW)
    events = log.Numbering(0).events(checked)
    assert bad == 0
    assert events.end.tolist() == [7, 8, 8, 8]
    assert events.by.tolist() == [2, 2, 4, 4]
    assert events.place.tolist() == [1, 1, 1 << 30, 0]
    assert events.obj.tolist() == [1, 1, 1, 1]
