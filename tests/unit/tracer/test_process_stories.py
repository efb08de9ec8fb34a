"""What processes share, under every way to start them: what each waits on, where, and who ended it."""

from __future__ import annotations

import textwrap

import pytest

from .conftest import Tracer
from .stories import play

START = """
import multiprocessing, os, signal, sys, time, types
from multiprocessing import managers, shared_memory
from meeting import blocked
def start(function, *args):
    process = context.Process(target=arrive, args=(function, args), name=function.__name__)
    process.start()  # from a forkserver that is a wait, as in blocked()
    while not os.path.exists(function.__name__): time.sleep(0.01)  # as blocked() does
    return process
def arrive(function, args):
    with open(function.__name__, "w"): pass
    function(*args)
def waits(process):
    return types.SimpleNamespace(native_id=process.pid)
context = multiprocessing.get_context("METHOD")
"""

CLEAR = "for name in filter(os.path.exists, [*globals()]): os.remove(name)\n"
"""What an earlier run has left: the files that tell of an arrival."""

STORIES = {
    "the lock of a Value": (
        """
        def adder(value):
            with value.get_lock():  #: adder/MainThread rlock value._lock <- handoff MainThread
                value.value += 1
        """,
        """
        value = context.Value("i", 1)
        with value.get_lock():
            process = start(adder, value)
            blocked(waits(process))
        process.join()  #: MainThread process adder <- join adder
        print(value.value)
        """,
    ),
    "the lock of an Array": (
        """
        def writer(array, lock):
            with lock:  #: writer/MainThread lock lock <- handoff MainThread
                array.get_obj()[0] = 7
        """,
        """
        lock = context.Lock()
        array = context.Array("i", 3, lock=lock)
        with lock:
            process = start(writer, array, lock)
            blocked(waits(process))
        process.join()  #: MainThread process writer <- join writer
        print(array[:])
        """,
    ),
    "JoinableQueue": (
        """
        def worker(jobs, go):
            go.acquire()  #: worker/MainThread semaphore go <- wake helper
            for _ in range(2):
                jobs.get()  # it is there, or soon: blocked() does not matter
                jobs.task_done()
        """,
        """
        import threading
        jobs, go = context.JoinableQueue(), context.Semaphore(0)
        process = start(worker, jobs, go)
        jobs.put(1)
        jobs.put(2)
        main = threading.main_thread()
        def helper():
            blocked(waits(process), main)
            go.release()
        thread = threading.Thread(target=helper, name="helper")
        thread.start()
        jobs.join()  #: MainThread queue jobs <- wake worker/MainThread
        thread.join()  # it is over, or soon: blocked() does not matter
        jobs.close()
        jobs.join_thread()  # its feeder is there still, or not: blocked() does not matter
        process.join()  #: MainThread process worker <- join worker
        """,
    ),
    "a full Queue": (
        """
        def worker(jobs, parent):
            blocked(parent)
            jobs.get()  # it is there, or soon: blocked() does not matter
            blocked(parent)
            jobs.get()  # blocked() does not matter
            jobs.get()  # blocked() does not matter
        """,
        """
        import queue
        jobs = context.Queue(1)
        process = start(worker, jobs, types.SimpleNamespace(native_id=os.getpid()))
        jobs.put(1)
        try: jobs.put(2, timeout=0.001)  #: MainThread queue jobs
        except queue.Full: print("full")
        try: jobs.put(2, False)
        except queue.Full: print("full")
        jobs.put(2)  #: MainThread queue jobs <- wake worker/MainThread
        jobs.put(3)  #: MainThread queue jobs <- wake worker/MainThread
        jobs.close()
        jobs.join_thread()  # its feeder is there still, or not: blocked() does not matter
        process.join()  # it is there still, or not: blocked() does not matter
        """,
    ),
    **{
        f"a full Pipe({duplex})": (
            """
            def worker(theirs, parent):
                blocked(parent)
                print(len(theirs.recv_bytes()))  # it waits for more as it reads, or not: blocked() does not matter
            """,
            f"""
            theirs, ours = context.Pipe({duplex})
            process = start(worker, theirs, types.SimpleNamespace(native_id=os.getpid()))
            ours.send_bytes(bytes(1_000_000))  #: MainThread pipe theirs <- wake worker/MainThread
            process.join()  #: MainThread process worker <- join worker
            """,
        )
        for duplex in (False, True)
    },
    "Barrier": (
        """
        def second(gate):
            gate.wait()  #: second/MainThread barrier gate <- wake MainThread
        """,
        """
        gate = context.Barrier(2)
        process = start(second, gate)
        blocked(waits(process))
        gate.wait()  # it says that it waits: blocked() does not matter
        process.join()  #: MainThread process second <- join second
        """,
    ),
    "BoundedSemaphore": (
        """
        def second(permits):
            print(permits.acquire(True, 0.02))  #: second/MainThread semaphore permits
            with permits: pass  #: second/MainThread semaphore permits <- wake MainThread
        """,
        """
        permits = context.BoundedSemaphore(1)
        permits.acquire()
        process = start(second, permits)
        blocked(waits(process))
        permits.release()
        process.join()
        try: permits.release()
        except ValueError as error: print(error)
        """,
    ),
    "shared memory": (
        """
        def writer(name, done):
            memory = shared_memory.SharedMemory(name)
            memory.buf[:5] = b"hello"
            memory.close()
            done.set()
        """,
        """
        memory, done = shared_memory.SharedMemory(create=True, size=16), context.Event()
        process = start(writer, memory.name, done)
        process.join()
        print(done.wait(), bytes(memory.buf[:5]))
        memory.close()
        memory.unlink()
        """,
    ),
    "terminate and kill": (
        """
        def sleeper():
            time.sleep(60)
        def stubborn():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(60)
        """,
        """
        one, two = start(sleeper), start(stubborn)
        print(one.join(0.02))  #: MainThread process sleeper
        blocked(waits(one), waits(two))
        one.terminate()
        one.join()  #: MainThread process sleeper <- join sleeper
        two.terminate()
        two.kill()
        two.join()  #: MainThread process stubborn <- join stubborn
        print(one.exitcode, two.exitcode)
        """,
    ),
}


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("name", STORIES)
def test_what_processes_wait_for(tracer: Tracer, name: str, method: str) -> None:
    functions, body = map(textwrap.dedent, STORIES[name])
    main = textwrap.indent(f"{CLEAR}{body}", "    ")
    whole, seen, told = play(tracer, f"{START.replace('METHOD', method)}{functions}if __name__ == '__main__':\n{main}")
    assert seen == told
    assert name != "Barrier" or whole.timeline.holds == []
