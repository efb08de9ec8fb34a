"""From the moment a program writes an event until a reader of the WebSocket has it, and what being watched costs.

The program's own clock is the truth: CLOCK_MONOTONIC is the same for all processes, and what the program prints says
what zero was by it. One reader at a time, on the machine of the program and the server.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
from websockets.asyncio.client import connect

from app.core.event import Chunk, Column, unpack
from app.tracer import wire
from bench.server import children_ns, cpu_ns
from bench.table import show
from tests.conftest import start_server

SOMETIMES = """
import random, time
for _ in range({count}):
    time.sleep(random.expovariate({rate}))
    print(time.monotonic_ns())
"""
ALWAYS = """
import queue, threading, time
there, back = queue.Queue(), queue.Queue()
def echo():
    while (item := there.get()) is not None:
        back.put(item)
thread = threading.Thread(target=echo)
thread.start()
until = time.monotonic() + 4
while time.monotonic() < until:
    print(time.monotonic_ns())
    for item in range(100):
        there.put(item)
        back.get()
    time.sleep(0.004)
there.put(None)
thread.join()
"""
PROGRAMS = {
    "asleep": ("import time\nprint(time.monotonic_ns())\ntime.sleep(4)\n", 1),
    "wakes 10 times a second": (SOMETIMES.format(count=40, rate=10), 1),
    "wakes 200 times a second": (SOMETIMES.format(count=800, rate=200), 1),
    "two threads, a queue": (ALWAYS, 1),
    "4 that wake 200 times": (SOMETIMES.format(count=800, rate=200), 4),
    "4 with two threads": (ALWAYS, 4),
}
Frames = list[tuple[int, Chunk]]


async def watched(client: httpx.AsyncClient, url: str, source: str) -> tuple[Frames, dict[str, Any]]:
    """Run a program to its end: its chunks with the ns at which each was there, and what is said of the run."""
    run = (await client.post("/api/runs", json={"source": source})).raise_for_status().json()["id"]
    async with connect(f"{url}/api/runs/{run}/stream", max_size=None) as socket:
        frames = [(time.monotonic_ns(), frame) async for frame in socket if isinstance(frame, bytes)]
    found = (await client.get(f"/api/runs/{run}")).raise_for_status().json()
    return [(t, unpack(frame)[0]) for t, frame in frames], found


def delays_ms(frames: Frames) -> tuple[Column, Column]:
    """How long events took to a reader: those of the flight log, and output. What came after the end is left out."""
    zero = 0
    for _, chunk in frames:
        for index, text in chunk.events.text_of().items():
            if chunk.events.kind[index] == wire.OUTPUT and text.strip().isdigit():
                zero = max(zero, int(text) - int(chunk.events.t[index]))
    logged, printed = [], []
    for there, chunk in frames[:-2]:
        events = chunk.events
        took = (there - zero - events.t) / 1e6
        logged.append(took[np.isin(events.kind, (wire.STATE, wire.ACT)) & (events.flags & wire.INFERRED == 0)])
        printed.append(took[events.kind == wire.OUTPUT])
    return np.concatenate(logged), np.concatenate(printed)


async def measure(url: str, socket_url: str, pid: int, times: int) -> list[tuple[str, ...]]:
    """A row for every program."""
    waking, _ = PROGRAMS["wakes 200 times a second"]
    pipe = [await asyncio.to_thread(through_a_pipe, waking) for _ in range(times)]
    rows: list[tuple[str, ...]] = [("wakes 200 times, a bare pipe", "", "", percentiles(pipe), "", "", "")]
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        await watched(client, socket_url, "pass")
        for title, (source, together) in PROGRAMS.items():
            logged, printed, late, events = [], [], 0, 0
            server, beside, wall = -cpu_ns(pid), -children_ns(pid), 0
            for _ in range(times):
                runs = await asyncio.gather(*(watched(client, socket_url, source) for _ in range(together)))
                for frames, run in runs:
                    one, other = delays_ms(frames)
                    logged.append(one)
                    printed.append(other)
                    late += sum(chunk.late for _, chunk in frames)
                    events += run["events"]
                    wall += run["wall_ns"]
                    beside -= run["cpu_ns"]
            await asyncio.sleep(1)  # until the last box is cleared away
            server += cpu_ns(pid)
            beside += children_ns(pid)
            shares = (f"{server / wall:.1%}", f"{beside / wall:.1%}")
            rate = f"{events / (wall / together / 1e9):,.0f}"
            rows.append((title, rate, percentiles(logged), percentiles(printed), f"{late} of {events:,}", *shares))
    return rows


def through_a_pipe(source: str) -> Column:
    """What the machine itself takes, in ms: the program's lines as they come out of a pipe, with nobody between."""
    with subprocess.Popen([sys.executable, "-u", "-c", source], stdout=subprocess.PIPE) as process:
        assert process.stdout
        return np.array([(time.monotonic_ns() - int(line)) / 1e6 for line in process.stdout])


def percentiles(values: list[Column]) -> str:
    """Median and 95th percentile, in ms."""
    return " / ".join(f"{value:.1f}" for value in np.percentile(np.concatenate(values), (50, 95))) + " ms"


def main(times: int) -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        server = start_server(Path(folder) / "runs", BOXES="4")
        try:
            rows = asyncio.run(measure(server.url, server.socket_url, server.process.pid, times))
        finally:
            server.stop()
    show(
        f"Event → reader, {times} runs: p50 / p95; CPU of the observer for every second of a run, of one core",
        ("program", "events/s", "event", "output", "late", "server", "sampler and supervisor"),
        rows,
    )
