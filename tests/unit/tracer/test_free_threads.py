"""Without a GIL: threads that truly run at the same time, and a log that keeps up with them."""

from __future__ import annotations

import json
from collections import Counter
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest

from app.tracer import wire

from .conftest import PYTHONS, Tracer

FREE = [python for python in PYTHONS if python.free_threaded]


@pytest.fixture(scope="module", params=["c", "python"])
def free(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tracer:
    if not FREE:
        pytest.skip("there is no free-threaded interpreter here")
    return Tracer(Path(FREE[-1].executable), tmp_path_factory.mktemp("free") / "venv", request.param)


def test_threads_overlap(free: Tracer) -> None:
    seen = free.run(
        """
        import sys, threading
        sys.setswitchinterval(3600)  # with a GIL, who spins would have it for an hour
        turn = 0
        def spin(me):
            global turn
            for _ in range(200):
                while turn != me:
                    pass
                turn = 1 - me
        threads = [threading.Thread(target=spin, args=[n], name=f"spinner {n}") for n in range(2)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(sys._is_gil_enabled())
        """
    )

    assert seen.stdout == "False\n"
    assert [seen.states(f"spinner {n}") for n in range(2)] == [["created", "running"]] * 2
    one, two = (seen.lane(f"spinner {n}").spans[-1] for n in range(2))
    assert max(one.start_ns, two.start_ns) < min(one.end_ns, two.end_ns)
    assert "gil" not in {resource.kind for resource in seen.timeline.resources.values()}


def test_everything_that_threads_do_at_once_is_told(free: Tracer) -> None:
    seen = free.run(
        """
        import queue, threading
        class Own:
            def __init__(self, number):
                self.lock = threading.Lock() if number % 2 else threading.RLock()
        owns = [Own(number) for number in range(8)]
        shared = threading.Lock()
        items = queue.SimpleQueue()
        together = threading.Barrier(8)
        def work(number):
            own = owns[number].lock
            together.wait()
            for turn in range(1000):
                with own:
                    pass
                if turn % 10 == 0:
                    with shared:
                        items.put(number)
                    with threading.Lock():
                        pass
        threads = [threading.Thread(target=work, args=[n], name=f"worker {n}") for n in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        """,
        log_bytes=16 << 20,
    )

    assert seen.exit_code == 0, seen.stderr
    assert (seen.lost, seen.rejected) == (0, 0)
    holds: dict[int, list[tuple[float, float, str]]] = {}
    for hold in seen.timeline.holds:
        holds.setdefault(hold.resource, []).append((hold.start_ns, hold.end_ns, seen.name(hold.lane)))
    own = [{name for _, _, name in held} for held in holds.values() if len(held) == 1000]
    assert sorted(own, key=min) == [{f"worker {n}"} for n in range(8)]
    assert sorted(map(len, holds.values())) == [1] * 800 + [800] + [1000] * 8
    for held in holds.values():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(held)))
    events = seen.events
    puts = events.end[(events.kind == wire.ACT) & (events.flags == wire.PUT)]
    assert sorted(puts.tolist()) == list(range(1, 801))


STRESS = """
import asyncio, json, queue, threading
WORKERS, TURNS = 6, 300
lock, rlock, condition, permits = threading.Lock(), threading.RLock(), threading.Condition(), threading.Semaphore(2)
box = queue.Queue(4)
together = threading.Barrier(WORKERS)
took, again, next_one, steps = [], [], [], {}
turn = 0

def short():
    with threading.Lock():
        pass

async def steps_of(number, guard, said):
    for _ in range(20):
        async with guard:
            said.append(number)
        await asyncio.sleep(0)

async def tasks(said):
    guard = asyncio.Lock()
    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(steps_of(number, guard, said), name=f"task {number}")

def work(number):
    global turn
    together.wait()
    for at in range(TURNS):
        with lock:
            took.append(number)
        with rlock:
            with rlock:
                again.append(number)
        with permits:
            pass
        box.put(at)
        box.get()
        if at % 50 == 0:
            with condition:
                condition.wait_for(lambda: turn % WORKERS == number)
                turn += 1
                next_one.append(number)
                condition.notify_all()
            asyncio.run(tasks(steps.setdefault(number, [])))
            child = threading.Thread(target=short, name=f"child of {number}")
            child.start()
            child.join()

threads = [threading.Thread(target=work, args=[n], name=f"worker {n}") for n in range(WORKERS)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps({"lock": took, "rlock": again, "condition": next_one, "steps": steps}))
"""


