"""What a viewer is given, however and whenever it comes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import DeletedRun, UnknownRun
from app.core.run import Run, State
from app.follow import Changed, Chunks, Reset, Step, follow
from app.store import Lease, Store
from app.store.memory import MemoryStore
from tests.contract.storing import STOPPED, begin, finish, submit


async def steps(store: Store, after: int = 0) -> list[Step]:
    """Everything that a viewer is given of a run that ends."""
    async with asyncio.timeout(60):
        return [step async for step in follow(store, "run", after)]


def log(of: list[Step]) -> list[tuple[int, bytes]]:
    return [chunk for step in of if isinstance(step, Chunks) for chunk in step.chunks]


def states(of: list[Step]) -> list[State]:
    return [step.run.state for step in of if isinstance(step, Changed)]


def shapes(of: list[Step]) -> list[str]:
    return [type(step).__name__ for step in of]


def numbered(count: int) -> list[tuple[int, bytes]]:
    return [(seq, b"chunk %d" % seq) for seq in range(1, count + 1)]


async def test_a_finished_run_is_replayed(store: Store) -> None:
    await finish(store, await begin(store, chunks=(b"one", b"two")))

    assert await steps(store) == [Changed(await store.run("run")), Chunks([(1, b"one"), (2, b"two")])]
    assert log(await steps(store, after=1)) == [(2, b"two")]
    assert shapes(await steps(store, after=2)) == ["Changed"]
    assert shapes(await steps(store, after=9)) == ["Changed"]


async def test_a_lost_run_is_replayed_as_far_as_it_got(store: Store) -> None:
    await begin(store, chunks=(b"one",))
    await store.lose("run")

    assert await steps(store) == [Changed(await store.run("run")), Chunks([(1, b"one")])]


async def test_a_long_log_comes_in_bounded_steps(store: Store) -> None:
    chunk = bytes(600 << 10)
    await finish(store, await begin(store, chunks=(chunk,) * 5))

    given_ = await steps(store)
    assert shapes(given_) == ["Changed"] + ["Chunks"] * 5
    assert [seq for seq, _ in log(given_)] == [1, 2, 3, 4, 5]


async def test_a_run_is_followed_from_the_queue_to_its_end(store: Store) -> None:
    await submit(store, "run")
    async with aclosing(follow(store, "run")) as steps, asyncio.timeout(60):
        assert await anext(steps) == Changed(await store.run("run"))
        lease = await store.claim()
        assert lease
        assert await anext(steps) == Changed(lease.run)
        for seq in (1, 2):
            await store.append(lease, seq, b"live", events=1)
            assert await anext(steps) == Chunks([(seq, b"live")])
        await finish(store, lease)
        assert await anext(steps) == Changed(await store.run("run"))
        with pytest.raises(StopAsyncIteration):
            await anext(steps)


async def test_a_run_stopped_in_the_queue_ends(store: Store) -> None:
    await submit(store, "run")
    async with aclosing(follow(store, "run")) as steps, asyncio.timeout(60):
        await anext(steps)
        await store.discard("run", STOPPED)
        assert await anext(steps) == Changed(await store.run("run"))
        with pytest.raises(StopAsyncIteration):
            await anext(steps)


async def test_an_unknown_run_cannot_be_followed(store: Store) -> None:
    with pytest.raises(UnknownRun):
        await steps(store)


async def test_a_deleted_run_is_told(store: Store) -> None:
    await submit(store, "run")
    async with aclosing(follow(store, "run")) as steps, asyncio.timeout(60):
        await anext(steps)
        waiting = asyncio.ensure_future(anext(steps))
        await store.delete("run", "token of run")
        with pytest.raises(DeletedRun):
            await waiting


async def test_what_came_while_a_viewer_was_busy_is_one_step(store: Store) -> None:
    lease = await begin(store)
    async with aclosing(follow(store, "run")) as steps, asyncio.timeout(60):
        await anext(steps)
        for seq, chunk in numbered(50):
            await store.append(lease, seq, chunk, events=1)
        assert await anext(steps) == Chunks(numbered(50))


async def test_who_leaves_is_forgotten() -> None:
    store = MemoryStore()
    await begin(store)
    async with aclosing(follow(store, "run")) as steps:
        await anext(steps)
        assert len(store._bells) == 1
    assert len(store._bells) == 0


async def test_many_viewers_at_random_all_see_the_same(store: Store) -> None:
    chance = random.Random(7)
    await submit(store, "run")

    async def write() -> None:
        lease = await store.claim()
        assert lease
        for seq, chunk in numbered(120):
            await store.append(lease, seq, chunk, events=1)
            await dawdle(chance)
        await finish(store, lease)

    async def view() -> list[tuple[int, bytes]]:
        return await watch(store, chance, patience=lambda: chance.randrange(1, 30))

    async with asyncio.timeout(100), asyncio.TaskGroup() as tasks:
        writer = tasks.create_task(write())
        viewers = []
        while not writer.done():
            if len(viewers) < 60:
                viewers.append(tasks.create_task(view()))
            await dawdle(chance)
        viewers.append(tasks.create_task(view()))
    assert all(viewer.result() == numbered(120) for viewer in viewers)


async def dawdle(chance: random.Random, most: int = 3) -> None:
    """Let others go first, or not."""
    for _ in range(chance.randint(0, most)):
        await asyncio.sleep(0)


async def watch(store: Store, chance: random.Random, patience: Callable[[], int]) -> list[tuple[int, bytes]]:
    """The log as seen by a viewer that is cut off after some steps and resumes after the last chunk it has."""
    seen: list[tuple[int, bytes]] = []
    while True:
        left = patience()
        async with aclosing(follow(store, "run", after=len(seen))) as steps:
            async for step in steps:
                if isinstance(step, Reset):
                    seen.clear()
                if isinstance(step, Chunks):
                    seen += step.chunks
                await dawdle(chance)
                left -= 1
                if not left:
                    break
            else:
                return seen


class Hesitant(MemoryStore):
    """A store whose reads let others in before and after, as one that lies elsewhere does."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance

    async def run(self, run_id: str) -> Run:
        await dawdle(self.chance)
        run = await super().run(run_id)
        await dawdle(self.chance)
        return run

    async def news(
        self, run_id: str, after: int = 0, limit_bytes: int = 1 << 20
    ) -> tuple[Run, list[tuple[int, bytes]]]:
        await dawdle(self.chance)
        news = await super().news(run_id, after, min(limit_bytes, self.chance.choice([1, 20, 1000])))
        await dawdle(self.chance)
        return news

    def begin_anew(self) -> None:
        """As if the runner had died and the run were queued again."""
        entry = self._entries["run"]
        entry.run = replace(entry.run, state=State.queued)


