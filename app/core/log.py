"""The flight log's bytes, taken apart strictly: they are a stranger's testimony (docs/trace-format.md)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from app.core.event import Column, Events, texts_in_order
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

MAX_LANES = 20_000
MAX_RESOURCES = 200_000
MAX_PLACES = 50_000
SLACK_NS = 1_000_000

_LEGAL: dict[int, set[int]] = {
    wire.LANE: {kind | extra for kind in range(3) for extra in (0, 16, 32, 48)},
    wire.STATE: {*(state | extra for state in range(1, 5) for extra in (0, 16)), wire.WAITING | wire.LIMITED},
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
    wire.JOB: set(range(1, 9)),
}
LEGAL = np.zeros((256, 256), dtype=bool)
for _kind, _flags in _LEGAL.items():
    LEGAL[_kind, sorted(_flags)] = True

NEEDS_RESOURCE = np.isin(np.arange(256), [wire.RESOURCE, wire.HOLD, wire.LEVEL, wire.ACT, wire.JOB])
WITH_RESOURCE = NEEDS_RESOURCE | np.isin(np.arange(256), [wire.STATE, wire.STEP])
BY_LANE = np.isin(np.arange(256), [wire.LANE, wire.STATE, wire.END])
AS_IT_IS = np.isin(np.arange(256), [wire.LEVEL, wire.ACT, wire.CPU, wire.STAT, wire.PLACE])
MERGED = np.isin(np.arange(256), [wire.STEP, wire.HOLD])
TARGETED = np.isin(np.arange(256), [wire.JOIN, wire.FUTURE, wire.TASK_WAIT, wire.CHILD])


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Records as the log has them, and where each stood: segment << 32 | slot.

    `texts` holds their texts one after the other; each record's n is the length of its own.
    """

    raw: Column
    at: Column
    texts: bytes = b""

    def __len__(self) -> int:
        return len(self.raw)

    def written(self) -> Column:
        """When each record was written: merged records at their end."""
        t = self.raw["t"]
        return np.where(MERGED[self.raw["kind"]], np.maximum(t, self.raw["arg"]), t)

    def take(self, picked: Column) -> Records:
        """The records at these indices, in this order."""
        return Records(self.raw.take(picked), self.at[picked], texts_in_order(self.texts, self.raw["n"], picked))


NO_RECORDS = Records(np.empty(0, RECORD), np.empty(0, "<u8"))


def join(parts: list[Records]) -> Records:
    """All records of these parts."""
    parts = [part for part in parts if len(part)]
    if len(parts) < 2:
        return parts[0] if parts else NO_RECORDS
    raw = np.concatenate([part.raw.view("V32") for part in parts]).view(RECORD)  # as records it takes 20 times as long
    return Records(raw, np.concatenate([part.at for part in parts]), b"".join(part.texts for part in parts))


def output(packets: list[tuple[int, int, int, bytes]]) -> Records:
    """OUTPUT records of the server's own making from (flags, t, lane, text), behind all others of their time."""
    rows = [(wire.OUTPUT, flags, len(text), 0, t, 0, lane, 0) for flags, t, lane, text in packets]
    at = np.full(len(rows), 0xFFFFFFFF << 32, "<u8")
    return Records(np.array(rows, RECORD), at, b"".join(text for _, _, _, text in packets))


def _number(column: Column) -> Column:
    """Which of these are possible numbers of lanes, resources or places."""
    return (column >= 1 << 24) & (column < wire.PROCESSES + 1 << 24) & ((column & 0xFFFFFF) > 0)


def check(records: Records, now: int) -> tuple[Records, int]:
    """The records that can be true at this time (ns), and how many could not."""
    raw, latest = records.raw, np.uint64(now + SLACK_NS)
    kind, arg = raw["kind"], raw["arg"]
    good = LEGAL[kind, raw["flags"]] & (records.written() <= latest) & _number(raw["lane"])
    good &= (arg >= raw["t"]) | ~MERGED[kind] | ((kind == wire.HOLD) & (arg == 0))
    good &= ~NEEDS_RESOURCE[kind] | _number(raw["obj"])
    good &= (kind != wire.JOB) | (arg & np.uint64(0xFFFFFFFF) > 0)
    if bool(good.all()):
        return records, 0
    return records.take(np.flatnonzero(good)), int(len(records) - np.count_nonzero(good))


