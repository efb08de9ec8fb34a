"""A program in a warm box does what it does in a cold one, its trace says the same, and what was before is no part of it."""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.core.findings import findings
from app.sandbox.pythons import find_pythons
from app.tracer import wire
from tests.contract.recording import Job, Recorded, record

PYTHONS = {python.id: python for python in find_pythons()}
PROGRAMS = {
    "arguments": """
        import os, sys
        print(sys.argv, sys.orig_argv, sys.path, sys.flags, sys.warnoptions, sys._xoptions, __file__, __name__)
        print(sorted(name for name in vars(sys.modules["__main__"])), __spec__, __loader__.__class__, __builtins__)
        print(os.getcwd(), sorted(os.environ.items()), os.getpid(), os.getppid(), os.listdir())
    """,
    "descriptors": """
        import os
        print(os.open("/dev/null", os.O_RDONLY), [(fd, os.readlink(f"/proc/self/fd/{fd}")) for fd in ("0", "3")])
    """,
    "signals": """
        import signal
        print({number: signal.getsignal(number) for number in signal.valid_signals()}, signal.pthread_sigmask(0, []))
        with open("/proc/self/status") as status:
            print([line for line in status if line.startswith(("Sig", "Shd", "Threads", "Cap", "Seccomp", "NoNew"))])
    """,
    "threads": "import threading\\nprint(threading.active_count(), threading.current_thread().name)",
    "limits": """
        import resource
        print({name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")})
    """,
    "a traceback": """
        def fail(n):
            if n:
                fail(n - 1)
            raise KeyError("no") from ValueError("why")
        fail(3)
    """,
    "a group of exceptions": "raise ExceptionGroup('two', [ValueError(1), TypeError(2)])",
    "a syntax error": "print('never'\\nx = 1\\n",
    "an encoding that is none": "# -*- coding: no-such -*-\\nprint(1)\\n",
    "an error in a thread": """
        import threading
        thread = threading.Thread(target=lambda: 1 / 0, name="one")
        thread.start()
        thread.join()
    """,
    "an exit code": "import sys\\nsys.exit('sorry')",
    "a signal": "import os\\nos.kill(os.getpid(), 15)",
    "warnings": """
        import warnings
        warnings.warn("look")
        async def never(): pass
        never()
        assert (1, "always")
    """,
    "its source": """
        import inspect, linecache, sys
        def here(): "what it says"
        print(inspect.getsource(here), inspect.getsourcefile(here), linecache.getline(__file__, 2))
        print(inspect.getmodule(here), inspect.getfile(sys.modules["__main__"]))
    """,
    "spawn": """
        import multiprocessing, os, sys
        print("imported as", __name__, sys.argv, sys.path[0], flush=True)
        def double(n):
            return 2 * n, __name__, multiprocessing.current_process().name.rpartition("-")[0]
        if __name__ == "__main__":
            for method in multiprocessing.get_all_start_methods():
                pool = multiprocessing.get_context(method).Pool(1)
                print(method, pool.map(double, [1, 2, 3]))
                pool.close()
                pool.join()
            print(multiprocessing.get_start_method())
    """,
    "a child program": """
        import subprocess, sys
        print(subprocess.run([sys.executable, "-c", "import sys; print(len(sys.modules) < 100)"], capture_output=True))
    """,
    "asyncio": """
        import asyncio
        async def main():
            async with asyncio.timeout(5), asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(0), name="one")
            raise RuntimeError("end")
        asyncio.run(main())
    """,
    "garbage": """
        import gc, weakref
        gc.collect()
        class Node:
            def __init__(self):
                self.me = self
        weakref.finalize(Node(), print, "gone")
        print(gc.collect(), gc.isenabled(), gc.get_threshold(), gc.garbage)
    """,
    "a generator that has not ended": """
        def numbers():
            try:
                yield 1
            finally:
                print("closed", flush=True)
        ones = numbers()
        next(ones)
    """,
    "a file that was not closed": """
        import os
        file = open(os.dup(1), "w")
        def write(): file.write("flushed")
        write()
    """,
    "an object without room for a dictionary": """
        class Small:
            __slots__ = ()
            def __del__(self): print("deleted", flush=True)
        small = Small()
    """,
    "the end": """
        import atexit, sys, threading
        class Last:
            def __del__(self):
                print("deleted", sys.meta_path is None, flush=True)
        kept = Last()
        cycle = [Last()]
        cycle.append(cycle)
        atexit.register(print, "at exit", flush=True)
        threading.Thread(target=lambda: print("a thread", flush=True)).start()
    """,
}


@cache
def both(python_id: str) -> dict[str, tuple[Recorded, Recorded]]:
    """Every program's run in a cold box and in a warm one."""
    jobs = [Job(textwrap.dedent(source), PYTHONS[python_id]) for source in PROGRAMS.values()]
    with TemporaryDirectory() as folder:
        cold, warm = (record(jobs, Path(folder), warm=warm) for warm in (False, True))
    return dict(zip(PROGRAMS, zip(cold, warm, strict=True), strict=True))


def said(recorded: Recorded, stream: int) -> str:
    return "".join(text for _, _, written, text, _ in recorded.timeline.output if written == stream)


@pytest.mark.parametrize("python_id", PYTHONS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_it_does_the_same(name: str, python_id: str) -> None:
    cold, warm = both(python_id)[name]
    assert said(warm, 1) == said(cold, 1)
    assert said(warm, 2) == said(cold, 2)
    assert warm.run.outcome == cold.run.outcome


@pytest.mark.parametrize("python_id", PYTHONS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_its_trace_says_the_same(name: str, python_id: str) -> None:
    cold, warm = map(shape, both(python_id)[name])
    assert warm == cold


def shape(recorded: Recorded) -> list[object]:
    """What of a trace does not depend on who is quickest."""
    timeline = recorded.timeline
    lanes = [(lane.kind, lane.name, lane.ending, lane.error) for lane in timeline.lanes.values() if not lane.internal]
    marks = [(kind, text) for _, _, kind, text, _ in timeline.marks]
    return [sorted(lanes), marks, [(found.kind, found.title) for found in findings(timeline)]]


@pytest.mark.parametrize("python_id", PYTHONS)
def test_what_was_before_is_no_part_of_the_run(python_id: str, tmp_path: Path) -> None:
    source = "import sys, time\nprint(time.process_time_ns(), len(sys.modules))\n"
    cold, warm = (record([Job(source, PYTHONS[python_id])], tmp_path, warm=warm)[0] for warm in (False, True))
    [[used, modules]] = [map(int, line.split()) for line in warm.printed()]
    main = next(lane for lane in warm.lanes(wire.THREAD) if lane.name == "MainThread")
    assert (main.start_ns, main.spans[0].start_ns) == (0, 0)
    assert warm.run.cpu_ns < used  # docs/tracing.md says that a program can tell
    assert main.cpu_ns is not None
    assert main.cpu_ns < used
    assert all(ns < used for _, ns in main.used)
    assert warm.timeline.stats[wire.TRACER_NS] < cold.timeline.stats[wire.TRACER_NS]
    assert modules > int(cold.printed()[0].split()[1])
