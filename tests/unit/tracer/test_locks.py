"""Locks, conditions, events, semaphores and barriers."""

from __future__ import annotations

import itertools
import re

import pytest

from app.tracer import wire

from .conftest import Run, Wait

ADDRESS = re.compile("0x[0-9a-f]+")
MISUSE = """
    import _thread, copy, pickle, threading, traceback
    lock, rlock = threading.Lock(), threading.RLock()
    def attempt(text):
        try:
            print(text, eval(text))
        except BaseException as error:
            print(text, type(error), error)
    for text in '''lock.acquire(False, 2); lock.acquire(timeout=-2); lock.acquire(1, 2, 3); lock.acquire(0); lock.acquire(False)
        lock.acquire(timeout=1e20); lock.acquire(timeout=0); lock.acquire(timeout=0.001); lock.acquire(timeout="1")
        lock.acquire(timeout=None); lock.release(1); lock.locked(); lock.release(); lock.release(); lock.__exit__(); lock.locked()
        lock.__enter__(); lock.__exit__(None, None, None); lock.__exit__(None, None, None); copy.copy(lock); pickle.dumps(lock)
        isinstance(lock, type(threading.Lock())); isinstance(lock, _thread.LockType); isinstance(threading.Condition()._lock, type(rlock))
        type(lock).__name__; type(lock).__module__; threading.Lock(1); rlock.release(); rlock.acquire(False, 2); rlock.acquire(); rlock.acquire(0)
        rlock._is_owned(); rlock.release(); rlock.release(); rlock.release(); pickle.dumps(rlock); copy.copy(rlock)
        hash(lock) == hash(lock); lock == lock; lock == threading.Lock(); bool(lock); repr(lock)[:29]; repr(rlock)[:47]
        type(rlock).__name__; threading.Condition(lock)._lock is lock; threading.Condition().wait(); threading.Condition().notify()
        threading.Semaphore(-1); threading.Semaphore().acquire(False, 1); threading.BoundedSemaphore().release(); threading.Semaphore(0).acquire(timeout=0)
        threading.Barrier(0); threading.Barrier(1).wait(); threading.Event().wait(0)'''.replace(";", chr(10)).splitlines():
        attempt(text.strip())
    class Weak: pass
    import weakref
    print(weakref.ref(lock)() is lock, weakref.ref(rlock)() is rlock)
    def fail():
        with lock:
            lock.release()
    def fail_too():
        with rlock:
            rlock.release()
    for failure in fail, fail_too:
        try:
            failure()
        except RuntimeError:
            traceback.print_exc()
    try:
        threading.Condition().wait_for(bool)
    except RuntimeError:
        traceback.print_exc()
"""


def test_locks_behave_as_the_interpreters_own(run: Run) -> None:
    seen, bare = run(MISUSE), run(MISUSE, traced=False)

    assert ADDRESS.sub("", seen.stdout) == ADDRESS.sub("", bare.stdout)
    assert seen.stderr == bare.stderr
    assert seen.exit_code == 0


def test_who_held_a_lock_and_who_waited_for_it(run: Run) -> None:
    seen = run(
        """
        import threading
        lock = threading.Lock()
        waiting = threading.Event()
        def work():
            waiting.set()
            with lock:
                pass
        with lock:
            thread = threading.Thread(target=work, name="worker")
            thread.start()
            waiting.wait()
            import time
            time.sleep(0.05)
        thread.join()
        """
    )

    assert seen.holds("lock") == ["MainThread", "worker"]
    assert seen.waits("worker") == [Wait("lock", "lock", 7)]
    assert seen.links("handoff") == [("MainThread", "worker")]
    first, second = seen.timeline.holds
    assert first.end_ns <= second.start_ns
    assert first.start_ns < first.end_ns


def test_a_lock_let_go_by_another_thread_was_held_by_the_first(run: Run) -> None:
    seen = run(
        """
        import threading
        lock = threading.Lock()
        lock.acquire()
        thread = threading.Thread(target=lock.release, name="worker")
        thread.start()
        thread.join()
        print(lock.locked())
        """
    )

    assert seen.stdout == "False\n"
    assert seen.holds("lock") == ["MainThread"]


