"""Every store, for the suites that all of them pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.store import Store
from app.store.memory import MemoryStore
from app.store.sqlite import SqliteStore


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """A fresh store."""
    store: Store = MemoryStore() if request.param == "memory" else await SqliteStore.open(tmp_path)
    yield store
    await store.close()
