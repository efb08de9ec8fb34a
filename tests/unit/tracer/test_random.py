"""Random programs: what the trace says agrees with what the program itself wrote down."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.event import Chunk
from app.core.fold import fold
from app.tracer import wire

from .conftest import Run, Seen
from .stories import sound

OPERATIONS = st.one_of(
    st.tuples(st.just("lock"), st.integers(0, 1)),
    st.tuples(st.just("put"), st.integers(0, 9)),
    st.tuples(st.just("get"), st.just(0)),
    st.tuples(st.just("set"), st.integers(0, 1)),
    st.tuples(st.just("wait"), st.integers(0, 1)),
    st.tuples(st.just("sleep"), st.integers(0, 2)),
)
PROGRAMS = st.lists(st.lists(OPERATIONS, max_size=6), min_size=1, max_size=4)
SETTINGS = settings(max_examples=6, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])

THREADS = """
import json, queue, threading, time

plans = json.loads({plans!r})
locks = [threading.Lock(), threading.RLock()]
events = [threading.Event(), threading.Event()]
items = queue.Queue()
done = []

def work(number):
    for operation, argument in plans[number]:
        if operation == "lock":
            with locks[argument]:
                done.append(["lock", argument, number])
                time.sleep(0.001)
        elif operation == "put":
            items.put(argument)
        elif operation == "get":
            try:
                items.get(timeout=0.01)
            except queue.Empty:
                pass
        elif operation == "set":
            events[argument].set()
        elif operation == "wait":
            events[argument].wait(0.01)
        else:
            time.sleep(argument / 1000)

threads = [threading.Thread(target=work, args=[number], name=f"worker {{number}}") for number in range(len(plans))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(done))
"""

TASKS = """
import asyncio, json

plans = json.loads({plans!r})
done = []

async def work(number, locks, events, items):
    for operation, argument in plans[number]:
        if operation == "lock":
            async with locks[argument]:
                done.append(["lock", argument, number])
                await asyncio.sleep(0.001)
        elif operation == "put":
            await items.put(argument)
        elif operation == "get":
            try:
                async with asyncio.timeout(0.01):
                    await items.get()
            except TimeoutError:
                pass
        elif operation == "set":
            events[argument].set()
        elif operation == "wait":
            try:
                async with asyncio.timeout(0.01):
                    await events[argument].wait()
            except TimeoutError:
                pass
        else:
            await asyncio.sleep(argument / 1000)

async def main():
    locks, events, items = [asyncio.Lock(), asyncio.Lock()], [asyncio.Event(), asyncio.Event()], asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        for number in range(len(plans)):
            group.create_task(work(number, locks, events, items), name=f"worker {{number}}")

asyncio.run(main())
print(json.dumps(done))
"""


def check(seen: Seen, workers: int) -> None:
    """The trace against the program's own list of who had which lock."""
    assert seen.exit_code == 0, seen.stderr
    done = json.loads(seen.stdout)
    names = {f"worker {number}" for number in range(workers)}
    assert {lane.name for lane in seen.timeline.lanes.values() if lane.name.startswith("worker")} == names
    assert {seen.lane(name).ending for name in names} == {wire.RETURNED}
    for number in range(2):
        held = [f"worker {worker}" for kind, lock, worker in done if (kind, lock) == ("lock", number)]
        assert seen.holds(f"locks[{number}]") == held
    for one, two in pairwise(sorted(seen.timeline.holds, key=lambda hold: (hold.resource, hold.start_ns))):
        assert one.resource != two.resource or one.end_ns <= two.start_ns
    sound(seen.timeline)
    for part in range(0, len(seen.events), max(1, len(seen.events) // 7)):
        sound(fold([Chunk(1, 0.0, 0, seen.events.take(np.arange(part)))], None))


@SETTINGS
@given(plans=PROGRAMS)
def test_threads_that_do_anything(run: Run, plans: list[list[tuple[str, int]]]) -> None:
    check(run(THREADS.format(plans=json.dumps(plans))), len(plans))


@SETTINGS
@given(plans=PROGRAMS)
def test_tasks_that_do_anything(run: Run, plans: list[list[tuple[str, int]]]) -> None:
    check(run(TASKS.format(plans=json.dumps(plans))), len(plans))
