"""Every example, run for real on every interpreter: the lanes, the output, the waits and the outcome it promises."""

from __future__ import annotations

import re

import pytest

from app.core.findings import findings
from app.core.run import Limits
from app.examples import Example, load
from app.sandbox.pythons import find_pythons
from app.tracer import wire
from tests.contract.recording import AMPLE, Job, Recorded, record

FINDINGS = {"deadlock": {"deadlock"}, "blocking-call-in-coroutine": {"loop_blocked"}}
EXAMPLES = {example.slug: example for example in load()}
PYTHONS = {python.id: python for python in find_pythons()}
STUCK = Limits(wall_ns=3_000_000_000)
CASES = [(slug, python) for slug in EXAMPLES for python in PYTHONS]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Recorded]:
    """All examples on all interpreters."""
    print("on", ", ".join(python.version for python in PYTHONS.values()))
    jobs = [
        Job(
            EXAMPLES[slug].source,
            PYTHONS[python],
            STUCK if EXAMPLES[slug].expect.outcome == "timed_out" else AMPLE,
        )
        for slug, python in CASES
    ]
    return dict(zip(CASES, record(jobs, tmp_path_factory.mktemp("examples")), strict=True))


@pytest.fixture(params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest, recorded: dict[tuple[str, str], Recorded]) -> tuple[Example, Recorded]:
    return EXAMPLES[request.param[0]], recorded[request.param]


@pytest.mark.timeout(900)
def test_an_example_shows_what_it_promises(case: tuple[Example, Recorded]) -> None:
    example, recorded = case
    expect, run = example.expect, recorded.run
    assert run.outcome is not None
    assert run.outcome.kind == expect.outcome, run.outcome
    processes, threads, tasks = (
        [lane.name for lane in recorded.lanes(kind)] for kind in (wire.PROCESS, wire.THREAD, wire.TASK)
    )
    seen = (len(processes), len(threads) - len(processes), len(tasks))
    assert seen == (expect.processes, expect.threads, expect.tasks), (processes, threads, tasks)
    assert set(expect.lanes) <= {*threads, *tasks}

    printed = recorded.printed()
    if expect.output == "pattern":
        assert len(printed) == len(expect.lines)
        assert all(re.fullmatch(pattern, line) for pattern, line in zip(expect.lines, printed, strict=True)), printed
    elif expect.output == "ordered":
        assert printed == list(expect.lines)
    else:
        assert sorted(printed) == sorted(expect.lines)

    for name, kind in expect.waits:
        assert recorded.waits(name, kind), (name, kind)
    assert run.dropped.events == 0


@pytest.mark.timeout(900)
def test_nothing_is_found_in_a_healthy_example(case: tuple[Example, Recorded]) -> None:
    example, recorded = case
    assert {finding.kind for finding in findings(recorded.timeline)} == FINDINGS.get(example.slug, set())


@pytest.mark.timeout(900)
def test_every_lane_has_a_starter_and_an_ending(case: tuple[Example, Recorded]) -> None:
    example, recorded = case
    for lane in recorded.timeline.lanes.values():
        born_with_its_process = lane.id == 1 or (lane.kind == wire.THREAD and lane.name == "MainThread")
        assert lane.declared, lane
        assert born_with_its_process or lane.internal or lane.starter, lane
        if example.expect.outcome == "completed" and not lane.internal:
            assert lane.ending not in {0, wire.UNFINISHED}, lane
