"""Events and chunks: the columns that go from the recorder to the pixel (docs/trace-format.md)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.errors import BadRecord

CHUNK_MAGIC = b"ILV1"
CHUNK_VERSION = 1
HEADER = struct.Struct("<4sHHIIIId")
BYTES_PER_EVENT = 38
MAX_EVENTS = 1 << 20
MAX_TEXT_BYTES = 1 << 24

COLUMNS: tuple[tuple[str, str], ...] = (
    ("t", "<f8"),
    ("end", "<f8"),
    ("lane", "<u4"),
    ("obj", "<u4"),
    ("by", "<u4"),
    ("place", "<u4"),
    ("text", "<u4"),
    ("kind", "u1"),
    ("flags", "u1"),
)

Column = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """n events as columns: t and end in ns since the run's zero, `text` the length in bytes of each event's own text.

    `texts` holds those texts, UTF-8, one after the other.
    """

    t: Column
    end: Column
    lane: Column
    obj: Column
    by: Column
    place: Column
    text: Column
    kind: Column
    flags: Column
    texts: bytes = b""

    def __len__(self) -> int:
        return len(self.t)

    def text_of(self) -> dict[int, str]:
        """The texts by the index of their event, of those that have one."""
        found: dict[int, str] = {}
        at = 0
        for index in np.flatnonzero(self.text).tolist():
            size = int(self.text[index])
            found[index] = self.texts[at : at + size].decode("utf-8", "replace")
            at += size
        return found

    def take(self, order: Column) -> Events:
        """The events in this order (indices)."""
        columns = (getattr(self, name)[order] for name, _ in COLUMNS)
        return of_columns(columns, texts_in_order(self.texts, self.text, order))


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """A numbered piece of a trace; the run is `known` up to that time; `late` of its events are out of order."""

    seq: int
    known: float
    late: int
    events: Events


def of_columns(columns: Iterable[Column], texts: bytes) -> Events:
    """Events from columns in the order of COLUMNS."""
    t, end, lane, obj, by, place, text, kind, flags = columns
    return Events(t, end, lane, obj, by, place, text, kind, flags, texts)


NO_EVENTS = of_columns((np.empty(0, kind) for _, kind in COLUMNS), b"")


def texts_in_order(texts: bytes, sizes: Column, order: Column) -> bytes:
    """Texts that lie one after the other, `sizes` bytes each, in another order (indices)."""
    if not texts:
        return b""
    ends = np.cumsum(sizes, dtype=np.int64)
    order = order[sizes[order] > 0]
    places = zip(ends[order].tolist(), sizes[order].tolist(), strict=True)
    return b"".join(texts[end - size : end] for end, size in places)


def events_of(rows: list[tuple[Any, ...]]) -> Events:
    """Events from rows (t, end, lane, obj, by, place, text: str, kind, flags)."""
    if not rows:
        return NO_EVENTS
    texts = [str(row[6]).encode("utf-8", "replace") for row in rows]
    columns = [
        np.array([len(texts[i]) if name == "text" else row[column] for i, row in enumerate(rows)], dtype=kind)
        for column, (name, kind) in enumerate(COLUMNS)
    ]
    return of_columns(columns, b"".join(texts))


def concatenate(parts: list[Events]) -> Events:
    """All events of these parts, in order."""
    parts = [part for part in parts if len(part)]
    if len(parts) < 2:
        return parts[0] if parts else NO_EVENTS
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name, _ in COLUMNS)
    return of_columns(columns, b"".join(part.texts for part in parts))


def pack(chunk: Chunk) -> bytes:
    """The chunk's bytes."""
    events = chunk.events
    head = HEADER.pack(
        CHUNK_MAGIC, CHUNK_VERSION, HEADER.size, len(events), len(events.texts), chunk.seq, chunk.late, chunk.known
    )
    body = b"".join(getattr(events, name).astype(kind, copy=False).tobytes() for name, kind in COLUMNS)
    whole = head + body + events.texts
    return whole + bytes(-len(whole) % 8)


def unpack(data: bytes, at: int = 0) -> tuple[Chunk, int]:
    """The chunk that begins at this offset, and the offset behind it. Raises BadRecord for anything else."""
    if len(data) - at < HEADER.size:
        raise BadRecord("a chunk is shorter than its header")
    magic, version, header, n, text_bytes, seq, late, known = HEADER.unpack_from(data, at)
    if magic != CHUNK_MAGIC or version != CHUNK_VERSION or header != HEADER.size:
        raise BadRecord(f"not a chunk of version {CHUNK_VERSION}")
    size = HEADER.size + BYTES_PER_EVENT * n + text_bytes
    size += -size % 8
    if n > MAX_EVENTS or text_bytes > MAX_TEXT_BYTES or len(data) - at < size:
        raise BadRecord("a chunk's lengths do not fit its bytes")
    columns = []
    position = at + HEADER.size
    for _, kind in COLUMNS:
        column = np.frombuffer(data, dtype=kind, count=n, offset=position)
        columns.append(column)
        position += column.nbytes
    events = of_columns(columns, bytes(data[position : position + text_bytes]))
    if int(events.text.sum(dtype=np.int64)) != text_bytes:
        raise BadRecord("a chunk's texts do not fit their lengths")
    return Chunk(seq, known, late, events), at + size


def unpack_all(data: bytes) -> Iterator[Chunk]:
    """Every chunk of these concatenated bytes."""
    at = 0
    while at < len(data):
        chunk, at = unpack(data, at)
        yield chunk


def merged(chunks: list[Chunk]) -> Events:
    """All events of the chunks in the order (t, position)."""
    events = concatenate([chunk.events for chunk in chunks])
    order = np.argsort(events.t, kind="stable")
    return events if bool((order[1:] > order[:-1]).all()) else events.take(order)
