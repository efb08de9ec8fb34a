"""The article's three programs, in forms that people write: their very lanes, lines and waits, on every interpreter."""

from __future__ import annotations

import textwrap

import pytest

from app.sandbox.pythons import find_pythons
from app.tracer import wire
from tests.contract.recording import Job, Recorded, record

THREADS = {
    "loops": """
        import threading

        def worker():
            print(f"Starting thread {threading.current_thread().name}")
            print(f"Exiting thread {threading.current_thread().name}")

        threads = []
        for i in range(5):
            threads.append(threading.Thread(target=worker))
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        """,
    "subclass": """
        from threading import Thread, current_thread

        class Worker(Thread):
            def run(self):
                print("Starting thread", current_thread().name)
                print("Exiting thread", current_thread().name)

        if __name__ == "__main__":
            workers = [Worker() for _ in range(5)]
            [w.start() for w in workers]
            [w.join() for w in workers]
        """,
}

POOLS = {
    "close and join": """
        import multiprocessing, time

        def worker(i):
            print(f"Starting worker {i}")
            time.sleep(2)
            print(f"Finishing worker {i}")

        if __name__ == "__main__":
            pool = multiprocessing.Pool(4)
            for i in range(4):
                pool.apply_async(worker, args=(i,))
            pool.close()
            pool.join()
            print("All workers have finished")
        """,
    "with and get": """
        from multiprocessing import Pool
        from time import sleep

        def worker(i):
            print("Starting worker", i)
            sleep(2)
            print("Finishing worker", i)

        if __name__ == "__main__":
            with Pool(processes=4) as pool:
                results = [pool.apply_async(worker, (i,)) for i in range(4)]
                for result in results:
                    result.get()
            print("All workers have finished")
        """,
}

COROUTINES = {
    "create_task": """
        import asyncio

        async def say_hello():
            print("Hello")
            await asyncio.sleep(1)
            print("World")

        async def main():
            tasks = []
            for _ in range(3):
                tasks.append(asyncio.create_task(say_hello()))
            await asyncio.gather(*tasks)

        asyncio.run(main())
        """,
    "gather alone": """
        import asyncio as aio

        async def say_hello():
            print("Hello")
            await aio.sleep(1)
            print("World")

        async def main():
            await aio.gather(*(say_hello() for _ in range(3)))

        if __name__ == "__main__":
            aio.run(main())
        """,
}

PYTHONS = {python.id: python for python in find_pythons()}
FORMS = {**THREADS, **POOLS, **COROUTINES}
CASES = [(form, python) for form in FORMS for python in PYTHONS]
SECOND = 1e9


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Recorded]:
    jobs = [Job(textwrap.dedent(FORMS[form]).lstrip(), PYTHONS[python]) for form, python in CASES]
    return dict(zip(CASES, record(jobs, tmp_path_factory.mktemp("programs")), strict=True))


def counts(shown: Recorded) -> tuple[int, int, int]:
    processes, threads, tasks = (len(shown.lanes(kind)) for kind in (wire.PROCESS, wire.THREAD, wire.TASK))
    return processes, threads, tasks


def links(shown: Recorded, kind: str) -> set[tuple[int, int]]:
    return {(link.from_lane, link.to_lane) for link in shown.timeline.links if link.kind == kind}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("form", THREADS)
def test_five_threads(form: str, python: str, recorded: dict[tuple[str, str], Recorded]) -> None:
    shown = recorded[form, python]
    assert counts(shown) == (1, 6, 0)
    main, *workers = shown.lanes(wire.THREAD)
    assert main.name == "MainThread"
    assert main.ending == wire.RETURNED
    for worker in workers:
        assert shown.printed_by(worker) == [f"Starting thread {worker.name}", f"Exiting thread {worker.name}"]
        assert worker.ending == wire.RETURNED
    assert len(shown.printed()) == 10
    assert links(shown, "start") == {(main.id, worker.id) for worker in workers}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("form", POOLS)
def test_four_workers_sleep_at_the_same_time(form: str, python: str, recorded: dict[tuple[str, str], Recorded]) -> None:
    shown = recorded[form, python]
    assert counts(shown) == (5, 5, 0)
    root, *workers = shown.lanes(wire.PROCESS)
    main, *_ = shown.lanes(wire.THREAD)
    assert (root.id, main.name) == (1, "MainThread")
    printed = shown.printed()
    assert printed[-1] == "All workers have finished"
    assert sorted(printed[:4]) == [f"Starting worker {i}" for i in range(4)]
    assert sorted(printed[4:8]) == [f"Finishing worker {i}" for i in range(4)]
    sleeps = shown.waits("MainThread", "sleep")
    assert len(sleeps) == 4
    assert len({span.lane for span in sleeps}) == 4
    assert max(span.start_ns for span in sleeps) < min(span.end_ns for span in sleeps)
    assert all(span.end_ns - span.start_ns >= 2 * SECOND for span in sleeps)
    assert all(shown.timeline.lanes[span.lane].parent in {worker.id for worker in workers} for span in sleeps)
    for span in sleeps:
        lines = shown.printed_by(shown.timeline.lanes[span.lane])
        assert [line.split()[0] for line in lines] == ["Starting", "Finishing"]
        assert len({line.split()[-1] for line in lines}) == 1
    assert links(shown, "start") >= {(main.id, worker.id) for worker in workers}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("form", COROUTINES)
def test_three_tasks_share_one_thread(form: str, python: str, recorded: dict[tuple[str, str], Recorded]) -> None:
    shown = recorded[form, python]
    assert counts(shown) == (1, 1, 4)
    main, *hellos = shown.lanes(wire.TASK)
    assert shown.printed() == ["Hello"] * 3 + ["World"] * 3
    for hello in hellos:
        assert shown.printed_by(hello) == ["Hello", "World"]
        [sleep] = shown.waits(hello.name, "sleep")
        assert sleep.end_ns - sleep.start_ns >= 0.99 * SECOND
        assert hello.ending == wire.RETURNED
    assert links(shown, "start") >= {(main.id, hello.id) for hello in hellos}
    waits = [span for span in main.spans if span.state == wire.WAITING]
    assert sum(span.end_ns - span.start_ns for span in waits) >= 0.9 * SECOND
    assert any(link.to_lane == main.id and link.from_lane in {t.id for t in hellos} for link in shown.timeline.links)
