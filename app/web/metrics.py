"""What /metrics tells, and the store that counts as it is written to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from app.core.run import Dropped, Outcome, Program, Run
from app.store import Bell, Lease, Store, Submission

MAX_WAITING = 10_000
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """The numbers of one server."""

    def __init__(self, boxes: int) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.runs = Counter("interleave_runs", "Runs that ended.", ["outcome"], registry=registry)
        self.queued = Gauge("interleave_queue_length", "Runs that wait for their turn.", registry=registry)
        self.running = Gauge("interleave_running", "Runs that are on.", registry=registry)
        Gauge("interleave_boxes", "Runs that may be on at the same time.", registry=registry).set(boxes)
        self.warm = Gauge("interleave_warm_boxes", "Boxes that wait for programs.", registry=registry)
        self.prepared = Counter(
            "interleave_prepared_boxes", "Boxes for runs, by whether one was waiting.", ["warm"], registry=registry
        )
        self.refused = Counter("interleave_refused", "Requests that were refused.", ["reason"], registry=registry)
        self.waited = Histogram(
            "interleave_wait_seconds", "From a run's submission to its turn.", buckets=SECONDS, registry=registry
        )
        self.first_event = Histogram(
            "interleave_first_event_seconds",
            "From a run's submission to its first stored events.",
            buckets=SECONDS,
            registry=registry,
        )
        self.events = Counter("interleave_events", "Events stored.", registry=registry)
        self.dropped_events = Counter("interleave_dropped_events", "Events lost to a bound.", registry=registry)
        self.dropped_output = Counter(
            "interleave_dropped_output_bytes", "Bytes of output lost to a bound.", registry=registry
        )
        self.expired = Counter("interleave_expired_runs", "Runs deleted by retention.", registry=registry)
        self.viewers = Gauge("interleave_viewers", "Open streams.", registry=registry)
        self.resumed = Counter(
            "interleave_viewers_resumed", "Times a slow viewer was told to resume.", registry=registry
        )
        self.free = Gauge("interleave_disk_free_bytes", "What is free on the store's disk.", registry=registry)

    def count_box(self, warm: bool) -> None:
        """A box was prepared for a run."""
        self.prepared.labels(str(warm).lower()).inc()

    def text(self, queued: int, free_bytes: int) -> bytes:
        """The numbers in Prometheus's text format."""
        self.queued.set(queued)
        self.free.set(free_bytes)
        return generate_latest(self.registry)


class MeteredStore:
    """A store that counts what is done to the one behind it."""

    def __init__(self, store: Store, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._submitted: OrderedDict[str, float] = OrderedDict()

    async def submit(self, submission: Submission, run_id: str, token_hash: str, created: str) -> Run:
        self._submitted[run_id] = self._clock()
        if len(self._submitted) > MAX_WAITING:
            self._submitted.popitem(last=False)
        return await self._store.submit(submission, run_id, token_hash, created)

    async def append(self, lease: Lease, seq: int, chunk: bytes, events: int) -> None:
        await self._store.append(lease, seq, chunk, events)
        self._metrics.events.inc(events)
        since = self._submitted.pop(lease.run.id, None) if events else None
        if since is not None:
            self._metrics.first_event.observe(self._clock() - since)

    async def finish(
        self, lease: Lease, outcome: Outcome, *, wall_ns: int, cpu_ns: int, dropped: Dropped, events: int
    ) -> None:
        await self._store.finish(lease, outcome, wall_ns=wall_ns, cpu_ns=cpu_ns, dropped=dropped, events=events)
        self._metrics.running.dec()
        self._metrics.runs.labels(outcome.kind).inc()
        self._metrics.dropped_events.inc(dropped.events)
        self._metrics.dropped_output.inc(dropped.output_bytes)

    async def discard(self, run_id: str, outcome: Outcome) -> bool:
        discarded = await self._store.discard(run_id, outcome)
        if discarded:
            self._metrics.runs.labels(outcome.kind).inc()
        return discarded

    async def lose(self, run_id: str) -> None:
        await self._store.lose(run_id)
        self._metrics.runs.labels("lost").inc()

    async def run(self, run_id: str) -> Run:
        return await self._store.run(run_id)

    async def recent(self, ids: list[str]) -> list[Run]:
        return await self._store.recent(ids)

    async def source(self, run_id: str) -> Program:
        return await self._store.source(run_id)

    async def queue(self) -> dict[str, list[str]]:
        return await self._store.queue()

    async def claim(self) -> Lease | None:
        lease = await self._store.claim()
        if lease is not None:
            self._metrics.running.inc()
            if (since := self._submitted.get(lease.run.id)) is not None:
                self._metrics.waited.observe(self._clock() - since)
        return lease

    async def unfinished(self) -> list[Run]:
        return await self._store.unfinished()

    async def news(
        self, run_id: str, after: int = 0, limit_bytes: int = 1 << 20
    ) -> tuple[Run, list[tuple[int, bytes]]]:
        return await self._store.news(run_id, after, limit_bytes)

    async def chunks(self, run_id: str, after: int = 0, limit_bytes: int = 1 << 20) -> list[tuple[int, bytes]]:
        return await self._store.chunks(run_id, after, limit_bytes)

    async def last(self, run_id: str) -> int:
        return await self._store.last(run_id)

    async def delete(self, run_id: str, token_hash: str) -> None:
        await self._store.delete(run_id, token_hash)

    def listen(self, topic: str) -> AbstractAsyncContextManager[Bell]:
        return self._store.listen(topic)

    async def share(self, run_id: str) -> Run:
        return await self._store.share(run_id)

    async def expire(self, before: str, max_bytes: int) -> int:
        gone = await self._store.expire(before, max_bytes)
        self._metrics.expired.inc(gone)
        return gone

    async def close(self) -> None:
        await self._store.close()