@given(
    chance=st.randoms(use_true_random=False),
    first=st.none() | st.integers(0, 12),
    count=st.integers(0, 12),
    viewers=st.integers(1, 6),
)
def test_whatever_the_interleaving_no_chunk_is_missed_or_doubled_or_of_another_epoch(
    chance: random.Random, first: int | None, count: int, viewers: int
) -> None:
    """`first`: chunks of an epoch that came to nothing, if there was one."""
    store = Hesitant(chance)

    async def write(count: int, mark: bytes) -> None:
        lease = await store.claim()
        assert lease
        for seq, chunk in numbered(count):
            await dawdle(chance, most=30)  # from sooner than a viewer has caught up to when it sleeps
            await store.append(lease, seq, mark + chunk, events=1)
        await dawdle(chance, most=30)
        if mark == b"first ":
            store.begin_anew()
        else:
            await finish(store, lease)

    async def view() -> None:
        await dawdle(chance, most=40)
        seen = await watch(store, chance, patience=lambda: 1000)
        assert seen == [(seq, b"second " + chunk) for seq, chunk in numbered(count)]

    async def main() -> None:
        await submit(store, "run")
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            for _ in range(viewers):
                tasks.create_task(view())
            if first is not None:
                await write(first, b"first ")
            await dawdle(chance, most=30)
            await write(count, b"second ")

    asyncio.run(main())


async def test_a_run_begun_anew_starts_over() -> None:
    store = Hesitant(random.Random(1))
    await begin(store, chunks=(b"old", b"old", b"old"))
    async with aclosing(follow(store, "run")) as steps, asyncio.timeout(60):
        given_ = await take(steps, until=3)
        store.begin_anew()
        lease = await store.claim()
        assert lease
        await store.append(lease, 1, b"new", events=1)
        await finish(store, lease)
        given_ = [step async for step in steps]
    assert isinstance(given_[0], Reset)
    assert given_[0].run.epoch == 2
    assert log(given_) == [(1, b"new")]


class Interrupted(Hesitant):
    """A store to which something happens while its chunks are on their way to the reader, once."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def news(
        self, run_id: str, after: int = 0, limit_bytes: int = 1 << 20
    ) -> tuple[Run, list[tuple[int, bytes]]]:
        news = await super().news(run_id, after, limit_bytes)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile()
        return news


async def test_chunks_that_became_void_on_the_way_are_taken_back() -> None:
    store = Interrupted(random.Random(1))

    async def write(chunk: bytes) -> Lease:
        lease = await store.claim()
        assert lease
        await store.append(lease, 1, chunk, events=1)
        return lease

    async def begin_anew() -> None:
        store.begin_anew()
        await finish(store, await write(b"new"))

    await submit(store, "run")
    async with aclosing(follow(store, "run")) as steps, asyncio.timeout(60):
        await anext(steps)
        await write(b"old")
        store.meanwhile = begin_anew
        given_ = [step async for step in steps]
    assert log(given_[shapes(given_).index("Reset") :]) == [(1, b"new")]


async def take(steps: AsyncIterator[Step], until: int) -> list[Step]:
    """Steps up to this chunk."""
    taken: list[Step] = []
    while not any(seq == until for seq, _ in log(taken)):
        taken.append(await anext(steps))
    return taken
