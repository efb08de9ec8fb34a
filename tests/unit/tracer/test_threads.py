"""Threads: their lanes, their beginnings and ends, and who waits for them."""

from __future__ import annotations

import pytest

from app.core.findings import findings
from app.tracer import wire

from .conftest import Run, Wait


def test_a_thread_is_created_by_its_starter_and_runs_until_it_returns(run: Run) -> None:
    seen = run(
        """
        import threading
        def work():
            print(threading.get_native_id())
        thread = threading.Thread(target=work, name="worker")
        thread.start()
        thread.join()
        """
    )

    lane, main = seen.lane("worker"), seen.lane("MainThread")
    assert seen.states("worker") == ["created", "running"]
    assert (lane.parent, lane.starter, lane.internal) == (main.parent, main.id, False)
    assert lane.number == int(seen.stdout)
    assert lane.ending == wire.RETURNED
    assert seen.links("start") == [("MainThread", "worker")]


def test_join_waits_for_the_thread_on_the_line_that_joins(run: Run) -> None:
    seen = run(
        """
        import threading
        go = threading.Event()
        def work():
            go.wait()
        thread = threading.Thread(target=work, name="worker")
        thread.start()
        thread.join(0.01)
        go.set()
        thread.join()
        """
    )

    assert seen.waits("MainThread")[0] == Wait("join", "worker", 8)
    assert ("worker", "MainThread") in seen.links("join") or len(seen.waits("MainThread")) == 1
    assert seen.waits("worker") == [Wait("event", "go", 5)]
    assert seen.links("wake") == [("MainThread", "worker")]


def test_a_thread_that_raises_ends_raised_and_says_why(run: Run) -> None:
    seen = run(
        """
        import threading
        class Broken(Exception):
            def __str__(self): raise RuntimeError
        def work():
            raise ValueError("no good")
        def worse():
            raise Broken
        def quiet():
            raise SystemExit(4)
        for target in work, worse, quiet:
            thread = threading.Thread(target=target, name=target.__name__)
            thread.start()
            thread.join()
        """
    )

    assert (seen.lane("work").ending, seen.lane("work").error) == (wire.RAISED, "ValueError: no good")
    assert seen.marks("work") == [("exception", "ValueError: no good", 6)]
    assert seen.lane("worse").error == "Broken: <exception str() failed>"
    assert seen.lane("quiet").ending == wire.RETURNED
    assert seen.lane("MainThread").ending == wire.RETURNED


def test_names_follow_the_program(run: Run) -> None:
    seen = run(
        """
        import threading
        def work():
            threading.current_thread().name = "second"
        class Own(threading.Thread):
            def run(self): pass
        threads = [threading.Thread(target=work), Own(name="own"), threading.Timer(0.001, int)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        """
    )

    assert {lane.name for lane in seen.lanes("thread")} == {"MainThread", "second", "own", "Thread-2"}


def test_daemon_threads_are_cut_off(run: Run) -> None:
    seen = run(
        """
        import threading
        thread = threading.Thread(target=threading.Event().wait, daemon=True, name="watcher")
        thread.start()
        """
    )

    assert seen.lane("watcher").ending == wire.KILLED
    assert seen.lane("MainThread").ending == wire.RETURNED


def test_a_thread_that_ends_the_process_is_not_cut_off_by_that(run: Run) -> None:
    seen = run(
        """
        import os, threading
        thread = threading.Thread(target=os._exit, args=[0], name="leaver")
        thread.start()
        thread.join()
        """
    )

    assert (seen.exit_code, seen.lane("leaver").ending) == (0, wire.EXITED)
    assert findings(seen.timeline) == []


def test_the_main_thread_waits_for_the_last_threads(run: Run) -> None:
    seen = run(
        """
        import threading, time
        def work():
            threading.main_thread().join()
            time.sleep(0.02)
        threading.Thread(target=time.sleep, args=(0.02,), name="last").start()
        """
    )

    assert [wait.kind for wait in seen.waits("MainThread")] == ["join"]
    assert seen.links("join") == [("last", "MainThread")]
    assert seen.lane("MainThread").end_ns >= seen.lane("last").end_ns


