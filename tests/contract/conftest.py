"""Every store, for the suites that all of them pass; and servers that may be killed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from app.store import Store
from app.store.memory import MemoryStore
from app.store.sqlite import SqliteStore
from tests.conftest import PATIENCE_S, Server, start_server


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """A fresh store."""
    store: Store = MemoryStore() if request.param == "memory" else await SqliteStore.open(tmp_path)
    yield store
    await store.close()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers on one folder of runs, and stops what is left of them."""
    started: list[Server] = []

    def start(**settings: str) -> Server:
        started.append(start_server(tmp_path / "runs", ACCELERATOR="false", **settings))
        return started[-1]

    yield start
    for server in started:
        with contextlib.suppress(ProcessLookupError):
            server.process.kill()
        server.process.wait(PATIENCE_S)
