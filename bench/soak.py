"""Minutes of full load on one server: what it holds and how quick it is, in each quarter, and whether that is flat.

Clients keep every box busy and the queue filled with programs of every kind, watch each run, open pages and read
timelines; retention has a bound that is met on the way. Flat is what is in its last quarter, as a median, at most a
tenth more than in the one before, or by less than its slack.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
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
LOOK_S = 5
"""How often it is looked at what the server holds."""
SETTLED_S = 5
"""Until the last boxes are gone, and others wait."""
RETAIN_BYTES = 256 << 10
SLUGS = ("lock", "process-queue", "semaphore", "article-asyncio", "thread-join", "task", "pool-map")
FLAT = 1.1
HOLDS = (
    ("server's memory, MiB", "rss_mib", 5),
    ("open descriptors", "descriptors", 4),
    ("threads", "threads", 2),
    ("processes below it", "processes", 4),
    ("disk, MiB", "disk_mib", 2),
    ("files and folders", "folders", 20),
)
"""What a server holds: in words, where Held has it, and its slack."""
SLACK_S = 0.05
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


async def load_for(server: Server, folder: Path, seconds: float) -> tuple[Tally, list[list[Held]]]:
    """Full load for so long; what was held in each quarter, and some time after its end."""
    sources = [example.source for example in load() if example.slug in SLUGS] + list(EXTRA)
    tally, seen = Tally(), [[], [], [], [], []]
    begin = time.monotonic()
    async with asyncio.TaskGroup() as group:
        clients = [
            group.create_task(client(number, server, sources, begin + seconds, tally)) for number in range(CLIENTS)
        ]
        while (quarter := int(4 * (time.monotonic() - begin) / seconds)) < 4:
            seen[quarter].append(held(server, folder))
            await asyncio.wait(clients, timeout=LOOK_S)
    await asyncio.sleep(SETTLED_S)
    seen[4].append(held(server, folder))
    return tally, seen


def flat(before: float, last: float, slack: float) -> str:
    """The verdict over the last two quarters."""
    return "yes" if last <= max(before * FLAT, before + slack) else "NO"


def main(minutes: float) -> None:
    """Measure and print; raises SystemExit when something is not flat or failed."""
    seconds = minutes * 60
    with TemporaryDirectory() as name:
        folder = Path(name) / "runs"
        server = start_server(folder, RETAIN_BYTES=str(RETAIN_BYTES))
        time.sleep(SETTLED_S)
        idle = held(server, folder)
        begin = time.monotonic()
        try:
            tally, seen = asyncio.run(load_for(server, folder, seconds))
            metrics = httpx.get(f"{server.url}/metrics").text
        finally:
            log = server.stop()
    rows: list[tuple[str, ...]] = []
    for what, key, slack in HOLDS:
        found = [median(getattr(one, key) for one in some) for some in ([idle], *seen)]
        rows.append((what, *(f"{value:.0f}" for value in found), flat(found[3], found[4], slack)))
    first: list[list[float]] = [[], [], [], []]
    for at, took in tally.first:
        first[min(int(4 * (at - begin) / seconds), 3)].append(took)
    middle = [median(found) for found in first]
    p99 = (f"{middle[part] * 1000:.0f} / {np.percentile(first[part], 99) * 1000:.0f} ms" for part in range(4))
    rows.append(("first event, p50 / p99", "", *p99, "", flat(middle[2], middle[3], SLACK_S)))
    show(
        f"{minutes:g} minutes of full load: {tally.outcomes.total()} runs, {tally.refused} refused",
        ("", "idle before", "1st quarter", "2nd", "3rd", "4th", f"{SETTLED_S} s after", "flat"),
        rows,
    )
    print("\noutcomes:", ", ".join(f"{kind} {count}" for kind, count in tally.outcomes.most_common()))
    counted = [line.removeprefix("interleave_") for line in metrics.splitlines() if line.startswith(COUNTED)]
    print("counted:", ", ".join(counted))
    errors = sum("Traceback" in line for line in log.splitlines())
    print("errors in the log:", errors)
    if errors or any(row[-1] == "NO" for row in rows):
        raise SystemExit(1)
