"""`python -m bench.feeder CHUNKS RATE`: a server whose every run is a recorded one, fed at so many events a second.

Store, sockets and page are the real ones. In the recorder's place this appends what is in the file, a chunk every 20 ms,
its times moved so that events come evenly and are told as they happen. The run's outcome tells its zero: `time.time_ns()`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from app import __main__, main
from app.core.event import Chunk, Events, merged, pack, unpack_all
from app.core.run import Dropped, Kind, Outcome
from app.store import Lease, Store
from app.tracer import wire

EVERY_S = 0.02


def paced(data: bytes, rate: float) -> Events:
    """The events of these chunks, one every 1 / rate s; what ended as another event came still ends with it."""
    events = merged(list(unpack_all(data)))
    then = np.arange(len(events)) * (1e9 / rate)
    ends = np.isin(events.kind, (wire.STEP, wire.HOLD)) & (events.end > 0)
    return replace(events, t=then, end=np.where(ends, np.interp(events.end, events.t, then), events.end))


class Feeder:
    """Stands where the recorder does."""

    def __init__(self, events: Events, store: Store, _: object, *, boxes: int) -> None:
        del boxes
        self._events = events
        self._store = store

    async def run_forever(self) -> None:
        """Feed every run that is submitted, one after the other."""
        async with self._store.listen("queue") as bell:
            while True:
                lease = await self._store.claim()
                if lease is None:
                    await bell.wait()
                else:
                    await self._feed(lease)

    async def stop(self, run_id: str) -> bool:
        """Nothing is stopped here."""
        del run_id
        return False

    async def _feed(self, lease: Lease) -> None:
        zero, fed, seq = time.time_ns(), 0, 0
        while fed < len(self._events):
            await asyncio.sleep(EVERY_S)
            now = float(time.time_ns() - zero)
            until = int(np.searchsorted(self._events.t, now))
            seq += 1
            chunk = Chunk(seq, now, 0, self._events.take(np.arange(fed, until)))
            await self._store.append(lease, seq, pack(chunk), until - fed)
            fed = until
        outcome = Outcome(Kind.completed, exit_code=0, detail=str(zero))
        wall = time.time_ns() - zero
        await self._store.finish(lease, outcome, wall_ns=wall, cpu_ns=wall, dropped=Dropped(), events=fed)


if __name__ == "__main__":
    main.Recorder = partial(Feeder, paced(Path(sys.argv[1]).read_bytes(), float(sys.argv[2])))  # type: ignore[assignment, misc]
    __main__.main(["serve"])
