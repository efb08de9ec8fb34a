"""Jobs of executors and pools: who submitted each, who ran it, how it ended, and whose wait its result ended."""

from __future__ import annotations

import pytest

from app.core.timeline import ENDINGS, Job

from .conftest import Run, Seen
from .stories import sound


def jobs_of(seen: Seen, executor: str) -> list[Job]:
    """The jobs of the executor of this name, in the order of their submission."""
    numbers = {item.id for item in seen.timeline.resources.values() if item.name == executor}
    found = [job for job in seen.timeline.jobs.values() if job.executor in numbers]
    return sorted(found, key=lambda job: (job.submitted_ns, job.number, job.part))


def told(seen: Seen, job: Job) -> tuple[str, int, str, int, str | None, str]:
    """A job in words: function, its line, who submitted it, on which line, who ran it, how it ended."""
    line, function, _ = seen.timeline.places.get(job.place, (0, "", False))
    where = seen.timeline.places.get(job.where, (0,))[0]
    ran = seen.name(job.lane) if job.lane else None
    return function, line, seen.name(job.submitter), where, ran, ENDINGS[job.ending]


def results(seen: Seen, job: Job) -> list[str]:
    """Whose waits the end of this job ended."""
    links = [link for link in seen.timeline.links if link.kind == "wake" and link.from_lane == job.lane]
    return [seen.name(link.to_lane) for link in links if link.from_ns == job.end_ns]


def consistent(seen: Seen) -> None:
    """What holds for the jobs of every timeline."""
    sound(seen.timeline)
    assert (seen.lost, seen.rejected) == (0, 0)
    backlog = {resource: value for resource, _, value in seen.timeline.levels}
    for job in seen.timeline.jobs.values():
        assert job.submitted_ns >= 0
        assert backlog[job.executor] == 0
        if job.lane:
            assert job.submitted_ns <= job.start_ns <= job.end_ns
            spans = seen.timeline.lanes[job.lane].spans
            assert any(span.start_ns == job.start_ns and span.place == job.place for span in spans)
            assert any(
                link.kind == "item" and (link.from_lane, link.to_lane) == (job.submitter, job.lane)
                for link in seen.timeline.links
                if (link.from_ns, link.to_ns) == (job.submitted_ns, job.start_ns)
            )


def test_the_jobs_of_threads(run: Run) -> None:
    seen = run(
        """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        from meeting import blocked
        go, began = threading.Event(), threading.Event()
        def work(n):
            began.set()
            go.wait()
            blocked(threading.main_thread())
            return n
        def fail():
            raise ValueError("no good")
        with ThreadPoolExecutor(1, "pool") as pool:
            first, second = pool.submit(work, 1), pool.submit(fail)
            late = pool.submit(print, "never")
            began.wait()
            print(late.cancel(), late.cancel())
            go.set()
            print(first.result())
            print(repr(second.exception()))
            print(list(pool.map(abs, [-1, -2])))
        """
    )

    assert seen.stdout == "True True\n1\nValueError('no good')\n[1, 2]\n"
    assert [told(seen, job) for job in jobs_of(seen, "pool")] == [
        ("work", 6, "MainThread", 14, "pool_0", "returned"),
        ("fail", 11, "MainThread", 14, "pool_0", "raised"),
        ("print", 0, "MainThread", 15, None, "cancelled"),
        ("abs", 0, "MainThread", 21, "pool_0", "returned"),
        ("abs", 0, "MainThread", 21, "pool_0", "returned"),
    ]
    assert results(seen, jobs_of(seen, "pool")[0]) == ["MainThread"]
    consistent(seen)


METHODS = ["fork", "spawn", "forkserver"]


