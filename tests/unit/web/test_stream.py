"""What a viewer is sent, and that a slow one costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from app.core.errors import DeletedRun, UnknownRun
from app.core.run import Limits, Program
from app.store import Submission
from app.web.api import hashed
from app.web.site import Site
from app.web.stream import view

from .conftest import PYTHONS, Clock, Recorder

RUN = "7h2k9qzxw3mn"
CHUNKS = [b"one", b"two", b"three", b"four"]


class Viewer:
    """Takes frames; `seen` is called with each before the next is sent."""

    def __init__(self, seen: Callable[[Any], Any] = lambda frame: None) -> None:
        self.frames: list[Any] = []
        self._seen = seen

    async def send_json(self, data: Any) -> None:
        await self._take(data)

    async def send_bytes(self, data: bytes) -> None:
        await self._take(data)

    async def _take(self, frame: Any) -> None:
        self.frames.append(frame)
        waiting = self._seen(frame)
        if asyncio.iscoroutine(waiting):
            await waiting

    @property
    def short(self) -> list[Any]:
        """Chunks as they are, of texts their type."""
        return [frame if isinstance(frame, bytes) else frame["type"] for frame in self.frames]


@pytest.fixture
async def run(site: Site) -> str:
    submission = Submission(Program(""), PYTHONS[0], Limits(), "local", "ann")
    return (await site.store.submit(submission, RUN, hashed("token"), "2026-01-01T00:00:00Z")).id


async def watch(site: Site, viewer: Viewer, run_id: str = RUN, after: int = 0) -> list[None]:
    told: list[None] = []
    await view(viewer, site.store, run_id, after, clock=site.clock, patience_s=2.0, resumed=lambda: told.append(None))
    return told


async def recorded(recorder: Recorder, chunks: list[bytes] = CHUNKS) -> None:
    lease = await recorder.begin()
    for seq, chunk in enumerate(chunks, 1):
        await recorder.store.append(lease, seq, chunk, 1)
    await recorder.finish(lease)


async def test_a_finished_run_is_all_there(site: Site, recorder: Recorder, run: str) -> None:
    await recorded(recorder)
    viewer = Viewer()
    await watch(site, viewer)
    assert viewer.short == ["hello", *CHUNKS, "end"]
    hello, end = viewer.frames[0], viewer.frames[-1]
    assert (hello["epoch"], hello["last"], hello["run"]["id"]) == (1, 4, run)
    assert end["run"]["outcome"]["kind"] == "completed"


@pytest.mark.parametrize(("after", "left"), [(2, CHUNKS[2:]), (4, []), (99, [])])
async def test_a_viewer_comes_back_where_it_was(
    site: Site, recorder: Recorder, run: str, after: int, left: list[bytes]
) -> None:
    await recorded(recorder)
    viewer = Viewer()
    await watch(site, viewer, after=after)
    assert viewer.short == ["hello", *left, "end"]


async def test_a_live_run_is_followed_to_its_end(site: Site, recorder: Recorder, run: str) -> None:
    lease = await recorder.begin()
    viewer = Viewer(lambda frame: recorder.finish(lease) if frame == b"one" else None)
    watching = asyncio.create_task(watch(site, viewer))
    await recorder.store.append(lease, 1, b"one", 1)
    await watching
    assert [frame for frame in viewer.short if frame != "state"] == ["hello", b"one", "end"]
    assert viewer.frames[-1]["run"]["state"] == "finished"


async def test_a_queued_run_says_when_it_begins(site: Site, recorder: Recorder, run: str) -> None:
    viewer = Viewer(
        lambda frame: recorder.stop(run) if not isinstance(frame, bytes) and frame["type"] == "hello" else None
    )
    await watch(site, viewer)
    assert viewer.short == ["hello", "state", "end"]
    assert [frame["run"]["state"] for frame in viewer.frames] == ["queued", "finished", "finished"]


async def test_a_slow_viewer_is_told_to_resume_and_skips(
    site: Site, recorder: Recorder, run: str, clock: Clock
) -> None:
    lease = await recorder.begin()
    await recorder.store.append(lease, 1, b"one", 1)

    async def dawdle(frame: Any) -> None:
        if frame == b"one":
            clock.now += 3
            for seq in (2, 3):
                await recorder.store.append(lease, seq, CHUNKS[seq - 1], 1)
        elif not isinstance(frame, bytes) and frame["type"] == "resume":
            await recorder.store.append(lease, 4, b"four", 1)
        elif frame == b"four":
            await recorder.finish(lease)

    viewer = Viewer(dawdle)
    told = await watch(site, viewer)
    assert [frame for frame in viewer.short if frame != "state"] == ["hello", b"one", "resume", b"four", "end"]
    assert (
        next(frame for frame in viewer.frames if not isinstance(frame, bytes) and frame["type"] == "resume")["after"]
        == 1
    )
    assert len(told) == 1


async def test_a_slow_viewer_that_misses_nothing_is_left_alone(
    site: Site, recorder: Recorder, run: str, clock: Clock
) -> None:
    await recorded(recorder, [b"one"])

    def dawdle(frame: Any) -> None:
        clock.now += 3

    viewer = Viewer(dawdle)
    assert await watch(site, viewer) == []
    assert viewer.short == ["hello", b"one", "end"]


async def test_unknown_and_deleted_runs_end_the_stream(site: Site, recorder: Recorder, run: str) -> None:
    with pytest.raises(UnknownRun):
        await watch(site, Viewer(), "unknown")

    def delete(frame: Any) -> Any:
        return site.store.delete(run, hashed("token"))

    with pytest.raises(DeletedRun):
        await watch(site, Viewer(delete))


async def test_a_viewer_of_a_run_that_waits_is_told_its_place(site: Site, recorder: Recorder, run: str) -> None:
    async def others_go_on(frame: Any) -> None:
        if isinstance(frame, bytes) or frame["type"] != "queue":
            return
        lease = await recorder.begin()
        if lease.run.id == "last":
            await recorder.store.append(lease, 1, b"one", 1)
            await recorder.finish(lease)

    submission = Submission(Program(""), PYTHONS[0], Limits(), "local", "ann")
    for run_id in ("second", "last"):
        await site.store.submit(submission, run_id, "", "2026-01-01T00:00:00Z")
    viewer = Viewer(others_go_on)
    await watch(site, viewer, "last")
    assert [frame["place"] for frame in viewer.frames if not isinstance(frame, bytes) and "place" in frame] == [3, 2, 1]
    assert viewer.short[-2:] == [b"one", "end"]
