"""The whole server from outside: real sandbox, SQLite, sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.core.event import unpack_all
from app.web.schemas import TimelineOut
from tests.conftest import Server, start_server

HELLO = "import threading\n\nthread = threading.Thread(target=print, args=['hello'])\nthread.start()\nthread.join()\n"
ENDLESS = "import time\n\nprint('begun', flush=True)\nwhile True:\n    time.sleep(0.05)\n"


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        yield client


async def submit(http: httpx.AsyncClient, source: str = HELLO) -> dict[str, Any]:
    answer = await http.post("/api/runs", json={"source": source})
    assert answer.status_code == 201, answer.text
    run: dict[str, Any] = answer.json()
    return run


async def frames(server: Server, run_id: str, after: int = 0) -> list[Any]:
    """Everything a viewer is sent: texts as objects, chunks as bytes."""
    address = f"{server.socket_url}/api/runs/{run_id}/stream?after={after}"
    async with connect(address, open_timeout=60) as socket:
        found = [frame if isinstance(frame, bytes) else json.loads(frame) async for frame in socket]
        assert socket.close_code == 1000
        return found


async def test_a_program_runs_and_is_seen_live_and_later(server: Server, http: httpx.AsyncClient) -> None:
    run = await submit(http)
    address = f"/api/runs/{run['id']}"
    live = await frames(server, run["id"])
    assert live[0]["type"] == "hello"
    assert live[-1]["type"] == "end"
    assert live[-1]["run"]["outcome"] == {"kind": "completed", "exit_code": 0, "signal": None, "detail": ""}
    assert live[-1]["run"] == (await http.get(address)).json()

    chunks = (await http.get(f"{address}/chunks")).content
    assert b"".join(frame for frame in live if isinstance(frame, bytes)) == chunks
    seqs = [chunk.seq for chunk in unpack_all(chunks)]
    assert seqs == list(range(1, len(seqs) + 1))
    again = await frames(server, run["id"], after=1)
    assert [frame for frame in again if isinstance(frame, bytes)] == [f for f in live if isinstance(f, bytes)][1:]

    timeline = TimelineOut.model_validate((await http.get(f"{address}/timeline")).json())
    assert [output.text for output in timeline.output] == ["hello\n"]
    assert {lane.kind for lane in timeline.lanes} == {"process", "thread"}


async def test_a_viewer_sees_output_before_the_end_and_stops_the_run(server: Server, http: httpx.AsyncClient) -> None:
    run = await submit(http, ENDLESS)
    address = f"{server.socket_url}/api/runs/{run['id']}/stream"
    async with connect(address, open_timeout=60) as socket:
        async for frame in socket:
            if isinstance(frame, bytes) and b"begun" in frame:
                break
        assert (await http.get(f"/api/runs/{run['id']}")).json()["state"] == "running"
        assert (await http.get(f"/api/runs/{run['id']}/timeline")).status_code == 409
        assert (await http.post(f"/api/runs/{run['id']}/stop")).status_code == 202
        last = [frame async for frame in socket][-1]
    assert json.loads(last)["run"]["outcome"]["kind"] == "stopped"


async def test_a_deleted_run_ends_its_stream(server: Server, http: httpx.AsyncClient) -> None:
    run = await submit(http)
    await frames(server, run["id"])
    deleted = await http.delete(f"/api/runs/{run['id']}", headers={"Authorization": f"Bearer {run['delete_token']}"})
    assert deleted.status_code == 204
    for run_id, code in [(run["id"], 4410), ("unknown" * 100, 4404)]:
        async with connect(f"{server.socket_url}/api/runs/{run_id}/stream") as socket:
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code


async def test_a_page_of_another_site_may_not_watch(server: Server, http: httpx.AsyncClient) -> None:
    run = await submit(http)
    address = f"{server.socket_url}/api/runs/{run['id']}/stream"
    with pytest.raises(InvalidStatus) as refused:
        await connect(address, origin="http://evil.example")
    assert refused.value.response.status_code == 403
    assert refused.value.response.headers["content-type"] == "application/problem+json"
    async with connect(address, origin=server.url) as socket:
        assert json.loads(await socket.recv())["type"] == "hello"
        assert "permessage-deflate" in socket.response.headers["sec-websocket-extensions"]


async def test_a_program_that_fails_is_no_error_of_ours(http: httpx.AsyncClient, server: Server) -> None:
    run = await submit(http, "raise ValueError('no')\n")
    end = (await frames(server, run["id"]))[-1]
    assert (end["run"]["outcome"]["kind"], end["run"]["outcome"]["exit_code"]) == ("raised", 1)


async def test_many_viewers_of_one_run_see_the_same(server: Server, http: httpx.AsyncClient) -> None:
    run = await submit(http, "import time\n\nfor i in range(20):\n    print(i)\n    time.sleep(0.02)\n")
    seen = await asyncio.gather(*(frames(server, run["id"]) for _ in range(8)))
    streams = {b"".join(frame for frame in one if isinstance(frame, bytes)) for one in seen}
    assert streams == {(await http.get(f"/api/runs/{run['id']}/chunks")).content}


async def test_a_server_that_ends_stops_its_runs_and_keeps_the_others(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        done = await submit(http)
        finished = (await frames(server, done["id"]))[-1]["run"]
        cut = await submit(http, ENDLESS)
        async with connect(f"{server.socket_url}/api/runs/{cut['id']}/stream") as socket:
            async for frame in socket:
                if isinstance(frame, bytes) and b"begun" in frame:
                    break
    assert "shutdown complete" in server.stop()
    server = start_server(tmp_path)
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        assert (await http.get(f"/api/runs/{done['id']}")).json() == finished
        ended = (await http.get(f"/api/runs/{cut['id']}")).json()
        assert ended["state"] == "finished"
        assert ended["outcome"]["kind"] == "stopped"
        assert "begun" in (await http.get(f"/api/runs/{cut['id']}/events")).text
    assert "shutdown complete" in server.stop()
