"""Reading a log that is being written: everything once, in bounded pieces, whatever is in it."""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import flight
from app.core.log import Records, check, join
from app.flight import FlightLog
from app.tracer import wire

SIZE = 8 << 20
LANE = 1 << 24 | 2
MS = 1_000_000


class Log:
    """A log as a program writes it, by hand."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("w+b", buffering=0)
        self.file.truncate(SIZE)
        self.put(0, wire.header(SIZE))
        self.flight = FlightLog(self.file.fileno(), SIZE)
        self.claimed = 0
        self.used: dict[int, int] = {}

    def put(self, at: int, data: bytes) -> None:
        os.pwrite(self.file.fileno(), data, at)

    def claim(self, kind: int, t: int = 1, *, hint: bool = True) -> int:
        """A segment; where it begins."""
        self.put(wire.TABLE_AT + self.claimed * wire.ENTRY, struct.pack("<4Q", 1, 50, t, kind))
        self.claimed += 1
        if hint:
            self.put(wire.HINT_AT, struct.pack("<Q", self.claimed))
        return wire.layout(SIZE)[1] + (self.claimed - 1) * wire.SEGMENT

    def write(self, segment: int, *times: int) -> None:
        """States of a lane in the next slots of this segment."""
        slot = self.used.get(segment, 0)
        word = wire.STATE | wire.RUNNING << 8
        self.put(segment + slot * wire.SLOT, b"".join(struct.pack("<4Q", word, t, 0, LANE) for t in times))
        self.used[segment] = slot + len(times)

    def write_text(self, segment: int, t: int, text: bytes) -> None:
        slot = self.used.get(segment, 0)
        word = wire.NAME | len(text) << 16
        self.put(segment + slot * wire.SLOT, struct.pack("<4Q", word, t, 0, LANE) + text)
        self.used[segment] = slot + 1 + -(-len(text) // wire.SLOT)

    def look(self, now: int = 100, *, final: bool = False) -> Records:
        return join([found for found, _ in self.flight.look(now, final=final)])

    def times(self, now: int = 100) -> list[int]:
        return self.look(now).raw["t"].tolist()  # type: ignore[no-any-return]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    made = Log(tmp_path / "log")
    yield made
    made.file.close()


def test_what_is_new_is_given_once(log: Log) -> None:
    one = log.claim(wire.RECORDS)
    assert log.times() == []
    log.write(one, 1, 2)
    assert log.times() == [1, 2]
    assert log.times() == []
    two = log.claim(wire.RECORDS)
    log.write(two, 4)
    log.write(one, 3)
    assert sorted(log.times()) == [3, 4]


@pytest.mark.parametrize("count", [1, flight.PEEK - 1, flight.PEEK, flight.PEEK + 1, flight.SLOTS])
def test_a_burst_is_given_whole(log: Log, count: int) -> None:
    segment = log.claim(wire.RECORDS)
    log.write(segment, *range(1, count + 1))
    assert log.times() == list(range(1, count + 1))


def test_texts_are_given_whole_and_cut_at_the_segment(log: Log) -> None:
    segment = log.claim(wire.TEXTS)
    texts = [b"x" * size for size in (0, 1, 32, 33, 4000, 7)]
    for t, text in enumerate(texts):
        log.write_text(segment, t + 1, text)
    found = log.look()
    assert (found.raw["n"].tolist(), found.texts) == ([len(text) for text in texts], b"".join(texts))
    log.put(
        segment + (flight.SLOTS - 2) * wire.SLOT, struct.pack("<4Q", wire.NAME | 4000 << 16, 9, 0, LANE) + b"y" * 32
    )
    last = log.look(final=True)
    assert (last.raw["n"].tolist(), last.texts) == ([32], b"y" * 32)


def test_a_program_that_forges_the_hint_is_seen_a_little_later(log: Log) -> None:
    assert log.times(1) == []
    log.write(log.claim(wire.RECORDS, hint=False), 1)
    assert log.times(2) == []
    assert log.times(2 + flight.SCAN_NS) == [1]


def test_a_hole_is_waited_for_and_then_left(log: Log) -> None:
    segment = log.claim(wire.RECORDS)
    log.write(segment, 1)
    log.used[segment] += 1
    log.write(segment, 3)
    assert log.times(100) == [1]
    assert log.times(200) == []
    assert log.times(200 + flight.HOLE_NS) == [3]


def test_pieces_are_bounded_and_each_says_up_to_when_it_is_all(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flight, "MOST", 3000)
    written = []
    for number in range(6):
        times = [number * 10_000 + i for i in range(1, flight.SLOTS + 1)]
        log.write(log.claim(wire.RECORDS, t=number * 10_000), *times)
        written += times
    given: list[int] = []
    untils = []
    for found, until in log.flight.look(10**6):
        assert len(found) < 3000 + flight.SLOTS
        given += found.raw["t"].tolist()
        assert [t for t in written if t <= until and t not in set(given)] == []
        untils.append(until)
    assert given == written
    assert untils == [20_000, 40_000, 10**6]


def test_who_writes_much_does_not_keep_the_others_waiting(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flight, "MOST", 1)
    loud, quiet = log.claim(wire.RECORDS), log.claim(wire.RECORDS)
    log.write(loud, 1)
    log.write(quiet, 2)
    pieces = log.flight.look(100)
    assert next(pieces)[0].raw["t"].tolist() == [1]
    log.write(loud, 3)
    assert [t for found, _ in pieces for t in found.raw["t"].tolist()] == [2]
    assert log.times(200) == [3]


def test_an_open_cell_is_told_when_it_was_seen_twice_and_then_no_more(log: Log) -> None:
    segment = log.claim(wire.CELLS)
    log.look()
    log.put(segment, struct.pack("<2Q", 5, LANE | 9 << 32))
    assert log.flight.open_cells() == []
    assert log.flight.open_cells() == [(5, LANE, 9)]
    assert log.flight.open_cells() == []
    log.put(segment, struct.pack("<2Q", 7, LANE | 9 << 32))
    assert log.flight.open_cells() == []
    assert log.flight.open_cells(final=True) == [(7, LANE, 9)]
    log.put(segment, struct.pack("<2Q", 0, LANE))
    assert log.flight.open_cells(final=True) == []


def test_all_of_many_cells_are_told(log: Log) -> None:
    segment = log.claim(wire.CELLS)
    log.look()
    many = wire.SEGMENT // wire.CELL
    for t in range(1, many + 1):
        log.put(segment + (t - 1) * wire.CELL, struct.pack("<2Q", t, LANE))
    log.flight.open_cells()
    assert log.flight.open_cells() == [(t, LANE, 0) for t in range(1, many + 1)]


def test_a_log_that_was_cut_off_says_nothing_more(log: Log) -> None:
    segment = log.claim(wire.RECORDS)
    log.write(segment, 1)
    assert log.times() == [1]
    log.file.truncate(0)
    assert log.times() == []
    assert log.look(10**9, final=True).raw.tolist() == []
    assert log.flight.open_cells(final=True) == []
    assert log.flight.lost() == 0


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_read_in_bounded_pieces_and_never_believed(log: Log, seed: int) -> None:
    noise = random.Random(seed).randbytes(SIZE)
    log.put(0, noise)
    for final in (False, True):
        for found, _ in log.flight.look(10**9, final=final):
            assert len(found) < flight.MOST + flight.SLOTS
            checked, bad = check(found, 10**9)
            assert len(checked) + bad == len(found)
            assert len(checked) < len(found) / 1000
    log.flight.open_cells(final=True)
    log.flight.lost()
