"""The newest chunks of a log that is being written, so that whoever follows it does not ask the database for each."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import islice

from app.core.run import Run
from app.store.page import page

TAIL_BYTES = 1 << 20


class Tail:
    """What was appended to a run's log since it was claimed, but for what is too long ago."""

    def __init__(self, run: Run) -> None:
        """The log is empty, and the run as it was claimed."""
        self._run = run
        self._events = 0
        self._last = 0
        self._chunks: deque[bytes] = deque()
        self._bytes = 0

    def add(self, epoch: int, seq: int, chunk: bytes, events: int) -> None:
        """Chunk `seq` was appended; what comes out of order or under another epoch changes nothing."""
        if epoch != self._run.epoch or seq != self._last + 1:
            return
        self._last = seq
        self._events += events
        self._chunks.append(chunk)
        self._bytes += len(chunk)
        while self._bytes > TAIL_BYTES and len(self._chunks) > 1:
            self._bytes -= len(self._chunks.popleft())

    def news(self, after: int, limit_bytes: int) -> tuple[Run, list[tuple[int, bytes]]] | None:
        """As Store.news; None when chunks after this one are no longer here."""
        forgotten = self._last - len(self._chunks)
        if after < forgotten:
            return None
        chunks = islice(self._chunks, after - forgotten, None)
        return replace(self._run, events=self._events), page(enumerate(chunks, after + 1), limit_bytes)
