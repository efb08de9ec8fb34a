"""The write side: claim a run, open a box, read its flight log and output, check, pack, append, ring, finish."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import struct
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import numpy as np

from app.core import log as records
from app.core.errors import Fenced, InterleaveError, Unavailable
from app.core.event import NO_EVENTS, Chunk, Column, Events, concatenate, events_of, pack, unpack
from app.core.findings import stuck
from app.core.fold import fold, standing
from app.core.run import Dropped, End, Kind, Outcome, Run, outcome_of
from app.flight import FlightLog
from app.samples import Samples
from app.sandbox import Box, Sandbox
from app.store import Lease, Store
from app.tracer import wire

logger = logging.getLogger(__name__)

MS = 1_000_000
LOOK_NS, IDLE_NS = 8 * MS, 10 * MS
"""How long it is from one look at the log to the next: while there is something new, and at most."""
PAUSE_NS = 2 * MS
"""How long nothing is done between two looks, at least."""
LAG_NS = 4 * MS
"""How old an event is when it is given on: until then older ones may come, from a process that was interrupted."""
SLOW_NS = 25 * MS
"""How often it is looked at what is open, and at what the sampler saw."""
BEAT_NS = 250 * MS
CHUNK_EVENTS = 32_768
BURST = 256
"""How many packets are read at a time: all that a pipe can hold."""
FOREVER = 1 << 63
PACKET_HEAD = struct.Struct(wire.PACKET_HEADER)
STREAMS = {1: "stdout", 2: "stderr"}
EXIT_CODE_BIAS = 1 << 31
RETRY_S, PATIENCE_S = 0.5, 30
"""How soon the store is asked again when it was unavailable, and how long a run waits for it."""
ENDING_S = 5
"""How long runs may take to end once recording ends: whoever stops a service often kills it 10 s later."""

T = TypeVar("T")


async def patiently(work: Callable[[], Awaitable[T]], patience_s: float) -> T:
    """What this gives, once the store is available. Raises Unavailable after so long."""
    until = time.monotonic() + patience_s
    told = False
    while True:
        try:
            return await work()
        except Unavailable as problem:
            if time.monotonic() >= until:
                raise
            if not told:
                logger.warning("%s; trying again", problem)
            told = True
        await asyncio.sleep(RETRY_S)


class Recorder:
    """Runs what the store's queue holds, at most `boxes` programs at once."""

    def __init__(self, store: Store, sandbox: Sandbox, *, boxes: int) -> None:
        self.store = store
        self.sandbox = sandbox
        self.slots = asyncio.Semaphore(boxes)
        self.boxes: dict[str, Box] = {}
        self.stopping: dict[str, str] = {}

    async def run_forever(self) -> None:
        """Claim and record until cancelled; then every box is killed and its run finished as `stopped`.

        While the store is unavailable nothing is claimed, and what was recorded waits to be finished.
        """
        async with self.store.listen("queue") as bell, asyncio.TaskGroup() as group:
            recording: dict[asyncio.Task[None], str] = {}
            try:
                while True:
                    await self.slots.acquire()
                    lease = await patiently(self.store.claim, math.inf)
                    if lease is None:
                        self.slots.release()
                        await bell.wait()
                    else:
                        task = group.create_task(self._one(lease))
                        recording[task] = lease.run.id
                        task.add_done_callback(recording.pop)
            finally:
                for run_id in recording.values():
                    self._end(run_id, "the server was stopped")
                if recording:
                    _, late = await asyncio.wait(list(recording), timeout=ENDING_S)
                    for task in late:
                        task.cancel()

    async def stop(self, run_id: str) -> bool:
        """End a run for its user; False when it has ended already."""
        if await self.store.discard(run_id, Outcome(Kind.stopped, detail="stopped before it began")):
            return True
        if (await self.store.run(run_id)).outcome is not None:
            return False
        self._end(run_id, "")
        return True

    def _end(self, run_id: str, detail: str) -> None:
        self.stopping[run_id] = detail
        if run_id in self.boxes:
            self.boxes[run_id].kill(Kind.stopped, detail)

    async def _one(self, lease: Lease) -> None:
        async with AsyncExitStack() as afterwards:  # its box is taken down while others run
            try:
                await self._one_with(lease, afterwards)
            finally:
                self.stopping.pop(lease.run.id, None)
                self.slots.release()

    async def _one_with(self, lease: Lease, afterwards: AsyncExitStack) -> None:
        run = lease.run
        logger.info("run %s begins on Python %s", run.id, run.python.id, extra={"run": run.id})
        try:
            try:
                await self._record(lease, afterwards)
            except Fenced:
                raise
            except Exception as problem:
                logger.exception("run %s failed in the sandbox", run.id, extra={"run": run.id})
                ours = isinstance(problem, InterleaveError)
                outcome = Outcome(Kind.sandbox_failed, detail=str(problem) if ours else "an error of the server's own")
                await patiently(partial(self._fail, lease, outcome), math.inf)
        except Fenced:
            logger.warning("run %s was taken over", run.id, extra={"run": run.id})

    async def _fail(self, lease: Lease, outcome: Outcome) -> None:
        run_id = lease.run.id
        run, last = await self.store.run(run_id), await self.store.last(run_id)
        newest = await self.store.chunks(run_id, last - 1) if last else []
        wall_ns = max([int(unpack(chunk)[0].known) for _, chunk in newest], default=0)
        await self.store.finish(lease, outcome, wall_ns=wall_ns, cpu_ns=0, dropped=Dropped(), events=run.events)
        logger.info("run %s ended: %s", run_id, outcome.kind, extra={"run": run_id})

    async def _record(self, lease: Lease, afterwards: AsyncExitStack) -> None:
        program = await patiently(lambda: self.store.source(lease.run.id), PATIENCE_S)
        box = await self.sandbox.prepare(lease.run.python, lease.run.limits)
        afterwards.push_async_callback(box.close)
        try:
            self.boxes[lease.run.id] = box
            recording = Recording(self.store, lease, box, zero=await box.run(program))
            if lease.run.id in self.stopping:
                box.kill(Kind.stopped, self.stopping[lease.run.id])
            await recording.until_the_end()
        finally:
            self.boxes.pop(lease.run.id, None)


