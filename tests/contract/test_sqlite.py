"""What the store on disk promises beyond the contract: to survive."""

from __future__ import annotations

import asyncio
import errno
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import DamagedTrace, DeletedRun, Unavailable
from app.core.run import State
from app.store.blobs import Traces
from app.store.sqlite import SqliteStore
from app.store.tables import metadata
from app.store.tail import TAIL_BYTES
from tests.contract.storing import COMPLETED, begin, finish, submit

LOG = (b"one", b"", b"three" * 1000)
SEEN = list(enumerate(LOG, 1))


def traces(data_dir: Path) -> list[Path]:
    """Every file in the folder of traces."""
    return [file for file in (data_dir / "traces").rglob("*") if file.is_file()]


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path)
    await finish(store, await begin(store, "finished", LOG))
    await begin(store, "lost", LOG)
    await store.lose("lost")
    await begin(store, "running", LOG)
    await submit(store, "gone")
    await store.delete("gone", "token of gone")
    await submit(store, "queued")
    ids = ["finished", "lost", "running", "queued"]
    before = await store.recent(ids)
    await store.close()

    store = await SqliteStore.open(tmp_path)
    assert await store.recent(ids) == before
    assert [run.id for run in await store.unfinished()] == ["running"]
    for run_id in ids[:3]:
        assert await store.chunks(run_id) == SEEN
    with pytest.raises(DeletedRun):
        await store.run("gone")
    lease = await store.claim()
    assert lease
    assert lease.run.id == "queued"
    await store.close()


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from app.store.blobs import Traces
from app.store.sqlite import SqliteStore
from tests.contract.storing import begin, finish

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

async def main(folder, when):
    store = await SqliteStore.open(Path(folder))
    log = (b"one", b"", b"three" * 1000)
    lease = await begin(store, "run", log)
    if when == "running":
        die()
    publish = Traces.publish
    if when == "before the trace is in place":
        Traces.publish = die
    if when == "before the commit":
        Traces.publish = lambda *trace: (publish(*trace), die())
    await finish(store, lease)
    die()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("when", "state", "left"),
    [
        ("running", State.running, 0),
        ("before the trace is in place", State.running, 1),
        ("before the commit", State.running, 1),
        ("finished", State.finished, 1),
    ],
)
async def test_a_killed_process_loses_nothing(tmp_path: Path, when: str, state: State, left: int) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), when]
    killed = await asyncio.to_thread(subprocess.run, command, check=False, cwd=Path(__file__).parents[2])
    assert killed.returncode == -signal.SIGKILL
    assert len(traces(tmp_path)) == left

    store = await SqliteStore.open(tmp_path)
    run = await store.run("run")
    assert (run.state, run.outcome) == (state, COMPLETED if state is State.finished else None)
    assert await store.chunks("run") == SEEN
    assert len(traces(tmp_path)) == (state is State.finished), "what the crash left behind is swept"
    await store.close()


async def test_a_folder_belongs_to_one_process(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path)
    with pytest.raises(BlockingIOError, match="another process has this folder open"):
        await SqliteStore.open(tmp_path)
    await store.close()

    await (await SqliteStore.open(tmp_path)).close()


async def test_equal_logs_are_one_file_until_nobody_has_them(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path)
    for run_id in ("a", "b"):
        await finish(store, await begin(store, run_id, LOG))
    assert len(traces(tmp_path)) == 1

    await store.delete("a", "token of a")
    assert await store.chunks("b") == SEEN
    await store.delete("b", "token of b")
    assert traces(tmp_path) == []
    await store.close()


async def test_a_full_disk_leaves_the_run_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await SqliteStore.open(tmp_path)
    lease = await begin(store, "run", LOG)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr("app.store.blobs.os.fsync", full)
        with pytest.raises(Unavailable, match="no space left"):
            await finish(store, lease)
    assert traces(tmp_path) == []
    assert (await store.run("run")).state is State.running
    assert await store.chunks("run") == SEEN

    await finish(store, lease)
    assert await store.chunks("run") == SEEN
    await store.close()


def missing(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-7])


def foreign(file: Path) -> None:
    file.write_bytes(b"not a trace at all")


def another(file: Path) -> None:
    """A sound file of other content."""
    Traces(file.parent).seal([b"other"]).file.replace(file)


