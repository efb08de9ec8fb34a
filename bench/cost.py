"""What watching costs: programs run bare, with Interleave's tracer in C and in Python, and with viztracer, in turn.

viztracer runs with its default settings. What is shown is the median of the rounds, with the least and the most.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from app.sandbox.box import prepare_log
from bench import interpreter
from bench.table import ratio, show, spread

LOG_BYTES = 64 << 20
PATIENCE_S = 60
"""Several times what the slowest run takes."""
PROGRAMS = Path(__file__).parent / "workloads"
EXAMPLES = Path(__file__).parents[1] / "app" / "examples"

Program = tuple[Path | str, ...]
"""A file and its arguments."""

FIB, NOTHING = PROGRAMS / "fib.py", PROGRAMS / "nothing.py"
WORKLOADS: dict[str, Program] = {
    "fib in 4 threads": (FIB, "threads", "26"),
    "fib in 4 processes": (FIB, "processes", "26"),
    "1000 tasks × 100 sleep(0)": (PROGRAMS / "tasks.py",),
    "2 threads, 100k lock acquires": (PROGRAMS / "locks.py",),
    "Pool(2), 1000 small tasks": (PROGRAMS / "pool.py",),
}
STARTS: dict[str, Program] = {
    "nothing": (NOTHING,),
    "threading and multiprocessing": (FIB, "threads", "0"),
    "asyncio": (PROGRAMS / "asyncio_alone.py",),
}
LONG = ("threads", "processes")
ARTICLE = ("article_threading", "article_pool", "article_asyncio")


@dataclass(frozen=True)
class Contender:
    """A way to run programs: the command in front of them, and the flight log that must be empty before, if any."""

    command: Program
    folder: Path
    log: Path | None = None

    def run(self, program: Program) -> tuple[float, float, str]:
        """Seconds of CPU, user and system, of the program and all that it waited for; of wall time; what it printed.

        A peer that does not end is killed and run again, and that is said: viztracer's pools hang now and then.
        """
        while True:
            if self.log is not None:
                with self.log.open("wb") as file:
                    prepare_log(file.fileno(), LOG_BYTES)
            command = [*self.command, *program]
            began = time.perf_counter()
            with subprocess.Popen(
                command, cwd=self.folder, stdout=subprocess.PIPE, text=True, start_new_session=True
            ) as process:
                guard = threading.Timer(PATIENCE_S, os.killpg, (process.pid, signal.SIGKILL))
                guard.start()
                printed = process.stdout.read() if process.stdout else ""
                _, status, usage = os.wait4(process.pid, 0)
                guard.cancel()
                wall = time.perf_counter() - began
                process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode == 0:
                return usage.ru_utime + usage.ru_stime, wall, printed
            if process.returncode != -signal.SIGKILL or self.log is not None:
                raise SystemExit(f"{command} ended with {process.returncode}")
            print(f"{command} did not end in {PATIENCE_S} s")

    def cpu_s(self, program: Program) -> float:
        """Seconds of CPU."""
        return self.run(program)[0]


def contenders(folder: Path) -> dict[str, Contender]:
    """Everyone, bare first."""
    log = folder / "log"
    viztracer = (sys.executable, "-m", "viztracer", "--quiet", "--output_file", folder / "viz.json")
    return {
        "bare": Contender((interpreter.bare(folder),), folder),
        "in C": Contender((interpreter.traced(folder, log),), folder, log),
        "in Python": Contender((interpreter.traced(folder, log, pure=True),), folder, log),
        "viztracer": Contender(viztracer, folder),
    }


def rounds(pairs: int, who: Iterable[Contender], measure: Callable[[Contender], float]) -> list[list[float]]:
    """What is measured of each, in turn; a first round only warms up."""
    found = [[measure(contender) for contender in who] for _ in range(pairs + 1)]
    return [list(values) for values in zip(*found[1:], strict=True)]


def beyond(contender: Contender, kind: str) -> float:
    """CPU of a long fib less that of the same program with nothing to compute, in seconds."""
    return contender.cpu_s((FIB, kind, "29")) - contender.cpu_s((FIB, kind, "0"))


def main(pairs: int) -> None:
    """Measure and print."""
    with TemporaryDirectory() as name:
        who = contenders(Path(name))
        everyone, ours = list(who.values()), [who[each] for each in who if each != "viztracer"]
        cpu, added, wall = [], [], []
        for title, program in WORKLOADS.items():
            bare, *others = rounds(pairs, everyone, lambda contender, program=program: contender.cpu_s(program))
            cpu.append((title, spread(bare, 1000, "ms"), *(ratio(other, bare) for other in others)))
        for kind in LONG:
            bare, *others = rounds(pairs, ours, lambda contender, kind=kind: beyond(contender, kind))
            title = f"long fib in 4 {kind}, without the start"
            cpu.append((title, spread(bare, 1000, "ms"), *(ratio(other, bare) for other in others), ""))
        for title, program in STARTS.items():
            bare, *others = rounds(pairs, everyone, lambda contender, program=program: contender.cpu_s(program))
            more = [[one - other for one, other in zip(values, bare, strict=True)] for values in others]
            added.append((title, spread(bare, 1000, "ms"), *(spread(values, 1000, "ms") for values in more)))
        sections = rounds(pairs, everyone, lambda contender: float(contender.run((PROGRAMS / "section.py",))[2]))
        for example in ARTICLE:
            program = (EXAMPLES / f"{example}.py",)
            bare, *others = rounds(pairs, everyone, lambda contender, program=program: contender.run(program)[1])
            wall.append((example, spread(bare, 1000, "ms"), *(ratio(other, bare) for other in others)))
    said = f"{pairs} rounds on Python {sys.version.split()[0]}: median (least–most)"
    head = ("bare", *(f"{each} / bare" for each in who if each != "bare"))
    show(f"CPU of the program, {said}", ("program", *head), cpu)
    show(f"CPU that a start takes more, {said}", ("imports", *who), added)
    row = ("with lock: pass", *(spread(values, 1, "ns") for values in sections))
    show(f"CPU of a section under a free lock, {said}", ("", *who), [row])
    show(f"Wall time of the article's programs, {said}", ("program", *head), wall)