@dataclass(slots=True)
class Recording:
    """One run while it is recorded."""

    store: Store
    lease: Lease
    box: Box
    zero: int
    flight: FlightLog = field(init=False)
    samples: Samples = field(init=False)
    numbering: records.Numbering = field(init=False)
    streams: dict[int, int] = field(init=False)
    pending: list[records.Records] = field(default_factory=list)
    due: int = FOREVER
    pause_ns: int = LOOK_NS
    again: int = 0
    slow: int = 0
    seq: int = 0
    known: int = 0
    events: int = 0
    taken: Column = field(default_factory=lambda: np.zeros(256, np.int64))
    dropped_events: int = 0
    output_bytes: int = 0
    dropped_output: int = 0
    raised: str | None = None
    output: list[tuple[int, int, int, bytes]] = field(default_factory=list)
    last_output: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.flight = FlightLog(self.box.log, self.box.log_bytes, self.box.ahead)
        self.samples = Samples(self.box.samples)
        self.numbering = records.Numbering(self.zero)
        self.streams = {self.box.stdout: 1, self.box.stderr: 2}

    @property
    def run(self) -> Run:
        """The run as it was claimed."""
        return self.lease.run

    async def until_the_end(self) -> None:
        """Record until the box is gone, then finish the run."""
        loop = asyncio.get_running_loop()
        ended = asyncio.ensure_future(self.box.wait())
        try:
            for descriptor, stream in self.streams.items():
                loop.add_reader(descriptor, self._read_output, descriptor, stream)
            while not ended.done():
                await asyncio.sleep(max(self.again - time.monotonic_ns(), PAUSE_NS) / 1e9)
                await self._look()
        finally:
            for descriptor in self.streams:
                loop.remove_reader(descriptor)
            ended.cancel()
        await self._finish(await ended)

    def _read_output(self, descriptor: int, stream: int) -> bool:
        """Take the packets that are there, at most BURST; False when there are none.

        Their order is the pipe's: a packet is never older than the one before it, and one that tells no time (a raw
        write) was written before the next one that does.
        """
        packets: list[bytes] = []
        while len(packets) < BURST:
            try:
                packet = os.read(descriptor, wire.PACKET)
            except BlockingIOError:
                break
            if not packet:
                asyncio.get_running_loop().remove_reader(descriptor)
                break
            packets.append(packet)
        now = time.monotonic_ns()
        written = now
        told = []
        for packet in reversed(packets):
            lane, t, text, inferred = self._root(), written, packet, wire.INFERRED
            if packet.startswith(wire.PACKET_MAGIC) and len(packet) >= PACKET_HEAD.size:
                _, told_lane, told_t, size = PACKET_HEAD.unpack_from(packet)
                told_t += self.box.ahead
                if told_t <= now and size == len(packet) - PACKET_HEAD.size:
                    lane, t, text, inferred = told_lane, told_t, packet[PACKET_HEAD.size :], 0
            written = min(t, written)
            told.append((lane, t, text, inferred))
        for lane, t, text, inferred in reversed(told):
            self.last_output[stream] = max(t, self.last_output.get(stream, 0))
            self._take_output(stream | inferred, self.last_output[stream], lane, text)
        return bool(packets)

    def _take_output(self, flags: int, t: int, lane: int, text: bytes) -> None:
        room = max(self.run.limits.output_bytes - self.output_bytes, 0)
        self.output_bytes += len(text)
        if len(text) > room:
            self.dropped_output += len(text) - room
            self.box.kill(Kind.output_limit, f"output limit of {self.run.limits.output_bytes} bytes reached")
            text = text[:room]
        if text:
            self.output.append((flags, t, lane, text.decode("utf-8", "replace").encode()))
            self.due = min(self.due, t)

    def _root(self) -> int:
        """The root process's number in the log."""
        return next(iter(list(self.numbering.lanes)[1:2]), 1 << 24 | 1)

    async def _look(self) -> None:
        """Take what is new, append what is old enough, and find when to look again."""
        now = time.monotonic_ns()
        seq, waited = self.seq, len(self.pending)
        for fresh, until in self.flight.look(now):
            self._take(fresh)
            await self._emit(until - LAG_NS)
        await self._emit(now - LAG_NS)
        news = self.seq > seq or len(self.pending) > waited
        self.pause_ns = LOOK_NS if news else min(self.pause_ns * 2, IDLE_NS)
        self.again = now + self.pause_ns
        if self.due < FOREVER and self.seq == seq:
            self.again = min(self.again, self.due + LAG_NS + MS)  # the loop's timers know whole milliseconds

    def _take(self, fresh: records.Records) -> None:
        checked, bad = records.check(fresh, time.monotonic_ns())
        self.dropped_events += bad
        self.taken += np.bincount(checked.raw["kind"], minlength=256)
        self._wait(checked)

    def _wait(self, waiting: records.Records) -> None:
        """These are to be appended once they are old enough."""
        if len(waiting):
            self.pending.append(waiting)
            self.due = min(self.due, int(waiting.written().min()))

    async def _emit(self, known: int, *, final: bool = False) -> None:
        """Append what was written up to `known`, in order; now and then also what is open and what was sampled."""
        known = max(known, self.known)
        slow = final or known - self.slow >= SLOW_NS
        if self.due > known and not slow:
            return
        parts = []
        late = 0
        if self.due <= known:
            for descriptor, stream in self.streams.items():
                self._read_output(descriptor, stream)
            self._wait(records.output(self.output))
            self.output.clear()
            waiting = records.join(self.pending)
            written = waiting.written()
            order = np.lexsort((waiting.at, written))
            split = int(np.searchsorted(written[order], np.uint64(known), side="right"))
            self.pending, self.due = [], FOREVER
            self._wait(waiting.take(order[split:]))
            late = int(np.count_nonzero(written < np.uint64(self.known)))
            events = self.numbering.events(waiting.take(order[:split]))
            self._notice(events)
            parts.append(self._bounded(events))
        if slow:
            self.slow = known
            parts.append(self._open(self.flight.open_cells(final=final)))
            parts.append(self._bounded(self.samples.events(self.numbering, known)))
        events = concatenate(parts)
        known = min(known, time.monotonic_ns())
        if len(events) or known - self.known > BEAT_NS:
            self.known = known
            for start in range(0, max(len(events), 1), CHUNK_EVENTS):
                part = (
                    events
                    if len(events) <= CHUNK_EVENTS
                    else events.take(np.arange(start, min(start + CHUNK_EVENTS, len(events))))
                )
                await self._append(part, late if start == 0 else 0)

    def _notice(self, events: Events) -> None:
        """Remember whether an exception ended the root process."""
        ends = np.flatnonzero((events.kind == wire.END) & (events.lane == 1) & (events.text > 0))
        if len(ends):
            self.raised = events.text_of().get(int(ends[-1]), "")

    def _bounded(self, events: Events) -> Events:
        room = self.run.limits.events - self.events
        if len(events) > room:
            self.dropped_events += len(events) - room
            events = events.take(np.arange(room))
        self.events += len(events)
        return events

    def _open(self, cells: list[tuple[int, int, int]]) -> Events:
        """Open holds and running steps as events, of lanes and resources that are known already."""
        rows = []
        for t, lane, obj in cells:
            small_lane, small_obj = self.numbering.lanes.get(lane, 0), self.numbering.resources.get(obj, 0)
            since = float(max(t - self.zero, 0))
            if small_lane and t <= time.monotonic_ns() and obj and small_obj:
                rows.append((since, 0.0, small_lane, small_obj, 0, 0, "", wire.HOLD, 0))
            elif small_lane and not obj:
                rows.append((since, 0.0, small_lane, 0, 0, 0, "", wire.STATE, wire.RUNNING))
        return events_of(rows)

    async def _append(self, events: Events, late: int) -> None:
        self.seq += 1
        chunk = pack(Chunk(self.seq, float(max(self.known - self.zero, 0)), late, events))
        await patiently(lambda: self.store.append(self.lease, self.seq, chunk, len(events)), PATIENCE_S)

    async def _finish(self, end: End) -> None:
        for fresh, until in self.flight.look(FOREVER, final=True):
            self._take(fresh)
            await self._emit(until)
        await self._emit(FOREVER, final=True)
        self.dropped_events += self.flight.lost() + self.numbering.dropped
        await self._append(self._closing(end), 0)
        outcome = outcome_of(end, raised=self.raised is not None)
        if outcome.kind is Kind.raised:
            outcome = replace(outcome, detail=self.raised or "")
        if outcome.kind is Kind.timed_out:
            outcome = replace(outcome, detail=": ".join(filter(None, (outcome.detail, await self._stuck(end.wall_ns)))))
        finish = partial(
            self.store.finish,
            self.lease,
            outcome,
            wall_ns=end.wall_ns,
            cpu_ns=end.cpu_ns,
            dropped=Dropped(self.dropped_events, self.dropped_output),
            events=self.events,
        )
        await patiently(finish, math.inf)
        logger.info("run %s ended: %s", self.run.id, outcome.kind, extra={"run": self.run.id})

    async def _stuck(self, wall_ns: int) -> str:
        """Who waited for what when the run was ended."""
        kept = NO_EVENTS
        after = 0
        while page := await patiently(partial(self.store.chunks, self.run.id, after), PATIENCE_S):
            after = page[-1][0]
            events = [unpack(chunk)[0].events for _, chunk in page]
            kept = await asyncio.to_thread(standing, [kept, *events])
        return stuck(await asyncio.to_thread(fold, [Chunk(1, float(wall_ns), 0, kept)], float(wall_ns)))

    def _closing(self, end: End) -> Events:
        """What the server says: how the root process ended, what was dropped, and about what the records cost."""
        t = float(end.wall_ns)
        rows = [
            (t, float(count), 1, 0, 0, 0, "", wire.STAT, flag)
            for flag, count in (
                (wire.TRACER_NS, sum(ns * int(self.taken[kind]) for kind, ns in self.box.costs.items())),
                *self.samples.stats().items(),
                (wire.DROPPED_EVENTS, self.dropped_events),
                (wire.DROPPED_OUTPUT, self.dropped_output),
            )
        ]
        if self.numbering.lanes.used and end.cause is None:
            ending = wire.KILLED if end.signal else wire.EXITED if end.exit_code else wire.RETURNED
            code = 0 if end.exit_code is None else end.exit_code + EXIT_CODE_BIAS
            rows.append((t, 0.0, 1, code, 0, 0, "", wire.END, ending))
        return events_of(rows)
