"""A site without a sandbox: the test plays the recorder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest

from app.core.run import Dropped, Kind, Outcome, Python
from app.examples import load
from app.sandbox import Guarantee
from app.settings import Settings
from app.store import Lease
from app.store.memory import MemoryStore
from app.web.application import application
from app.web.lint import Linter
from app.web.metrics import MeteredStore, Metrics
from app.web.render import Assets, Renderer
from app.web.security import Clients, Quota, Viewers
from app.web.site import Runner, Site
from app.web.timelines import Timelines

GOLDEN = Path(__file__).parents[2] / "golden" / "handmade.chunks"
PYTHONS = (
    Python("3.12", "3.12.1", free_threaded=False, executable="/nowhere/python3.12"),
    Python("3.13", "3.13.0", free_threaded=False, executable="/nowhere/python3.13"),
    Python("3.13t", "3.13.0", free_threaded=True, executable="/nowhere/python3.13t"),
)
COMPLETED = Outcome(Kind.completed, exit_code=0)


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Recorder:
    """Records what the test wants."""

    store: MeteredStore
    running: dict[str, Lease] = field(default_factory=dict)

    async def begin(self) -> Lease:
        lease = await self.store.claim()
        assert lease is not None
        self.running[lease.run.id] = lease
        return lease

    async def finish(self, lease: Lease, outcome: Outcome = COMPLETED) -> None:
        del self.running[lease.run.id]
        await self.store.finish(lease, outcome, wall_ns=50_000_000, cpu_ns=5, dropped=Dropped(2, 3), events=11)

    async def record(self, outcome: Outcome = COMPLETED) -> Lease:
        """The next run, with the trace made by hand."""
        lease = await self.begin()
        await self.store.append(lease, 1, GOLDEN.read_bytes(), 11)
        await self.finish(lease, outcome)
        return lease

    async def stop(self, run_id: str) -> bool:
        outcome = Outcome(Kind.stopped)
        if run_id in self.running:
            await self.finish(self.running[run_id], outcome)
            return True
        return await self.store.discard(run_id, outcome)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
async def site(settings: Settings, clock: Clock) -> Site:
    metrics = Metrics(1)
    store = MeteredStore(MemoryStore(), metrics, clock)
    return Site(
        settings=settings,
        store=store,
        pythons=PYTHONS,
        runner=Runner("local", (Guarantee("network", holds=True, how="none at all"),), Recorder(store)),
        examples=load(),
        renderer=Renderer(Assets()),
        linter=Linter(None),
        timelines=Timelines(store, settings.timeline_cache_bytes),
        metrics=metrics,
        clients=Clients(),
        quota=Quota(settings.quota_runs, settings.quota_seconds, clock),
        viewers=Viewers(settings.viewers, settings.viewers_per_client),
        free_bytes=lambda: 1 << 40,
        clock=clock,
    )


@pytest.fixture
def recorder(site: Site) -> Recorder:
    return site.running().recorder


Opener = Callable[..., httpx.AsyncClient]


@asynccontextmanager
async def browse(site: Site, **options: object) -> AsyncIterator[httpx.AsyncClient]:
    """A client of this site."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Site]:
        yield site

    app = application(opened)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url="http://site", headers={"Accept-Encoding": "identity"}
        ) as client,
    ):
        yield client


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(site) as client:
        yield client


@pytest.fixture
def without_sandbox(site: Site) -> Site:
    return replace(site, runner="bubblewrap is missing: install it")