@pytest.mark.parametrize("method", METHODS)
def test_the_jobs_of_a_pool(run: Run, method: str) -> None:
    seen = run(
        f"""
        import multiprocessing, os
        from types import SimpleNamespace
        from meeting import blocked
        def square(n, parent=0):
            if parent: blocked(SimpleNamespace(native_id=parent))
            return n * n
        def fail(n, parent):
            blocked(SimpleNamespace(native_id=parent))
            raise ValueError("no good")
        if __name__ == "__main__":
            with multiprocessing.get_context("{method}").Pool(2) as pool:
                print(pool.apply(square, (3, os.getpid())))
                later = pool.apply_async(fail, (1, os.getpid()))
                try:
                    later.get()
                except ValueError as error:
                    print(error)
                print(pool.map(square, range(5), chunksize=2))
                print(list(pool.imap(square, [1, 2])))
                print(sorted(pool.imap_unordered(square, (n for n in (3, 4)), chunksize=2)))
                print(pool.starmap(pow, [(2, 3)]))
        """
    )

    assert seen.stdout == "9\nno good\n[0, 1, 4, 9, 16]\n[1, 4]\n[9, 16]\n[8]\n", seen.stderr
    jobs = jobs_of(seen, "pool")
    main = "MainThread"
    assert [told(seen, job)[:4] + told(seen, job)[5:] for job in jobs] == [
        ("square", 5, main, 13, "returned"),
        ("fail", 8, main, 14, "raised"),
        *[("square", 5, main, 19, "returned")] * 3,
        *[("square", 5, main, 20, "returned")] * 2,
        ("square", 5, main, 21, "returned"),
        ("pow", 0, main, 22, "returned"),
    ]
    assert [(job.part if job.is_part else None, job.items) for job in jobs] == [
        *[(None, 0)] * 2,
        (0, 2),
        (1, 2),
        (2, 1),
        (0, 0),
        (1, 0),
        (0, 2),
        (0, 1),
    ]
    assert results(seen, jobs[0]) == results(seen, jobs[1]) == [main]
    consistent(seen)


@pytest.mark.parametrize("method", METHODS)
def test_the_jobs_of_an_executor_of_processes(run: Run, method: str) -> None:
    seen = run(
        f"""
        import multiprocessing, os
        from concurrent.futures import ProcessPoolExecutor, as_completed, wait
        from types import SimpleNamespace
        from meeting import blocked
        def square(n, parent=0):
            if parent: blocked(SimpleNamespace(native_id=parent))
            return n * n
        def fail(parent):
            blocked(SimpleNamespace(native_id=parent))
            raise KeyError("gone")
        if __name__ == "__main__":
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("{method}")) as pool:
                first = pool.submit(square, 2, os.getpid())
                print(first.result())
                second = pool.submit(fail, os.getpid())
                print([repr(future.exception()) for future in as_completed([second])])
                wait([pool.submit(square, 4, os.getpid())])
                print(list(pool.map(square, range(3), chunksize=2)))
        """
    )

    assert seen.stdout == "4\n[\"KeyError('gone')\"]\n[0, 1, 4]\n", seen.stderr
    jobs = jobs_of(seen, "pool")
    assert [told(seen, job)[:4] + told(seen, job)[5:] for job in jobs] == [
        ("square", 6, "MainThread", 14, "returned"),
        ("fail", 9, "MainThread", 16, "raised"),
        ("square", 6, "MainThread", 18, "returned"),
        *[("square", 6, "MainThread", 19, "returned")] * 2,
    ]
    assert [job.items for job in jobs] == [0, 0, 0, 2, 1]
    assert len({job.lane for job in jobs}) == 1
    for job in jobs[:3]:
        assert results(seen, job) == ["MainThread"], job
    consistent(seen)


def test_the_jobs_of_an_event_loop(run: Run) -> None:
    seen = run(
        """
        import asyncio, threading
        from concurrent.futures import ThreadPoolExecutor
        from meeting import blocked
        def work(n):
            blocked(threading.main_thread())
            return n
        async def main():
            loop = asyncio.get_running_loop()
            with ThreadPoolExecutor(1, "pool") as pool:
                print(await loop.run_in_executor(pool, work, 1))
            print(await asyncio.to_thread(work, n=2))
        asyncio.run(main())
        """
    )

    assert seen.stdout == "1\n2\n"
    one, two = sorted(seen.timeline.jobs.values(), key=lambda job: job.submitted_ns)
    assert told(seen, one) == ("work", 5, "Task-1", 11, "pool_0", "returned")
    assert told(seen, two)[:4] == ("work", 5, "Task-1", 12)
    wakes = [(link.from_lane, seen.name(link.to_lane)) for link in seen.timeline.links if link.kind == "wake"]
    assert (one.lane, "Task-1") in wakes
    assert (two.lane, "Task-1") in wakes
    consistent(seen)


