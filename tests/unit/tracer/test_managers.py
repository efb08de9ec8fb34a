"""What a multiprocessing.Manager's proxies stand for: one resource in all processes, with its waits, holds and causes."""

from __future__ import annotations

import pytest

from .conftest import Run, Seen, Wait

METHODS = ("fork", "spawn", "forkserver")


def waits(seen: Seen, name: str, *kinds: str) -> list[Wait]:
    return [wait for wait in seen.waits(name) if wait.kind in kinds]


@pytest.mark.parametrize("method", METHODS)
def test_locks_events_and_queues(run: Run, method: str) -> None:
    seen = run(
        f"""
        import multiprocessing, time

        def work(ready, lock, counts, done):
            ready.wait()
            with lock:
                counts["n"] = counts.get("n", 0) + 1
                time.sleep(0.1)
            done.put("one")

        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            with context.Manager() as manager:
                ready, lock, counts, done = manager.Event(), manager.Lock(), manager.dict(), manager.Queue()
                processes = [
                    context.Process(target=work, args=(ready, lock, counts, done), name=name) for name in ("a", "b")
                ]
                for process in processes:
                    process.start()
                time.sleep(1)
                ready.set()
                print(done.get(), done.get(), counts["n"])
                for process in processes:
                    process.join()
        """
    )
    assert seen.stdout == "one one 2\n"
    assert seen.stderr == ""
    first, second = seen.holds("lock")
    assert {first, second} == {"a/MainThread", "b/MainThread"}
    assert (first, second) in seen.links("handoff")
    for name in first, second:
        assert waits(seen, name, "event", "lock", "queue") == [
            Wait("event", "ready", 5),
            Wait("lock", "lock", 6),
            Wait("queue", "done", 9),
        ]
        assert [wait.line for wait in seen.waits(name) if wait.name == "counts"] == [7, 7]
        assert ("MainThread", name) in seen.links("wake")
    assert waits(seen, "MainThread", "queue") == [Wait("queue", "done", 22)] * 2
    got = [link for link in seen.links("item") if link[1] == "MainThread"]
    assert got[-2:] == [(first, "MainThread"), (second, "MainThread")]


def test_conditions_barriers_and_semaphores(run: Run) -> None:
    seen = run(
        """
        import multiprocessing, threading, time

        def waiter():
            with changed:
                changed.wait_for(lambda: state.value)
                time.sleep(0.05)
            barrier.wait()
            slots.acquire()

        if __name__ == "__main__":
            with multiprocessing.Manager() as manager:
                changed, barrier, slots = manager.Condition(), manager.Barrier(2), manager.Semaphore(0)
                state = manager.Value("i", 0)
                thread = threading.Thread(target=waiter, name="waiter")
                thread.start()
                time.sleep(0.3)
                with changed:
                    state.value = 1
                    changed.notify()
                    time.sleep(0.1)
                time.sleep(0.3)
                barrier.wait()
                time.sleep(0.3)
                slots.release()
                thread.join()
        """
    )
    assert seen.stderr == ""
    assert seen.holds("changed") == ["waiter", "MainThread", "waiter"]
    assert waits(seen, "waiter", "rlock", "condition", "barrier", "semaphore") == [
        Wait("rlock", "changed", 5),
        Wait("condition", "changed", 6),
        Wait("barrier", "barrier", 8),
        Wait("semaphore", "slots", 9),
    ]
    assert seen.links("wake").count(("MainThread", "waiter")) == 3


def test_a_joinable_queue_and_what_a_manager_of_ones_own_gives(run: Run) -> None:
    seen = run(
        """
        import queue, threading, time
        from multiprocessing.managers import BaseManager, SyncManager

        jobs = queue.Queue()

        class Own(BaseManager):
            pass

        Own.register("jobs", callable=lambda: jobs)

        def work(todo, left):
            left.put(todo.get())
            time.sleep(0.2)
            todo.task_done()

        if __name__ == "__main__":
            with SyncManager() as manager, Own() as own:
                todo, left = manager.JoinableQueue(), own.jobs()
                thread = threading.Thread(target=work, args=(todo, left), name="worker")
                thread.start()
                time.sleep(0.2)
                todo.put(7)
                todo.join()
                print(left.get())
                thread.join()
        """
    )
    assert seen.stdout == "7\n"
    assert waits(seen, "worker", "queue") == [Wait("queue", "todo", 13), Wait("queue", "left", 13)]
    assert ("MainThread", "worker") in seen.links("item")
    assert Wait("queue", "todo", 24) in waits(seen, "MainThread", "queue")
    assert ("worker", "MainThread") in seen.links("wake")


def test_its_errors_look_as_without_the_tracer(run: Run) -> None:
    seen = run(
        """
        import multiprocessing, queue, traceback

        if __name__ == "__main__":
            with multiprocessing.Manager() as manager:
                for fails in (lambda: manager.Lock().release(), lambda: manager.Queue().get_nowait(), lambda: manager.dict()["no"]):
                    try:
                        fails()
                    except Exception as error:
                        print(type(error).__name__, "interleave" in traceback.format_exc())
        """
    )
    assert seen.stdout == "RuntimeError False\nEmpty False\nKeyError False\n"
    assert seen.stderr == ""