def test_a_lock_as_a_signal_wakes_by_who_lets_it_go(run: Run) -> None:
    seen = run(
        """
        import _thread, threading
        from meeting import blocked
        lock, done = _thread.allocate_lock(), threading.Lock()
        def opener():
            for each in lock, done:
                blocked(threading.main_thread())
                each.release()
        with lock, done:
            _thread.start_new_thread(opener, ())
            lock.acquire()
            done.acquire()
        """
    )

    assert seen.exit_code == 0, seen.stderr
    assert seen.waits("MainThread") == [Wait("lock", "lock", 11), Wait("lock", "done", 12)]
    assert seen.links("wake") == [("opener", "MainThread")] * 2
    assert seen.holds("lock") == seen.holds("done") == ["MainThread"] * 2


def test_a_lock_that_nobody_lets_go_is_an_open_hold(run: Run) -> None:
    seen = run(
        """
        import os, threading
        def work(lock):
            with lock:
                os._exit(0)
        work(threading.Lock())
        """
    )

    [(_, lane, resource)] = seen.open_cells
    assert seen.numbering.lanes[lane] == seen.lane("MainThread").id
    assert seen.timeline.resources[seen.numbering.resources[resource]].name == "lock"


def test_a_lock_that_dies_while_it_is_held_was_held_until_then(run: Run) -> None:
    seen = run(
        """
        import asyncio, threading, time
        def work():
            short, deep = threading.Lock(), threading.RLock()
            short.acquire(), deep.acquire()
        work()
        time.sleep(0.01)
        lasting = threading.Lock()
        lasting.acquire()
        async def main():
            mutex = asyncio.Lock()
            await mutex.acquire()
        asyncio.run(main())
        """
    )

    assert (seen.exit_code, seen.stderr, seen.open_cells) == (0, "", [])
    main = seen.lane("MainThread")
    [sleep] = [span for span in main.spans if span.state == wire.WAITING][:1]
    ends = {name: hold.end_ns for hold in seen.timeline.holds for name in [seen.timeline.resources[hold.resource].name]}
    assert ends.keys() == {"short", "deep", "lasting", "mutex"}
    assert max(ends["short"], ends["deep"]) <= sleep.start_ns
    assert ends["lasting"] == main.end_ns
    assert seen.holds("mutex") == ["Task-1"]


def test_a_reentrant_lock_is_held_once(run: Run) -> None:
    seen = run(
        """
        import threading
        class Account:
            def __init__(self):
                self.lock = threading.RLock()
            def add(self):
                with self.lock, self.lock:
                    pass
        Account().add()
        """
    )

    assert seen.holds("Account.lock") == ["MainThread"]


def test_locks_in_a_list_are_told_apart(run: Run) -> None:
    seen = run(
        """
        import threading
        forks = [threading.Lock() for _ in range(3)]
        def eat(n):
            with forks[n], forks[(n + 1) % 3]:
                pass
        for n in range(3):
            eat(n)
        """
    )

    assert {len(seen.holds(f"forks[{n}]")) for n in range(3)} == {2}


def test_the_librarys_own_locks_are_not_told(run: Run) -> None:
    seen = run(
        """
        import logging, queue, threading, random, tempfile
        logging.getLogger("x").warning("hello")
        q = queue.Queue()
        q.put(1)
        """
    )

    assert seen.timeline.holds == []


def test_a_condition_gives_its_lock_back_while_it_waits(run: Run) -> None:
    seen = run(
        """
        import threading
        ready = threading.Condition()
        items = []
        def consume():
            with ready:
                ready.wait_for(lambda: items)
        thread = threading.Thread(target=consume, name="consumer")
        with ready:
            thread.start()
            while not ready._waiters:
                ready.wait(0.001)
            items.append(1)
            ready.notify_all()
        thread.join()
        """
    )

    waits = seen.waits("consumer")
    assert Wait("condition", "ready", 7) in waits
    assert {wait.kind for wait in waits} <= {"condition", "rlock"}
    assert ("MainThread", "consumer") in seen.links("wake")
    ends = [hold.end_ns for hold in seen.timeline.holds]
    assert seen.holds("ready").count("consumer") == 2
    assert all(end > 0 for end in ends)


