"""Steady traffic: how many of the runs find a warm box, and how soon their first event is there, at several rates."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np

from bench.first import PROGRAMS, first_event_s, warmed
from bench.table import show
from tests.conftest import Server, start_server

RATES = (2, 5, 10, 20)
"""Runs a second; they come at random, independently of each other."""
SECONDS = 10
SETTLING_S = 3
"""Until what was there before is used up: not counted."""


async def given(client: httpx.AsyncClient) -> np.ndarray:
    """How many boxes were given so far, warm and cold."""
    metrics = (await client.get("/metrics")).text
    found = (re.search(rf'boxes_total{{warm="{warm}"}} (\S+)', metrics) for warm in ("true", "false"))
    return np.array([float(one[1]) if one else 0 for one in found])


async def measure(server: Server, rate: int, seed: int) -> tuple[float, list[float]]:
    """The share of warm boxes, and the seconds that each run took to its first event."""
    dice = random.Random(seed)
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client, asyncio.TaskGroup() as group:
        await warmed(client)

        async def traffic(seconds: float) -> list[asyncio.Task[float]]:
            end = asyncio.get_running_loop().time() + seconds
            begun = []
            while asyncio.get_running_loop().time() < end:
                begun.append(group.create_task(first_event_s(client, server.socket_url, PROGRAMS["a thread"])))
                await asyncio.sleep(dice.expovariate(rate))
            return begun

        await traffic(SETTLING_S)
        before = await given(client)
        took = list(await asyncio.gather(*await traffic(SECONDS)))
        warm, cold = await given(client) - before
    return warm / (warm + cold), took


def main(rounds: int) -> None:
    """Measure and print."""
    found: dict[int, list[tuple[float, list[float]]]] = {rate: [] for rate in RATES}
    with TemporaryDirectory() as name:
        server = start_server(Path(name) / "runs", QUEUE_PER_CLIENT="1000", QUEUE="1000")
        try:
            for turn in range(rounds):
                for rate in RATES:
                    found[rate].append(asyncio.run(measure(server, rate, turn)))
        finally:
            server.stop()
    rows = []
    for rate, rounds_of_it in found.items():
        took = [seconds for _, times in rounds_of_it for seconds in times]
        p50, p90, p99 = np.percentile(took, (50, 90, 99)) * 1000
        warm = np.mean([share for share, _ in rounds_of_it])
        rows.append((f"{rate}", f"{len(took)}", f"{warm:.0%}", f"{p50:.0f} / {p90:.0f} / {p99:.0f} ms"))
    show(
        f"Steady traffic, {rounds} rounds of {SECONDS} s",
        ("runs/s", "runs", "warm", "first event, p50 / p90 / p99"),
        rows,
    )
