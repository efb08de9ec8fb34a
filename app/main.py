"""The composition root: which parts the application is made of. The only module that names backends."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from fastapi import FastAPI

from app.core.errors import BadInput, NoSandbox, Unavailable
from app.core.event import unpack_all
from app.core.fold import fold
from app.core.run import Program, Python, Run
from app.core.timeline import Timeline
from app.examples import load
from app.follow import Chunks, follow
from app.recorder import Recorder
from app.sandbox import Sandbox
from app.sandbox.bubblewrap import Bubblewrap
from app.sandbox.gvisor import Gvisor
from app.sandbox.none import Nothing
from app.sandbox.pool import Pool
from app.sandbox.pythons import default_python, find_pythons
from app.settings import Settings
from app.store import Store, Submission
from app.store.memory import MemoryStore
from app.store.sqlite import SqliteStore
from app.web.api import timestamp
from app.web.application import application
from app.web.lint import Linter
from app.web.metrics import MeteredStore, Metrics
from app.web.render import Assets, Renderer
from app.web.security import Clients, Quota, Viewers
from app.web.site import Runner, Site
from app.web.timelines import Timelines

SWEEP_S = 60

logger = logging.getLogger("uvicorn.error")


def create_app(settings: Settings) -> FastAPI:
    """The application with these settings, nothing of it open yet. Raises BadInput for an unknown backend."""
    if urlsplit(settings.store).scheme not in ("sqlite", "memory"):
        raise BadInput(f"INTERLEAVE_STORE: {settings.store} is none of sqlite:///FOLDER, memory:")
    return application(partial(open_site, settings))


@asynccontextmanager
async def open_site(settings: Settings) -> AsyncGenerator[Site, None]:
    """Open the store, find interpreters, probe the sandbox and record until the block is left."""
    metrics = Metrics(settings.boxes)
    pythons = find_pythons(filter(None, settings.pythons.split(os.pathsep)))
    store = MeteredStore(await _store(settings.store), metrics, time.monotonic)
    sandbox: Pool | None = None
    try:
        for run in await store.unfinished():
            await store.lose(run.id)
            logger.warning("run %s was cut off when the server ended, and is lost", run.id, extra={"run": run.id})
        runner: Runner | str
        background: list[asyncio.Task[None]] = []
        try:
            behind = _sandbox(settings, pythons, None)
        except NoSandbox as error:
            runner = str(error)
            logger.critical("programs can't be run: %s", error)
        else:
            usual = (default_python(pythons), settings.limits)
            sandbox = Pool(behind, usual, count=settings.warm, boxes=settings.boxes, counted=metrics.count_box)
            metrics.warm.set_function(partial(len, sandbox.waiting))
            recorder = Recorder(store, sandbox, boxes=settings.boxes)
            runner = Runner(sandbox.name, sandbox.guarantees(), recorder)
            background += [asyncio.create_task(_keep_on(work)) for work in (recorder.run_forever, sandbox.run_forever)]
            if settings.sandbox == "none":
                logger.warning("INTERLEAVE_SANDBOX=none: nothing keeps programs in, they may do what this user may")
            logger.info("programs run in %s on Python %s", sandbox.name, ", ".join(python.id for python in pythons))
        assets = Assets()
        if not assets.built:
            logger.warning("static/build is missing, pages have no scripts and styles: make assets")
        site = Site(
            settings=settings,
            store=store,
            pythons=pythons,
            runner=runner,
            examples=load(),
            renderer=Renderer(assets, open_box=settings.sandbox == "none"),
            linter=Linter(pythons[-1].executable if pythons else None),
            timelines=Timelines(store, settings.timeline_cache_bytes),
            metrics=metrics,
            clients=Clients(),
            quota=Quota(settings.quota_runs, settings.quota_seconds, time.monotonic),
            viewers=Viewers(settings.viewers, settings.viewers_per_client),
            clock=time.monotonic,
            free_bytes=partial(_free_bytes, settings.store),
        )
        background.append(asyncio.create_task(_sweep(store, settings)))
        try:
            yield site
        finally:
            for task in background:
                task.cancel()
            await asyncio.wait(background)
    finally:
        if sandbox is not None:
            await sandbox.close()
        await store.close()


async def _keep_on(work: Callable[[], Awaitable[None]]) -> None:
    """Do it for ever; a server that can't any more ends, so that whatever started it may start it again."""
    try:
        await work()
    except Exception:
        logger.exception("the server failed")
        signal.raise_signal(signal.SIGTERM)


async def _sweep(store: Store, settings: Settings) -> None:
    """Delete what is too old or too much, now and then, until cancelled.

    How late it is, is asked once: should somebody set the clock, nothing is deleted for it before the next start.
    """
    born = datetime.now(UTC) - timedelta(seconds=time.monotonic())
    while True:
        now = born + timedelta(seconds=time.monotonic())
        try:
            while await store.expire(timestamp(now - timedelta(days=settings.retain_days)), settings.retain_bytes):
                pass
        except Unavailable as problem:
            logger.warning("%s; nothing was deleted", problem)
        await asyncio.sleep(SWEEP_S)


def _folder(url: str) -> Path | None:
    parts = urlsplit(url)
    return None if parts.scheme == "memory" else Path(parts.path.removeprefix("/"))


async def _store(url: str) -> Store:
    folder = _folder(url)
    return await SqliteStore.open(folder) if folder else MemoryStore()


def _free_bytes(url: str) -> int:
    folder = _folder(url)
    return shutil.disk_usage(folder).free if folder else sys.maxsize


def _sandbox(settings: Settings, pythons: tuple[Python, ...], folder: Path | None) -> Sandbox:
    if not pythons:
        raise NoSandbox("no CPython from 3.11 on was found; name one in INTERLEAVE_PYTHONS")
    backends: dict[str, type[Bubblewrap | Gvisor | Nothing]] = {
        "bubblewrap": Bubblewrap,
        "gvisor": Gvisor,
        "none": Nothing,
    }
    return backends[settings.sandbox](
        pythons, folder, boxes=settings.boxes + settings.warm, pure=not settings.accelerator
    )


async def trace(settings: Settings, program: Program, python_id: str | None) -> tuple[Run, Timeline]:
    """Run one program in the sandbox, without a server. Raises BadInput for an unknown interpreter, and NoSandbox."""
    pythons = find_pythons(filter(None, settings.pythons.split(os.pathsep)))
    chosen = [python for python in pythons if python_id in (None, python.id)]
    if python_id is not None and not chosen:
        known = ", ".join(python.id for python in pythons)
        raise BadInput(f"there is no Python {python_id} here, only {known or 'none at all'}", "python")
    with TemporaryDirectory(prefix="interleave-") as folder:
        sandbox = _sandbox(settings, tuple(chosen[-1:]), Path(folder))
        store = MemoryStore()
        try:
            async with asyncio.TaskGroup() as group:
                recording = group.create_task(Recorder(store, sandbox, boxes=1).run_forever())
                submission = Submission(program, chosen[-1], settings.limits, sandbox.name, owner="")
                run = await store.submit(submission, "traced", "", timestamp(datetime.now(UTC)))
                chunks = []
                async for step in follow(store, run.id):
                    if isinstance(step, Chunks):
                        chunks += [chunk for _, data in step.chunks for chunk in unpack_all(data)]
                recording.cancel()
            run = await store.run(run.id)
        finally:
            await sandbox.close()
    return run, fold(chunks, run.wall_ns)
