"""Reading what a box's sampler saw: who held each process's GIL, inferred from looks, and the CPU times of threads."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from app.core.event import Events, events_of
from app.core.log import Numbering
from app.sandbox.sampler import CPU, HEADER, HOLDS, SAMPLE
from app.tracer import wire

MOST = 512 * SAMPLE.size
Sample = tuple[int, int, int, int, int, int]


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
        rows = []
        later = []
        for sample in self.waiting:
            kind, pid, tid, _, start, end = sample
            if start > known or (kind == HOLDS and end > known):
                later.append(sample)
                continue
            process = numbering.pids.get(pid, 0)
            lane, owner = numbering.tids.get(tid, (0, 0))
            if owner != process:
                # Right after a fork a thread's number is still the one it had in the parent; it is the only one there.
                lane, owner = numbering.tids.get(pid, (0, 0))
            if not lane or owner != process:
                continue
            since = float(max(start - numbering.zero, 0))
            if kind == CPU:
                rows.append((since, float(end), lane, 0, 0, 0, "", wire.CPU, wire.INFERRED))
            elif kind == HOLDS:
                gil, fresh = numbering.gil(process)
                if fresh:
                    rows.append((since, 0.0, process, gil, 0, 0, "GIL", wire.RESOURCE, wire.GIL))
                until = float(max(end - numbering.zero, 1)) if end else 0.0
                rows.append((since, until, lane, gil, 0, 0, "", wire.HOLD, wire.INFERRED))
        self.waiting = later
        return events_of(rows)

    def stats(self) -> tuple[float, int]:
        """How many times a second the sampler looked, and how many switches of the GIL it missed."""
        data = os.pread(self.fd, HEADER.size, 0)
        if len(data) < HEADER.size:
            return 0.0, 0
        looks, ns, missed, _ = HEADER.unpack(data)
        return (looks * 1e9 / ns if ns else 0.0), missed
