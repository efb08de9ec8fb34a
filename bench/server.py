"""What a server's process uses, and a run from its submission to its end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx

TICK_NS = 10_000_000


def cpu_ns(pid: int) -> int:
    """CPU time that a process has used, in all its threads."""
    return time.clock_gettime_ns(~pid << 3 | 2)  # what clock_getcpuclockid gives


def children_ns(pid: int) -> int:
    """CPU time of the children that a server's process has, as the one that forks supervisors, or has waited for.

    With that of the children they have waited for; exact to a clock tick each.
    """
    children = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")).split()
    ticks = sum(_ticks(pid)[2:]) + sum(sum(_ticks(int(child))) for child in children)
    return ticks * TICK_NS


def _ticks(pid: int) -> list[int]:
    """CPU time of a process, as user and in the kernel, and the same of the children that it has waited for."""
    return list(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))


def reset_peak(pid: int) -> int:
    """Begin to measure `peak_bytes` anew; the resident bytes now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _status(pid, "VmRSS")


def peak_bytes(pid: int) -> int:
    """The most bytes that were resident at a time."""
    return _status(pid, "VmHWM")


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) << 10


def finished(client: httpx.Client, source: str) -> dict[str, Any]:
    """Run a program to its end, without looking at it meanwhile."""
    run = client.post("/api/runs", json={"source": source}).raise_for_status().json()["id"]
    while True:
        found: dict[str, Any] = client.get(f"/api/runs/{run}").raise_for_status().json()
        if found["outcome"]:
            if found["outcome"]["kind"] != "completed":
                raise SystemExit(f"{source} ended with {found['outcome']}")
            return found
        time.sleep(0.2)
