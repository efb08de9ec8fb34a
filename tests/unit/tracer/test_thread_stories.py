"""Every way to wait in a thread: what on, where, and who ended it."""

from __future__ import annotations

import pytest

from .conftest import Tracer
from .stories import play

START = """
import _thread, queue, sys, threading, time
from threading import *
from meeting import blocked
def start(function, **options):
    thread = Thread(target=function, name=function.__name__, **options)
    thread.start()
    return thread
"""

STORIES = {
    "Lock": """
        lock = Lock()
        def hasty():
            print(lock.acquire(False), lock.acquire(timeout=0.02))  #: hasty lock lock
        def patient():
            with lock: pass  #: patient lock lock <- handoff MainThread
        def late():
            print(lock.acquire(timeout=60))  #: late lock lock <- handoff MainThread
            lock.release()
        lock.acquire()
        start(hasty).join()
        for waiter in patient, late:
            thread = start(waiter)
            blocked(thread)
            lock.release()
            thread.join()
            lock.acquire()
    """,
    "RLock": """
        lock = RLock()
        def hasty():
            print(lock.acquire(False), lock.acquire(timeout=0.02))  #: hasty rlock lock
        def patient():
            with lock, lock: pass  #: patient rlock lock <- handoff MainThread
        with lock, lock:
            start(hasty).join()
            thread = start(patient)
            blocked(thread)
        thread.join()
    """,
    "Condition": """
        ready, items = Condition(), []
        def one():
            with ready:
                print(ready.wait(0.02), ready.wait_for(lambda: items, timeout=0.02))  #: one condition ready
                print(ready.wait())  #: one condition ready <- wake MainThread
        def two():
            with ready: print(ready.wait_for(lambda: items))  #: two condition ready <- wake MainThread
        def three():
            with ready: ready.wait()  #: three condition ready <- wake notifier
        def notify(thread):
            with ready:
                ready.notify()
                blocked(thread)
        def notifier(): notify(threads[2])
        threads = [start(one)]
        threads[0].join(0.2)
        blocked(threads[0])
        notify(threads[0])
        threads[0].join()
        threads.append(start(two))
        blocked(threads[1])
        items.append(1)
        notify(threads[1])
        threads[1].join()
        threads.append(start(three))
        blocked(threads[2])
        start(notifier).join()
        threads[2].join()
    """,
    "Event": """
        event = Event()
        def one():
            print(event.wait(0.02), event.wait(0))  #: one event event
            print(event.wait(60))  #: one event event <- wake MainThread
        def two():
            print(event.wait(), event.wait(1))  #: two nothing
        thread = start(one)
        thread.join(0.2)
        blocked(thread)
        event.set()
        thread.join()
        start(two).join()
        # No line of the program's: #: bound event flag <- wake MainThread
        flag = Event()
        bound = Thread(target=flag.wait, name="bound")
        bound.start()
        blocked(bound)
        flag.set()
        bound.join()
    """,
    "Semaphore": """
        slots = Semaphore(2)
        def one():
            print(slots.acquire(False), slots.acquire(timeout=0.02))  #: one semaphore slots
            slots.acquire()  #: one semaphore slots <- wake MainThread
        def two():
            slots.acquire()  #: two semaphore slots <- wake MainThread
        with slots, slots:
            thread = start(one)
            thread.join(0.2)
            blocked(thread)
            other = start(two)
            blocked(other)
            slots.release(2)
            thread.join()
            other.join()
    """,
    "BoundedSemaphore": """
        slots = BoundedSemaphore(1)
        def one():
            with slots: pass  #: one semaphore slots <- wake MainThread
        with slots:
            thread = start(one)
            blocked(thread)
        thread.join()
        try:
            slots.release()
        except ValueError as error:
            print(error)
    """,
    "Barrier": """
        def action():
            time.sleep(0.01)  #: last sleep sleep
        gate = Barrier(3, action)
        def one():
            print(gate.wait() in {0, 1})  #: one barrier gate <- wake last
        def two():
            gate.wait(60)  #: two barrier gate <- wake last
        def last():
            gate.wait()
        threads = [start(one), start(two)]
        blocked(*threads)
        for thread in [*threads, start(last)]:
            thread.join()
    """,
    "a broken Barrier": """
        import traceback
        gate, three = Barrier(2), Barrier(3)
        def aborted():
            try: gate.wait()  #: aborted barrier gate <- wake MainThread
            except BrokenBarrierError: print("aborted", gate.broken)
        def turned_away():
            try: gate.wait()  #: turned_away nothing
            except BrokenBarrierError: print("turned away", gate.broken)
        def renewed():
            try: gate.wait()  #: renewed barrier gate <- wake MainThread
            except BrokenBarrierError: print("renewed", gate.broken)
        def hasty():
            try: three.wait(0.3)  #: hasty barrier three
            except BrokenBarrierError: print("hasty")
        def other():
            try: three.wait()  #: other barrier three <- wake hasty
            except BrokenBarrierError: print("other")
        def burnt():
            try: failing.wait()  #: burnt barrier failing <- wake MainThread
            except BrokenBarrierError: print("burnt")
        thread = start(aborted)
        blocked(thread)
        gate.abort()
        thread.join()
        start(turned_away).join()
        gate.reset()
        thread = start(renewed)
        blocked(thread)
        gate.reset()
        thread.join()
        threads = [start(other), start(hasty)]
        for thread in threads: thread.join()
        def fail(): raise KeyError("action")
        failing = Barrier(2, fail)
        thread = start(burnt)
        blocked(thread)
        try:
            failing.wait()
        except KeyError as error:
            traceback.print_exc()
        thread.join()
    """,
    "Timer": """
        fired = Timer(0.02, print, ["fired"], {"end": "!"})
        cancelled = Timer(60, print, ["never"])
        fired.name, cancelled.name = "fired", "cancelled"
        # No line: #: fired event Timer.finished; cancelled event Timer.finished <- wake MainThread
        fired.start()
        fired.join()
        cancelled.start()
        blocked(cancelled)
        cancelled.cancel()
        cancelled.join()
    """,
    "join": """
        def one(): blocked(main_thread())
        def two(): blocked(main_thread())
        def slow(): go.wait()
        def joiner(): thread.join()  #: joiner join slow <- join slow
        go = Event()
        start(one).join()  #: MainThread join one <- join one
        start(two).join(60)  #: MainThread join two <- join two
        thread = start(slow)
        thread.join(0)
        thread.join(0.02)  #: MainThread join slow
        other = start(joiner)
        blocked(other)
        go.set()
        for thread in thread, other:
            while thread.is_alive(): pass
            thread.join()
    """,
    "daemons and exceptions": """
        import traceback
        def daemon(): Event().wait(60)  #: daemon event -
        def fails():
            raise KeyError("gone")
        def exits(): sys.exit(3)
        threading.excepthook = lambda args: (print(args.exc_type, args.thread.name), traceback.print_tb(args.exc_traceback))
        start(fails).join()
        start(exits).join()
        del threading.excepthook
        threading.excepthook = threading.__excepthook__
        start(fails).join()
        mine = local()
        mine.x = 1
        def looks(): print(hasattr(mine, "x"))
        start(looks).join()
        blocked(start(daemon, daemon=True))
    """,
    **{
        kind: f"""
        jobs = queue.{kind}(1)
        def consumer():
            try: jobs.get(timeout=0.02)  #: consumer queue jobs
            except queue.Empty: print("empty")
            jobs.get()  #: consumer queue jobs <- item MainThread
        def producer():
            try: jobs.put(2, timeout=0.02)  #: producer queue jobs
            except queue.Full: print("full")
            jobs.put(3)  #: producer queue jobs <- wake MainThread
        def joiner():
            jobs.join()  #: joiner queue jobs <- wake MainThread
        thread = start(consumer)
        thread.join(0.2)
        blocked(thread)
        jobs.put(1)
        thread.join()
        jobs.put(1)
        thread = start(producer)
        thread.join(0.2)
        blocked(thread)
        print(jobs.get())
        thread.join()
        thread = start(joiner)
        print(jobs.get())
        for _ in range(2): jobs.task_done()
        blocked(thread)
        jobs.task_done()
        thread.join()
        """
        for kind in ("Queue", "LifoQueue", "PriorityQueue")
    },
    "queue.SimpleQueue": """
        jobs = queue.SimpleQueue()
        def consumer():
            try: jobs.get(timeout=0.02)  #: consumer queue jobs
            except queue.Empty: print("empty")
            print(jobs.get())  #: consumer queue jobs <- item MainThread
        thread = start(consumer)
        thread.join(0.2)
        blocked(thread)
        jobs.put("item")
        thread.join()
    """,
    "Queue.shutdown": """
        empty, full = queue.Queue(), queue.Queue(1)
        full.put(1)
        def getter():
            try: empty.get()  #: getter queue empty <- wake MainThread
            except queue.ShutDown: print("shut")
        def putter():
            try: full.put(2)  #: putter queue full <- wake MainThread
            except queue.ShutDown: print("shut")
        def joiner():
            full.join()  #: joiner queue full <- wake MainThread
        threads = [start(getter), start(putter), start(joiner)]
        blocked(*threads)
        empty.shutdown()
        threads[0].join()
        full.shutdown(immediate=True)
        for thread in threads: thread.join()
    """,
    "sleep": """
        def one():
            time.sleep(0.01)  #: one sleep sleep
            time.sleep(0)
        start(one).join()
    """,
}


@pytest.mark.parametrize("name", STORIES)
def test_what_threads_wait_for(tracer: Tracer, name: str) -> None:
    if name == "Queue.shutdown" and tracer.version < (3, 13):
        assert tracer.run("import queue; queue.Queue().shutdown()").stderr.endswith("no attribute 'shutdown'\n")
        return
    _, seen, told = play(tracer, START + STORIES[name].replace("\n        ", "\n"))
    assert seen == told
