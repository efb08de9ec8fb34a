"""From a click on Run to the first event (POST, sandbox, tracer, recorder, socket), beside a bare interpreter."""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from websockets.asyncio.client import connect

from app.core.event import unpack
from bench import interpreter
from bench.table import milliseconds, ratio, show
from tests.conftest import start_server

PROGRAMS = {
    "print": "print('hello')\n",
    "a thread": "import threading\nthread = threading.Thread(target=print)\nthread.start()\nthread.join()\n",
    "asyncio": "import asyncio\nasyncio.run(asyncio.sleep(0))\n",
}


async def first_event_s(client: httpx.AsyncClient, url: str, source: str) -> float:
    """Seconds from the request to the first event at a viewer; then waits for the run's end."""
    start = time.perf_counter()
    run = (await client.post("/api/runs", json={"source": source})).raise_for_status().json()["id"]
    first = 0.0
    async with connect(f"{url}/api/runs/{run}/stream") as socket:
        async for frame in socket:
            if not first and isinstance(frame, bytes) and len(unpack(frame)[0].events):
                first = time.perf_counter() - start
    return first


def bare_s(python: Path, source: str) -> float:
    """Seconds that a bare interpreter takes for the whole program."""
    start = time.perf_counter()
    subprocess.run([python, "-c", source], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


async def measure(url: str, socket_url: str, python: Path, pairs: int) -> list[tuple[str, ...]]:
    """A row for every program."""
    rows = []
    async with httpx.AsyncClient(base_url=url) as client:
        for title, source in PROGRAMS.items():
            ours, bare = [], []
            for _ in range(pairs + 1):
                ours.append(await first_event_s(client, socket_url, source))
                bare.append(await asyncio.to_thread(bare_s, python, source))
            rows.append((title, milliseconds(bare[1:]), milliseconds(ours[1:]), ratio(ours[1:], bare[1:])))
    return rows


def main(pairs: int) -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        server = start_server(Path(folder) / "runs")
        try:
            rows = asyncio.run(measure(server.url, server.socket_url, interpreter.bare(Path(folder)), pairs))
        finally:
            server.stop()
    show(
        f"Click → first event, {pairs} pairs: median (least–most)",
        ("program", "bare, whole program", "Interleave, first event", "ratio"),
        rows,
    )
