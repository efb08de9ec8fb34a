"""Programs that go wrong, each in its own way, with what is to be found in them; and programs that do not."""

from __future__ import annotations

import random
import textwrap
from dataclasses import dataclass, field

from app.core.run import Limits
from tests.contract.recording import AMPLE

CUT = Limits(wall_ns=4_000_000_000)


@dataclass(frozen=True)
class Wrong:
    """A program and what is to be found in it: kinds with the names of the lanes and the lines."""

    source: str
    found: list[tuple[str, set[str], set[int]]]
    inferred: bool = False
    limits: Limits = CUT
    hows: set[str] = field(default_factory=set)
    needs: set[str] = field(default_factory=set)


CROSS = """\
import sys, threading, time
a, b = threading.{lock}, threading.{lock}
both = threading.Barrier(2)
def cross(first, second):
    with first:
        both.wait()
        {enter}
threads = [threading.Thread(target=cross, args=pair, name=name, daemon={daemon}) for name, pair in (("left", (a, b)), ("right", (b, a)))]
for thread in threads:
    thread.start()
{then}
"""
JOIN = "for thread in threads: thread.join()"


def cross(lock: str = "Lock()", enter: str = "second.acquire()", daemon: str = "False", then: str = JOIN) -> str:
    return CROSS.format(lock=lock, enter=enter, daemon=daemon, then=then)


LEFT_RIGHT = ("deadlock", {"left", "right"}, {7})

TASKS = """\
import asyncio
async def one(first, second):
    {enter_first}
    await asyncio.sleep(0.05)
    {enter_second}
async def main():
    a, b = asyncio.{lock}, asyncio.{lock}
    tasks = [asyncio.create_task(one(*pair), name=name) for name, pair in (("left", (a, b)), ("right", (b, a)))]
    await {wait}
asyncio.run(main())
"""


def tasks(
    lock: str = "Lock()",
    first: str = "await first.acquire()",
    second: str = "await second.acquire()",
    wait: str = "asyncio.gather(*tasks)",
) -> str:
    return TASKS.format(lock=lock, enter_first=first, enter_second=second, wait=wait)


TASK_PAIR = ("deadlock", {"left", "right"}, {5})
PROCESSES = """\
import multiprocessing, time
def cross(first, second, both):
    with first:
        both.wait()
        second.acquire()
if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    a, b, both = context.{lock}(), context.{lock}(), context.Barrier(2)
    children = [context.Process(target=cross, args=(*pair, both), name=name) for name, pair in (("left", (a, b)), ("right", (b, a)))]
    for child in children:
        child.start()
    for child in children:
        child.join()
"""

