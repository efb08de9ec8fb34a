"""The flight log's bytes, taken apart strictly: they are a stranger's testimony (docs/trace-format.md)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from app.core.event import Column, Events
from app.tracer import wire

RECORD = np.dtype(
    [
        ("kind", "u1"),
        ("flags", "u1"),
        ("n", "<u2"),
        ("obj", "<u4"),
        ("t", "<u8"),
        ("arg", "<u8"),
        ("lane", "<u4"),
        ("place", "<u4"),
    ]
)
CELL = np.dtype([("t", "<u8"), ("lane", "<u4"), ("obj", "<u4")])

MAX_LANES = 20_000
MAX_RESOURCES = 200_000
MAX_PLACES = 50_000
SLACK_NS = 1_000_000

_LEGAL: dict[int, set[int]] = {
    wire.LANE: {kind | extra for kind in range(3) for extra in (0, 16, 32, 48)},
    wire.STATE: {state | extra for state in range(1, 5) for extra in (0, 16)},
    wire.STEP: set(range(5)),
    wire.END: set(range(1, 7)),
    wire.RESOURCE: set(range(1, 17)),
    wire.HOLD: {0, 16},
    wire.LEVEL: {0},
    wire.ACT: set(range(1, 5)),
    wire.MARK: set(range(1, 6)),
    wire.OUTPUT: {1, 2, 17, 18},
    wire.PLACE: {0, 1},
    wire.NAME: {0},
    wire.CPU: {0, 16},
    wire.STAT: {wire.TRACER_NS, wire.IN_C, wire.IN_PYTHON},
}
LEGAL = np.zeros((256, 256), dtype=bool)
for _kind, _flags in _LEGAL.items():
    LEGAL[_kind, sorted(_flags)] = True

WITH_RESOURCE = np.isin(np.arange(256), [wire.STATE, wire.STEP, wire.RESOURCE, wire.HOLD, wire.LEVEL, wire.ACT])
NEEDS_RESOURCE = np.isin(np.arange(256), [wire.RESOURCE, wire.HOLD, wire.LEVEL, wire.ACT])
BY_LANE = np.isin(np.arange(256), [wire.LANE, wire.STATE, wire.END])
AS_IT_IS = np.isin(np.arange(256), [wire.LEVEL, wire.ACT, wire.CPU, wire.STAT, wire.PLACE])
TARGETED = np.isin(np.arange(256), [wire.JOIN, wire.TASK_WAIT, wire.CHILD])


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Records as the log has them, each with where it stood (segment and slot) and its text (b"" for none)."""

    raw: Column
    segment: Column
    slot: Column
    texts: list[bytes]

    def __len__(self) -> int:
        return len(self.raw)

    def written(self) -> Column:
        """When each record was written: merged records at their end."""
        merged = (self.raw["kind"] == wire.STEP) | (self.raw["kind"] == wire.HOLD)
        return np.where(merged, np.maximum(self.raw["t"], self.raw["arg"]), self.raw["t"])

    def take(self, picked: Column) -> Records:
        """The records at these indices, in this order."""
        texts = [self.texts[index] for index in picked.tolist()]
        return Records(self.raw[picked], self.segment[picked], self.slot[picked], texts)


NO_RECORDS = Records(np.empty(0, RECORD), np.empty(0, "<u4"), np.empty(0, "<u4"), [])


def join(parts: list[Records]) -> Records:
    """All records of these parts."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return NO_RECORDS
    return Records(
        np.concatenate([part.raw for part in parts]),
        np.concatenate([part.segment for part in parts]),
        np.concatenate([part.slot for part in parts]),
        [text for part in parts for text in part.texts],
    )


def record(kind: int, flags: int, t: int, lane: int, text: bytes, obj: int = 0, arg: int = 0) -> Records:
    """One record of the server's own making, behind all others of its time."""
    raw = np.array([(kind, flags, 0, obj, t, arg, lane, 0)], dtype=RECORD)
    return Records(raw, np.array([0xFFFFFFFF], "<u4"), np.array([0], "<u4"), [text])


def _number(column: Column) -> Column:
    """Which of these are possible numbers of lanes, resources or places."""
    index = column >> 24
    return (index >= 1) & (index <= wire.PROCESSES) & ((column & 0xFFFFFF) > 0)


def check(records: Records, now: int) -> tuple[Records, int]:
    """The records that can be true at this time (ns), and how many could not."""
    raw = records.raw
    kind, t, arg = raw["kind"], raw["t"], raw["arg"]
    latest = np.uint64(now + SLACK_NS)
    good = LEGAL[kind, raw["flags"]] & (t <= latest) & _number(raw["lane"])
    timed = (kind == wire.STEP) | ((kind == wire.HOLD) & (arg != 0))
    good &= ~timed | ((arg >= t) & (arg <= latest))
    good &= ~NEEDS_RESOURCE[kind] | _number(raw["obj"])
    if bool(good.all()):
        return records, 0
    return records.take(np.flatnonzero(good)), int(len(records) - np.count_nonzero(good))


class Table(dict[int, int]):
    """Small numbers by the log's numbers; several of the latter may share one."""

    def __init__(self, bound: int) -> None:
        super().__init__({0: 0})
        self.bound = bound
        self.used = 0

    def add(self, number: int) -> int:
        """This number's small number, a new one if it has none; 0 past the bound."""
        found = self.get(number)
        if found is None and self.used < self.bound:
            self.used += 1
            found = self[number] = self.used
        return found or 0