class Table(dict[int, int]):
    """Small numbers by the log's numbers; several of the latter may share one. `map` does it for a whole column."""

    def __init__(self, bound: int) -> None:
        super().__init__({0: 0})
        self.bound = bound
        self.used = 0
        self._numbers = np.zeros(1, "<u4")  # those that `map` has seen, sorted
        self._small = np.zeros(1, "<u4")

    def new(self) -> int:
        """A small number that nobody has; 0 past the bound."""
        if self.used == self.bound:
            return 0
        self.used += 1
        return self.used

    def add(self, number: int) -> int:
        """This number's small number, a new one if it has none; 0 past the bound."""
        found = self.get(number) or self.new()
        if found:
            self[number] = found
        return found

    def map(self, numbers: Column) -> Column:
        """The small numbers of these (u4, any shape), new ones in order of first sight, row by row."""
        at, unknown = self._find(numbers)
        if bool(unknown.any()):
            fresh, first = np.unique(numbers[unknown], return_index=True)
            small = np.zeros(len(fresh), "<u4")
            for index in np.argsort(first).tolist():
                small[index] = self.add(int(fresh[index]))
            self._numbers = np.concatenate([self._numbers, fresh[small > 0]])
            order = np.argsort(self._numbers, kind="stable")
            self._numbers = self._numbers[order]
            self._small = np.concatenate([self._small, small[small > 0]])[order]
            at, unknown = self._find(numbers)
            return np.where(unknown, np.uint32(0), self._small[at])
        mapped: Column = self._small[at]
        return mapped

    def _find(self, numbers: Column) -> tuple[Column, Column]:
        at = self._numbers.searchsorted(numbers, side="right") - 1
        return at, self._numbers[at] != numbers


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
        kind, flags, obj, arg = (raw[name].copy() for name in ("kind", "flags", "obj", "arg"))
        low, high = arg.astype("<u4"), (arg >> np.uint64(32)).astype("<u4")
        lanes, resources, places, ends = (
            np.flatnonzero(kind == each) for each in (wire.LANE, wire.RESOURCE, wire.PLACE, wire.END)
        )
        by = np.where(BY_LANE[kind], low, np.uint32(0))
        if len(resources):
            targeted = TARGETED[flags[resources]]
            by[resources[targeted]] = low[resources[targeted]]
            self._same_resources(raw.take(resources[~targeted]))
        if len(lanes):
            self._same_processes(raw.take(lanes), high[lanes])
        acting = self.lanes.map(np.stack([raw["lane"], by], axis=1))
        other = self.resources.map(np.where(WITH_RESOURCE[kind], obj, np.uint32(0)))
        jobs = np.flatnonzero(kind == wire.JOB)
        calls = jobs[np.isin(flags[jobs], (wire.SUBMITTED, wire.IN_PARTS))]
        parts = jobs[flags[jobs] == wire.PART]
        where = raw["place"].copy()
        where[parts] = 0
        place = self.places.map(where)
        end = np.where(AS_IT_IS[kind], arg, np.uint64(0)).astype("<f8")
        if len(lanes):
            other[lanes] = self.lanes.map(obj[lanes])
            end[lanes] = high[lanes]
            self._threads(raw.take(lanes), high[lanes], acting[lanes, 0], other[lanes])
        if len(jobs):
            end[jobs] = low[jobs]
            acting[jobs, 1] = high[jobs]
            acting[calls, 1] = self.places.map(high[calls])
            place[parts] = raw["place"][parts]
        if len(places):
            other[places] = self.places.map(obj[places])
        other[ends] = obj[ends]
        events = Events(
            t=self.since_zero(raw["t"]),
            end=np.where(MERGED[kind] & (arg != 0), np.maximum(self.since_zero(arg), 1), end),
            lane=acting[:, 0],
            obj=other,
            by=acting[:, 1],
            place=place,
            text=raw["n"].astype("<u4"),
            kind=kind,
            flags=flags,
            texts=records.texts,
        )
        if bool(events.lane.all()):
            return events
        known = np.flatnonzero(events.lane)
        self.dropped += len(events) - len(known)
        return events.take(known)

    def since_zero(self, t: Column) -> Column:
        """ns since zero, never below 0."""
        since: Column = np.maximum(t.astype("<i8") - self.zero, 0).astype("<f8")
        return since

    def gil(self, process: int) -> tuple[int, bool]:
        """The small number of a process's GIL, which is no resource of the log's, and whether it is new."""
        key = 1 << 64 | process
        fresh = key not in self.keys
        if fresh:
            self.keys[key] = self.resources.new()
        return self.keys[key], fresh

    def _threads(self, raw: Column, tids: Column, lanes: Column, processes: Column) -> None:
        threads = np.flatnonzero(((raw["flags"] & 15) == wire.THREAD) & (tids > 0))
        for index in threads.tolist():
            self.tids[int(tids[index])] = int(lanes[index]), int(processes[index])

    def _same_processes(self, raw: Column, pids: Column) -> None:
        processes = np.flatnonzero(((raw["flags"] & 15) == wire.PROCESS) & (pids > 0))
        for index in processes.tolist():
            number, pid = int(raw["lane"][index]), int(pids[index])
            known = self.pids.get(pid)
            if known is None:
                self.pids[pid] = self.lanes.add(number)
            else:
                self.lanes.setdefault(number, known)

    def _same_resources(self, raw: Column) -> None:
        for index in np.flatnonzero(raw["arg"]).tolist():
            number, key = int(raw["obj"][index]), int(raw["arg"][index])
            known = self.keys.get(key)
            if known is None:
                self.keys[key] = self.resources.add(number)
            else:
                self.resources.setdefault(number, known)
