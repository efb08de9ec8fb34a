"""What is made of looks at a GIL and at CPU times: holds, where it is not known who had it, and what threads used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.sandbox.sampler import FAR_NS, HOLDS, SAMPLE, WATCHED, Process, Threads

MS = 1_000_000
STATE, NATIVE = 64, 8
"""Where the thread states begin in the memory that is looked at, and where each has its thread's number."""


class Memory:
    """A process's memory as the sampler reads it: its GIL, and two thread states."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("w+b", buffering=0)
        self.file.truncate(4096)
        for number in (0, 1):
            os.pwrite(self.file.fileno(), (100 + number).to_bytes(8, "little"), STATE + 256 * number + NATIVE)

    def set(self, holder: int, *, locked: bool, switches: int) -> None:
        state = STATE + 256 * holder
        gil = (
            state.to_bytes(8, "little") + int(locked).to_bytes(4, "little") + bytes(4) + switches.to_bytes(8, "little")
        )
        os.pwrite(self.file.fileno(), gil, 0)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = Memory(tmp_path / "memory")
    yield memory
    memory.file.close()


def looked(memory: Memory, *looks: tuple[int, int, bool, int]) -> list[tuple[int, int, int, int]]:
    """What (t in ms, holder, locked, switches) come to: kind, tid, and the two times."""
    process = Process(7, memory.file.fileno(), 0, NATIVE)
    found: list[bytes] = []
    for t, holder, locked, switches in looks:
        memory.set(holder, locked=locked, switches=switches)
        assert process.look(t * MS, found)
    process.lose(found)
    return [(kind, tid, start, end) for kind, _, tid, _, start, end in map(SAMPLE.unpack, found)]


def test_a_thread_keeps_the_gil_between_two_looks_and_hands_it_over_halfway(memory: Memory) -> None:
    assert looked(
        memory, (10, 0, True, 1), (11, 0, True, 1), (12, 1, True, 2), (13, 1, False, 2), (14, 1, False, 2)
    ) == [
        (WATCHED, 0, 10 * MS, 1),
        (HOLDS, 100, 10 * MS, 11.5 * MS),
        (HOLDS, 101, 11.5 * MS, 12.5 * MS),
        (WATCHED, 0, 14 * MS, 0),
    ]


def test_switches_that_were_missed_between_far_looks_leave_a_gap_that_is_said_to_be_one(memory: Memory) -> None:
    far = 11 + FAR_NS // MS + 1
    assert looked(memory, (10, 0, True, 1), (11, 0, True, 1), (far, 0, True, 9), (far + 1, 0, True, 9)) == [
        (WATCHED, 0, 10 * MS, 1),
        (WATCHED, 0, 11 * MS, 0),
        (WATCHED, 0, far * MS, 1),
        (HOLDS, 100, 10 * MS, 11 * MS),
        (HOLDS, 100, far * MS, (far + 1) * MS),
        (WATCHED, 0, (far + 1) * MS, 0),
    ]


def test_far_looks_between_which_nothing_changed_leave_none(memory: Memory) -> None:
    assert looked(memory, (10, 0, True, 1), (60, 0, True, 1)) == [
        (WATCHED, 0, 10 * MS, 1),
        (HOLDS, 100, 10 * MS, 0),
        (HOLDS, 100, 10 * MS, 60 * MS),
        (WATCHED, 0, 60 * MS, 0),
    ]


class Boxed:
    """A /proc of one process whose threads have used what a test says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.proc = os.open(folder, os.O_RDONLY)

    def use(self, tid: int, ms: int) -> None:
        thread = self.folder / "7" / "task" / str(tid)
        thread.mkdir(parents=True, exist_ok=True)
        (thread / "schedstat").write_text(f"{ms * MS} 5 1\n")


@pytest.fixture
def boxed(tmp_path: Path) -> Iterator[Boxed]:
    boxed = Boxed(tmp_path)
    yield boxed
    os.close(boxed.proc)


def told(found: list[bytes]) -> list[tuple[int, int, int]]:
    """Thread, when and how much it had used then, both in ms."""
    return [(tid, when // MS, used // MS) for _, _, tid, _, when, used in map(SAMPLE.unpack, found)]


def test_of_a_thread_that_rests_the_ends_of_its_rest_are_told_and_nothing_in_between(boxed: Boxed) -> None:
    boxed.use(7, 30)
    threads = Threads(boxed.proc, {("7", "7"): 30 * MS})
    found: list[bytes] = []
    for when, used in ((50, 40), (100, 90), (150, 90), (200, 90), (250, 90), (300, 110), (350, 110)):
        boxed.use(7, used)
        threads.look(when * MS, found)
    assert told(found) == [(7, 50, 10), (7, 100, 60), (7, 250, 60), (7, 300, 80)]
    threads.end(found)
    assert told(found)[4:] == [(7, 350, 80)]


def test_however_many_looks_there_are_who_uses_no_cpu_time_is_not_told_of(boxed: Boxed) -> None:
    threads = Threads(boxed.proc, {})
    found: list[bytes] = []
    for look in range(1000):
        boxed.use(7, 0)
        threads.look(look * 50 * MS, found)
    threads.end(found)
    assert found == []
