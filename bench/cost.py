"""What watching costs: CPU of the whole program bare, with Interleave's tracer and with viztracer, in turn."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from app.tracer import wire
from bench import interpreter
from bench.table import milliseconds, ratio, show

WORKLOADS = {
    "locks": "2 threads, 100k lock acquires",
    "tasks": "1000 tasks × 100 sleep(0)",
    "pool": "Pool(2), 1000 small tasks",
    "fib": "fib in 4 threads",
}
LOG_BYTES = 64 << 20
PROGRAMS = Path(__file__).parent / "workloads"


def cpu_s(command: list[str | Path], folder: Path) -> float:
    """CPU seconds, user and system, of the command and of all the processes it waited for."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def fresh_log(log: Path) -> None:
    """An empty flight log."""
    with log.open("wb") as file:
        file.write(wire.header(LOG_BYTES))
        os.posix_fallocate(file.fileno(), 0, LOG_BYTES)


def main(pairs: int) -> None:
    """Measure and print."""
    rows = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "log"
        plain, ours = interpreter.bare(folder), interpreter.traced(folder, log)
        for workload, title in WORKLOADS.items():
            program = PROGRAMS / f"{workload}.py"
            viztracer = [sys.executable, "-m", "viztracer", "--quiet", "--output_file", folder / "viz.json", program]
            seconds: dict[str, list[float]] = {"bare": [], "interleave": [], "viztracer": []}
            for _ in range(pairs + 1):
                seconds["bare"].append(cpu_s([plain, program], folder))
                fresh_log(log)
                seconds["interleave"].append(cpu_s([ours, program], folder))
                seconds["viztracer"].append(cpu_s(viztracer, folder))
            bare, mine, peer = (values[1:] for values in seconds.values())
            rows.append((title, milliseconds(bare), ratio(mine, bare), ratio(peer, bare)))
    head = ("workload", "bare CPU", "Interleave / bare", "viztracer / bare")
    show(f"CPU of the program, {pairs} pairs on Python {sys.version.split()[0]}: median (least–most)", head, rows)
