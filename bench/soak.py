"""Minutes of full load on one server: what it holds, and how quick it is, in the first minute and in the last.

Clients keep every box busy and the queue filled with programs of every kind, watch each run, open pages and read
timelines; retention has a bound that is met on the way.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np
from websockets.asyncio.client import connect

from app.core.event import unpack
from app.examples import load
from bench.table import show
from tests.conftest import Server, start_server
from tests.contract.serving import below

CLIENTS = 6
VIEWERS = 2
SETTLED_S = 5
"""Until the last boxes are gone, and others wait."""
RETAIN_BYTES = 256 << 10
SLUGS = ("lock", "process-queue", "semaphore", "article-asyncio", "thread-join", "task", "pool-map")
COUNTED = ("interleave_expired_runs_total", "interleave_dropped_events_total", "interleave_refused_total")
EXTRA = ("raise SystemExit(3)\n", "def f(:\n", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")


@dataclass(slots=True)
class Tally:
    """What the clients saw: when a run was submitted and how long its first event took; and how runs ended."""

    first: list[tuple[float, float]] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """What a server holds at one moment; its boxes' processes are not counted while they are expected."""

    rss_mib: float
    descriptors: int
    threads: int
    processes: int
    disk_mib: float
    folders: int


def held(server: Server, folder: Path) -> Held:
    """What this server holds now."""
    pid = server.process.pid
    status = dict(line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return Held(
        rss_mib=int(status["VmRSS"].split()[0]) / 1024,
        descriptors=len(list(Path(f"/proc/{pid}/fd").iterdir())),
        threads=int(status["Threads"]),
        processes=len(list(below(pid))),
        disk_mib=sum(map(size, folder.rglob("*"))) / (1 << 20),
        folders=sum(1 for _ in folder.rglob("*")),
    )


def size(file: Path) -> int:
    """Bytes of a file; of one that is gone by now, none."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


async def client(number: int, server: Server, sources: list[str], until: float, tally: Tally) -> None:
    """One program after the other, each watched to its end."""
    async with httpx.AsyncClient(base_url=server.url, timeout=120) as http:
        turn = number
        while time.monotonic() < until:
            turn += 1
            start = time.monotonic()
            answer = await http.post("/api/runs", json={"source": sources[turn % len(sources)]})
            if answer.status_code in (429, 503):
                tally.refused += 1
                await asyncio.sleep(float(answer.headers["retry-after"]))
                continue
            run = answer.raise_for_status().json()["id"]
            firsts = await asyncio.gather(
                *(watch(f"{server.socket_url}/api/runs/{run}/stream") for _ in range(VIEWERS))
            )
            tally.first += [(start, first - start) for first in firsts if first]
            ended = (await http.get(f"/api/runs/{run}")).json()
            tally.outcomes[ended["outcome"]["kind"] if ended["outcome"] else ended["state"]] += 1
            for page in (f"/r/{run}", f"/api/runs/{run}/timeline"):
                (await http.get(page)).raise_for_status()


async def watch(address: str) -> float:
    """When the first event was there."""
    first = 0.0
    async with connect(address, open_timeout=120, ping_timeout=None) as socket:
        async for frame in socket:
            if not first and isinstance(frame, bytes) and len(unpack(frame)[0].events):
                first = time.monotonic()
    return first


async def load_for(server: Server, folder: Path, minutes: float) -> tuple[Tally, list[Held]]:
    """Full load for so long; what was held half a minute after its beginning, then every minute, and after its end."""
    sources = [example.source for example in load() if example.slug in SLUGS] + list(EXTRA)
    tally, seen = Tally(), []
    begin = time.monotonic()
    until = begin + minutes * 60
    async with asyncio.TaskGroup() as group:
        clients = [group.create_task(client(number, server, sources, until, tally)) for number in range(CLIENTS)]
        await asyncio.sleep(30)
        while not all(one.done() for one in clients):
            seen.append(held(server, folder))
            await asyncio.wait(clients, timeout=60)
    await asyncio.sleep(SETTLED_S)
    seen.append(held(server, folder))
    return tally, seen


def quick(tally: Tally, begin: float, end: float) -> str:
    """The latencies of runs submitted in this time."""
    found = [took for at, took in tally.first if begin <= at < end]
    if not found:
        return "none"
    return f"{np.percentile(found, 50) * 1000:.0f} / {np.percentile(found, 99) * 1000:.0f} ms of {len(found)}"


def main(minutes: float) -> None:
    """Measure and print."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "runs"
        server = start_server(folder, RETAIN_BYTES=str(RETAIN_BYTES))
        time.sleep(SETTLED_S)
        idle = held(server, folder)
        begin = time.monotonic()
        try:
            tally, seen = asyncio.run(load_for(server, folder, minutes))
            metrics = httpx.get(f"{server.url}/metrics").text
        finally:
            log = server.stop()
    first, last, after = seen[0], seen[-2], seen[-1]
    rows = [
        (what, *(f"{getattr(one, key):.0f}" for one in (idle, first, last, after)))
        for what, key in (
            ("server's memory, MiB", "rss_mib"),
            ("open descriptors", "descriptors"),
            ("threads", "threads"),
            ("processes below it", "processes"),
            ("disk, MiB", "disk_mib"),
            ("files and folders", "folders"),
        )
    ]
    end = begin + minutes * 60
    rows.append(("first event, p50 / p99", "", quick(tally, begin, begin + 60), quick(tally, end - 60, end), ""))
    show(
        f"{minutes:g} minutes of full load: {tally.outcomes.total()} runs, {tally.refused} refused",
        ("", "idle before", "after 30 s", "at the end", "5 s after"),
        rows,
    )
    print("\noutcomes:", ", ".join(f"{kind} {count}" for kind, count in tally.outcomes.most_common()))
    counted = [line.removeprefix("interleave_") for line in metrics.splitlines() if line.startswith(COUNTED)]
    print("counted:", ", ".join(counted))
    print("errors in the log:", sum("Traceback" in line for line in log.splitlines()))
