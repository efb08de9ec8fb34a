"""What every store promises."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from app.core.errors import DeletedRun, Fenced, Forbidden, NotYet, UnknownRun
from app.core.run import Dropped, Limits, Run, State
from app.store import EXPIRED_AT_ONCE, Lease, Store, place
from tests.contract.storing import COMPLETED, PYTHON, STOPPED, begin, finish, submit


async def test_a_submitted_run_waits_with_its_source(store: Store) -> None:
    source = "print('né')\r\nprint('\x00')\n"
    run = await submit(store, "run", source=source)

    assert run == await store.run("run")
    assert run == Run(
        id="run",
        state=State.queued,
        created="2025-01-02T03:04:05Z",
        program=run.program,
        python=PYTHON,
        limits=Limits(wall_ns=1),
        sandbox="local",
        example="clocks",
    )
    program = await store.source("run")
    assert (program.source, program.digest) == (source, run.program)
    assert await store.chunks("run") == []
    assert await store.last("run") == 0


async def test_a_parent_must_exist(store: Store) -> None:
    await submit(store, "parent")
    assert (await submit(store, "child", parent="parent")).parent == "parent"

    with pytest.raises(UnknownRun):
        await submit(store, "orphan", parent="nobody")
    with pytest.raises(UnknownRun):
        await store.run("orphan")


async def test_a_deleted_run_differs_from_one_that_never_was(store: Store) -> None:
    await submit(store, "gone")
    await store.delete("gone", "token of gone")

    for run_id, error in (("gone", DeletedRun), ("never", UnknownRun)):
        for call in (store.run, store.source, store.chunks, store.last, store.lose):
            with pytest.raises(error):
                await call(run_id)
        with pytest.raises(error):
            await store.delete(run_id, "token of gone")
        with pytest.raises(error):
            await store.discard(run_id, STOPPED)
        with pytest.raises(error):
            await submit(store, "child", parent=run_id)


async def test_recent_keeps_the_order_asked_and_skips_what_is_gone(store: Store) -> None:
    for run_id in ("a", "b", "c"):
        await submit(store, run_id)
    await store.delete("b", "token of b")

    assert [run.id for run in await store.recent(["c", "never", "b", "a"])] == ["c", "a"]
    assert await store.recent([]) == []


async def test_the_queue_is_told_by_owner_oldest_first(store: Store) -> None:
    for run_id, owner in (("a", "ann"), ("b", "bob"), ("c", "ann"), ("d", "bob")):
        await submit(store, run_id, owner=owner)
    assert await store.queue() == {"ann": ["a", "c"], "bob": ["b", "d"]}

    await store.claim()
    await store.discard("d", STOPPED)
    assert await store.queue() == {"ann": ["c"], "bob": ["b"]}


async def test_a_claimed_run_is_running_under_a_new_epoch(store: Store) -> None:
    assert await store.claim() is None

    lease = await begin(store)
    assert lease == Lease(await store.run("run"), 1)
    assert (lease.run.state, lease.run.epoch) == (State.running, 1)
    assert await store.unfinished() == [lease.run]
    assert await store.claim() is None


async def test_a_place_in_the_queue_is_that_of_the_claims_to_come(store: Store) -> None:
    for run_id, owner in [("a", "ann"), ("b", "ann"), ("c", "ann"), ("d", "bob"), ("e", "eve"), ("f", "bob")]:
        await submit(store, run_id, owner=owner)
    while queue := await store.queue():
        places = {place(queue, run_id): run_id for ids in queue.values() for run_id in ids}
        assert sorted(places) == list(range(1, len(places) + 1))
        lease = await store.claim()
        assert lease is not None
        assert lease.run.id == places[1]
        assert place(await store.queue(), lease.run.id) is None
        await finish(store, lease)


async def test_nobody_waits_for_another_owners_whole_queue(store: Store) -> None:
    for n in range(20):
        await submit(store, f"greedy {n}", owner="greedy")
    for n in range(2):
        await submit(store, f"ann {n}", owner="ann")
        await submit(store, f"bob {n}", owner="bob")

    order = []
    for _ in range(6):  # one at a time: nobody has a run running when the next is chosen
        lease = await store.claim()
        assert lease is not None
        order.append(lease.run.id)
        await finish(store, lease)
    assert order == ["greedy 0", "ann 0", "bob 0", "greedy 1", "ann 1", "bob 1"]


async def test_who_has_fewer_running_goes_first(store: Store) -> None:
    for n in range(3):
        await submit(store, f"ann {n}", owner="ann")
    first = await store.claim()
    second = await store.claim()
    await submit(store, "bob", owner="bob")
    assert first
    assert second

    third = await store.claim()
    assert third
    assert [first.run.id, second.run.id, third.run.id] == ["ann 0", "ann 1", "bob"]


async def test_no_run_is_claimed_twice(store: Store) -> None:
    for n in range(10):
        await submit(store, f"{n}", owner=f"{n % 3}")

    leases = await asyncio.gather(*(store.claim() for _ in range(15)))
    assert sorted(lease.run.id for lease in leases if lease) == [f"{n}" for n in range(10)]


async def test_what_was_appended_is_read_after_any_cursor(store: Store) -> None:
    await begin(store, chunks=(b"one", b"", b"three"))

    assert await store.chunks("run") == [(1, b"one"), (2, b""), (3, b"three")]
    assert await store.chunks("run", after=2) == [(3, b"three")]
    assert await store.chunks("run", after=3) == []
    assert await store.chunks("run", after=99) == []
    assert await store.last("run") == 3
    assert (await store.run("run")).events == 30


@pytest.mark.parametrize("ended", [False, True])
async def test_a_read_is_bounded_but_gets_ahead(store: Store, ended: bool) -> None:
    lease = await begin(store, chunks=(b"a" * 10, b"b" * 10, b"c" * 30))
    if ended:
        await finish(store, lease)

    assert [seq for seq, _ in await store.chunks("run", limit_bytes=20)] == [1, 2]
    assert [seq for seq, _ in await store.chunks("run", after=2, limit_bytes=20)] == [3]


async def test_appending_again_changes_nothing(store: Store) -> None:
    lease = await begin(store, chunks=(b"one", b"two"))
    await store.append(lease, 1, b"one", events=10)
    await store.append(lease, 2, b"two", events=10)

    assert await store.chunks("run") == [(1, b"one"), (2, b"two")]
    assert (await store.run("run")).events == 20


@pytest.mark.parametrize(("seq", "chunk"), [(4, b"gap"), (2, b"other"), (0, b"none")])
async def test_a_chunk_out_of_order_is_refused(store: Store, seq: int, chunk: bytes) -> None:
    lease = await begin(store, chunks=(b"one", b"two"))

    with pytest.raises(ValueError, match=f"chunk {seq} of run run does not follow chunk 2"):
        await store.append(lease, seq, chunk, events=1)
    assert await store.chunks("run") == [(1, b"one"), (2, b"two")]


async def test_a_finished_run_keeps_its_log(store: Store) -> None:
    lease = await begin(store, chunks=(b"one", b"", b"three"))
    await finish(store, lease)

    run = await store.run("run")
    assert (run.state, run.outcome, run.epoch) == (State.finished, COMPLETED, 1)
    assert (run.wall_ns, run.cpu_ns, run.events, run.dropped) == (7, 5, 11, Dropped(2, 3))
    assert await store.chunks("run") == [(1, b"one"), (2, b""), (3, b"three")]
    assert await store.chunks("run", after=2) == [(3, b"three")]
    assert await store.chunks("run", after=3) == []
    assert await store.last("run") == 3
    assert await store.unfinished() == []


async def test_a_run_may_finish_without_a_chunk(store: Store) -> None:
    await finish(store, await begin(store))

    assert await store.chunks("run") == []
    assert await store.last("run") == 0


async def test_a_lost_run_keeps_what_was_recorded(store: Store) -> None:
    await begin(store, chunks=(b"one", b"two"))
    await store.lose("run")

    run = await store.run("run")
    assert (run.state, run.outcome, run.events) == (State.lost, None, 20)
    assert await store.chunks("run", after=1) == [(2, b"two")]
    assert await store.unfinished() == []


async def test_only_a_running_run_can_be_lost(store: Store) -> None:
    await submit(store, "run")
    await store.lose("run")
    assert (await store.run("run")).state is State.queued

    lease = await store.claim()
    assert lease
    await finish(store, lease)
    await store.lose("run")
    assert (await store.run("run")).state is State.finished


@pytest.mark.parametrize("end", ["finished", "lost", "deleted", "another epoch"])
async def test_a_void_lease_writes_nothing(store: Store, end: str) -> None:
    lease = await begin(store, chunks=(b"one",))
    if end == "another epoch":
        lease = Lease(lease.run, lease.epoch + 1)
    else:
        await (store.lose("run") if end == "lost" else finish(store, lease))
    before = await store.run("run")
    if end == "deleted":
        await store.delete("run", "token of run")

    with pytest.raises(Fenced):
        await store.append(lease, 2, b"two", events=1)
    with pytest.raises(Fenced):
        await store.append(lease, 1, b"one", events=1)
    with pytest.raises(Fenced):
        await finish(store, lease, STOPPED)
    if end != "deleted":
        assert await store.run("run") == before
        assert await store.chunks("run") == [(1, b"one")]


async def test_a_queued_run_can_be_discarded_once(store: Store) -> None:
    await submit(store, "run")

    assert await store.discard("run", STOPPED)
    run = await store.run("run")
    assert (run.state, run.outcome, run.wall_ns) == (State.finished, STOPPED, None)
    assert not await store.discard("run", STOPPED)
    assert await store.claim() is None


async def test_a_running_run_is_not_discarded(store: Store) -> None:
    await begin(store)

    assert not await store.discard("run", STOPPED)
    assert (await store.run("run")).state is State.running


async def test_deleting_takes_the_runs_own_token(store: Store) -> None:
    await submit(store, "run")

    for token in ("", "token of ruN", "né"):
        with pytest.raises(Forbidden):
            await store.delete("run", token)
    assert (await store.run("run")).state is State.queued


async def test_a_running_run_must_be_stopped_before_it_is_deleted(store: Store) -> None:
    lease = await begin(store, chunks=(b"one",))
    with pytest.raises(NotYet):
        await store.delete("run", "token of run")

    await finish(store, lease)
    await store.delete("run", "token of run")
    with pytest.raises(DeletedRun):
        await store.chunks("run")


async def test_a_deleted_run_leaves_the_queue(store: Store) -> None:
    await submit(store, "run")
    await store.delete("run", "token of run")

    assert await store.queue() == {}
    assert await store.claim() is None


async def test_deleting_leaves_what_others_share(store: Store) -> None:
    for run_id in ("a", "b"):
        await finish(store, await begin(store, run_id, (b"same",), source="same"))
    await store.lose("a")
    await store.delete("a", "token of a")

    assert (await store.source("b")).source == "same"
    assert await store.chunks("b") == [(1, b"same")]


async def test_every_change_of_a_run_rings_its_bell(store: Store) -> None:
    await submit(store, "run")
    async with store.listen("run") as bell, asyncio.timeout(60):
        lease = await store.claim()
        assert lease
        await bell.wait()
        await store.append(lease, 1, b"one", events=1)
        await bell.wait()
        await finish(store, lease)
        await bell.wait()
        await store.delete("run", "token of run")
        await bell.wait()


async def test_a_loss_rings_the_runs_bell(store: Store) -> None:
    await begin(store)
    async with store.listen("run") as bell, asyncio.timeout(60):
        await store.lose("run")
        await bell.wait()


async def test_whatever_comes_to_the_queue_or_leaves_it_rings_its_bell(store: Store) -> None:
    async with store.listen("queue") as bell, asyncio.timeout(60):
        for run_id in ("a", "b", "c"):
            await submit(store, run_id)
            await bell.wait()
        await store.claim()
        await bell.wait()
        await store.discard("b", STOPPED)
        await bell.wait()
        await store.delete("c", "token of c")
        await bell.wait()


async def test_a_bell_rings_once_however_often_it_was_rung(store: Store) -> None:
    lease = await begin(store)
    async with AsyncExitStack() as stack:
        bells = [await stack.enter_async_context(store.listen("run")) for _ in range(3)]
        for seq in range(1, 6):
            await store.append(lease, seq, b"", events=0)
        for bell in bells:
            await bell.wait()
            again = asyncio.ensure_future(bell.wait())
            await asyncio.sleep(0)
            assert not again.done()
            again.cancel()


async def deleted(store: Store, *ids: str) -> list[str]:
    """Those of these runs that are deleted."""
    found = []
    for run_id in ids:
        try:
            await store.run(run_id)
        except DeletedRun:
            found.append(run_id)
    return found


async def test_old_runs_go_unless_they_are_shared_or_not_ended(store: Store) -> None:
    for run_id in ("old", "shared"):
        await finish(store, await begin(store, run_id, (b"chunk",)))
    await begin(store, "lost", (b"chunk",))
    await store.lose("lost")
    assert (await store.share("shared")).shared
    await begin(store, "running")
    await submit(store, "queued")
    ids = ("old", "shared", "lost", "running", "queued")
    assert await store.expire("2025-01-02T03:04:05Z", 1 << 30) == 0
    async with store.listen("old") as bell:
        assert await store.expire("2025-01-02T03:04:06Z", 1 << 30) == 2
        await bell.wait()
    assert await store.expire("2025-01-02T03:04:06Z", 1 << 30) == 0
    assert await deleted(store, *ids) == ["old", "lost"]
    assert await store.chunks("shared") == [(1, b"chunk")]
    with pytest.raises(UnknownRun):
        await store.share("never")


async def test_the_oldest_go_when_there_is_no_room_and_shared_ones_last(store: Store) -> None:
    size = 100_000
    ids = [f"run{number}" for number in range(4)]
    for number, run_id in enumerate(ids):
        # Bytes that can't be compressed.
        noise = random.Random(number).randbytes(size)
        await finish(store, await begin(store, run_id, (noise,)))
    await store.share("run0")

    async def room(most: int) -> list[str]:
        while await store.expire("2000", most):
            pass
        return await deleted(store, *ids)

    assert await room(4 * size + 10_000) == []
    assert await room(2 * size + 10_000) == ["run1", "run2"]
    assert await room(size + 10_000) == ["run1", "run2", "run3"]
    assert await store.chunks("run0") == [(1, random.Random(0).randbytes(size))]
    assert await room(0) == ids


async def test_many_runs_expire_a_few_at_a_time(store: Store) -> None:
    for number in range(EXPIRED_AT_ONCE + 1):
        await finish(store, await begin(store, f"run{number}"))
    assert await store.expire("2999", 1 << 30) == EXPIRED_AT_ONCE
    assert await store.expire("2999", 1 << 30) == 1
