"""Processes: a lane for each, however it was started, what they share, and who waits for their ends."""

from __future__ import annotations

import itertools

import pytest

from app.core.timeline import Lane
from app.tracer import wire

from .conftest import Run, Seen, Wait

METHODS = ["fork", "spawn", "forkserver"]


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> str:
    """How multiprocessing starts its processes."""
    return str(request.param)


def shown(seen: Seen) -> list[str]:
    """The program's own lanes, without what multiprocessing makes for itself."""
    return sorted(seen.name(lane.id) for lane in seen.timeline.lanes.values() if not internal(seen, lane))


def internal(seen: Seen, lane: Lane | None) -> bool:
    while lane is not None and not lane.internal:
        lane = seen.timeline.lanes.get(lane.parent)
    return lane is not None


def by_line(seen: Seen, name: str) -> dict[int, str]:
    """On which lines the lane waited, and for what."""
    return {wait.line: f"{wait.kind} {wait.name}".strip() for wait in seen.waits(name)}


def test_a_process_is_one_lane_with_its_starter_its_pid_and_its_end(run: Run, method: str) -> None:
    seen = run(
        f"""
        import multiprocessing, time
        def work():
            time.sleep(0.3)
            print("in the child")
        if __name__ == "__main__":
            multiprocessing.set_start_method("{method}")
            child = multiprocessing.Process(target=work, name="child")
            child.start()
            print(child.pid)
            child.join()
        """
    )

    main, child = seen.lane("main process"), seen.lane("child")
    assert shown(seen) == ["MainThread", "child", "child/MainThread", "main process"]
    assert (child.parent, child.starter) == (main.id, seen.lane("MainThread").id)
    assert str(child.number) in seen.stdout.split()
    assert (child.ending, child.exit_code) == (main.ending, main.exit_code) == (wire.RETURNED, 0)
    assert seen.waits("MainThread")[-1] == Wait("process", "child", 11)
    assert ("child", "MainThread") in seen.links("join")
    assert ("MainThread", "child") in seen.links("start")
    assert by_line(seen, "child/MainThread")[4] == "sleep sleep"
    assert seen.printed_by("child/MainThread") == "in the child\n"


def test_children_end_as_they_ended(run: Run, method: str) -> None:
    seen = run(
        f"""
        import multiprocessing, os, signal, sys, time
        def leave(): sys.exit(3)
        def fail(): raise ValueError("no good")
        def stop(): os._exit(4)
        def sleep(): time.sleep(60)
        if __name__ == "__main__":
            multiprocessing.set_start_method("{method}")
            children = [multiprocessing.Process(target=f, name=f.__name__) for f in (leave, fail, stop, sleep)]
            for child in children:
                child.start()
            children[3].terminate()
            for child in children:
                child.join()
            print([child.exitcode for child in children])
        """
    )

    assert seen.stdout == "[3, 1, 4, -15]\n"
    ends = {name: (seen.lane(name).ending, seen.lane(name).exit_code) for name in ("leave", "fail", "stop", "sleep")}
    assert ends == {
        "leave": (wire.EXITED, 3),
        "fail": (wire.EXITED, 1),
        "stop": (wire.EXITED, 4),
        "sleep": (wire.KILLED, -15),
    }
    if method == "fork":
        assert "ValueError: no good" in seen.stderr
    assert seen.marks("fail/MainThread") == [("exception", "ValueError: no good", 4)]


def test_a_queue_of_processes_is_one_resource_for_both_sides(run: Run, method: str) -> None:
    seen = run(
        f"""
        import multiprocessing, time
        def work(jobs, answers):
            while (job := jobs.get()) is not None:
                answers.put(job * 2)
        if __name__ == "__main__":
            multiprocessing.set_start_method("{method}")
            jobs, answers = multiprocessing.Queue(), multiprocessing.SimpleQueue()
            child = multiprocessing.Process(target=work, args=(jobs, answers), name="child")
            child.start()
            for job in 1, 2:
                time.sleep(0.3)
                jobs.put(job)
                print(answers.get())
            jobs.put(None)
            child.join()
        """
    )

    assert seen.stdout == "2\n4\n"
    assert by_line(seen, "child/MainThread")[4] == "queue jobs"
    assert by_line(seen, "MainThread")[14] == "queue answers"
    assert set(seen.links("item")) == {("MainThread", "child/MainThread"), ("child/MainThread", "MainThread")}
    assert shown(seen) == ["MainThread", "child", "child/MainThread", "main process"]


