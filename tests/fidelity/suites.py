"""CPython's own suites, run bare and traced: a program must not notice that it is watched."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.core.run import Python
from app.sandbox.box import prepare_log
from bench import interpreter

HARNESS = Path(__file__).with_name("harness.py")
LOG_BYTES = 256 << 20
PATIENCE_S = 900

QUICK = ("test_thread", "test_threading_local", "test_queue", "test_contextlib_async")
SLOW = (
    "test_threading",
    "test_asyncio",
    "test_concurrent_futures",
    "test_multiprocessing_fork",
    "test_multiprocessing_spawn",
    "test_multiprocessing_forkserver",
)

NOTICED = {
    r"3\.1[12] test_thread\..*test_unraisable_exception": "sys.unraisablehook gets what we run in a raw thread's place",
}
"""Tests that see us: version and id as a pattern, and why."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How many tests ended both ways, and those that ended differently: bare and traced, by id.

    `endless`: which way did not end in time; then the tests that it did not come to count neither way.
    """

    tests: int
    differ: dict[str, tuple[str, str]]
    endless: tuple[str, ...] = ()


def compare(python: Python, suites: tuple[str, ...], folder: Path) -> Compared:
    """Run suites both ways, with what they print in `folder`."""
    log = folder / "log"
    program = interpreter.traced(folder, log, python.executable)
    said: dict[str, dict[str, str]] = {}
    endless = []
    for way in ("bare", "traced"):
        log.unlink(missing_ok=True)
        if way == "traced":
            with log.open("wb") as file:
                prepare_log(file.fileno(), LOG_BYTES)
        (folder / way).mkdir()
        report = folder / f"{way}.json"
        with (folder / f"{way}.txt").open("w") as output:
            try:
                _run([program, HARNESS, report, *(f"test.{suite}" for suite in suites)], folder / way, output)
            except subprocess.TimeoutExpired:
                endless.append(way)
        said[way] = dict(json.loads(line) for line in report.read_text().splitlines())
    bare, traced = said["bare"], said["traced"]
    seen = {*bare, *traced} if not endless else bare.keys() & traced.keys()
    return Compared(
        len(seen),
        {
            name: (bare.get(name, "not run"), traced.get(name, "not run"))
            for name in sorted(seen)
            if bare.get(name) != traced.get(name) and not noticed(python, name)
        },
        tuple(endless),
    )


def _run(command: list[str | Path], folder: Path, output: IO[str]) -> None:
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
    )
    try:
        process.wait(PATIENCE_S)
    finally:
        with contextlib.suppress(ProcessLookupError):  # nothing is left, as it should be
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def noticed(python: Python, name: str) -> bool:
    """Whether the list knows that this test sees us."""
    return any(re.fullmatch(pattern, f"{python.id} {name.removeprefix('test.')}") for pattern in NOTICED)
