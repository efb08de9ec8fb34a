"""Measure what the tracer spends on a record of each kind; run by the interpreter whose boxes will have this tracer.

    python -I -S calibration.py SITE LOG

Does the same work bare and, in another process, under the tracer in SITE, which writes the flight log LOG; prints as
JSON how much more CPU time, in ns, a record of each kind stands for: its share of all that the tracer does there, by
the very code that runs in a program. Both work at the same time, in many small batches, each kind of work in its turn,
and the quickest batch counts: what the others took longer is the machine's.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

ROUNDS, BATCHES = 20, 50
LOG_BYTES = 4 << 20

Work = Callable[[], Awaitable[None]]


def works() -> tuple[Work, ...]:
    """Work that a running task can do; each writes records of one more kind or two, and of those before."""
    lock = threading.Lock()
    pool = ThreadPoolExecutor(1)
    items: queue.SimpleQueue[int] = queue.SimpleQueue()

    async def hold() -> None:
        for _ in range(ROUNDS):
            with lock:
                pass

    async def give_way() -> None:
        for _ in range(ROUNDS):
            await asyncio.sleep(0)

    async def wait() -> None:
        for _ in range(ROUNDS):
            time.sleep(1e-9)  # noqa: ASYNC251 - what waits is this thread

    async def act() -> None:
        for item in range(ROUNDS):
            items.put(item)
            items.get()

    async def employ() -> None:
        jobs = [pool.submit(int) for _ in range(ROUNDS)]
        jobs[-1].result()

    async def start() -> None:
        for _ in range(ROUNDS):
            await asyncio.create_task(asyncio.sleep(0))

    return hold, give_way, wait, act, employ, start


def main(site: str, log: Path) -> None:
    """Measure and print."""
    sys.path.insert(0, site)
    wire: Any = import_module("interleave_tracer.wire")
    texts = (wire.LANE, wire.RESOURCE, wire.END, wire.PLACE, wire.NAME, wire.MARK, wire.CPU)
    kinds = ((wire.HOLD,), (wire.STEP,), (wire.STATE,), (wire.ACT, wire.LEVEL), (wire.JOB,), texts)
    ours, theirs = socket.socketpair()
    if not os.fork():
        theirs.recv(1)
        theirs.send(json.dumps(asyncio.run(quickest(works()))).encode())
        os._exit(0)
    log.write_bytes(wire.header(LOG_BYTES).ljust(LOG_BYTES, b"\0"))
    wire.LOG_PATH = str(log)
    import_module("interleave_tracer.start")
    doing = works()
    ours.send(b"!")
    traced = asyncio.run(quickest(doing))
    bare = json.loads(ours.recv(4096))
    written = asyncio.run(counted(doing, log, wire))
    costs: dict[int, float] = {}
    for own, before, after, found in zip(kinds, bare, traced, written, strict=True):
        known = sum(costs.get(kind, 0.0) * found[kind] for kind in found)
        each = max(0.0, after - before - known) / sum(found[kind] for kind in own)
        costs |= dict.fromkeys(own, each)
    os.write(1, json.dumps(costs).encode())
    os._exit(0)


async def quickest(doing: tuple[Work, ...]) -> list[int]:
    """The CPU time, in ns, that the quickest batch of each work took."""
    least = [sys.maxsize] * len(doing)
    for _ in range(BATCHES):
        for index, work in enumerate(doing):
            began = time.process_time_ns()
            await work()
            least[index] = min(least[index], time.process_time_ns() - began)
    return least


async def counted(doing: tuple[Work, ...], log: Path, wire: Any) -> list[Counter[int]]:
    """How many records of each kind a batch of each work writes."""
    found = []
    for work in doing:
        before = records(log, wire)
        await work()
        found.append(records(log, wire) - before)
    return found


def records(log: Path, wire: Any) -> Counter[int]:
    """How many records of each kind are in the log."""
    data = log.read_bytes()
    segments, first = wire.layout(LOG_BYTES)
    found: Counter[int] = Counter()
    for index in range(segments):
        at = first + index * wire.SEGMENT
        end = at + wire.SEGMENT
        kind = data[wire.TABLE_AT + index * wire.ENTRY + 24]
        while kind in (wire.RECORDS, wire.TEXTS) and at < end and data[at]:
            found[data[at]] += 1
            at += wire.SLOT * (1 + -(-int.from_bytes(data[at + 2 : at + 4], "little") // wire.SLOT))
    return found


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
