"""What a box's sampler saw: who held each process's GIL, as inferred, when nobody looked, and CPU times of threads."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from app.core.event import Events, events_of
from app.core.log import Numbering
from app.sandbox.sampler import CPU, HEADER, HOLDS, SAMPLE, WATCHED
from app.tracer import wire

MOST = 512 * SAMPLE.size
Sample = tuple[int, int, int, int, int, int]
Row = tuple[float, float, int, int, int, int, str, int, int]


@dataclass(slots=True)
class Samples:
    """The samples behind descriptor `fd`, made events of the lanes that the flight log has told of."""

    fd: int
    at: int = HEADER.size
    waiting: list[Sample] = field(default_factory=list)

    def events(self, numbering: Numbering, known: int) -> Events:
        """Those up to `known` (ns) that were not given yet; of lanes nobody has told of, nothing."""
        while data := os.pread(self.fd, MOST, self.at):
            data = data[: len(data) - len(data) % SAMPLE.size]
            self.at += len(data)
            self.waiting += SAMPLE.iter_unpack(data)
        rows: list[Row] = []
        later = []
        for sample in self.waiting:
            kind, pid, tid, _, start, end = sample
            if start > known or (kind == HOLDS and end > known):
                later.append(sample)
                continue
            process = numbering.pids.get(pid, 0)
            since = float(max(start - numbering.zero, 0))
            if kind == WATCHED and not process:
                later.append(sample)  # it is looked at before it has told of itself
                continue
            if kind == WATCHED:
                gil = self._gil(numbering, process, since, rows)
                rows.append((since, float(end), process, gil, 0, 0, "", wire.LEVEL, 0))
                continue
            lane, owner = numbering.tids.get(tid, (0, 0))
            if owner != process:
                # Right after a fork a thread's number is still the one it had in the parent; it is the only one there.
                lane, owner = numbering.tids.get(pid, (0, 0))
            if not lane or owner != process:
                continue
            if kind == CPU:
                rows.append((since, float(end), lane, 0, 0, 0, "", wire.CPU, wire.INFERRED))
            elif kind == HOLDS:
                gil = self._gil(numbering, process, since, rows)
                until = float(max(end - numbering.zero, 1)) if end else 0.0
                rows.append((since, until, lane, gil, 0, 0, "", wire.HOLD, wire.INFERRED))
        self.waiting = later
        return events_of(rows)

    @staticmethod
    def _gil(numbering: Numbering, process: int, t: float, rows: list[Row]) -> int:
        gil, fresh = numbering.gil(process)
        if fresh:
            rows.append((t, 0.0, process, gil, 0, 0, "GIL", wire.RESOURCE, wire.GIL))
        return gil

    def stats(self) -> dict[int, float]:
        """How many times a second the sampler looked at GILs and at CPU times, and how many switches it missed."""
        data = os.pread(self.fd, HEADER.size, 0)
        looks, ns, missed, _, counts = HEADER.unpack(data) if len(data) == HEADER.size else (0, 0, 0, 0, 0)
        per_second = 1e9 / ns if ns else 0.0
        return {
            wire.SAMPLER_HZ: looks * per_second,
            wire.MISSED_SWITCHES: missed,
            wire.CPU_HZ: counts * per_second,
        }
