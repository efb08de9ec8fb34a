"""Faults that a server meets: whatever is killed, stopped, full or locked, every run ends and others go on."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from mmap import mmap
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from app.core.event import unpack_all
from tests.conftest import PATIENCE_S, Server, start_server
from tests.contract.serving import LONG, SHORT, chunks, ended, logged, processes, runs, submit, until

Servers = Callable[..., Server]
QUICK = {"BOXES": "1", "WARM": "0", "LIMITS__WALL_NS": "2000000000", "ACCELERATOR": "false"}


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose runs may take 2 s, one at a time."""
    server = start_server(tmp_path_factory.mktemp("quick"), **QUICK)
    yield server
    server.stop()


def works(server: Server) -> None:
    """What comes afterwards runs."""
    assert until(server, submit(server, SHORT), ended)["outcome"]["kind"] == "completed"


def recorded(server: Server, run: str) -> None:
    """What was recorded is there, without a gap, and is a timeline."""
    seqs = [chunk.seq for chunk in unpack_all(chunks(server, run))]
    assert seqs == list(range(1, len(seqs) + 1))
    timeline = httpx.get(f"{server.url}/api/runs/{run}/timeline").raise_for_status().json()
    assert [line["text"] for line in timeline["output"]] == ["begun\n"]


def one(server: Server, victim: str) -> int:
    """The process that is called so, of a server with one box."""
    if victim in ("nursery", "supervisor.py"):
        nursery, supervisor, _sampler = processes(server, "supervisor.py")
        return nursery if victim == "nursery" else supervisor
    return processes(server, victim)[-1 if victim == "init.py" else 0]


@pytest.mark.parametrize(
    ("victim", "number", "kind", "detail"),
    [
        ("nursery", signal.SIGKILL, "sandbox_failed", "the sandbox's supervisor is gone"),
        ("nursery", signal.SIGSTOP, "timed_out", "time limit"),
        ("supervisor.py", signal.SIGKILL, "sandbox_failed", "the sandbox's supervisor is gone"),
        ("supervisor.py", signal.SIGSTOP, "sandbox_failed", "the sandbox's supervisor hung"),
        ("bwrap", signal.SIGKILL, "sandbox_failed", ""),
        ("bwrap", signal.SIGSTOP, "sandbox_failed", "the sandbox's supervisor hung"),
        ("init.py", signal.SIGKILL, "sandbox_failed", ""),
        ("init.py", signal.SIGSTOP, "timed_out", "time limit"),
        ("main.py", signal.SIGSTOP, "timed_out", "time limit"),
        ("main.py", signal.SIGKILL, "killed", ""),
    ],
)
def test_whatever_of_a_box_is_killed_or_stopped_its_run_ends_and_the_next_begins(
    victim: str, number: int, kind: str, detail: str, quick: Server
) -> None:
    server = quick
    run = submit(server, LONG)
    until(server, run, runs)
    os.kill(one(server, victim), number)
    outcome = until(server, run, ended)["outcome"]
    assert outcome["kind"] == kind
    assert detail in outcome["detail"]
    recorded(server, run)
    works(server)
    end = time.monotonic() + PATIENCE_S
    while processes(server, "main.py") and time.monotonic() < end:
        time.sleep(0.05)
    assert not processes(server, "main.py")


def test_a_stopped_supervisor_obeys_its_user_all_the_same(servers: Servers) -> None:
    server = servers(BOXES="1", WARM="0", LIMITS__WALL_NS="600000000000")
    run = submit(server, LONG)
    until(server, run, runs)
    os.kill(one(server, "supervisor.py"), signal.SIGSTOP)
    httpx.post(f"{server.url}/api/runs/{run}/stop").raise_for_status()
    assert until(server, run, ended)["state"] == "finished"
    works(server)


