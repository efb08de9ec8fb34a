"""A trace's events as lines of JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from app.core.event import unpack_all
from app.tracer import wire

MEDIA_TYPE = "application/jsonl"
NAMES = (
    *("lane", "state", "step", "end", "resource", "hold", "level"),
    *("act", "mark", "output", "place", "name", "cpu", "stat"),
)
KINDS = {getattr(wire, name.upper()): name for name in NAMES}
FIELDS = ("t", "end", "lane", "obj", "by", "place", "flags")


async def lines(pages: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The events of these pages of chunks, one object a line, each page written in a worker thread."""
    async for page in pages:
        yield await asyncio.to_thread(lambda data: b"".join(_lines(data)), page)


def _lines(page: bytes) -> Iterator[bytes]:
    for chunk in unpack_all(page):
        texts = chunk.events.text_of()
        kinds = chunk.events.kind.tolist()
        columns = [getattr(chunk.events, name).tolist() for name in FIELDS]
        for index, (kind, *values) in enumerate(zip(kinds, *columns, strict=True)):
            event: dict[str, object] = {"kind": KINDS.get(kind, kind)}
            event |= {name: round(value) for name, value in zip(FIELDS, values, strict=True) if value or name == "t"}
            if index in texts:
                event["text"] = texts[index]
            yield json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