def test_raw_threads_have_lanes_too(run: Run) -> None:
    seen = run(
        """
        import _thread, time
        done = _thread.allocate_lock()
        done.acquire()
        def work(text, *, end):
            print(text, end=end)
            done.release()
        _thread.start_new_thread(work, ("hello",), {"end": "!\\n"})
        done.acquire()
        def fail():
            try:
                raise OSError("raw")
            finally:
                done.release()
        _thread.start_new_thread(fail, ())
        done.acquire()
        for wrong in ((1, ()), (work, []), (work,), ()):
            try:
                _thread.start_new_thread(*wrong)
            except TypeError as error:
                print(error)
        time.sleep(0.05)
        """
    )

    assert seen.printed_by("work") == "hello!\n"
    assert seen.lane("work").ending == wire.RETURNED
    assert (seen.lane("fail").ending, seen.lane("fail").error) == (wire.RAISED, "OSError: raw")
    assert "Exception ignored in thread started by" in seen.stderr
    assert "interleave" not in seen.stderr
    assert len(seen.stdout.splitlines()) == 5


def test_a_thread_that_cannot_start_is_no_lane_that_runs(run: Run) -> None:
    seen = run(
        """
        import resource, threading
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        threading.stack_size(1 << 40)
        try:
            threading.Thread(target=int, name="never").start()
        except RuntimeError as error:
            print(error)
        """
    )

    assert seen.stdout == "can't start new thread\n"
    assert seen.states("never") == ["created"]
    assert [kind for kind, _, _ in seen.marks("never")] == ["failed_start"]


def test_executors(run: Run) -> None:
    seen = run(
        """
        import time
        from concurrent.futures import ThreadPoolExecutor, as_completed, wait
        def work(n):
            time.sleep(0.02)
            return n
        with ThreadPoolExecutor(2, thread_name_prefix="pool") as pool:
            first = pool.submit(work, 1)
            print(first.result())
            print([future.result() for future in as_completed([pool.submit(work, 2)])])
            wait([pool.submit(work, 3)])
            print(list(pool.map(work, [4])))
        """
    )

    assert seen.stdout == "1\n[2]\n[4]\n"
    assert seen.waits("MainThread")[:4] == [
        Wait("future", "first", 9),
        Wait("future", "as_completed", 10),
        Wait("future", "wait", 11),
        Wait("future", "map", 12),
    ]
    assert ("pool_0", "MainThread") in seen.links("wake")
    assert Wait("sleep", "sleep", 5) in seen.waits("pool_0")


@pytest.mark.parametrize("wrong", ["start", "join_new", "join_self", "restart"])
def test_misuse_gets_the_same_errors(run: Run, wrong: str) -> None:
    source = f"""
        import threading, traceback
        def start():
            thread = threading.Thread.__new__(threading.Thread)
            thread.start()
        def join_new():
            threading.Thread(target=int).join()
        def join_self():
            threading.current_thread().join()
        def restart():
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()
            thread.start()
        try:
            {wrong}()
        except BaseException:
            traceback.print_exc()
    """

    seen, bare = run(source), run(source, traced=False)

    assert seen.stderr == bare.stderr
    assert "Error" in seen.stderr


def test_a_fork_in_a_thread_makes_that_thread_the_main_one(run: Run) -> None:
    seen = run(
        """
        import os, threading, warnings
        warnings.simplefilter("ignore")
        def work():
            pid = os.fork()
            if pid == 0:
                print("child", flush=True)
                os._exit(5)
            os.waitpid(pid, 0)
        thread = threading.Thread(target=work, name="worker")
        thread.start()
        thread.join()
        """
    )

    assert len(seen.lanes("process")) == 2
    [child] = [lane for lane in seen.lanes("process") if lane.exit_code == 5]
    [main] = [lane for lane in seen.lanes("thread") if lane.parent == child.id]
    assert main.name == "MainThread"
    assert [seen.numbering.lanes[packet.lane] for packet in seen.packets[1]] == [main.id]


def test_a_thread_may_wait_for_the_main_thread_to_end(run: Run) -> None:
    seen = run(
        """
        import threading, time
        def work(main):
            main.join()
            print("after main")
        threading.Thread(target=work, args=[threading.current_thread()], name="last").start()
        time.sleep(0.1)
        """
    )

    assert (seen.stdout, seen.exit_code) == ("after main\n", 0)
    assert seen.waits("MainThread")[-1].name == "last"
