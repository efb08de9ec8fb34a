"""Folded timelines, their findings and exports as JSON, made in a worker thread and kept while they fit."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from app.core import chrome
from app.core.errors import NotYet
from app.core.event import Chunk, unpack_all
from app.core.findings import findings
from app.core.fold import fold
from app.core.run import Run, State
from app.core.timeline import Timeline, parts
from app.store import Store

SLICE = 1000
LIVE_BYTES = 4 << 20
"""Of a run that is on, so much of a trace is looked through: 100,000 events, in about half a second."""
LIVE_S = 1.0
"""For so long everybody who asks is told the same of a run that is on."""
MOST_LIVE = 200


class Timelines:
    """The timelines and findings of runs; at most `max_bytes` of those that have ended are kept, the last used ones."""

    def __init__(self, store: Store, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._clock = clock
        self._kept: OrderedDict[tuple[str, int, str], bytes] = OrderedDict()
        self._live: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._size = 0
        self._turn = asyncio.Semaphore(1)

    async def json(self, run: Run) -> bytes:
        """The timeline's fields as the inside of a JSON object, without `run`. Raises NotYet while the run is on."""
        return await self._ended(run, _folded)

    async def chrome(self, run: Run) -> bytes:
        """The timeline as Chrome trace events, gzipped. Raises NotYet while the run is on."""
        return await self._ended(run, _chrome)

    async def _ended(self, run: Run, make: Callable[[list[bytes], int | None], bytes]) -> bytes:
        if run.state not in (State.finished, State.lost):
            raise NotYet(f"the run is {run.state}; its timeline can be asked for when it has ended")
        async with self._turn:
            return await self._once(run, make)

    async def findings(self, run: Run) -> bytes:
        """The findings as the whole answer, of a run that is on those so far. Raises NotYet when that is too much."""
        async with self._turn:
            if run.state in (State.finished, State.lost):
                return await self._once(run, _found)
            at, body = self._live.get(run.id, (0.0, b""))
            if not body or self._clock() - at >= LIVE_S:
                body = await asyncio.to_thread(_found, await self._chunks(run.id, LIVE_BYTES), None, over=False)
                self._live[run.id] = self._clock(), body
                self._live.move_to_end(run.id)
                while len(self._live) > MOST_LIVE:
                    self._live.popitem(last=False)
            return body

    async def _once(self, run: Run, make: Callable[[list[bytes], int | None], bytes]) -> bytes:
        key = (run.id, run.epoch, make.__name__)
        if key not in self._kept:
            body = await asyncio.to_thread(make, await self._chunks(run.id), run.wall_ns)
            if len(body) > self._max_bytes:
                return body
            self._kept[key] = body
            self._size += len(body)
            while self._size > self._max_bytes:
                self._size -= len(self._kept.popitem(last=False)[1])
        self._kept.move_to_end(key)
        return self._kept[key]

    async def _chunks(self, run_id: str, most: int | None = None) -> list[bytes]:
        found: list[bytes] = []
        size = 0
        while page := await self._store.chunks(run_id, len(found)):
            found += [chunk for _, chunk in page]
            size += sum(len(chunk) for _, chunk in page)
            if most is not None and size > most:
                raise NotYet("the trace is too long to be looked through before the run has ended")
        return found


def _timeline(chunks: list[bytes], wall_ns: int | None, *, over: bool = True) -> Timeline:
    log: list[Chunk] = [chunk for data in chunks for chunk in unpack_all(data)]
    known = max([chunk.known for chunk in log], default=0.0)
    return fold(log, (known if wall_ns is None else float(wall_ns)) if over else None)


def _folded(chunks: list[bytes], wall_ns: int | None) -> bytes:
    timeline = _timeline(chunks, wall_ns)
    whole = parts(timeline) | {"findings": [finding.to_json() for finding in findings(timeline)]}
    return b"{" + b",".join(f'"{name}":'.encode() + _encoded(value) for name, value in whole.items()) + b"}"


def _found(chunks: list[bytes], wall_ns: int | None, *, over: bool = True) -> bytes:
    timeline = _timeline(chunks, wall_ns, over=over)
    found = [finding.to_json() for finding in findings(timeline)]
    return _encoded({"findings": found, "known_ns": round(timeline.end_ns), "over": over})


def _chrome(chunks: list[bytes], wall_ns: int | None) -> bytes:
    """Never whole but as it is returned: the text is some twelve times as long."""
    stream = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    timeline = _timeline(chunks, wall_ns)
    found = [stream.compress(b'{"displayTimeUnit":"ns","viztracer_metadata":{},"traceEvents":[')]
    for index, part in enumerate(_slices(chrome.events(timeline, findings(timeline)))):
        found.append(stream.compress(b"," + part if index else part))
    return b"".join((*found, stream.compress(b"]}"), stream.flush()))


def _encoded(value: Any) -> bytes:
    """The value as JSON."""
    if isinstance(value, list | Iterator):
        return b"[" + b",".join(_slices(iter(value))) + b"]"
    return _json(value)


def _slices(items: Iterator[Any]) -> Iterator[bytes]:
    """The items as JSON with commas between, so many at a time: the encoder gives no thread a turn before its end."""
    while part := list(islice(items, SLICE)):
        yield _json(part)[1:-1]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
