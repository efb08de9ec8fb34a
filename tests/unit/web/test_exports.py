"""A trace for other tools, over HTTP."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest

from app.core import chrome
from app.core.event import unpack_all
from app.core.findings import findings
from app.core.fold import fold
from app.web import timelines

from .conftest import GOLDEN, Recorder
from .test_api import submitted


def exported() -> list[dict[str, Any]]:
    timeline = fold(unpack_all(GOLDEN.read_bytes()), 50_000_000)
    return list(chrome.events(timeline, findings(timeline)))


async def test_the_export_is_the_timeline_however_it_is_encoded(client: httpx.AsyncClient, recorder: Recorder) -> None:
    run = await submitted(client)
    await recorder.record()
    address = f"/api/runs/{run['id']}/export/chrome.json"
    plain = await client.get(address)
    assert plain.headers["content-type"] == "application/json"
    assert plain.headers["content-disposition"] == f'attachment; filename="interleave-{run["id"]}.json"'
    assert "content-encoding" not in plain.headers
    expected = exported()
    assert plain.json() == {"displayTimeUnit": "ns", "viztracer_metadata": {}, "traceEvents": expected}

    async with client.stream("GET", address, headers={"Accept-Encoding": "gzip, zstd"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(raw) == plain.content

    async with client.stream("GET", address, headers={"Accept-Encoding": "zstd"}) as answer:
        assert [part async for part in answer.aiter_raw()]
    assert answer.headers["content-encoding"] == "zstd"


async def test_only_what_has_ended_is_exported(client: httpx.AsyncClient, recorder: Recorder) -> None:
    run = await submitted(client)
    address = f"/api/runs/{run['id']}"
    assert (await client.get(f"{address}/export/chrome.json")).status_code == 409
    await recorder.begin()
    assert (await client.get(f"{address}/export/chrome.json")).status_code == 409
    await client.post(f"{address}/stop")
    assert json.loads((await client.get(f"{address}/export/chrome.json")).content)["traceEvents"] == []
    await client.delete(address, headers={"Authorization": f"Bearer {run['delete_token']}"})
    assert (await client.get(f"{address}/export/chrome.json")).status_code == 410


async def test_parts_are_joined_to_one_text(
    client: httpx.AsyncClient, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timelines, "SLICE", 7)
    run = await submitted(client)
    await recorder.record()
    found = (await client.get(f"/api/runs/{run['id']}/export/chrome.json")).json()
    assert found["traceEvents"] == exported()


async def test_the_export_is_described(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    answers = paths["/api/runs/{run_id}/export/chrome.json"]["get"]["responses"]
    assert {"200", "404", "409", "410"} < set(answers)
    assert set(answers["200"]["content"]) == {"application/json"}
