"""Folded timelines as JSON, made in a worker thread and kept while they fit."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from typing import Any

from app.core.errors import NotYet
from app.core.event import Chunk, unpack_all
from app.core.findings import findings
from app.core.fold import fold
from app.core.run import Run, State
from app.core.timeline import to_json
from app.store import Store

SLICE = 1000


class Timelines:
    """The timelines of ended runs; at most `max_bytes` of them are kept, the last used ones."""

    def __init__(self, store: Store, max_bytes: int) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._size = 0
        self._turn = asyncio.Semaphore(1)

    async def json(self, run: Run) -> bytes:
        """The timeline's fields as the inside of a JSON object, without `run`. Raises NotYet while the run is on."""
        if run.state not in (State.finished, State.lost):
            raise NotYet(f"the run is {run.state}; its timeline can be asked for when it has ended")
        key = (run.id, run.epoch)
        async with self._turn:
            if key not in self._kept:
                body = await asyncio.to_thread(_folded, await self._chunks(run.id), run.wall_ns)
                if len(body) > self._max_bytes:
                    return body
                self._kept[key] = body
                self._size += len(body)
                while self._size > self._max_bytes:
                    self._size -= len(self._kept.popitem(last=False)[1])
            self._kept.move_to_end(key)
            return self._kept[key]

    async def _chunks(self, run_id: str) -> list[bytes]:
        found: list[bytes] = []
        while page := await self._store.chunks(run_id, len(found)):
            found += [chunk for _, chunk in page]
        return found


def _folded(chunks: list[bytes], wall_ns: int | None) -> bytes:
    parts: list[Chunk] = [chunk for data in chunks for chunk in unpack_all(data)]
    known = max([chunk.known for chunk in parts], default=0.0)
    timeline = fold(parts, known if wall_ns is None else float(wall_ns))
    whole = to_json(timeline) | {"findings": [finding.to_json() for finding in findings(timeline)]}
    return b"{" + b",".join(f'"{name}":'.encode() + _encoded(value) for name, value in whole.items()) + b"}"


def _encoded(value: Any) -> bytes:
    """The value as JSON, a long list in slices: the encoder gives no other thread a turn before it has finished."""
    if isinstance(value, list) and len(value) > SLICE:
        slices = (value[start : start + SLICE] for start in range(0, len(value), SLICE))
        return b"[" + b",".join(_encoded(part)[1:-1] for part in slices) + b"]"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
