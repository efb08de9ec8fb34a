"""Programs whose recorded runs are looked at, and a server with room for them."""

from __future__ import annotations

from pathlib import Path

import httpx

from bench.server import finished
from tests.conftest import Server, start_server

WALL_NS = str(600 * 10**9)
LIMITS = {
    "LIMITS__EVENTS": "4000000",
    "LIMITS__WALL_NS": WALL_NS,
    "LIMITS__CPU_NS": WALL_NS,
    "LIMITS__PROCESSES": "256",
    "LIMITS__LOG_BYTES": str(512 << 20),
    "LIMITS__MEMORY_BYTES": str(1 << 30),
}
THREADS = """
import queue, threading
def echo(there, back):
    while (item := there.get()) is not None:
        back.put(item)
def ask(there, back):
    for item in range({turns}):
        there.put(item)
        back.get()
    there.put(None)
threads = []
for _ in range({pairs}):
    there, back = queue.Queue(), queue.Queue()
    threads += [threading.Thread(target=work, args=(there, back)) for work in (echo, ask)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
TASKS = """
import asyncio
async def work(gate):
    for turn in range({turns}):
        await asyncio.sleep(0)
        if turn % 10 == 0:
            async with gate:
                await asyncio.sleep(0.0001)
async def main():
    gates = [asyncio.Lock() for _ in range(10)]
    await asyncio.gather(*(work(gates[number % 10]) for number in range({tasks})))
asyncio.run(main())
"""
PROCESSES = """
import multiprocessing, queue, threading
def work():
    there, back = queue.Queue(), queue.Queue()
    def echo():
        while (item := there.get()) is not None:
            back.put(item)
    thread = threading.Thread(target=echo)
    thread.start()
    for item in range(10_000):
        there.put(item)
        back.get()
    there.put(None)
    thread.join()
if __name__ == "__main__":
    children = [multiprocessing.Process(target=work) for _ in range(8)]
    for child in children:
        child.start()
    for child in children:
        child.join()
"""
MANY = """
import asyncio
async def work(number):
    await asyncio.sleep(number % 100 / 100)
async def main():
    await asyncio.gather(*(work(number) for number in range(10_000)))
asyncio.run(main())
"""
PROGRAMS = {
    "100 threads": THREADS.format(pairs=50, turns=1650),
    "500 tasks": TASKS.format(tasks=500, turns=900),
    "8 processes": PROCESSES,
    "10,000 lanes": MANY,
}


def start(folder: Path) -> Server:
    """A server that takes what these programs need."""
    return start_server(folder, **LIMITS)


def record(url: str, title: str) -> dict[str, object]:
    """The run of a program, once it is recorded."""
    with httpx.Client(base_url=url, timeout=600) as client:
        return finished(client, PROGRAMS[title])


def fetch(url: str, run: object, what: str) -> bytes:
    """A part of a run as the interface gives it."""
    return httpx.get(f"{url}/api/runs/{run}/{what}", timeout=600).raise_for_status().content