def test_a_pipe_leads_from_one_process_to_the_other(run: Run, method: str) -> None:
    seen = run(
        f"""
        import multiprocessing, time
        def work(end):
            time.sleep(0.3)
            end.send("hello")
        if __name__ == "__main__":
            multiprocessing.set_start_method("{method}")
            mine, theirs = multiprocessing.Pipe(duplex=False)
            child = multiprocessing.Process(target=work, args=(theirs,), name="child")
            child.start()
            print(mine.recv())
            child.join()
        """
    )

    assert seen.stdout == "hello\n"
    assert by_line(seen, "MainThread")[11].startswith("pipe")
    assert ("child/MainThread", "MainThread") in seen.links("item")


def test_both_ends_of_a_pipe_send_and_receive(run: Run, method: str) -> None:
    seen = run(
        f"""
        import multiprocessing, os
        from types import SimpleNamespace
        from meeting import blocked
        def work(end, parent, there):
            there.release()
            number = end.recv()
            blocked(SimpleNamespace(native_id=parent))
            end.send(number + 1)
            print(sorted(vars(end)))
        if __name__ == "__main__":
            multiprocessing.set_start_method("{method}")
            mine, theirs = multiprocessing.Pipe()
            there = multiprocessing.Semaphore(0)
            child = multiprocessing.Process(target=work, args=(theirs, os.getpid(), there), name="child")
            child.start()
            there.acquire()
            blocked(SimpleNamespace(native_id=child.pid))
            mine.send(1)
            print(mine.recv())
            child.join()
        """
    )

    assert sorted(seen.stdout.splitlines()) == ["2", "['_handle', '_readable', '_writable']"]
    assert by_line(seen, "child/MainThread")[7].startswith("pipe")
    assert {("MainThread", "child/MainThread"), ("child/MainThread", "MainThread")} <= set(seen.links("item"))


@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_a_lock_of_processes_has_one_holder_at_a_time(run: Run, method: str, kind: str) -> None:
    seen = run(
        f"""
        import multiprocessing, time
        def work(lock, there):
            there.release()
            with lock:
                time.sleep(0.05)
        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            lock, there = context.{kind}(), context.Semaphore(0)
            children = [context.Process(target=work, args=(lock, there), name=f"child {{i}}") for i in range(2)]
            with lock:
                for child in children:
                    child.start()
                for child in children:
                    there.acquire()
                time.sleep(0.3)
            for child in children:
                child.join()
        """
    )

    kind = kind.lower()
    holds = sorted(seen.timeline.holds, key=lambda hold: hold.start_ns)
    assert seen.holds("lock") == [seen.name(hold.lane) for hold in holds]
    assert {seen.name(hold.lane) for hold in holds} == {"MainThread", "child 0/MainThread", "child 1/MainThread"}
    assert all(one.end_ns <= two.start_ns for one, two in itertools.pairwise(holds))
    assert [by_line(seen, f"child {i}/MainThread")[5] for i in range(2)] == [f"{kind} lock"] * 2
    order = [seen.name(hold.lane) for hold in holds]
    assert sorted(seen.links("handoff")) == sorted(itertools.pairwise(order))


@pytest.mark.parametrize("lock", ["multiprocessing.get_context('{method}').Lock()", "multiprocessing.Manager().Lock()"])
def test_a_lock_that_another_process_lets_go_is_a_signal(run: Run, method: str, lock: str) -> None:
    seen = run(
        f"""
        import multiprocessing, time
        def work(go, done):
            go.acquire()
            time.sleep(0.5)  # so that the other one waits by then
            done.release()
        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            go, done = {lock.format(method=method)}, {lock.format(method=method)}
            go.acquire()
            done.acquire()
            child = context.Process(target=work, args=(go, done), name="child")
            child.start()
            time.sleep(1)
            go.release()
            done.acquire()
            child.join()
        """
    )

    assert Wait("lock", "done", 16) in seen.waits("MainThread")
    assert ("MainThread", "child/MainThread") in seen.links("handoff")
    assert ("child/MainThread", "MainThread") in seen.links("wake")


