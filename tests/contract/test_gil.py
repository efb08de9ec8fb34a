"""The sampled GIL against an extension module that knows who had it: shares of time, and the number of switches."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from app.core.run import Python
from app.core.timeline import Hold
from app.sandbox.pythons import find_pythons
from app.tracer import wire
from tests.contract.recording import Job, Recorded, record

ORACLE = Path(__file__).with_name("oracle.c")
PYTHONS = {python.id: python for python in find_pythons()}
"""The oracle does not say that it can do without the GIL: a free-threaded interpreter turns it on for its sake."""
NEAR = 0.02
"""How far a thread's share of the time may be from the truth."""

PROGRAM = """
import base64, importlib.machinery, importlib.util, json, threading, time

with open("oracle.so", "wb") as file:
    file.write(base64.b64decode({library!r}))
loader = importlib.machinery.ExtensionFileLoader("oracle", "./oracle.so")
oracle = importlib.util.module_from_spec(importlib.util.spec_from_loader("oracle", loader))
until = time.monotonic_ns() + 3_000_000_000

def cycle(hold, away, busy):
    oracle.cycle(hold, away, busy, until)

def count():
    n = 0
    while oracle.mark() < until:
        n += 1

threads = [threading.Thread(target=target, args=args, name=f"worker {{n}}") for n, (target, *args) in enumerate({threads})]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
names = {{thread.native_id: thread.name for thread in threads}}
runs = oracle.told()
held, maybe = dict.fromkeys(names.values(), 0), dict.fromkeys(names.values(), 0)
for thread, start, end in runs:
    held[names[thread]] += end - start
for (one, _, end), (two, start, _) in zip(runs, runs[1:]) if {marked} else ():
    maybe[names[one]] += start - end
    maybe[names[two]] += start - end
switches = sum(one[0] != two[0] for one, two in zip(runs, runs[1:]))
print(json.dumps([time.monotonic_ns(), [runs[0][1], runs[-1][2]], switches, held, maybe]))
"""
"""Tells when it looked at the clock last, of what time the oracle knows, how often the GIL changed hands, and how long
each thread had it, and may have had it besides: between the last mark of one and the first of the next."""

PATTERNS = {
    "slow": "[(cycle, 8_000_000, 3_000_000, False), (cycle, 2_000_000, 5_000_000, True)]",
    "quick": "[(cycle, 300_000, 200_000, False), (cycle, 100_000, 300_000, True)]",
    "marked": "[(count,)] * 3",
}
CASES = [(pattern, python) for pattern in PATTERNS for python in PYTHONS]


def build(python: Python, folder: Path) -> bytes:
    """The oracle for this interpreter."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    question = "import sysconfig; print(sysconfig.get_path('include'))"
    asked = subprocess.run([python.executable, "-c", question], check=True, capture_output=True, text=True)
    headers = Path(asked.stdout.strip())
    if not (headers / "Python.h").exists():
        pytest.skip(f"Python {python.id} has no headers here")
    library = folder / f"oracle-{python.id}.so"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", f"-I{headers}", ORACLE, "-o", library], check=True)
    return library.read_bytes()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Recorded]:
    folder = tmp_path_factory.mktemp("gil")
    found = {}
    for pattern, python in CASES:
        library = base64.b64encode(build(PYTHONS[python], folder)).decode()
        source = PROGRAM.format(library=library, threads=PATTERNS[pattern], marked=pattern == "marked")
        [found[pattern, python]] = record([Job(source, PYTHONS[python])], folder)
    return found


@dataclass(frozen=True)
class Truth:
    """What the oracle knows, in ns since the run's zero, and of each thread its least and most time with the GIL."""

    start: float
    end: float
    switches: int
    least: dict[str, int]
    most: dict[str, int]


def truth(shown: Recorded) -> Truth:
    written, (start, end), switches, held, maybe = json.loads(shown.printed()[0])
    zero = written - next(t for t, _, stream, *_ in shown.timeline.output if stream == 1)
    return Truth(start - zero, end - zero, switches, held, {name: held[name] + maybe[name] for name in held})


def sampled(shown: Recorded) -> list[Hold]:
    """The GIL's holders, in order."""
    [gil] = [resource.id for resource in shown.timeline.resources.values() if resource.kind == wire.GIL]
    return sorted((hold for hold in shown.timeline.holds if hold.resource == gil), key=lambda hold: hold.start_ns)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("pattern", "python"), [case for case in CASES if case[0] != "quick"])
def test_shares_of_the_gil_are_what_they_were(
    pattern: str, python: str, recorded: dict[tuple[str, str], Recorded]
) -> None:
    shown = recorded[pattern, python]
    true = truth(shown)
    seen: Counter[str] = Counter()
    for hold in sampled(shown):
        within = min(hold.end_ns, true.end) - max(hold.start_ns, true.start)
        seen[shown.timeline.lanes[hold.lane].name] += max(0, round(within))
    had, whole = sum(seen.values()), true.end - true.start
    assert whole > 2.5e9
    for name, least in true.least.items():
        most = true.most[name]
        share = seen[name] / had
        lowest = least / (least + sum(true.most.values()) - most)
        highest = most / (most + sum(true.least.values()) - least)
        assert lowest - NEAR <= share <= highest + NEAR
    assert had <= sum(true.most.values()) + NEAR * whole


@pytest.mark.parametrize(("pattern", "python"), CASES)
def test_every_switch_of_the_gil_is_seen_or_counted_as_missed(
    pattern: str, python: str, recorded: dict[tuple[str, str], Recorded]
) -> None:
    shown = recorded[pattern, python]
    changes = sum(one.lane != two.lane for one, two in pairwise(sampled(shown)))
    counted = changes + shown.timeline.stats[wire.MISSED_SWITCHES]
    true = truth(shown).switches
    # Before the first run and behind the last, the main thread starts the others and waits for them.
    assert true <= counted + 3
    assert counted <= true + 30
