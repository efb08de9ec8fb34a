"""Reading a flight log while a program writes it: what is new at each look, within the server's own sizes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import numpy as np

from app.core.event import Column
from app.core.log import CELL, NO_RECORDS, RECORD, Records, join
from app.tracer import wire

HOLE_NS = 250_000_000
SLOTS = wire.SEGMENT // wire.SLOT
PEEK = 8 * wire.SLOT


@dataclass(slots=True)
class Segment:
    """How far one segment is read; `hole_since` is when an uncommitted slot with something behind it was first seen."""

    kind: int
    offset: int
    slot: int = 0
    hole_since: int = 0


@dataclass(slots=True)
class FlightLog:
    """A log of `size` bytes behind descriptor `fd`, of which each `look` gives what was not seen yet."""

    fd: int
    size: int
    segments: dict[int, Segment] = field(default_factory=dict)
    cells: dict[int, bytes] = field(default_factory=dict)
    seen_cells: set[tuple[int, int, int, int]] = field(default_factory=set)
    told_cells: set[tuple[int, int, int, int]] = field(default_factory=set)

    def look(self, now: int, *, final: bool = False) -> Records:
        """Records committed since the last look. `now` (ns) only ages holes; `final`: none will be filled."""
        count, first = wire.layout(self.size)
        if os.fstat(self.fd).st_size < self.size:
            return NO_RECORDS
        table = np.frombuffer(self._read(wire.TABLE_AT, count * wire.ENTRY), "<u8").reshape(-1, 4)
        for index in np.flatnonzero(table[:, 0]).tolist():
            if index not in self.segments and int(table[index, 3]) in (wire.RECORDS, wire.TEXTS, wire.CELLS):
                self.segments[index] = Segment(int(table[index, 3]), first + index * wire.SEGMENT)
        found = []
        for index, segment in self.segments.items():
            if segment.kind != wire.CELLS and segment.slot < SLOTS:
                found.append(self._segment(index, segment, now, final))
        return join(found)

    def open_cells(self, *, final: bool) -> list[tuple[int, int, int]]:
        """Open cells (t, lane, obj) that were open at the last call too and are new; with `final`, all that are new."""
        now_open = {
            (index, position, int(cell["t"]), int(cell["lane"]) | int(cell["obj"]) << 32)
            for index, segment in self.segments.items()
            if segment.kind == wire.CELLS
            for position, cell in self._cells(segment)
        }
        fresh = (now_open if final else now_open & self.seen_cells) - self.told_cells
        self.told_cells = (self.told_cells & now_open) | fresh
        self.seen_cells = now_open
        return sorted((t, word & 0xFFFFFFFF, word >> 32) for _, _, t, word in fresh)

    def lost(self) -> int:
        """How many records the program could not write because the log was full."""
        words = np.frombuffer(self._read(wire.PROCESS_AT, wire.PROCESSES * 16), "<u8").reshape(-1, 2)
        return int(np.minimum(words[:, 1], 1 << 32).sum())

    def _read(self, offset: int, size: int) -> bytes:
        data = os.pread(self.fd, size, offset)
        return data.ljust(size, b"\0")

    def _cells(self, segment: Segment) -> list[tuple[int, Column]]:
        cells = np.frombuffer(self._read(segment.offset, wire.SEGMENT), CELL)
        return [(position, cells[position]) for position in np.flatnonzero(cells["t"]).tolist()]

    def _segment(self, index: int, segment: Segment, now: int, final: bool) -> Records:
        at = segment.offset + segment.slot * wire.SLOT
        if not any(self._read(at, min(PEEK, segment.offset + wire.SEGMENT - at))[:: wire.SLOT]):
            return NO_RECORDS
        raw = np.frombuffer(self._read(at, segment.offset + wire.SEGMENT - at), RECORD)
        committed = raw["kind"] != 0
        if not committed[0]:
            segment.hole_since = segment.hole_since or now
            if not final and now - segment.hole_since < HOLE_NS:
                return NO_RECORDS
            hole = int(np.argmax(committed))
            segment.slot += hole
            raw, committed = raw[hole:], committed[hole:]
        segment.hole_since = 0
        if segment.kind == wire.TEXTS:
            return self._texts(index, segment, raw, committed)
        n = len(raw) if committed.all() else int(np.argmin(committed))
        slots = np.arange(segment.slot, segment.slot + n, dtype="<u4")
        segment.slot += n
        return Records(raw[:n].copy(), np.full(n, index, "<u4"), slots, [b""] * n)

    @staticmethod
    def _texts(index: int, segment: Segment, raw: Column, committed: Column) -> Records:
        data = raw.tobytes()
        heads: list[int] = []
        texts = []
        at = 0
        while at < len(raw) and committed[at]:
            size = min(int(raw["n"][at]), wire.MAX_TEXT)
            heads.append(at)
            texts.append(data[(at + 1) * wire.SLOT : (at + 1) * wire.SLOT + size])
            at += 1 + -(-size // wire.SLOT)
        slots = np.array([segment.slot + head for head in heads], "<u4")
        segment.slot += at
        return Records(raw[heads].copy(), np.full(len(heads), index, "<u4"), slots, texts)
