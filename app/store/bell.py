"""The doorbell: it tells whoever listens to a topic "there is more", and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class EventBell:
    """One subscription. Between two waits any number of rings count as one, so a slow listener piles nothing up."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Let the present or the next `wait` return."""
        self._rung.set()

    async def wait(self) -> None:
        """Return once something was rung since the last `wait` (or since the subscription)."""
        await self._rung.wait()
        self._rung.clear()


class Bells:
    """All the doorbells of one process and one event loop; a topic exists only while somebody listens to it."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[EventBell]] = {}

    def ring(self, topic: str) -> None:
        """Ring every bell of this topic. Call it on the event loop's thread, after the news can be read."""
        for bell in self._listeners.get(topic, ()):
            bell.ring()

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncGenerator[EventBell, None]:
        """A new bell for this topic, until the block is left."""
        bell = EventBell()
        listeners = self._listeners.setdefault(topic, set())
        listeners.add(bell)
        try:
            yield bell
        finally:
            listeners.remove(bell)
            if not listeners:
                del self._listeners[topic]

    def __len__(self) -> int:
        """How many topics are listened to."""
        return len(self._listeners)
