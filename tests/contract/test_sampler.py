"""The GIL as it is seen from outside: who held it, in every process, and what was not seen."""

from __future__ import annotations

import itertools
import textwrap

import pytest

from app.core.timeline import Hold, process_of
from app.sandbox.pythons import find_pythons
from app.tracer import wire
from tests.contract.recording import Job, Recorded, record

ALL = {python.id: python for python in find_pythons()}
PYTHONS = {python.id: python for python in ALL.values() if not python.free_threaded}
PROGRAMS = {
    "threads": """
        import threading, time

        def work():
            until = time.thread_time() + 0.3
            while time.thread_time() < until:
                pass

        threads = [threading.Thread(target=work, name=f"worker-{i}") for i in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        """,
    "processes": """
        import multiprocessing, time

        def work():
            until = time.monotonic() + 1
            while time.monotonic() < until:
                pass

        if __name__ == "__main__":
            children = [multiprocessing.Process(target=work, name=f"child-{i}") for i in range(2)]
            for child in children:
                child.start()
            for child in children:
                child.join()
        """,
    "sleeper": """
        import time

        time.sleep(1)
        """,
    "liar": """
        import ctypes, threading, time

        runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
        state = ctypes.pythonapi.PyThreadState_Get
        state.restype = ctypes.c_void_p
        found = next(at for at in range(0, 200_000, 8) if ctypes.c_uint64.from_address(runtime + at).value == state()
                     and ctypes.c_uint64.from_address(runtime + at - 8).value == 5000)
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            ctypes.c_uint64.from_address(runtime + found + 16).value += 2**62 + 12345
        print("still here")
        """,
}
BUSY = """
import os, threading, time

def work():
    while True:
        pass

thread = threading.Thread(target=work, name="worker")
thread.start()
clock = time.pthread_getcpuclockid(thread.ident)
while time.clock_gettime(clock) < 0.5:
    time.sleep(0.01)
os._exit(0)
"""
CASES = [(program, python) for program in PROGRAMS for python in PYTHONS] + [("busy", python) for python in ALL]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Recorded]:
    programs = PROGRAMS | {"busy": BUSY}
    jobs = [Job(textwrap.dedent(programs[program]).lstrip(), ALL[python]) for program, python in CASES]
    return dict(zip(CASES, record(jobs, tmp_path_factory.mktemp("sampled")), strict=True))


def gil_holds(shown: Recorded) -> dict[str, list[Hold]]:
    """The holds of each process's GIL, by the process's name."""
    timeline = shown.timeline
    found: dict[str, list[Hold]] = {}
    for hold in timeline.holds:
        resource = timeline.resources[hold.resource]
        if resource.kind == wire.GIL:
            assert process_of(timeline, timeline.lanes[hold.lane]).id == resource.lane
            assert hold.inferred
            found.setdefault(timeline.lanes[resource.lane].name, []).append(hold)
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("python", PYTHONS)
def test_one_thread_of_a_process_has_the_gil_at_a_time_and_the_others_want_it(
    python: str, recorded: dict[tuple[str, str], Recorded]
) -> None:
    shown = recorded["threads", python]
    holds = sorted(gil_holds(shown)["main process"], key=lambda hold: hold.start_ns)
    assert all(one.end_ns <= two.start_ns for one, two in itertools.pairwise(holds))
    workers = [lane for lane in shown.timeline.lanes.values() if lane.name.startswith("worker")]
    for lane in workers:
        held = sum(hold.end_ns - hold.start_ns for hold in holds if hold.lane == lane.id)
        wanted = sum(span.end_ns - span.start_ns for span in lane.spans if span.state == wire.READY)
        assert held > 50e6
        assert wanted > 50e6
        assert lane.cpu_ns is not None
        assert lane.cpu_ns > 290e6
    assert shown.timeline.stats[wire.SAMPLER_HZ] > 10


@pytest.mark.parametrize("python", PYTHONS)
def test_each_process_has_a_gil_of_its_own(python: str, recorded: dict[tuple[str, str], Recorded]) -> None:
    holds = gil_holds(recorded["processes", python])
    for child in ("child-0", "child-1"):
        assert sum(hold.end_ns - hold.start_ns for hold in holds[child]) > 800e6


@pytest.mark.parametrize("python", PYTHONS)
def test_who_sleeps_has_let_go_of_it(python: str, recorded: dict[tuple[str, str], Recorded]) -> None:
    shown = recorded["sleeper", python]
    [sleep] = shown.waits("MainThread", "sleep")
    held = sum(
        max(0, min(hold.end_ns, sleep.end_ns) - max(hold.start_ns, sleep.start_ns))
        for hold in gil_holds(shown).get("main process", [])
    )
    assert held < 0.1 * (sleep.end_ns - sleep.start_ns)


@pytest.mark.parametrize("python", PYTHONS)
def test_a_program_that_forges_its_gil_is_recorded_all_the_same(
    python: str, recorded: dict[tuple[str, str], Recorded]
) -> None:
    shown = recorded["liar", python]
    assert shown.printed() == ["still here"]
    assert shown.timeline.stats[wire.MISSED_SWITCHES] > 0


@pytest.mark.parametrize("python", ALL)
def test_a_thread_that_never_ends_has_used_cpu_time_all_the_same(
    python: str, recorded: dict[tuple[str, str], Recorded]
) -> None:
    shown = recorded["busy", python]
    [worker] = [lane for lane in shown.timeline.lanes.values() if lane.name == "worker"]
    assert worker.cpu_ns is not None
    assert 300e6 < worker.cpu_ns <= worker.end_ns - worker.start_ns
    assert bool(gil_holds(shown)) == (not ALL[python].free_threaded)
    assert bool(shown.timeline.stats[wire.SAMPLER_HZ]) == (not ALL[python].free_threaded)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("program", ["threads", "processes", "sleeper"])
def test_where_nobody_looked_nobody_is_said_to_have_it(
    program: str, python: str, recorded: dict[tuple[str, str], Recorded]
) -> None:
    timeline = recorded[program, python].timeline
    for resource in timeline.resources.values():
        if resource.kind != wire.GIL:
            continue
        levels = [(t, value) for number, t, value in timeline.levels if number == resource.id]
        assert levels[0][1] == 1
        assert {value for _, value in levels} <= {0, 1}
        gaps = [(t, levels[at + 1][0]) for at, (t, value) in enumerate(levels[:-1]) if not value]
        for hold in timeline.holds:
            if hold.resource == resource.id:
                assert hold.start_ns >= levels[0][0]
                assert all(hold.end_ns <= start or end <= hold.start_ns for start, end in gaps)