@dataclass(slots=True)
class Numbering:
    """Gives lanes, resources and places small numbers from 1 in order of first sight; 0 stays 0.

    Numbers that mean the same process (its pid) or the same resource (its key) get one small number. `pids` and `tids`
    are the small numbers of processes, and of threads with their processes, by what the kernel calls them inside the
    box. What is past the bounds becomes 0; events of such a lane are left out and counted in `dropped`.
    """

    zero: int
    lanes: Table = field(default_factory=lambda: Table(MAX_LANES))
    resources: Table = field(default_factory=lambda: Table(MAX_RESOURCES))
    places: Table = field(default_factory=lambda: Table(MAX_PLACES))
    pids: dict[int, int] = field(default_factory=dict)
    tids: dict[int, tuple[int, int]] = field(default_factory=dict)
    keys: dict[int, int] = field(default_factory=dict)
    dropped: int = 0

    def events(self, records: Records) -> Events:
        """The records, in their order, as events."""
        raw = records.raw
        kind = raw["kind"]
        low, high = (raw["arg"] & 0xFFFFFFFF).astype("<u4"), (raw["arg"] >> 32).astype("<u4")
        by = np.where(BY_LANE[kind], low, 0).astype("<u4")
        targeted = (kind == wire.RESOURCE) & TARGETED[raw["flags"]]
        by = np.where(targeted, low, by)
        self._same_processes(raw, high)
        self._same_resources(raw, targeted)
        is_lane = kind == wire.LANE
        parent = np.where(is_lane, raw["obj"], 0).astype("<u4")
        lanes = self._map(self.lanes, np.stack([raw["lane"], parent, by], axis=1))
        resource = self._map(self.resources, np.where(WITH_RESOURCE[kind], raw["obj"], 0).astype("<u4"))
        self._threads(raw, high, lanes)
        is_place = kind == wire.PLACE
        places = self._map(self.places, np.stack([raw["place"], np.where(is_place, raw["obj"], 0)], axis=1))
        obj = np.where(is_lane, lanes[:, 1], resource)
        obj = np.where(kind == wire.END, raw["obj"], np.where(is_place, places[:, 1], obj))
        end = np.where(AS_IT_IS[kind], raw["arg"], 0).astype("<f8")
        end = np.where(is_lane, high, end)
        merged = (kind == wire.STEP) | ((kind == wire.HOLD) & (raw["arg"] != 0))
        end = np.where(merged, np.maximum(self.since_zero(raw["arg"]), 1), end)
        texts = records.texts
        events = Events(
            t=self.since_zero(raw["t"]),
            end=end,
            lane=lanes[:, 0],
            obj=obj.astype("<u4"),
            by=lanes[:, 2],
            place=places[:, 0],
            text=np.fromiter(map(len, texts), "<u4", len(texts)),
            kind=kind.copy(),
            flags=raw["flags"].copy(),
            texts=b"".join(texts),
        )
        known = np.flatnonzero(events.lane)
        self.dropped += len(events) - len(known)
        return events if len(known) == len(events) else events.take(known)

    def since_zero(self, t: Column) -> Column:
        """ns since zero, never below 0."""
        since: Column = np.maximum(t.astype("<i8") - self.zero, 0).astype("<f8")
        return since

    def gil(self, process: int) -> tuple[int, bool]:
        """The small number of a process's GIL, which is no resource of the log's, and whether it is new."""
        key = 1 << 64 | process
        fresh = key not in self.keys
        if fresh:
            self.keys[key] = self.resources.add(key)
        return self.keys[key], fresh

    def _threads(self, raw: Column, tids: Column, lanes: Column) -> None:
        threads = np.flatnonzero((raw["kind"] == wire.LANE) & ((raw["flags"] & 15) == wire.THREAD) & (tids > 0))
        for index in threads.tolist():
            self.tids[int(tids[index])] = int(lanes[index, 0]), int(lanes[index, 1])

    def _same_processes(self, raw: Column, pids: Column) -> None:
        processes = np.flatnonzero((raw["kind"] == wire.LANE) & ((raw["flags"] & 15) == wire.PROCESS) & (pids > 0))
        for index in processes.tolist():
            number, pid = int(raw["lane"][index]), int(pids[index])
            known = self.pids.get(pid)
            if known is None:
                self.pids[pid] = self.lanes.add(number)
            else:
                self.lanes.setdefault(number, known)

    def _same_resources(self, raw: Column, targeted: Column) -> None:
        keyed = np.flatnonzero((raw["kind"] == wire.RESOURCE) & ~targeted & (raw["arg"] != 0))
        for index in keyed.tolist():
            number, key = int(raw["obj"][index]), int(raw["arg"][index])
            known = self.keys.get(key)
            if known is None:
                self.keys[key] = self.resources.add(number)
            else:
                self.resources.setdefault(number, known)

    @staticmethod
    def _map(table: Table, numbers: Column) -> Column:
        """The small numbers of these, new ones in order of first sight (row by row)."""
        unique, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
        small = np.zeros(len(unique), "<u4")
        for index in np.argsort(first, kind="stable").tolist():
            small[index] = table.add(int(unique[index]))
        mapped: Column = small[inverse.reshape(-1)].reshape(numbers.shape)
        return mapped
