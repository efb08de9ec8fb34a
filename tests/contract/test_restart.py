"""A server that is killed in mid-run, and the one that comes after it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx

from app.core.event import unpack_all
from tests.conftest import PATIENCE_S, Server
from tests.contract.serving import LONG, SHORT, chunks, ended, processes, submit, until


def test_after_kill_9_the_run_is_lost_and_what_was_recorded_is_shown(servers: Callable[..., Server]) -> None:
    first = servers(BOXES="1")
    done = submit(first, SHORT)
    until(first, done, ended)
    kept = chunks(first, done)
    running, queued = submit(first, LONG), submit(first, SHORT)
    until(first, running, lambda run: run["events"] > 20)
    seen = chunks(first, running)
    theirs = [Path(f"/proc/{pid}") for pid in processes(first, "main.py")]
    assert theirs
    first.process.kill()
    first.process.wait(PATIENCE_S)

    second = servers(BOXES="1")
    lost = until(second, running, ended)
    assert (lost["state"], lost["outcome"]) == ("lost", None)
    recorded = chunks(second, running)
    assert recorded.startswith(seen)
    assert [chunk.seq for chunk in unpack_all(recorded)] == list(range(1, len(list(unpack_all(recorded))) + 1))
    timeline = httpx.get(f"{second.url}/api/runs/{running}/timeline").raise_for_status().json()
    assert [line["text"] for line in timeline["output"]] == ["begun\n"]
    assert {lane["name"] for lane in timeline["lanes"]} == {"main process", "MainThread"}

    assert until(second, done, ended)["outcome"]["kind"] == "completed"
    assert chunks(second, done) == kept
    assert until(second, queued, ended)["outcome"]["kind"] == "completed"
    end = time.monotonic() + PATIENCE_S
    while any(process.exists() for process in theirs) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(process.exists() for process in theirs)