WRONG = {
    "locks": Wrong(cross(), [LEFT_RIGHT], hows={"held"}),
    "rlocks": Wrong(cross("RLock()"), [LEFT_RIGHT], hows={"held"}),
    "semaphores": Wrong(cross("Semaphore(1)"), [LEFT_RIGHT], hows={"held"}),
    "some lanes only": Wrong(
        cross(daemon="True", then="for _ in range(8): time.sleep(0.1)"), [LEFT_RIGHT], hows={"held"}, limits=AMPLE
    ),
    "with a timeout that breaks it": Wrong(cross(enter="second.acquire(timeout=0.4)"), [LEFT_RIGHT], limits=AMPLE),
    "with a timeout that is to break it": Wrong(cross(enter="second.acquire(timeout=60)"), [LEFT_RIGHT], inferred=True),
    "three": Wrong(
        """\
        import threading
        locks = [threading.Lock() for _ in range(3)]
        all = threading.Barrier(3)
        def dine(n):
            with locks[n]:
                all.wait()
                with locks[(n + 1) % 3]:
                    print(n)
        for n in range(3):
            threading.Thread(target=dine, args=[n], name=f"philosopher-{n}").start()
        """,
        [("deadlock", {"philosopher-0", "philosopher-1", "philosopher-2"}, {7})],
    ),
    "its own lock": Wrong(
        "import threading\nlock = threading.Lock()\ndef inner():\n    with lock: pass\nwith lock:\n    inner()\n",
        [("deadlock", {"MainThread"}, {4})],
    ),
    "joins": Wrong(
        """\
        import threading
        def work(n):
            ready.wait()
            threads[1 - n].join()
        ready = threading.Event()
        threads = [threading.Thread(target=work, args=[n], name=f"t{n}") for n in range(2)]
        for thread in threads: thread.start()
        ready.set()
        """,
        [("deadlock", {"t0", "t1"}, {4})],
        hows={"ends"},
    ),
    "a join and a lock": Wrong(
        """\
        import threading
        lock = threading.Lock()
        def work():
            with lock: pass
        thread = threading.Thread(target=work, name="worker")
        with lock:
            thread.start()
            thread.join()
        """,
        [("deadlock", {"MainThread", "worker"}, {4, 8})],
        hows={"ends", "held"},
    ),
    "asyncio locks": Wrong(tasks(), [TASK_PAIR], hows={"held"}),
    "asyncio semaphores": Wrong(tasks("Semaphore(1)"), [TASK_PAIR], hows={"held"}),
    "asyncio conditions": Wrong(tasks("Condition()"), [TASK_PAIR], hows={"held"}),
    "asyncio locks through wait_for, to be broken": Wrong(
        tasks(second="await asyncio.wait_for(second.acquire(), 60)"), [TASK_PAIR], hows={"held"}, inferred=True
    ),
    "asyncio locks, broken by a timeout": Wrong(
        tasks(wait="asyncio.wait(tasks, timeout=0.5)"), [TASK_PAIR], limits=AMPLE
    ),
    "tasks that await each other": Wrong(
        """\
        import asyncio
        async def work(n):
            await asyncio.sleep(0.02)
            await tasks[1 - n]
        async def main():
            global tasks
            tasks = [asyncio.create_task(work(n), name=f"t{n}") for n in range(2)]
            await tasks[0]
        asyncio.run(main())
        """,
        [("deadlock", {"t0", "t1"}, {4})],
        hows={"ends"},
    ),
    "a lock held across gather": Wrong(
        """\
        import asyncio
        async def child():
            async with lock: pass
        async def main():
            global lock
            lock = asyncio.Lock()
            asyncio.current_task().set_name("main")
            async with lock:
                await asyncio.gather(child(), child())
        asyncio.run(main())
        """,
        [("deadlock", {"main", "Task-2"}, {3, 9})],
        inferred=True,
        hows={"children", "held"},
    ),
    "a lock of threads held across await": Wrong(
        """\
        import asyncio, threading
        lock = threading.Lock()
        async def holds():
            with lock:
                await asyncio.sleep(0.05)
        async def wants():
            await asyncio.sleep(0.01)
            with lock: pass
        async def main():
            await asyncio.gather(*(asyncio.create_task(work(), name=work.__name__) for work in (holds, wants)))
        asyncio.run(main())
        """,
        [("deadlock", {"holds", "wants"}, {5, 8})],
        hows={"loop", "held"},
    ),
    "a thread waits for a task that wants its lock": Wrong(
        """\
        import asyncio, threading
        lock = threading.Lock()
        async def wants():
            with lock: pass
        def outside(loop):
            with lock:
                asyncio.run_coroutine_threadsafe(wants(), loop).result()
        async def main():
            threading.Thread(target=outside, args=[asyncio.get_running_loop()], name="outside").start()
            await asyncio.sleep(60)
        asyncio.run(main())
        """,
        [("deadlock", {"outside", "Task-2"}, {4, 7})],
        hows={"ends", "held"},
    ),
    "a task blocks the loop by joining a thread that needs it": Wrong(
        """\
        import asyncio, threading, time
        def outside(loop):
            time.sleep(0.1)
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()
        async def main():
            thread = threading.Thread(target=outside, args=[asyncio.get_running_loop()], name="outside")
            thread.start()
            thread.join()
        asyncio.run(main())
        """,
        [("deadlock", {"outside", "Task-1"}, {4, 8})],
        hows={"ends"},
    ),
    "processes that are forked": Wrong(
        PROCESSES.format(method="fork", lock="Lock"), [("deadlock", {"left", "right"}, {5})], hows={"held"}
    ),
    "processes that are spawned": Wrong(
        PROCESSES.format(method="spawn", lock="RLock"),
        [("deadlock", {"left", "right"}, {5})],
        hows={"held"},
        limits=Limits(wall_ns=6_000_000_000),
    ),
    "locks of a manager's": Wrong(
        """\
        import multiprocessing
        def cross(first, second, both):
            with first:
                both.wait()
                second.acquire()
        if __name__ == "__main__":
            manager = multiprocessing.Manager()
            a, b, both = manager.Lock(), manager.RLock(), manager.Barrier(2)
            children = [
                multiprocessing.Process(target=cross, args=(*pair, both), name=name)
                for name, pair in (("left", (a, b)), ("right", (b, a)))
            ]
            for child in children: child.start()
            for child in children: child.join()
        """,
        [("deadlock", {"left", "right"}, {5})],
        hows={"held"},
    ),
    "a child that wants its parent's lock": Wrong(
        """\
        import multiprocessing
        def work(lock):
            with lock: pass
        if __name__ == "__main__":
            lock = multiprocessing.Lock()
            with lock:
                child = multiprocessing.Process(target=work, args=[lock], name="child")
                child.start()
                child.join()
        """,
        [("deadlock", {"MainThread", "child"}, {3, 9})],
        hows={"ends", "held"},
    ),
    "two queues that are full": Wrong(
        """\
        import queue, threading
        a, b = queue.Queue(1), queue.Queue(1)
        def work(mine, other):
            while True:
                other.put(1), other.put(2)
                mine.get()
        for name, pair in (("left", (a, b)), ("right", (b, a))):
            threading.Thread(target=work, args=pair, name=name).start()
        """,
        [("nobody_can_wake", {"left"}, {5}), ("nobody_can_wake", {"right"}, {5})],
        inferred=True,
    ),
    "an empty queue": Wrong(
        """\
        import queue, threading
        jobs = queue.Queue()
        def work():
            while True: jobs.get()
        workers = [threading.Thread(target=work, name=f"worker-{n}") for n in range(2)]
        for worker in workers: worker.start()
        jobs.put("one")
        """,
        [("nobody_can_wake", {"worker-0", "worker-1"}, {4})],
        inferred=True,
    ),
    "an empty queue of tasks": Wrong(
        """\
        import asyncio
        async def produce(jobs):
            for n in range(3): await jobs.put(n)
        async def consume(jobs):
            while True: await jobs.get()
        async def main():
            jobs = asyncio.Queue()
            await asyncio.gather(*(asyncio.create_task(work(jobs), name=work.__name__) for work in (produce, consume)))
        asyncio.run(main())
        """,
        [("nobody_can_wake", {"consume"}, {5})],
        inferred=True,
    ),
    "an empty queue of processes": Wrong(
        """\
        import multiprocessing
        def work(jobs):
            while True: jobs.get()
        if __name__ == "__main__":
            jobs = multiprocessing.Queue()
            child = multiprocessing.Process(target=work, args=[jobs], name="child")
            child.start()
            jobs.put(1)
            child.join()
        """,
        [("nobody_can_wake", {"child"}, {3})],
        inferred=True,
    ),
    "a notification that was too early": Wrong(
        """\
        import threading
        ready = threading.Condition()
        with ready: ready.notify()
        def work():
            with ready: ready.wait()
        threading.Thread(target=work, name="worker").start()
        """,
        [("nobody_can_wake", {"worker"}, {5})],
        inferred=True,
    ),
    "a lock that was never let go": Wrong(
        """\
        import threading
        lock = threading.Lock()
        thread = threading.Thread(target=lambda: lock.acquire(), name="taker")
        thread.start(), thread.join()
        lock.acquire()
        """,
        [("nobody_can_wake", {"MainThread"}, {5})],
        inferred=True,
    ),
    "a pool that waits for itself": Wrong(
        """\
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(1, "worker")
        def outer():
            return pool.submit(print).result()
        pool.submit(outer).result()
        """,
        [("nobody_can_wake", {"worker_0"}, {4})],
        inferred=True,
        needs={"worker"},
    ),
    "a full pool whose jobs wait for more of theirs": Wrong(
        """\
        import threading
        from concurrent.futures import ThreadPoolExecutor
        both = threading.Barrier(2)
        def outer(n):
            both.wait()
            return sum(pool.map(abs, range(n)))
        with ThreadPoolExecutor(2, "worker") as pool:
            print(list(pool.map(outer, [3, 4])))
        """,
        [("nobody_can_wake", {"worker_0", "worker_1"}, {6})],
        inferred=True,
        needs={"worker"},
    ),
    "a pool of multiprocessing's threads that waits for itself": Wrong(
        """\
        import threading
        from multiprocessing.pool import ThreadPool
        def outer():
            threading.current_thread().name = "worker"
            return pool.apply(abs, [1])
        pool = ThreadPool(1)
        pool.apply(outer)
        """,
        [("nobody_can_wake", {"worker"}, {5})],
        inferred=True,
        needs={"worker"},
    ),
    "an event loop's pool that waits for itself": Wrong(
        """\
        import asyncio
        from concurrent.futures import ThreadPoolExecutor
        def outer(loop):
            return asyncio.run_coroutine_threadsafe(asyncio.to_thread(print), loop).result()
        async def main():
            loop = asyncio.get_running_loop()
            loop.set_default_executor(ThreadPoolExecutor(1, "worker"))
            await asyncio.to_thread(outer, loop)
        asyncio.run(main())
        """,
        [("nobody_can_wake", {"worker_0"}, {4})],
        inferred=True,
        needs={"worker"},
    ),
    "jobs that wait for what nobody puts": Wrong(
        """\
        import queue
        from concurrent.futures import ThreadPoolExecutor
        items = queue.Queue()
        with ThreadPoolExecutor(1, "worker") as pool:
            first, second = pool.submit(items.get), pool.submit(print)
            second.result()
        """,
        [("nobody_can_wake", {"worker_0"}, set()), ("nobody_can_wake", {"MainThread"}, {6})],
        inferred=True,
    ),
    "a call that blocks the loop, others being ready": Wrong(
        """\
        import asyncio, time
        async def blocks(): time.sleep(0.2)
        async def waits(): pass
        async def main():
            await asyncio.gather(*(asyncio.create_task(work(), name=work.__name__) for work in (blocks, waits)))
        asyncio.run(main())
        """,
        [("loop_blocked", {"blocks", "waits"}, {2})],
        limits=AMPLE,
    ),
    "a call that blocks the loop, another becoming due": Wrong(
        """\
        import asyncio, time
        async def beats():
            for _ in range(4): await asyncio.sleep(0.1)
        async def blocks():
            await asyncio.sleep(0.05)
            time.sleep(0.2)
        async def main():
            await asyncio.gather(*(asyncio.create_task(work(), name=work.__name__) for work in (beats, blocks)))
        asyncio.run(main())
        """,
        [("loop_blocked", {"blocks", "beats"}, {6})],
        limits=AMPLE,
        inferred=True,
    ),
    "a computation that blocks the loop": Wrong(
        """\
        import asyncio, time
        async def beats():
            for _ in range(4): await asyncio.sleep(0.1)
        async def computes():
            await asyncio.sleep(0.05)
            until = time.thread_time() + 0.25
            while time.thread_time() < until: pass
            await asyncio.sleep(0.001)
        async def main():
            await asyncio.gather(*(asyncio.create_task(work(), name=work.__name__) for work in (beats, computes)))
        asyncio.run(main())
        """,
        [("loop_blocked", {"computes", "beats"}, {5, 8})],
        limits=AMPLE,
        inferred=True,
    ),
    "a lock that everybody waits for": Wrong(
        """\
        import threading, time
        lock = threading.Lock()
        def work():
            for _ in range(8):
                with lock:
                    time.sleep(0.02)
                time.sleep(0.005)  # or the lock could stay with one thread to its end, and few would ever wait
        workers = [threading.Thread(target=work, name=f"worker-{n}") for n in range(3)]
        for worker in workers: worker.start()
        for worker in workers: worker.join()
        """,
        [("contention", {"worker-0", "worker-1", "worker-2"}, {6})],
        limits=AMPLE,
    ),
    "an asyncio lock that everybody waits for": Wrong(
        """\
        import asyncio
        async def work():
            for _ in range(4):
                async with lock:
                    await asyncio.sleep(0.03)
        async def main():
            global lock
            lock = asyncio.Lock()
            await asyncio.gather(*(asyncio.create_task(work(), name=f"task-{n}") for n in range(3)))
        asyncio.run(main())
        """,
        [("contention", {"task-0", "task-1", "task-2"}, {5})],
        limits=AMPLE,
    ),
    "a lock that processes wait for": Wrong(
        """\
        import multiprocessing, time
        def work(lock, both):
            both.wait()
            for _ in range(6):
                with lock:
                    time.sleep(0.04)
                time.sleep(0.01)  # or the lock could stay with one process to its end, and few would ever wait
        if __name__ == "__main__":
            lock, both = multiprocessing.Lock(), multiprocessing.Barrier(3)
            children = [multiprocessing.Process(target=work, args=(lock, both), name=f"child-{n}") for n in range(3)]
            for child in children: child.start()
            for child in children: child.join()
        """,
        [("contention", {"child-0", "child-1", "child-2"}, {6})],
        limits=AMPLE,
    ),
    "errors that nobody saw": Wrong(
        """\
        import asyncio, gc, multiprocessing, threading
        def fails(): raise ValueError("lost")
        async def lost(): raise KeyError("lost")
        async def never(): pass
        async def main():
            task = asyncio.create_task(lost(), name="task")
            await asyncio.sleep(0.01)
            del task
            gc.collect()
            never()
        if __name__ == "__main__":
            for kind, name in ((threading.Thread, "thread"), (multiprocessing.Process, "child")):
                one = kind(target=fails, name=name)
                one.start(), one.join()
            asyncio.run(main())
        """,
        [
            ("exception", {"thread"}, {2}),
            ("exception", {"child"}, {2}),
            ("never_retrieved", {"task"}, set()),
            ("never_awaited", {"Task-1"}, {10}),
        ],
        limits=AMPLE,
    ),
    "a daemon that was busy": Wrong(
        """\
        import queue, threading, time
        def slow(): time.sleep(60)
        threading.Thread(target=slow, name="busy", daemon=True).start()
        threading.Thread(target=queue.Queue().get, name="idle", daemon=True).start()
        time.sleep(0.2)
        """,
        [("daemon_cut_off", {"busy"}, {2})],
        limits=AMPLE,
    ),
    "a child that was cut off at exit": Wrong(
        """\
        import multiprocessing, time
        def slow(ready):
            ready.set()
            time.sleep(60)
        if __name__ == "__main__":
            ready = multiprocessing.Event()
            multiprocessing.Process(target=slow, args=[ready], name="child", daemon=True).start()
            ready.wait()
            time.sleep(0.2)
        """,
        [("daemon_cut_off", {"child"}, {4})],
        limits=AMPLE,
        inferred=True,
    ),
}

