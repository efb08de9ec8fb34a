"""How runs end, and what is kept of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core.event import Column, Events
from app.core.findings import findings
from app.core.run import Kind, Limits, Outcome
from app.core.timeline import ENDINGS, to_json
from app.sandbox.pythons import find_pythons
from app.tracer import wire
from tests.contract.recording import AMPLE, Job, Recorded, record

PYTHON = find_pythons()[-1]
DEADLOCK = """
import threading

a, b = threading.Lock(), threading.Lock()
met = threading.Barrier(2)


def work(first, second):
    with first:
        met.wait()
        with second:
            print("never")


threads = [threading.Thread(target=work, args=pair, name=name) for pair, name in (((a, b), "one"), ((b, a), "two"))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def run(folder: Path, source: str, limits: Limits = AMPLE) -> Recorded:
    return record([Job(source, PYTHON, limits)], folder)[0]


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("pass", Outcome(Kind.completed, exit_code=0)),
        ("raise ValueError('bad')", Outcome(Kind.raised, exit_code=1, detail="ValueError: bad")),
        ("def f(:", Outcome(Kind.raised, exit_code=1)),
        ("import sys\nsys.exit(3)", Outcome(Kind.exited, exit_code=3)),
        ("import sys\nsys.exit(1)", Outcome(Kind.exited, exit_code=1)),
        ("import os\nos._exit(1)", Outcome(Kind.exited, exit_code=1)),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", Outcome(Kind.killed, signal=9)),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", Outcome(Kind.killed, signal=15)),
    ],
)
def test_outcomes(source: str, outcome: Outcome, tmp_path: Path) -> None:
    found = run(tmp_path, source).run.outcome
    assert found is not None
    assert (found.kind, found.exit_code, found.signal) == (outcome.kind, outcome.exit_code, outcome.signal)
    assert found.detail.startswith(outcome.detail)


def test_a_deadlock_is_explained(tmp_path: Path) -> None:
    shown = run(tmp_path, DEADLOCK, Limits(wall_ns=2_000_000_000))
    assert shown.run.outcome is not None
    assert shown.run.outcome.kind is Kind.timed_out
    for said in (
        "time limit of 2 s reached",
        "MainThread waits for one",
        "one waits for lock b, held by two",
        "two waits for lock a, held by one",
    ):
        assert said in shown.run.outcome.detail
    [found] = findings(shown.timeline)
    assert {shown.timeline.lanes[lane].name for lane in found.lanes} == {"one", "two"}
    assert {ENDINGS[lane.ending] for lane in shown.timeline.lanes.values()} == {"unfinished"}


def test_output_past_the_limit_is_counted_and_the_rest_kept(tmp_path: Path) -> None:
    shown = run(tmp_path, "while True:\n    print('x' * 999)\n", Limits(output_bytes=10_000))
    assert shown.run.outcome is not None
    assert shown.run.outcome.kind is Kind.output_limit
    kept = sum(len(text) for _, _, _, text, _ in shown.timeline.output)
    assert 9_000 < kept <= 10_000
    assert shown.run.dropped.output_bytes > 0


def test_events_past_the_limit_are_counted(tmp_path: Path) -> None:
    source = "import time\nfor _ in range(500):\n    time.sleep(0)\n    time.sleep(1e-9)\n"
    shown = run(tmp_path, source, Limits(events=100, wall_ns=60_000_000_000))
    assert shown.run.outcome == Outcome(Kind.completed, exit_code=0)
    assert shown.run.events == 100
    assert shown.run.dropped.events > 500


def test_what_watching_took_is_the_starts_and_a_price_for_each_record(tmp_path: Path) -> None:
    source = "import queue\nitems = queue.SimpleQueue()\nfor item in range({}):\n    items.put(item)\n    items.get()\n"
    jobs = "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(1) as pool:\n    list(pool.map(int, range({})))\n"
    sources = source.format(10), source.format(1000), jobs.format(1000)
    shown = record([Job(source, PYTHON) for source in sources], tmp_path)
    costs = [[float(ns) for chunk in each.chunks for ns in chunk.events.end[is_cost(chunk.events)]] for each in shown]
    assert all(ns > 0 for told in costs for ns in told)
    few, many, working = (told[-1] for told in costs)  # the last is the recorder's, for the records
    assert many > 10 * few
    assert working > 1.5 * many, "a job's three records stand for more than the four of an item in a queue"
    assert [each.timeline.stats[wire.TRACER_NS] for each in shown] == [sum(told) for told in costs]


def is_cost(events: Events) -> Column:
    return (events.kind == wire.STAT) & (events.flags == wire.TRACER_NS)


def test_raw_writes_are_shown_as_inferred(tmp_path: Path) -> None:
    shown = run(tmp_path, "import os\nos.write(1, b'raw\\xff')\nprint('printed')\n")
    assert [(text, inferred) for _, _, _, text, inferred in shown.timeline.output] == [
        ("raw\N{REPLACEMENT CHARACTER}", True),
        ("printed\n", False),
    ]


def test_a_traceback_is_what_python_prints(tmp_path: Path) -> None:
    shown = run(tmp_path, "def f():\n    raise ValueError('bad')\n\nf()\n")
    said = "".join(text for _, _, stream, text, _ in shown.timeline.output if stream == 2).splitlines()
    assert said[0] == "Traceback (most recent call last):"
    assert '  File "/home/sandbox/main.py", line 4, in <module>' in said
    assert said[-1] == "ValueError: bad"
    assert not any("interleave" in line for line in said)


def test_chunks_are_numbered_from_one_without_gaps_and_end_at_the_end(tmp_path: Path) -> None:
    shown = run(tmp_path, "import time\nfor _ in range(5):\n    time.sleep(0.1)\n")
    assert [chunk.seq for chunk in shown.chunks] == list(range(1, len(shown.chunks) + 1))
    assert [chunk.known for chunk in shown.chunks] == sorted(chunk.known for chunk in shown.chunks)
    assert len(shown.chunks) > 3
    json.dumps(to_json(shown.timeline))
