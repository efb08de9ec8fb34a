"""What looks at a program from inside sees the same with the tracer and without: debuggers, the stack's end, gc."""

from __future__ import annotations

import pytest

from .conftest import Run, Tracer
from .stories import same

DEEP = """
import asyncio, queue, threading
from concurrent.futures import ThreadPoolExecutor
lock, rlock, items = threading.Lock(), threading.RLock(), queue.Queue()
def deep(n, act):
    try:
        act()
        return deep(n + 1, act)
    except RecursionError:
        return n
def locked():
    with lock: pass
def relocked():
    with rlock: pass
def queued():
    items.put(1)
    items.get()
for act in (int, locked, relocked, queued):
    print(deep(0, act))
    thread = threading.Thread(target=lambda: print(deep(0, act)))
    thread.start()
    thread.join()
    with ThreadPoolExecutor(1) as pool:
        print(pool.submit(deep, 0, act).result())
async def main():
    print(deep(0, int))
    print(await asyncio.to_thread(deep, 0, locked))
asyncio.run(main())
print(lock.acquire(False), rlock.acquire(False), items.empty())
"""

NEAR = 3
"""Frames of ours that stand where the program's own might have at the stack's end."""


def test_the_stack_ends_where_it_did(run: Run) -> None:
    seen, bare = run(DEEP), run(DEEP, traced=False)
    *depths, left = seen.stdout.splitlines()
    *before, left_before = bare.stdout.splitlines()
    assert (left, seen.stderr, seen.exit_code) == (left_before, "", 0)
    assert len(depths) == len(before)
    for depth, bare_depth in zip(map(int, depths), map(int, before), strict=True):
        assert bare_depth - NEAR <= depth <= bare_depth
    assert depths[0] == before[0]


WATCHED_BY_A_DEBUGGER = """
import asyncio, sys, threading
from queue import Queue
seen = []
def watch(frame, event, arg):
    if frame.f_code.co_filename != __file__:
        return None
    seen.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
    return watch
lock, event, items = threading.Lock(), threading.Event(), Queue()
def work():
    with lock:
        items.put(1)
    event.set()
async def step():
    await asyncio.sleep(0)
    async with asyncio.Lock():
        return await asyncio.to_thread(items.get)
def main():
    threading.settrace(watch)
    sys.settrace(watch)
    thread = threading.Thread(target=work)
    thread.start()
    event.wait()
    thread.join()
    try:
        lock.release()
    except RuntimeError as error:
        print(error)
    asyncio.run(step())
    sys.settrace(None)
main()
for line in sorted(seen): print(line)
"""


def test_a_debugger_sees_the_same_lines(run: Run) -> None:
    same(run(WATCHED_BY_A_DEBUGGER), run(WATCHED_BY_A_DEBUGGER, traced=False))


COMMANDS = (
    "next\nnext\nnext\nnext\nstep\nstep\nwhere\nnext\nargs\np lock.locked()\nnext\nreturn\nup\nlist\ncontinue\nquit\n"
)
DEBUGGED = """
import threading
lock = threading.Lock()
def work(n):
    with lock:
        print("held", n)
    return n
work(1)
work(2)
thread = threading.Thread(target=work, args=(3,))
thread.start()
thread.join()
"""


def test_a_session_of_pdb_is_the_same(run: Run) -> None:
    program = (
        f"import io, pdb, sys\nsys.stdin = io.StringIO({COMMANDS!r})\npdb.Pdb(nosigint=True).set_trace()\n{DEBUGGED}"
    )
    seen, bare = run(program), run(program, traced=False)
    same(seen, bare)
    assert "held 3" in seen.stdout


COLLECTED = """
import asyncio, gc, sys, threading, weakref
from queue import Queue, SimpleQueue
def gone(make):
    thing = make()
    reference = weakref.ref(thing)
    count = sys.getrefcount(thing), len(gc.get_referrers(thing))
    del thing
    print(count, reference() is None)
def used():
    lock = threading.Lock()
    with lock: pass
    return lock
def reused():
    lock = threading.RLock()
    with lock: pass
    return lock
def thread():
    made = threading.Thread(target=int)
    made.start()
    made.join()
    return made
def filled():
    queue = Queue()
    queue.put(1)
    return queue
gc.collect()
gc.disable()
for make in (threading.Lock, used, reused, threading.Condition, threading.Event, thread, filled, SimpleQueue):
    gone(make)
async def main():
    async def step():
        await asyncio.sleep(0)
    task = asyncio.create_task(step())
    reference = weakref.ref(task)
    await task
    await asyncio.sleep(0)
    print(sys.getrefcount(task))
    del task
    print(reference() is None)
    class Knot: pass
    for _ in range(3):
        knot = Knot()
        knot.lock, knot.self, knot.event = threading.Lock(), knot, asyncio.Event()
        with knot.lock: pass
    reference = weakref.ref(knot)
    del knot
    print(gc.collect() > 0, reference() is None)
asyncio.run(main())
print(gc.callbacks, gc.get_threshold(), gc.isenabled(), gc.garbage, gc.get_debug(), gc.get_freeze_count())
"""


def test_what_nobody_needs_dies_when_it_did(run: Run) -> None:
    same(run(COLLECTED), run(COLLECTED, traced=False))


INTERRUPTED = """
import signal, threading
class Enough(Exception): pass
def ring(*_): raise Enough
signal.signal(signal.SIGALRM, ring)
rung = 0
for _ in range(200):
    lock, rlock = threading.Lock(), threading.RLock()  # one left taken would be waited for, and the signal may come just before
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0005)
        while True:
            with lock: pass
            with rlock: pass
    except Enough:
        rung += 1
    print(lock.locked(), rlock._is_owned())
print(rung)
"""


def test_what_a_signal_handler_raises_gets_through_and_leaves_no_lock_behind(tracer: Tracer) -> None:
    # Who swallowed it would go on for ever, since it comes once.
    seen = tracer.run(INTERRUPTED, log_bytes=64 << 20)
    *held, rung = seen.stdout.splitlines()
    assert (rung, seen.stderr, seen.exit_code) == ("200", "", 0)
    if tracer.writer == "c":  # docs/tracing.md: what is written in Python can be interrupted
        assert set(held) == {"False False"}


def test_the_error_of_an_eager_task_does_not_keep_it(tracer: Tracer) -> None:
    if tracer.version < (3, 12):
        pytest.skip("there are no eager tasks")
    seen = tracer.run(
        """
        import asyncio, weakref
        async def fails():
            raise ValueError
        async def main():
            task = asyncio.eager_task_factory(asyncio.get_running_loop(), fails())
            error, kept = task.exception(), weakref.ref(task)
            del task
            print(kept(), type(error).__name__)
        asyncio.run(main())
        """
    )

    assert (seen.stdout, seen.stderr) == ("None ValueError\n", "")
