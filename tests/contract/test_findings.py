"""Programs that go wrong, each in its own way, run for real on every interpreter: what is found, and that nothing else is."""

from __future__ import annotations

import textwrap

import pytest

from app.core.findings import Finding, findings, full_name
from app.sandbox.pythons import find_pythons
from tests.contract.recording import AMPLE, Job, Recorded, record
from tests.contract.wrong_programs import HEALTHY, WRONG, in_order

PYTHONS = {python.id: python for python in find_pythons()}
RANDOM = {f"in order, {seed}": in_order(seed) for seed in range(3)}
CASES = [(name, python) for name in (*WRONG, *HEALTHY, *RANDOM) for python in PYTHONS]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Recorded]:
    print("on", ", ".join(python.version for python in PYTHONS.values()))
    jobs = []
    for name, python in CASES:
        source = WRONG[name].source if name in WRONG else {**HEALTHY, **RANDOM}[name]
        limits = WRONG[name].limits if name in WRONG else AMPLE
        jobs.append(Job(textwrap.dedent(source), PYTHONS[python], limits))
    return dict(zip(CASES, record(jobs, tmp_path_factory.mktemp("findings")), strict=True))


def names(shown: Recorded, finding: Finding) -> set[str]:
    return {full_name(shown.timeline, shown.timeline.lanes[lane]) for lane in finding.lanes}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", WRONG)
def test_what_goes_wrong_is_found_and_nothing_else(
    name: str, python: str, recorded: dict[tuple[str, str], Recorded]
) -> None:
    wrong, shown = WRONG[name], recorded[name, python]
    found = findings(shown.timeline)
    said = sorted((each.kind, names(shown, each), set(each.lines)) for each in found)
    assert said == sorted(wrong.found), [each.title for each in found]
    assert {each.inferred for each in found} == {wrong.inferred}, [each.title for each in found]
    hows = {step["how"] for each in found for step in each.details.get("steps", [])}
    assert not wrong.hows or hows == wrong.hows
    assert not wrong.needs or {each.details["need"] for each in found} == wrong.needs
    for each in found:
        assert 0 <= each.from_ns <= each.to_ns <= shown.timeline.end_ns
        assert set(each.resources) <= set(shown.timeline.resources)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_found_where_all_is_well(name: str, python: str, recorded: dict[tuple[str, str], Recorded]) -> None:
    shown = recorded[name, python]
    assert shown.run.outcome is not None
    assert shown.run.outcome.kind == "completed", shown.run.outcome
    assert [each.title for each in findings(shown.timeline)] == []


@pytest.mark.timeout(900)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", RANDOM)
def test_locks_taken_in_order_are_never_a_deadlock(
    name: str, python: str, recorded: dict[tuple[str, str], Recorded]
) -> None:
    shown = recorded[name, python]
    assert shown.run.outcome is not None
    assert shown.run.outcome.kind == "completed", shown.run.outcome
    assert {each.kind for each in findings(shown.timeline)} <= {"contention"}