@pytest.mark.parametrize("damage", [missing, empty, cut, foreign, another])
async def test_a_damaged_trace_is_said_to_be_one(tmp_path: Path, damage: object) -> None:
    store = await SqliteStore.open(tmp_path)
    await finish(store, await begin(store, "damaged", LOG))
    await store.close()
    (file,) = traces(tmp_path)
    assert callable(damage)
    damage(file)

    store = await SqliteStore.open(tmp_path)
    with pytest.raises(DamagedTrace):
        await store.chunks("damaged")
    assert (await store.run("damaged")).outcome == COMPLETED
    await finish(store, await begin(store, "sound", (b"fine",)))
    assert await store.chunks("sound") == [(1, b"fine")]
    await store.delete("damaged", "token of damaged")
    await store.close()


async def test_an_append_rings_although_its_writer_was_cancelled(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path)
    lease = await begin(store)
    committing, go = threading.Event(), threading.Event()

    def hold(_: sa.Connection) -> None:
        committing.set()
        go.wait()

    async with store.listen("run") as bell, asyncio.timeout(60):
        writer = asyncio.ensure_future(store.append(lease, 1, b"one", events=1))
        sa.event.listen(store._writer, "commit", hold)
        await asyncio.to_thread(committing.wait)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        go.set()
        await bell.wait()
    assert await store.chunks("run") == [(1, b"one")]
    await store.close()


async def test_what_is_forgotten_in_memory_is_read_from_the_database(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path)
    log = [bytes([seq]) * (TAIL_BYTES // 3) for seq in range(1, 9)]
    lease = await begin(store)
    for seq, chunk in enumerate(log, 1):
        await store.append(lease, seq, chunk, events=seq)
    assert store._tails["run"].news(0, TAIL_BYTES) is None
    assert store._tails["run"].news(7, TAIL_BYTES) is not None
    for after in range(10):
        run, found = await store.news("run", after, limit_bytes=4 * TAIL_BYTES)
        assert found == list(enumerate(log, 1))[after:]
        assert run == await store.run("run")
    await finish(store, lease)
    assert not store._tails
    await store.close()


async def test_no_read_is_older_than_the_bell_that_led_to_it(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path)
    lease = await begin(store)
    has_read, go = threading.Event(), threading.Event()

    def hold(_: sa.Connection) -> None:
        has_read.set()
        go.wait()

    async with store.listen("run") as bell, asyncio.timeout(60):
        sa.event.listen(store._reader, "commit", hold)
        store._tails.clear()
        early = [asyncio.ensure_future(store.chunks("run")) for _ in range(3)]
        await asyncio.to_thread(has_read.wait)
        await store.append(lease, 1, b"one", events=1)
        await bell.wait()
        late = asyncio.ensure_future(store.chunks("run"))
        await asyncio.sleep(0)
        early[0].cancel()
        go.set()
        assert [await reader for reader in early[1:]] == [[], []], "who leaves does not end the read of the others"
        assert await late == [(1, b"one")]
    await store.close()


async def test_the_migrations_make_the_tables(tmp_path: Path) -> None:
    await (await SqliteStore.open(tmp_path)).close()

    engine = sa.create_engine(f"sqlite:///{tmp_path / 'interleave.db'}")
    with engine.connect() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []
    engine.dispose()


@given(chunks=st.lists(st.binary(max_size=100)))
def test_a_trace_is_read_as_it_was_sealed(tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("traces")
    sealed = Traces(folder).seal(chunks)
    Traces(folder).publish(sealed)

    assert Traces(folder).load(sealed.digest) == chunks


def test_the_cache_of_traces_is_bounded(tmp_path: Path) -> None:
    cache = Traces(tmp_path, cache_bytes=100)
    logs = [[bytes([n]) * 40] for n in range(4)]
    digests = []
    for log in logs:
        sealed = cache.seal(log)
        cache.publish(sealed)
        digests.append(sealed.digest)
    for file in tmp_path.glob("??/*"):
        file.unlink()

    assert [cache.load(digest) for digest in digests[2:]] == logs[2:], "the last two are in memory"
    for digest in digests[:2]:
        with pytest.raises(DamagedTrace):
            cache.load(digest)
