"""Made-up pools at work: what Python folds of their traces is what JavaScript folds of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from random import Random

from app.core.event import Chunk, events_of
from app.core.fold import fold
from app.core.timeline import ENDINGS
from app.tracer import wire
from tests.golden import record
from tests.golden.handmade import MS, Row, row

ROOT = Path(__file__).parents[3]
PROCESS, MAIN, OTHER, HELPER = 1, 2, 3, 4
WORKERS = range(5, 9)
POOL, FUNCTION, LINE = 1, 1, 2


class Pool:
    """A pool of threads and processes, all of whose doings are at different times."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.t = 1.0
        self.queue: list[tuple[int, int]] = []
        self.running: dict[int, tuple[int, int]] = {}
        self.back: list[tuple[int, int]] = []
        self.waiting: dict[int, int] = {}
        self.number = 0
        self.future = POOL
        self.rows: list[Row] = [
            row(wire.LANE, 0, PROCESS, flags=wire.PROCESS, end=2, text="main process"),
            row(wire.PLACE, 0, MAIN, obj=FUNCTION, end=7, flags=1, text="work"),
            row(wire.PLACE, 0, MAIN, obj=LINE, end=20, flags=1, text="<module>"),
            row(wire.RESOURCE, 0, MAIN, obj=POOL, flags=wire.EXECUTOR, text="pool"),
        ]
        for lane in (MAIN, OTHER, HELPER, *WORKERS):
            self.rows += [
                row(wire.LANE, 0, lane, flags=wire.THREAD, obj=PROCESS, by=MAIN, text=f"lane {lane}"),
                row(wire.STATE, 0.1, lane, flags=wire.RUNNING),
            ]
        self.idle = set(WORKERS)

    def tell(self, kind: int, lane: int, **what: int) -> None:
        self.t += self.dice.uniform(0.001, 0.5)
        self.rows.append(row(kind, self.t, lane, **what))

    def job(self, lane: int, what: int, number: int, by: int = 0, place: int = 0) -> None:
        self.tell(wire.JOB, lane, flags=what, obj=POOL, end=number, by=by, place=place)

    def submit(self) -> None:
        self.number += 1
        lane = self.dice.choice((MAIN, OTHER))
        if self.dice.random() < 0.3:
            self.job(lane, wire.IN_PARTS, self.number, FUNCTION, LINE)
            for part in range(self.dice.randrange(4)):
                self.job(lane, wire.PART, self.number, part, self.dice.randrange(3))
                self.queue.append((self.number, part))
        else:
            self.job(lane, wire.SUBMITTED, self.number, FUNCTION, LINE)
            self.queue.append((self.number, 0))

    def wait_for_work(self) -> None:
        self.tell(wire.STATE, self.dice.choice(WORKERS), flags=wire.WAITING, obj=POOL)

    def begin(self) -> None:
        idle = sorted(set(WORKERS) - set(self.running))
        if self.queue and idle:
            lane = self.dice.choice(idle)
            self.running[lane] = self.queue.pop(0)
            self.job(lane, wire.BEGAN, *self.running[lane])

    def end(self) -> None:
        if self.running:
            lane = self.dice.choice(sorted(self.running))
            job = self.running.pop(lane)
            self.job(lane, wire.DONE + self.dice.choice((wire.RETURNED, wire.RAISED)), *job)
            self.back.append(job)

    def cancel(self) -> None:
        if self.queue:
            self.job(MAIN, wire.DONE + wire.CANCELLED, *self.queue.pop())

    def wait(self) -> None:
        lane = self.dice.choice((MAIN, OTHER))
        if lane not in self.waiting:
            self.future += 1
            self.tell(wire.RESOURCE, lane, obj=self.future, flags=wire.FUTURE)
            self.tell(wire.STATE, lane, flags=wire.WAITING, obj=self.future)
            self.waiting[lane] = self.future

    def deliver(self) -> None:
        if self.back:
            self.job(HELPER, wire.DELIVERED, *self.back.pop(0))
        if self.waiting:
            lane, future = self.waiting.popitem()
            by = self.dice.choice((HELPER, *WORKERS))
            if self.dice.random() < 0.7:
                self.tell(wire.ACT, by, obj=future, flags=wire.WAKE)
                by = 0
            self.tell(wire.STATE, lane, flags=wire.RUNNING, by=by)

    def trace(self) -> list[Chunk]:
        """Some work, and the end of a worker in the middle of it."""
        steps = [self.submit, self.begin, self.begin, self.end, self.end, self.cancel, self.wait, self.deliver]
        for _ in range(self.dice.randrange(10, 120)):
            self.dice.choice([*steps, self.wait_for_work])()
        self.tell(wire.END, self.dice.choice(WORKERS), flags=wire.KILLED)
        cuts = sorted(self.dice.sample(range(len(self.rows) + 1), 3))
        parts = [self.rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(self.rows)], strict=True)]
        return [Chunk(seq, self.t * MS, 0, events_of(part)) for seq, part in enumerate(parts, 1)]


def test_both_folds_tell_the_same_of_any_pool(tmp_path: Path) -> None:
    jobs = []
    for seed in range(40):
        pool = Pool(seed)
        chunks = pool.trace()
        end = (pool.t + 1) * MS
        record.write(f"pool-{seed}", chunks, end, tmp_path)
        jobs += fold(chunks, end).jobs.values()
    assert {ENDINGS[job.ending] for job in jobs} == {"", "returned", "raised", "cancelled", "killed", "unfinished"}
    command = ["node", "--test", "tests/js/golden.test.js"]
    environment = os.environ | {"GOLDEN": str(tmp_path)}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stdout[-4000:]
