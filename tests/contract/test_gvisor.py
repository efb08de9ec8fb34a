"""Under gVisor, where it is installed: what a program did is in its trace, by this machine's clock, and nobody sees a GIL."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.core.run import Kind, Limits, Program
from app.sandbox.gvisor import Gvisor
from app.sandbox.pythons import find_pythons
from app.tracer import wire
from tests.contract.recording import Job, Recorded, record
from tests.contract.test_sandbox import named, wait_until

pytestmark = pytest.mark.skipif(shutil.which("runsc") is None, reason="gVisor's runsc is not installed")

PROGRAM = """
import asyncio, multiprocessing, os, threading, time
lock = threading.Lock()
def work():
    with lock:
        time.sleep(0.2)
    print("worked")
def child():
    print("child")
async def main():
    await asyncio.sleep(0.1)
if __name__ == "__main__":
    threads = [threading.Thread(target=work, name=f"worker {n}") for n in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    process = multiprocessing.get_context("spawn").Process(target=child, name="a child")
    process.start()
    process.join()
    asyncio.run(main())
    os.write(1, b"raw\\n")
"""


@pytest.fixture(scope="module", params=[False, True], ids=["cold", "warm"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    job = Job(PROGRAM, find_pythons()[-1])
    [found] = record([job], tmp_path_factory.mktemp("gvisor"), warm=request.param, backend=Gvisor)
    assert found.run.outcome is not None
    assert (found.run.outcome.kind, found.run.outcome.detail) == (Kind.completed, "")
    return found


def test_lanes_waits_and_output_are_there(recorded: Recorded) -> None:
    assert [lane.name for lane in recorded.lanes(wire.PROCESS)] == ["main process", "a child"]
    assert {"MainThread", "worker 0", "worker 1"} <= {lane.name for lane in recorded.lanes(wire.THREAD)}
    assert recorded.printed() == ["worked", "worked", "child", "raw"]
    for worker in ("worker 0", "worker 1"):
        assert recorded.printed_by(next(lane for lane in recorded.lanes(wire.THREAD) if lane.name == worker)) == [
            "worked"
        ]
    assert len(recorded.waits("worker *", "lock")) == 1


def test_times_are_this_machines(recorded: Recorded) -> None:
    wall = recorded.run.wall_ns
    assert wall is not None
    # Python's resource tracker ends when it sees that the root process has: it may be there a little longer.
    spans = [span for lane in recorded.timeline.lanes.values() if not lane.internal for span in lane.spans]
    assert all(0 <= span.start_ns <= span.end_ns <= wall for span in spans)
    slept = [span.end_ns - span.start_ns for span in recorded.waits("worker *", "sleep")]
    assert len(slept) == 2
    assert all(0.19e9 < ns < wall for ns in slept)
    main = next(lane for lane in recorded.lanes(wire.THREAD) if lane.name == "MainThread")
    assert recorded.waits(main.name, "join")[0].start_ns > 0
    assert recorded.run.dropped.events == 0


def test_nobody_looked_at_the_gil(recorded: Recorded) -> None:
    assert wire.GIL not in {resource.kind for resource in recorded.timeline.resources.values()}
    assert recorded.timeline.stats[wire.SAMPLER_HZ] == 0


async def test_nothing_of_it_outlives_its_supervisor(tmp_path: Path) -> None:
    python = find_pythons()[-1]
    sandbox = Gvisor([python], tmp_path, boxes=1)
    try:
        box = await sandbox.prepare(python, Limits())
        await box.run(Program("while True: pass"))
        assert named("runsc")
        box._parts.end()
        assert (await box.wait()).cause is Kind.sandbox_failed
        await box.close()
        assert wait_until(lambda: not named("runsc"))
    finally:
        await sandbox.close()