def test_events_semaphores_and_conditions_of_processes_are_waited_on(run: Run, method: str) -> None:
    seen = run(
        f"""
        import multiprocessing, time
        def work(event, semaphore, condition, ready, barrier):
            ready.release()
            event.wait()
            semaphore.acquire()
            with condition:
                time.sleep(0.3)
                ready.release()
                condition.wait()
            barrier.wait()
        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            event, semaphore, condition = context.Event(), context.Semaphore(0), context.Condition()
            ready = context.Semaphore(0)
            barrier = context.Barrier(2)
            child = context.Process(target=work, args=(event, semaphore, condition, ready, barrier), name="child")
            child.start()
            ready.acquire()
            time.sleep(0.3)
            event.set()
            time.sleep(0.3)
            semaphore.release()
            ready.acquire()
            with condition:
                condition.notify()
            time.sleep(0.3)
            barrier.wait()
            child.join()
        """
    )

    assert by_line(seen, "child/MainThread") == {
        5: "event event",
        6: "semaphore semaphore",
        8: "sleep sleep",
        10: "condition condition",
        11: "barrier barrier",
    }
    assert by_line(seen, "MainThread")[24] == "semaphore ready"
    assert seen.links("wake").count(("MainThread", "child/MainThread")) == 4
    assert ("child/MainThread", "MainThread") in seen.links("wake")


def test_a_pool_has_its_workers_and_hides_what_it_needs_for_itself(run: Run, method: str) -> None:
    seen = run(
        f"""
        import multiprocessing, time
        def square(n):
            both.wait()
            time.sleep(0.01)
            return n * n
        def begin(barrier):
            global both
            both = barrier
        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            with context.Pool(2, begin, [context.Barrier(2)]) as pool:
                print(pool.map(square, range(4), 1))
        """
    )

    assert seen.stdout == "[0, 1, 4, 9]\n"
    workers = [lane for lane in seen.lanes("process") if "PoolWorker" in lane.name]
    assert len(workers) == 2
    assert len(shown(seen)) == 6
    assert by_line(seen, "MainThread")[13].startswith("future")
    for worker in workers:
        assert by_line(seen, f"{worker.name}/MainThread")[5] == "sleep sleep"


def test_a_process_pool_executor_likewise(run: Run, method: str) -> None:
    seen = run(
        f"""
        import multiprocessing, time
        from concurrent.futures import ProcessPoolExecutor
        def square(n):
            time.sleep(0.3)
            return n * n
        if __name__ == "__main__":
            with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("{method}")) as pool:
                results = [pool.submit(square, n) for n in (2, 3)]
                print([result.result() for result in results])
        """
    )

    assert seen.stdout == "[4, 9]\n"
    assert len(shown(seen)) == 6
    assert by_line(seen, "MainThread")[10].startswith("future")


def test_a_program_without_the_guard_fails_to_start_its_child_and_says_so(run: Run) -> None:
    seen = run(
        """
        import multiprocessing
        multiprocessing.set_start_method("spawn", force=True)
        child = multiprocessing.Process(target=print, name="child")
        child.start()
        child.join()
        """
    )

    assert "RuntimeError" in seen.stderr
    assert (seen.lane("child").ending, seen.lane("child").exit_code) == (wire.EXITED, 1)
    assert seen.exit_code == 0


