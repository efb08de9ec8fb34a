"""Queues: who waits, what is inside, and where an item goes."""

from __future__ import annotations

import pytest

from .conftest import Run, Wait

KINDS = ["Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_goes_from_the_one_who_puts_to_the_one_who_waits(run: Run, kind: str) -> None:
    seen = run(
        f"""
        import queue, threading
        jobs = queue.{kind}()
        idle = threading.Event()
        def work():
            idle.set()
            print(jobs.get())
        thread = threading.Thread(target=work, name="worker")
        thread.start()
        idle.wait()
        import time
        time.sleep(0.05)
        jobs.put("item")
        thread.join()
        """
    )

    assert seen.stdout == "item\n"
    assert seen.waits("worker") == [Wait("queue", "jobs", 7)]
    assert seen.links("item") == [("MainThread", "worker")]
    assert [int(value) for _, _, value in seen.timeline.levels] in ([1, 0], [0, 0])


@pytest.mark.parametrize("kind", ["queue.Queue", "multiprocessing.get_context('fork').Queue", "queue.SimpleQueue"])
def test_who_takes_an_item_lets_nobody_go_on_who_waits_for_one(run: Run, kind: str) -> None:
    seen = run(
        f"""
        import multiprocessing, queue, threading
        from meeting import blocked
        jobs = {kind}()
        def getter():
            jobs.get()
        def hasty():
            try:
                jobs.get(timeout=0.3)
            except queue.Empty:
                print("empty")
        threads = [threading.Thread(target=getter, name=f"getter-{{n}}") for n in range(4)]
        for thread in threads:
            thread.start()
        blocked(*threads)
        for item in range(4):
            jobs.put(item)
        for thread in threads:
            thread.join()
        thread = threading.Thread(target=hasty, name="hasty")
        thread.start()
        thread.join()
        """
    )

    assert seen.stdout == "empty\n"
    numbers = [item.id for item in seen.timeline.resources.values() if item.name == "jobs"]
    found = [
        (link.kind, seen.name(link.from_lane), seen.name(link.to_lane))
        for link in seen.timeline.links
        if link.resource in numbers
    ]
    assert sorted(found) == [("item", "MainThread", f"getter-{n}") for n in range(4)]


def test_a_full_queue_makes_the_producer_wait(run: Run) -> None:
    seen = run(
        """
        import queue, threading
        jobs = queue.Queue(1)
        jobs.put(1)
        def work():
            jobs.put(2)
            jobs.join()
        thread = threading.Thread(target=work, name="producer")
        thread.start()
        while not jobs.not_full._waiters:
            threading.Event().wait(0.001)
        for _ in range(2):
            jobs.get()
            jobs.task_done()
        thread.join()
        """
    )

    assert seen.waits("producer")[0] == Wait("queue", "jobs", 6)
    assert ("MainThread", "producer") in seen.links("wake")


def test_queues_refuse_as_ever(run: Run) -> None:
    source = """
        import pickle, queue, traceback
        for kind in queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue:
            q = kind()
            for text in '''q.get(False)
        q.get(timeout=-1)
        q.get(timeout=0.001)
        q.get_nowait()
        q.put(1)
        q.put_nowait(2)
        q.put(3, timeout=-1)
        q.qsize()
        q.get()
        q.get(True)
        q.empty()
        pickle.dumps(q)
        type(q).__name__
        type(q).__module__
        q.get(block=False, timeout=3)'''.splitlines():
                try:
                    print(text.strip(), eval(text))
                except BaseException as error:
                    print(text.strip(), type(error), error)
        def fail():
            queue.Queue().get(timeout=0.001)
        try:
            fail()
        except queue.Empty:
            traceback.print_exc()
    """
    seen, bare = run(source), run(source, traced=False)

    assert seen.stdout == bare.stdout
    assert seen.stderr == bare.stderr


def test_a_queue_of_the_programs_own_kind(run: Run) -> None:
    seen = run(
        """
        import queue
        class Doubling(queue.Queue):
            def put(self, item):
                super().put(item)
                super().put(item)
            def _put(self, item):
                self.queue.appendleft(item)
        q = Doubling()
        q.put(1)
        print(q.get(), q.get(), q.qsize())
        """
    )

    assert seen.stdout == "1 1 0\n"
    assert [int(value) for _, _, value in seen.timeline.levels] == [1, 2, 1, 0]
