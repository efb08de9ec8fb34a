"""The site: the parts that a request needs, put together once by the composition root."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from app.core.errors import BadInput, NoSandbox, Unavailable
from app.core.run import Python
from app.examples import Example
from app.sandbox import Guarantee
from app.sandbox.pythons import default_python
from app.settings import Settings
from app.store import Store
from app.web.lint import Linter
from app.web.metrics import Metrics
from app.web.render import Renderer
from app.web.security import Clients, Quota, Viewers
from app.web.timelines import Timelines


class Stopper(Protocol):
    """Whoever can end a run: the recorder."""

    async def stop(self, run_id: str) -> bool:
        """End the run with the outcome `stopped`; False if it does not run here."""
        ...


@dataclass(frozen=True, slots=True)
class Runner:
    """What runs programs here: a sandbox that holds, and the recorder that fills it."""

    backend: str
    guarantees: tuple[Guarantee, ...]
    recorder: Stopper


@dataclass(frozen=True, slots=True)
class Site:
    """Everything behind the routes. Where programs can't be run, `runner` is why, and how to mend it."""

    settings: Settings
    store: Store
    pythons: tuple[Python, ...]
    runner: Runner | str
    examples: tuple[Example, ...]
    renderer: Renderer
    linter: Linter
    timelines: Timelines
    metrics: Metrics
    clients: Clients
    quota: Quota
    viewers: Viewers
    clock: Callable[[], float]
    free_bytes: Callable[[], int]
    """What is free on the store's disk."""
    admission: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held from asking whether there is room for a run until it has taken it."""

    @property
    def default_python(self) -> Python:
        """The interpreter that is taken where none is asked for."""
        return default_python(self.pythons)

    def python(self, python_id: str | None) -> Python:
        """The interpreter of this id, by default the default one. Raises BadInput."""
        if python_id is None:
            return self.default_python
        for python in self.pythons:
            if python.id == python_id:
                return python
        raise BadInput(f"there is no Python {python_id[:40]} here", "python")

    def example(self, slug: str) -> Example | None:
        """The example of this slug, if there is one."""
        return next((example for example in self.examples if example.slug == slug), None)

    def room(self) -> None:
        """Raise Unavailable when the disk is too full for another run."""
        if (free := self.free_bytes()) < self.settings.free_bytes:
            raise Unavailable(f"the disk is nearly full: {free >> 20} MiB are free")

    def running(self) -> Runner:
        """What runs programs here. Raises NoSandbox."""
        if isinstance(self.runner, str):
            raise NoSandbox(self.runner)
        return self.runner


def site_of(connection: HTTPConnection) -> Site:
    """The site that a request or a socket came to."""
    site: Site = connection.app.state.site
    return site


TheSite = Annotated[Site, Depends(site_of)]