HEALTHY = {
    "a manager, and a handler in a wait": """\
        import multiprocessing, signal, time
        def work(ready, lock, jobs, done):
            ready.wait()
            for _ in range(3):
                number = jobs.get()
                with lock:
                    time.sleep(0.01)
                done.put(number)
        if __name__ == "__main__":
            signal.signal(signal.SIGALRM, lambda *_: time.sleep(0.05))
            with multiprocessing.Manager() as manager:
                shared = manager.Event(), manager.Lock(), manager.Queue(), manager.Queue()
                processes = [multiprocessing.Process(target=work, args=shared) for _ in range(2)]
                for process in processes: process.start()
                signal.setitimer(signal.ITIMER_REAL, 0.2)
                for number in range(6): shared[2].put(number)
                time.sleep(0.4)
                shared[0].set()
                print(sorted(shared[3].get() for _ in range(6)))
                for process in processes: process.join()
        """,
    "a lock as a signal": """\
        import _thread, time
        done = _thread.allocate_lock()
        done.acquire()
        def work():
            time.sleep(0.3)
            done.release()
        _thread.start_new_thread(work, ())
        done.acquire()
        """,
    "a pool that is dropped": """\
        import multiprocessing, time
        if __name__ == "__main__":
            with multiprocessing.Pool(2) as pool:
                print(pool.map(abs, range(4)))
        """,
    "a limit on how many at once": """\
        import asyncio
        async def fetch():
            async with slots: await asyncio.sleep(0.02)
        async def main():
            global slots
            slots = asyncio.Semaphore(2)
            await asyncio.gather(*(fetch() for _ in range(20)))
        asyncio.run(main())
        """,
    "an exception that is handled": """\
        import asyncio
        from concurrent.futures import ThreadPoolExecutor
        def fails(): raise ValueError("seen")
        async def fails_too(): raise ValueError("seen")
        async def main():
            print(await asyncio.gather(fails_too(), return_exceptions=True))
        with ThreadPoolExecutor(1) as pool:
            print(repr(pool.submit(fails).exception()))
        asyncio.run(main())
        """,
    "daemons that wait for work": """\
        import queue, threading
        jobs = queue.Queue()
        def work():
            while True:
                jobs.get()
                jobs.task_done()
        for _ in range(3): threading.Thread(target=work, daemon=True).start()
        for n in range(30): jobs.put(n)
        jobs.join()
        """,
}


def in_order(seed: int) -> str:
    """Threads that take any of a few locks, of processes' and threads' kinds, always in the same order, for a moment."""
    dice = random.Random(seed)
    plans = [[sorted(dice.sample(range(5), dice.randint(1, 4))) for _ in range(6)] for _ in range(4)]
    return textwrap.dedent(f"""\
        import contextlib, threading, time
        locks = [threading.Lock(), threading.RLock(), threading.Semaphore(1), threading.Condition(), threading.Lock()]
        def work(plan):
            for wanted in plan:
                with contextlib.ExitStack() as held:
                    for number in wanted:
                        held.enter_context(locks[number])
                        time.sleep(0.002)
        for plan in {plans}:
            threading.Thread(target=work, args=[plan]).start()
        """)
