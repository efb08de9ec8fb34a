"""Retention goes by a clock that nobody can set."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from app import main
from app.core.errors import Unavailable
from app.settings import Settings
from app.store.memory import MemoryStore


class Watched(MemoryStore):
    """Tells what it was asked to delete; fails the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self.failed = False

    async def expire(self, before: str, max_bytes: int) -> int:
        if not self.failed:
            self.failed = True
            raise Unavailable("locked")
        await self.asked.put((before, max_bytes))
        return 0


async def test_a_clock_that_is_set_forward_deletes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        """The machine's, as somebody sets it."""

        ahead = timedelta()

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + cls.ahead

    monkeypatch.setattr(main, "datetime", Clock)
    monkeypatch.setattr(main, "SWEEP_S", 0.01)
    store = Watched()
    sweeping = asyncio.create_task(main._sweep(store, Settings(retain_days=10, retain_bytes=5)))
    async with asyncio.timeout(60):
        await store.asked.get()
        Clock.ahead = timedelta(days=1000)
        for _ in range(3):
            before, max_bytes = await store.asked.get()
            assert max_bytes == 5
            age = datetime.now(UTC) - datetime.fromisoformat(before)
            assert timedelta(days=9) < age < timedelta(days=11)
    sweeping.cancel()
    await asyncio.wait([sweeping])