def test_the_trace_agrees_with_what_busy_threads_say_they_did(free: Tracer) -> None:
    seen = free.run(STRESS, log_bytes=64 << 20)

    assert seen.exit_code == 0, seen.stderr
    assert (seen.lost, seen.rejected) == (0, 0)
    said = json.loads(seen.stdout)
    workers = [f"worker {n}" for n in range(6)]
    for name in "lock", "rlock":
        assert seen.holds(name) == [f"worker {n}" for n in said[name]]
    held = seen.holds("condition")
    assert held[-1:] == [f"worker {n}" for n in said["condition"][-1:]]
    assert {name: held.count(name) >= 6 for name in workers} == dict.fromkeys(workers, True)

    timeline = seen.timeline
    numbers = {resource.name: resource.id for resource in timeline.resources.values()}
    permits = [hold for hold in timeline.holds if hold.resource == numbers["permits"]]
    assert Counter(seen.name(hold.lane) for hold in permits) == dict.fromkeys(workers, 300)
    changes = sorted((t, by) for hold in permits for t, by in ((hold.start_ns, 1), (hold.end_ns, -1)))
    assert max(accumulate(by for _, by in changes)) <= 2
    assert seen.levels("permits")[-1] == 2

    events = seen.events
    for what in wire.PUT, wire.GET:
        acts = events.take(
            np.flatnonzero((events.kind == wire.ACT) & (events.flags == what) & (events.obj == numbers["box"]))
        )
        assert sorted(acts.end.tolist()) == list(range(1, 1801))
        assert Counter(map(seen.name, acts.lane.tolist())) == dict.fromkeys(workers, 300)
    assert seen.levels("box")[-1] == 0
    assert max(seen.levels("box")) <= 4

    lanes = list(timeline.lanes.values())
    assert Counter(seen.name(lane.starter) for lane in lanes if "child of" in lane.name) == dict.fromkeys(workers, 6)
    assert {(lane.name, lane.ending) for lane in lanes if lane.ending != wire.RETURNED} == set()
    for number, name in enumerate(workers):
        inside = [lane for lane in lanes if lane.kind == wire.TASK and lane.parent == seen.lane(name).id]
        assert sum(lane.name.startswith("task ") for lane in inside) == 18
        runs = sorted((s.start_ns, s.end_ns) for lane in inside for s in lane.spans if s.state == wire.RUNNING)
        assert all(one[1] <= two[0] for one, two in pairwise(runs))
        tasks = {lane.id: lane.name for lane in inside}
        order = [tasks[hold.lane] for hold in timeline.holds if hold.lane in tasks]
        assert order == [f"task {which}" for which in said["steps"][str(number)]]


def test_threads_that_come_and_go_use_the_same_room(free: Tracer) -> None:
    seen = free.run(
        """
        import threading
        lock = threading.Lock()
        def work():
            with lock:
                pass
        for _ in range(300):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        """,
        log_bytes=2 << 20,
    )

    assert seen.exit_code == 0, seen.stderr
    assert len(seen.holds("lock")) == 300
    assert (seen.lost, seen.rejected) == (0, 0)


def test_a_child_forked_among_busy_threads_writes_for_itself(free: Tracer) -> None:
    seen = free.run(
        """
        import os, threading
        stop = False
        done = [0] * 3
        def work(number):
            lock = threading.Lock()
            while not stop:
                if done[number] < 50_000:
                    with lock:
                        done[number] += 1
        threads = [threading.Thread(target=work, args=[n]) for n in range(3)]
        for thread in threads: thread.start()
        for _ in range(5):
            while min(done) < 100:
                pass
            pid = os.fork()
            if not pid:
                mine = threading.Lock()
                for _ in range(100):
                    with mine:
                        pass
                other = threading.Thread(target=mine.acquire)
                other.start()
                other.join()
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
        stop = True
        for thread in threads: thread.join()
        print(sum(done))
        """,
        log_bytes=64 << 20,
    )

    assert seen.exit_code == 0, seen.stderr
    assert (seen.lost, seen.rejected) == (0, 0)
    names = [seen.name(hold.lane) for hold in seen.timeline.holds]
    assert names.count("MainThread") == 0
    children = [name for name in names if name.endswith("/MainThread")]
    assert len(children) == 500
    assert len(set(children)) == 5
    assert len([name for name in names if "/" not in name]) == int(seen.stdout)


def test_a_full_log_counts_what_every_thread_loses(free: Tracer) -> None:
    seen = free.run(
        """
        import json, threading
        from interleave_tracer import log, wire
        together = threading.Barrier(5)
        on = log.number()
        def work():
            together.wait()
            for value in range(20_000):
                log.emit(wire.LEVEL, 0, on, log.clock(), value, lane)
            together.wait()
            together.wait()
        from interleave_tracer import lanes
        lane = lanes.main_lane
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        before = log.words[log._lost]
        together.wait()
        together.wait()
        print(json.dumps([before, log.words[log._lost]]))
        together.wait()
        """,
        log_bytes=1 << 20,
    )

    assert seen.exit_code == 0, seen.stderr
    before, after = json.loads(seen.stdout)
    levels = int(np.count_nonzero(seen.events.kind == wire.LEVEL))
    waits = 3 * 5  # at the barrier, with at most two records each
    assert before == 0
    assert 80_000 <= levels + after <= 80_000 + 2 * waits