def test_two_conditions_may_share_a_lock(run: Run) -> None:
    seen = run(
        """
        import threading
        mutex = threading.Lock()
        full, empty = threading.Condition(mutex), threading.Condition(mutex)
        with mutex:
            full.wait(0.001)
            empty.wait(0.001)
        """
    )

    assert seen.waits("MainThread") == [Wait("condition", "full", 6), Wait("condition", "empty", 7)]
    assert seen.holds("mutex") == ["MainThread"] * 3


def test_a_semaphore_has_a_level(run: Run) -> None:
    seen = run(
        """
        import threading
        slots = threading.BoundedSemaphore(2)
        def work():
            with slots:
                entered.set()
        entered = threading.Event()
        with slots:
            slots.acquire()
            thread = threading.Thread(target=work, name="worker")
            thread.start()
            while not slots._cond._waiters:
                entered.wait(0.001)
            slots.release()
            thread.join()
        """
    )

    assert seen.waits("worker") == [Wait("semaphore", "slots", 5)]
    assert ("MainThread", "worker") in seen.links("wake")
    assert seen.levels("slots")[:2] == [1, 0]
    assert seen.levels("slots")[-1] == 2
    assert seen.holds("slots") == ["MainThread", "MainThread", "worker"]


def test_a_semaphore_whose_permits_others_give_back_is_held_by_nobody(run: Run) -> None:
    seen = run(
        """
        import threading
        ready, room = threading.Semaphore(0), threading.Semaphore(2)
        def produce():
            for _ in range(3):
                room.acquire()
                ready.release()
        thread = threading.Thread(target=produce, name="producer")
        thread.start()
        for _ in range(3):
            ready.acquire()
            room.release()
        thread.join()
        """
    )

    assert seen.holds("ready") == []
    assert len(seen.holds("room")) <= 2
    ends = [hold.end_ns for hold in seen.timeline.holds]
    first = min(t for _, t, value in seen.timeline.levels)
    assert all(first <= end < seen.lane("producer").end_ns for end in ends)


def test_the_last_at_a_barrier_wakes_the_others(run: Run) -> None:
    seen = run(
        """
        import threading
        barrier = threading.Barrier(2)
        def work():
            barrier.wait()
        thread = threading.Thread(target=work, name="worker")
        thread.start()
        while not barrier.n_waiting:
            threading.Event().wait(0.001)
        barrier.wait()
        thread.join()
        """
    )

    assert seen.waits("worker") == [Wait("barrier", "barrier", 5)]
    assert ("MainThread", "worker") in seen.links("wake")
    assert "barrier" not in {wait.kind for wait in seen.waits("MainThread")}


@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_many_threads_and_one_lock_lose_nothing(run: Run, kind: str) -> None:
    seen = run(
        f"""
        import threading
        lock, n = threading.{kind}(), 0
        def work():
            global n
            for _ in range(5000):
                with lock:
                    n += 1
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(n)
        """
    )

    holds = seen.timeline.holds
    assert seen.stdout == "20000\n"
    assert (len(holds), seen.lost, seen.rejected) == (20000, 0, 0)
    assert all(before.end_ns <= after.start_ns for before, after in itertools.pairwise(holds))


def test_a_forked_child_drops_what_its_parents_threads_hold_without_a_word(run: Run) -> None:
    seen = run(
        """
        import os, threading
        local = threading.local()
        ready, over = threading.Event(), threading.Event()
        def work():
            local.own = threading.Lock()
            with local.own:
                ready.set()
                over.wait()
        thread = threading.Thread(target=work, name="worker")
        thread.start()
        ready.wait()
        for _ in range(2):
            pid = os.fork()
            if not pid:
                os._exit(0)
            os.waitpid(pid, 0)
        over.set()
        thread.join()
        """
    )

    assert (seen.exit_code, seen.rejected) == (0, 0), seen.stderr
    assert [seen.name(hold.lane) for hold in seen.timeline.holds] == ["worker"]
    [hold] = seen.timeline.holds
    assert hold.end_ns > max(lane.end_ns for lane in seen.lanes("process") if lane.id != 1)
