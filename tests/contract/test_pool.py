"""The pool of warm boxes: one program each, replaced when they are gone, never in the way of who waits for a box."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.core.errors import NoSandbox
from app.core.run import Limits, Program, Python
from app.recorder import Recorder
from app.sandbox import Box, pool
from app.sandbox.bubblewrap import Bubblewrap
from app.sandbox.pool import Pool
from app.sandbox.pythons import find_pythons
from app.store import Submission
from app.store.memory import MemoryStore
from app.tracer import wire
from tests.conftest import PATIENCE_S

PYTHONS = find_pythons()
PYTHON = PYTHONS[-1]
LIMITS = Limits(wall_ns=60_000_000_000, cpu_ns=60_000_000_000, log_bytes=1 << 20, file_bytes=1 << 20)
BOXES, WARM = 2, 2
LEAVES = """
import os, tempfile
print(os.listdir("/tmp"), os.listdir("/dev/shm"), sorted(os.listdir(".")), os.environ.get("LEFT"))
os.environ["LEFT"] = "something"
for folder in ("/tmp", "/dev/shm", "."):
    open(f"{folder}/left", "w").close()
"""


class Watched(Bubblewrap):
    """Counts the boxes that are open, and at each warm one that is begun the programs that were not over."""

    broken = False
    pool: Pool
    most = 0

    def __init__(self, folder: Path) -> None:
        super().__init__(PYTHONS[-2:], folder, boxes=BOXES + WARM)
        self.beside: list[int] = []

    async def prepare(self, python: Python, limits: Limits, *, warm: bool = False) -> Box:
        if warm:
            self.beside.append(self.pool._preparing + len(self.pool._out))
            if self.broken:
                raise NoSandbox("broken")
        box = await super().prepare(python, limits, warm=warm)
        self.most = max(self.most, len(self._boxes))
        return box


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "LOOK_S", 0.02)


@asynccontextmanager
async def pooled(folder: Path, count: int = 1) -> AsyncIterator[tuple[Pool, Watched, list[bool]]]:
    """A pool at work, what is behind it, and which of the boxes that it gave were warm."""
    counted: list[bool] = []
    behind = Watched(folder)
    made = behind.pool = Pool(behind, (PYTHON, LIMITS), count=count, boxes=BOXES, counted=counted.append)
    work = asyncio.create_task(made.run_forever())
    try:
        yield made, behind, counted
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        await made.close()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        found = true()
        while not found:
            await asyncio.sleep(0.01)
            found = true()


async def test_each_program_has_a_box_of_its_own_that_nobody_had_before(tmp_path: Path) -> None:
    async with pooled(tmp_path) as (made, _, counted):
        said = []
        for _ in range(3):
            await until(lambda: made.waiting)
            waiting = made.waiting[0].box
            box = await made.prepare(PYTHON, LIMITS)
            assert box is waiting
            assert made.waiting == []
            await box.run(Program(LEAVES))
            assert (await box.wait()).exit_code == 0
            said.append(os.read(box.stdout, wire.PACKET)[20:].decode())
            await box.close()
        assert said == ["[] [] ['main.py'] None\n"] * 3
        assert counted == [True] * 3


async def test_a_box_that_dies_is_replaced(tmp_path: Path) -> None:
    async with pooled(tmp_path) as (made, _, counted):
        await until(lambda: made.waiting)
        box = made.waiting[0].box
        box._parts.end()
        await until(lambda: made.waiting and made.waiting[0].box is not box)
        box = await made.prepare(PYTHON, LIMITS)
        await box.run(Program("print()"))
        assert (await box.wait()).exit_code == 0
        await box.close()
        assert counted == [True]


async def test_a_box_that_waits_too_long_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pooled(tmp_path) as (made, behind, _):
        await until(lambda: made.waiting)
        box = made.waiting[0].box
        monkeypatch.setattr(pool, "OLDEST_S", 0)
        await until(lambda: all(one.box is not box for one in made.waiting))
        monkeypatch.undo()
        assert (await box.wait()).cause is not None
        await until(lambda: box not in behind._boxes)


async def test_without_memory_to_spare_nothing_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pooled(tmp_path) as (made, behind, counted):
        await until(lambda: made.waiting)
        monkeypatch.setattr(pool, "memory_left", lambda: pool.LEAST_LEFT / 2)
        await until(lambda: not behind._boxes)
        box = await made.prepare(PYTHON, LIMITS)
        await box.close()
        monkeypatch.setattr(pool, "memory_left", lambda: pool.ENOUGH_LEFT)
        await until(lambda: made.waiting)
        assert counted == [False]


async def test_a_box_that_can_not_be_made_warm_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watched, "broken", True)
    async with pooled(tmp_path) as (made, behind, counted):
        await until(lambda: behind.beside)
        box = await made.prepare(PYTHON, LIMITS)
        await box.close()
        assert counted == [False]
        assert len(behind.beside) == 1  # and it is not tried again and again


@pytest.mark.skipif(len(PYTHONS) < 2, reason="one interpreter alone is here")
async def test_the_interpreters_in_use_share_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = PYTHONS[-2]
    async with pooled(tmp_path, count=2) as (made, _, _):

        def there() -> list[str]:
            return sorted(one.wanted[0].id for one in made.waiting)

        await until(lambda: there() == [PYTHON.id] * 2)
        await (await made.prepare(other, LIMITS)).close()
        await until(lambda: there() == sorted([PYTHON.id, other.id]))
        monkeypatch.setattr(pool, "LATELY_S", 0)
        await until(lambda: there() == [other.id] * 2)


async def test_a_burst_of_runs_goes_first_and_boxes_stay_few(tmp_path: Path) -> None:
    store = MemoryStore()
    async with pooled(tmp_path, count=WARM) as (made, behind, counted), asyncio.TaskGroup() as group:
        await until(lambda: len(made.waiting) == WARM)
        recording = group.create_task(Recorder(store, made, boxes=BOXES).run_forever())
        ids = [f"{number:012}" for number in range(20)]
        for run_id in ids:
            submission = Submission(Program("print()"), PYTHON, LIMITS, made.name, owner="")
            await store.submit(submission, run_id, "", "2026-01-01T00:00:00Z")
        for run_id in ids:
            async with store.listen(run_id) as bell:
                while (run := await store.run(run_id)).outcome is None:
                    await bell.wait()
            assert run.outcome.exit_code == 0
        await until(lambda: len(made.waiting) == WARM)
        recording.cancel()
    assert len(counted) == len(ids)
    assert counted[:WARM] == [True] * WARM
    assert max(behind.beside) < BOXES
    assert behind.most <= BOXES + WARM