def test_the_jobs_of_multiprocessings_threads(run: Run) -> None:
    seen = run(
        """
        import threading
        from meeting import blocked
        from multiprocessing.pool import ThreadPool
        def work(n):
            if n == "a": blocked(threading.main_thread())
            return n + 1
        def done(result):
            print(threading.current_thread().name.partition("(")[2], result)
        with ThreadPool(2) as pool:
            print(pool.map(work, range(4), chunksize=1))
            pool.apply_async(work, (1,), callback=done).get()
            try:
                pool.apply(work, ("a",))
            except TypeError:
                print("no")
        """
    )

    assert seen.stdout == "[1, 2, 3, 4]\n_handle_results) 2\nno\n", seen.stderr
    jobs = jobs_of(seen, "pool")
    assert [told(seen, job)[:4] + told(seen, job)[5:] for job in jobs] == [
        *[("work", 5, "MainThread", 11, "returned")] * 4,
        ("work", 5, "MainThread", 12, "returned"),
        ("work", 5, "MainThread", 14, "raised"),
    ]
    assert results(seen, jobs[-1]) == ["MainThread"]
    ran = {job.lane for job in jobs}
    assert {lane.id for lane in seen.lanes("thread") if lane.internal}.isdisjoint(ran)
    assert len([lane for lane in seen.lanes("thread") if lane.internal]) == 3
    consistent(seen)


def test_jobs_that_never_run(run: Run) -> None:
    seen = run(
        """
        import os, threading, time
        from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
        from concurrent.futures.process import BrokenProcessPool
        def work(): time.sleep(0.05)
        def leave(): os._exit(3)
        pool = ThreadPoolExecutor(1)
        first, rest = pool.submit(work), [pool.submit(work) for _ in range(3)]
        pool.shutdown(cancel_futures=True)
        print([future.cancelled() for future in [first, *rest]])
        if __name__ == "__main__":
            with ProcessPoolExecutor(1) as breaking:
                try:
                    breaking.submit(leave).result()
                except BrokenProcessPool:
                    print("broken")
        """
    )

    assert seen.stdout == "[False, True, True, True]\nbroken\n", seen.stderr
    jobs = jobs_of(seen, "pool")
    assert [told(seen, job)[4:] for job in jobs] == [("ThreadPoolExecutor-0_0", "returned"), *[(None, "cancelled")] * 3]
    [broken] = jobs_of(seen, "breaking")
    assert ENDINGS[broken.ending] == "killed"
    assert seen.levels("pool")[-1] == 0
    sound(seen.timeline)


def test_a_job_that_is_a_callable_of_any_kind_has_a_name(run: Run) -> None:
    seen = run(
        """
        import functools
        from concurrent.futures import ThreadPoolExecutor
        class Greeter:
            def __call__(self): pass
            def method(self): pass
            def __getattr__(self, name): raise SystemExit("nobody asks")
        with ThreadPoolExecutor(1) as pool:
            for what in Greeter(), Greeter().method, lambda: 0, functools.partial(int, "1"), dict, print:
                pool.submit(what).result()
        """
    )

    assert [told(seen, job)[:2] for job in jobs_of(seen, "pool")] == [
        ("Greeter.__call__", 5),
        ("Greeter.method", 6),
        ("<lambda>", 9),
        ("int", 0),
        ("dict", 0),
        ("print", 0),
    ]


def test_a_task_that_awaits_a_job_of_another_process(run: Run) -> None:
    seen = run(
        """
        import asyncio, multiprocessing, os
        from concurrent.futures import ProcessPoolExecutor
        from types import SimpleNamespace
        from meeting import blocked
        def work(parent):
            blocked(SimpleNamespace(native_id=parent))
            return 8
        async def main():
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
                print(await asyncio.get_running_loop().run_in_executor(pool, work, os.getpid()))
        asyncio.run(main())
        """
    )

    assert seen.stdout == "8\n"
    [job] = seen.timeline.jobs.values()
    assert results(seen, job) == ["Task-1"]
    consistent(seen)


def test_an_executor_dies_as_soon_as_nobody_has_it(run: Run) -> None:
    source = """
        import gc, multiprocessing, weakref
        from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
        gc.disable()
        for kind in ThreadPoolExecutor, ProcessPoolExecutor:
            with kind(1) as pool:
                print(pool.submit(abs, -1).result())
                parts = [getattr(pool, name, None) for name in ("_call_queue", "_work_ids", "_work_queue")]
                gone = [weakref.ref(part) for part in (pool, *parts) if part]
                del parts
            del pool
            print([one() for one in gone])
    """
    assert run(source).stdout == run(source, traced=False).stdout