@pytest.mark.parametrize("while_running", [False, True])
def test_a_locked_database_is_waited_for(while_running: bool, servers: Servers, tmp_path: Path) -> None:
    server = servers(BOXES="1")
    run = submit(server, "import time\nfor i in range(40):\n    time.sleep(0.05)\nprint('begun')\n")
    if while_running:
        until(server, run, runs)
    other = sqlite3.connect(tmp_path / "runs" / "interleave.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        refused = httpx.post(f"{server.url}/api/runs", json={"source": SHORT}, timeout=PATIENCE_S)
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        assert refused.json()["type"].endswith("unavailable")
        assert httpx.get(f"{server.url}/api/runs/{run}").status_code == 200
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert until(server, run, ended)["outcome"]["kind"] == "completed"
    recorded(server, run)
    works(server)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for next to nothing, where the servers' runs are."""
    if os.geteuid() != 0:
        pytest.skip("making a file system takes root")
    folder = tmp_path / "runs"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_ends_no_server_and_loses_nothing_that_was_acknowledged(small_disk: Path, servers: Servers) -> None:
    server = servers(BOXES="1", QUEUE_PER_CLIENT="100", FREE_BYTES="0")
    done = submit(server, SHORT)
    until(server, done, ended)
    kept = chunks(server, done)
    run = submit(server, LONG)
    until(server, run, runs)
    with (small_disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while ballast.write(bytes(4096)):
            pass
    taken, status = [], 201
    end = time.monotonic() + PATIENCE_S
    while status == 201 and time.monotonic() < end:
        answer = httpx.post(f"{server.url}/api/runs", json={"source": SHORT + "#" * 60_000}, timeout=PATIENCE_S)
        status = answer.status_code
        taken += [answer.json()["id"]] if status == 201 else []
    assert (status, "retry-after" in answer.headers) == (503, True)
    assert chunks(server, done) == kept
    logged(server, "trying again")
    (small_disk / "ballast").unlink()
    assert until(server, run, ended)["outcome"]["kind"] == "timed_out"
    recorded(server, run)
    for waiting in taken:
        assert until(server, waiting, ended)["outcome"]["kind"] == "completed"
    works(server)


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Sets the clock of the servers that start from now on so many seconds off; the machine's own stays right."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    library, ahead = tmp_path / "clock.so", tmp_path / "ahead"
    subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", Path(__file__).with_name("clock.c"), "-o", library], check=True
    )
    ahead.write_bytes(bytes(8))
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("CLOCK_AHEAD", str(ahead))
    with ahead.open("r+b") as file, mmap(file.fileno(), 8) as seconds:

        def set_to(value: int) -> None:
            seconds[:] = value.to_bytes(8, "little", signed=True)

        yield set_to


def test_a_clock_that_is_set_in_mid_run_moves_nothing(clock: Callable[[int], None], servers: Servers) -> None:
    server = servers(BOXES="1", LIMITS__WALL_NS="2000000000")
    for ahead in (3 * 10**8, -(3 * 10**8)):
        run = submit(server, LONG)
        started = until(server, run, runs)
        clock(ahead)
        found = until(server, run, ended)
        assert found["outcome"]["kind"] == "timed_out"
        assert 2 * 10**9 <= found["wall_ns"] < 10**9 * PATIENCE_S
        recorded(server, run)
        later = until(server, submit(server, SHORT), ended)
        assert later["outcome"]["kind"] == "completed"
        assert (later["created"] > started["created"]) == (ahead > 0)  # the server has noticed
        assert until(server, run, ended) == found
        clock(0)


def test_a_damaged_trace_is_said_to_be_one_and_harms_no_other(servers: Servers, tmp_path: Path) -> None:
    server = servers(BOXES="1")
    damaged, other = submit(server, LONG.replace("while True", "for _ in range(3)")), submit(server, SHORT)
    until(server, damaged, ended)
    until(server, other, ended)
    kept = chunks(server, other)
    server.stop()
    files = sorted((tmp_path / "runs" / "traces").glob("??/*"), key=lambda file: file.stat().st_size)
    raw = bytearray(files[-1].read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    files[-1].write_bytes(raw)

    server = servers(BOXES="1")
    for what in ("timeline", "chunks", "events"):
        answer = httpx.get(f"{server.url}/api/runs/{damaged}/{what}")
        assert answer.status_code == 500, what
        assert answer.json()["type"].endswith("damaged-trace")
    assert httpx.get(f"{server.url}/r/{damaged}").status_code == 200
    with connect(f"{server.socket_url}/api/runs/{damaged}/stream") as socket:
        assert '"hello"' in str(socket.recv(PATIENCE_S))
        with pytest.raises(ConnectionClosedError):
            socket.recv(PATIENCE_S)
        assert socket.close_code == 4500
    assert chunks(server, other) == kept
    works(server)


def test_a_server_that_is_asked_to_end_tells_its_viewers_and_keeps_the_queue(servers: Servers) -> None:
    server = servers(BOXES="1")
    run, queued = submit(server, LONG), submit(server, SHORT)
    until(server, run, runs)
    with connect(f"{server.socket_url}/api/runs/{run}/stream") as socket:
        socket.recv(PATIENCE_S)
        server.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(ConnectionClosedError):
            for _ in socket:
                pass
        assert socket.close_code == 1012
    server.process.wait(PATIENCE_S)
    server = servers(BOXES="1")
    outcome = until(server, run, ended)["outcome"]
    assert (outcome["kind"], outcome["detail"]) == ("stopped", "the server was stopped")
    recorded(server, run)
    assert until(server, queued, ended)["outcome"]["kind"] == "completed"
