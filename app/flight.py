"""Reading a flight log while a program writes it: what is new at each look, within the server's own sizes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from app.core.event import Column
from app.core.log import MERGED, RECORD, Records, join
from app.tracer import wire

HOLE_NS = 250_000_000
SCAN_NS = 250_000_000
"""How often the table is looked at although its hint has not moved: a program may forge that, or die before it."""
SLOTS = wire.SEGMENT // wire.SLOT
PEEK = 64
"""How many slots are read where there may be nothing new; there is more behind them when the last one is used."""
MOST = 1 << 16
"""How many records are taken at a time: what bounds the memory of a look."""
MOST_CELLS = 64
"""How many segments of cells are looked at: enough for every lane and resource that a run may have."""


@dataclass(slots=True)
class Segment:
    """How far one segment is read: `slot`, at the time `since`; `hole_since`: when the hole that is there was seen."""

    kind: int
    offset: int
    since: int
    slot: int = 0
    hole_since: int = 0


class Cells:
    """The used part of a segment of cells as it was at the last look, and of each cell the time that was told."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.data = bytearray(64 * wire.CELL)
        self.told = np.zeros(wire.SEGMENT // wire.CELL, "<u8")
        self.settled = False


@dataclass(slots=True)
class FlightLog:
    """A log of `size` bytes behind descriptor `fd`, of which each `look` gives what was not seen yet."""

    fd: int
    size: int
    ahead: int = 0
    """What is to be added to its times, in ns: under gVisor a program has a clock of its own."""
    segments: dict[int, Segment] = field(default_factory=dict)
    cells: dict[int, Cells] = field(default_factory=dict)
    full: set[int] = field(default_factory=set)
    hint: bytes = b""
    scanned: int = 0

    def look(self, now: int, *, final: bool = False) -> Iterator[tuple[Records, int]]:
        """Records committed since the last look, some at a time, each time with the time up to which there are no more.

        `now` is the time in ns; `final`: nobody writes any more, no hole will be filled. Nothing where nothing is new.
        """
        hint = self._read(wire.HINT_AT, 8)
        if final or hint != self.hint or now - self.scanned > SCAN_NS:
            self.hint, self.scanned = bytes(hint), now
            self._scan(now)
        found: list[Records] = []
        taken = 0
        for index, segment in sorted(self.segments.items(), key=lambda item: item[1].since):
            if taken >= MOST:
                yield join(found), segment.since
                found, taken = [], 0
            records = self._segment(index, segment, now, final)
            if records is not None:
                found.append(records)
                taken += len(records)
            segment.since = now
            if segment.slot >= SLOTS:
                self.full.add(index)
                del self.segments[index]
        if found:
            yield join(found), now

    def open_cells(self, *, final: bool = False) -> list[tuple[int, int, int]]:
        """Open cells (t, lane, obj) that were open at the last call too and are new; with `final`, all that are new."""
        return sorted(cell for cells in self.cells.values() for cell in self._open_cells(cells, final))

    def lost(self) -> int:
        """How many records the program could not write because the log was full."""
        words = np.frombuffer(self._read(wire.PROCESS_AT, wire.PROCESSES * 16), "<u8").reshape(-1, 2)
        return int(np.minimum(words[:, 1], 1 << 32).sum())

    def _read(self, offset: int, size: int) -> bytearray:
        """These bytes of the log; zeros where the program has cut it off."""
        data = bytearray(size)
        os.preadv(self.fd, [data], offset)
        return data

    def _scan(self, now: int) -> None:
        """Find the segments that were claimed."""
        count, first = wire.layout(self.size)
        table = np.frombuffer(self._read(wire.TABLE_AT, count * wire.ENTRY), "<u8").reshape(-1, 4)
        for index in np.flatnonzero(table[:, 0]).tolist():
            if index in self.segments or index in self.cells or index in self.full:
                continue
            since, kind = table[index, 2:].tolist()
            if kind in (wire.RECORDS, wire.TEXTS):
                since = min(since + self.ahead, now)
                self.segments[index] = Segment(kind, first + index * wire.SEGMENT, since)
            elif kind == wire.CELLS and len(self.cells) < MOST_CELLS:
                self.cells[index] = Cells(first + index * wire.SEGMENT)

    def _open_cells(self, cells: Cells, final: bool) -> list[tuple[int, int, int]]:
        data = self._read(cells.offset, wire.SEGMENT if final else len(cells.data))
        while len(data) < wire.SEGMENT and data.count(0, len(data) // 2) < len(data) // 2:
            # They are used from the first on: while there are some in the second half, there may be more behind it.
            data = self._read(cells.offset, 2 * len(data))
        same = data == cells.data
        if same and cells.settled and not final:
            return []
        now = np.frombuffer(data, "<u8").reshape(-1, 2)
        told = cells.told[: len(now)]
        fresh = (now[:, 0] != 0) & (now[:, 0] != told)
        if not final:
            last = np.frombuffer(cells.data.ljust(len(data), b"\0"), "<u8").reshape(-1, 2)
            fresh &= (now == last).all(axis=1)
        told[fresh] = now[fresh, 0]
        cells.data, cells.settled = data, same
        return [(t + self.ahead, word & 0xFFFFFFFF, word >> 32) for t, word in now[fresh].tolist()]

    def _segment(self, index: int, segment: Segment, now: int, final: bool) -> Records | None:
        left = SLOTS - segment.slot
        at = segment.offset + segment.slot * wire.SLOT
        data = self._read(at, (left if final else min(PEEK, left)) * wire.SLOT)
        if not any(data[:: wire.SLOT]):
            return None
        if (data[-wire.SLOT] or segment.kind == wire.TEXTS) and len(data) < left * wire.SLOT:
            data = self._read(at, left * wire.SLOT)
        raw = np.frombuffer(data, RECORD)
        committed = raw["kind"] != 0
        if not committed[0]:
            segment.hole_since = segment.hole_since or now
            if not final and now - segment.hole_since < HOLE_NS:
                return None
            hole = int(np.argmax(committed))
            segment.slot += hole
            raw, committed = raw[hole:], committed[hole:]
        segment.hole_since = 0
        if segment.kind == wire.TEXTS:
            return self._texts(index, segment, raw, committed)
        n = len(raw) if committed.all() else int(np.argmin(committed))
        raw = raw[:n]
        raw["n"] = 0
        slots = np.arange(segment.slot, segment.slot + n, dtype="<u8")
        segment.slot += n
        self._set_clock(raw)
        return Records(raw, slots | np.uint64(index << 32))

    def _set_clock(self, raw: Column) -> None:
        if self.ahead:
            raw["t"] += np.uint64(self.ahead)
            raw["arg"] += np.where(MERGED[raw["kind"]] & (raw["arg"] > 0), np.uint64(self.ahead), np.uint64(0))

    def _texts(self, index: int, segment: Segment, raw: Column, committed: Column) -> Records:
        data = raw.tobytes()
        heads: list[int] = []
        texts = []
        at = 0
        while at < len(raw) and committed[at]:
            size = min(int(raw["n"][at]), wire.MAX_TEXT)
            heads.append(at)
            texts.append(data[(at + 1) * wire.SLOT : (at + 1) * wire.SLOT + size])
            at += 1 + -(-size // wire.SLOT)
        found = raw[heads]
        found["n"] = list(map(len, texts))
        slots = np.array(heads, "<u8") + np.uint64(segment.slot)
        segment.slot += at
        self._set_clock(found)
        return Records(found, slots | np.uint64(index << 32), b"".join(texts))