def test_a_raw_fork_is_a_process_and_waitpid_waits_for_it(run: Run) -> None:
    seen = run(
        """
        import os, time
        child = os.fork()
        if not child:
            time.sleep(0.3)
            os._exit(7)
        print(child, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
    )

    [child] = [lane for lane in seen.lanes("process") if lane.parent]
    assert seen.stdout == f"{child.number} 7\n"
    assert (child.ending, child.exit_code) == (wire.EXITED, 7)
    assert by_line(seen, "MainThread") == {7: f"process {child.name}"}
    assert by_line(seen, f"{child.name}/MainThread") == {5: "sleep sleep"}


def test_every_way_to_wait_for_a_child(run: Run) -> None:
    source = """
        import os, time
        def child(status):
            pid = os.fork()
            if not pid:
                time.sleep(0.1)
                os._exit(status)
            return pid
        children = child(1), child(2)
        print(sorted([os.wait()[0], os.wait3(options=0)[0]]) == sorted(children))
        print(os.wait4(child(3), 0)[1])
        print(os.waitid(os.P_PID, child(4), os.WEXITED).si_status)
        last = child(5)
        print(os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG), os.waitpid(-1, os.WNOHANG))
        print(os.waitpid(-1, 0)[0] == last)
        print(os.system("sleep 0.01; exit 3"))
        for wrong in "wait()", "wait(1)", "waitpid('x', 0)", "waitpid(1)", "wait4(pid=-1, options=0)", "waitid(9, 9, 9)", "system()":
            try:
                eval("os." + wrong)
            except Exception as error:
                print(type(error), error)
    """
    seen, bare = run(source), run(source, traced=False)

    assert seen.stdout == bare.stdout
    ended = [lane for lane in seen.lanes("process") if lane.parent]
    assert [lane.exit_code for lane in ended] == [1, 2, 3, 4, 5]
    assert {(lane.name, "MainThread") for lane in ended} == set(seen.links("join"))
    waits = [wait for wait in seen.waits("MainThread") if wait.line <= 16]
    assert [wait.line for wait in waits] == [10, 10, 11, 12, 15, 16]
    assert {wait.name for wait in waits[:2]} == {lane.name for lane in ended[:2]}
    assert [wait.name for wait in waits[2:]] == [*(lane.name for lane in ended[2:]), "sleep"]


def test_a_python_that_is_a_subprocess_has_lanes_of_its_own(run: Run) -> None:
    seen = run(
        """
        import subprocess, sys
        done = subprocess.run([sys.executable, "-c", "import threading; threading.Thread(target=print, name='t').start()"])
        print(done.returncode)
        """
    )

    [child] = [lane for lane in seen.lanes("process") if lane.parent]
    assert (child.ending, child.exit_code) == (wire.RETURNED, 0)
    assert seen.lane(f"{child.name}/t").ending == wire.RETURNED
    assert by_line(seen, "MainThread")[3].startswith("process ")


def test_a_program_that_is_no_python_is_a_lane_that_runs(run: Run) -> None:
    seen = run(
        """
        import subprocess
        print(subprocess.run(["sleep", "0.05"]).returncode, subprocess.Popen(["false"]).wait())
        """
    )

    assert seen.stdout == "0 1\n"
    assert (seen.lane("sleep").ending, seen.lane("false").exit_code) == (wire.RETURNED, 1)
    assert seen.states("sleep") == ["created", "running"]
    assert {f"{wait.kind} {wait.name}" for wait in seen.waits("MainThread")} == {"process sleep", "process false"}


def test_a_grandchild_belongs_to_its_parent(run: Run) -> None:
    seen = run(
        """
        import multiprocessing
        def inner(): pass
        def outer():
            child = multiprocessing.get_context("fork").Process(target=inner, name="inner")
            child.start()
            child.join()
        if __name__ == "__main__":
            child = multiprocessing.get_context("fork").Process(target=outer, name="outer")
            child.start()
            child.join()
        """
    )

    assert seen.lane("inner").parent == seen.lane("outer").id
    assert seen.lane("inner").starter == seen.lane("outer/MainThread").id
    assert Wait("process", "inner", 7) in seen.waits("outer/MainThread")


def test_multiprocessing_works_as_it_does_without_us(run: Run) -> None:
    source = """
        import multiprocessing, os, pickle, threading
        from multiprocessing import shared_memory
        def work(value, array, barrier):
            with value.get_lock():
                value.value += 1
            array[0] = 7
            barrier.wait()
        if __name__ == "__main__":
            lock = multiprocessing.Lock()
            print(repr(lock), repr(multiprocessing.RLock()), repr(multiprocessing.Semaphore(3)))
            print(lock.acquire(), repr(lock), lock.acquire(block=False), lock.acquire(timeout=0.01), lock.release())
            try:
                lock.release()
            except ValueError as error:
                print(error)
            try:
                pickle.dumps(lock)
            except RuntimeError as error:
                print(error)
            value, array, barrier = multiprocessing.Value("i"), multiprocessing.Array("i", 1), multiprocessing.Barrier(2)
            child = multiprocessing.Process(target=work, args=(value, array, barrier))
            child.start()
            barrier.wait()
            child.join()
            print(value.value, array[:], child.exitcode, repr(child).replace(str(child.pid), "PID").replace(str(os.getpid()), "US"))
            with multiprocessing.Manager() as manager:
                shared = manager.dict(a=1)
                shared["b"] = manager.list([1]) and 2
                print(dict(shared))
            block = shared_memory.SharedMemory(create=True, size=8)
            block.buf[0] = 5
            print(block.buf[0])
            block.close()
            block.unlink()
            print(multiprocessing.active_children(), [t.name for t in threading.enumerate()])
        """
    with_us, without = run(source), run(source, traced=False)
    assert (with_us.stdout, with_us.stderr, with_us.exit_code) == (without.stdout, without.stderr, without.exit_code)


def test_a_manager_starts_in_any_way(run: Run, method: str) -> None:
    source = f"""
        import multiprocessing, pickle, threading
        if __name__ == "__main__":
            assert pickle.loads(pickle.dumps(threading.Lock)) is threading.Lock
            with multiprocessing.get_context("{method}").Manager() as manager:
                shared, lock = manager.dict(a=1), manager.Lock()
                with lock:
                    shared["b"] = 2
                print(dict(shared))
        """
    with_us = run(source)
    assert (with_us.stdout, with_us.exit_code) == ("{'a': 1, 'b': 2}\n", 0), with_us.stderr
