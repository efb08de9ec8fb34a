"""The JSON interface, over a store in memory."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import httpx
import pytest

from app.core.event import unpack_all
from app.core.run import ID_ALPHABET, MAX_SOURCE, Kind, Outcome
from app.settings import Settings
from app.web.schemas import FindingsOut, TimelineOut
from app.web.security import Quota
from app.web.site import Site

from .conftest import GOLDEN, Clock, Recorder, browse


async def submitted(client: httpx.AsyncClient, source: str = "print(1)", **more: str) -> dict[str, str]:
    answer = await client.post("/api/runs", json={"source": source, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


async def test_a_program_is_taken(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/runs", content=b'{"source": "print(1)", "python": "3.12", "example": "lock"}')
    run = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/runs/{run['id']}"
    assert set(run) == {"id", "url", "state", "delete_token"}
    assert len(run["id"]) == 12
    assert set(run["id"]) <= set(ID_ALPHABET)
    assert (run["url"], run["state"]) == (f"/r/{run['id']}", "queued")

    found = (await client.get(answer.headers["location"])).json()
    assert list(found) == [
        *("id", "url", "state", "place", "outcome", "python", "example", "parent", "created", "wall_ns", "cpu_ns"),
        *("events", "dropped", "limits", "sandbox", "trace_version", "shared"),
    ]
    assert found["python"] == {"id": "3.12", "version": "3.12.1", "free_threaded": False}
    assert (found["outcome"], found["example"], found["parent"], found["sandbox"]) == (None, "lock", None, "local")
    assert found["created"].endswith("Z")
    assert (await client.get(f"{answer.headers['location']}/source")).text == "print(1)"


async def test_without_a_wish_the_newest_python_with_a_gil_runs_it(client: httpx.AsyncClient) -> None:
    run = await submitted(client)
    assert (await client.get(f"/api/runs/{run['id']}")).json()["python"]["id"] == "3.13"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ""),
        (b"{", ""),
        (b"[" * 100_000, ""),
        (b"{}", "source"),
        (b'{"source": 1}', "source"),
        (b'{"source": "\xff"}', ""),
        (b'{"source": "\\ud800"}', ""),
        (b'{"source": "", "python": "2.7"}', "python"),
        (b'{"source": "", "example": "no-such"}', "example"),
        (b'{"source": "", "parent": "no-such"}', "parent"),
        (b'{"source": "", "pyhton": "3.12"}', "pyhton"),
    ],
)
async def test_what_is_wrong_is_said(client: httpx.AsyncClient, body: bytes, field: str) -> None:
    answer = await client.post("/api/runs", content=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [one["field"] for one in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("letter", ["a", "я", "\0", "🐍"])
async def test_64_kib_of_utf_8_are_enough_however_json_writes_them(client: httpx.AsyncClient, letter: str) -> None:
    fits = letter * (MAX_SOURCE // len(letter.encode()))
    assert (await client.post("/api/runs", content=json.dumps({"source": fits}))).status_code == 201
    answer = await client.post("/api/runs", content=json.dumps({"source": fits + "a"}))
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["field"] == "source"


async def test_a_body_without_end_is_refused_before_its_end(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 65536

    assert (await client.post("/api/runs", content=endless())).status_code == 413
    assert sent < 20


async def test_an_edited_program_has_a_parent(client: httpx.AsyncClient) -> None:
    first = await submitted(client)
    second = await submitted(client, parent=first["id"])
    assert (await client.get(f"/api/runs/{second['id']}")).json()["parent"] == first["id"]


async def test_a_client_over_its_quota_is_told_when_to_come_back(site: Site, clock: Clock) -> None:
    async with browse(replace(site, quota=Quota(1, 60, clock))) as client:
        await submitted(client)
        answer = await client.post("/api/runs", json={"source": ""})
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "60"
        clock.now += 60
        await submitted(client)


@pytest.mark.parametrize("bound", [{"queue": 1}, {"queue_per_client": 1}])
async def test_the_queue_has_a_bound(site: Site, bound: dict[str, int], recorder: Recorder) -> None:
    async with browse(replace(site, settings=Settings(**bound))) as client:
        await submitted(client)
        answer = await client.post("/api/runs", json={"source": ""})
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        await recorder.begin()
        await submitted(client)


async def test_the_bound_of_the_queue_holds_for_those_who_come_at_once(site: Site) -> None:
    async with browse(replace(site, settings=Settings(queue_per_client=3))) as client:
        asked = await asyncio.gather(*(client.post("/api/runs", json={"source": ""}) for _ in range(8)))
    assert sorted(answer.status_code for answer in asked) == [201] * 3 + [429] * 5


async def test_a_run_that_waits_knows_its_place(client: httpx.AsyncClient, recorder: Recorder) -> None:
    ids = [(await submitted(client))["id"] for _ in range(3)]

    async def places() -> list[int | None]:
        return [(await client.get(f"/api/runs/{run_id}")).json()["place"] for run_id in ids]

    assert await places() == [1, 2, 3]
    await recorder.begin()
    assert await places() == [None, 1, 2]


async def test_a_trace_is_told_in_four_ways(client: httpx.AsyncClient, recorder: Recorder) -> None:
    run = await submitted(client)
    await recorder.record()
    address = f"/api/runs/{run['id']}"

    timeline = (await client.get(f"{address}/timeline")).json()
    assert TimelineOut.model_validate(timeline).run.outcome is not None
    assert {"lanes", "spans", "links", "findings", "cost", "dropped"} < set(timeline)
    assert timeline["run"] == (await client.get(address)).json()

    found = FindingsOut.model_validate((await client.get(f"{address}/findings")).json())
    assert found.over
    assert [each.model_dump() for each in found.findings] == timeline["findings"]
    assert found.findings

    chunks = await client.get(f"{address}/chunks")
    assert chunks.content == GOLDEN.read_bytes()
    assert (await client.get(f"{address}/chunks?after=1")).content == b""
    assert (await client.get(f"{address}/chunks?after=99")).content == b""

    events = [json.loads(line) for line in (await client.get(f"{address}/events")).text.splitlines()]
    assert len(events) == sum(len(chunk.events) for chunk in unpack_all(chunks.content))
    assert events[0]["kind"] == "lane"
    assert {event["lane"] for event in events if event["kind"] == "lane"} == {lane["id"] for lane in timeline["lanes"]}


@pytest.mark.parametrize("what", ["timeline", "findings", "chunks", "export/chrome.json"])
async def test_what_is_known_is_not_sent_again(client: httpx.AsyncClient, recorder: Recorder, what: str) -> None:
    run = await submitted(client)
    await recorder.record()
    address = f"/api/runs/{run['id']}/{what}"
    first = await client.get(address)
    again = await client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


async def test_a_running_run_has_chunks_but_no_timeline(client: httpx.AsyncClient, recorder: Recorder) -> None:
    run = await submitted(client)
    assert (await client.get(f"/api/runs/{run['id']}/timeline")).status_code == 409
    lease = await recorder.begin()
    assert (await client.get(f"/api/runs/{run['id']}/timeline")).status_code == 409
    before = await client.get(f"/api/runs/{run['id']}/chunks")
    await recorder.store.append(lease, 1, GOLDEN.read_bytes(), 11)
    after = await client.get(f"/api/runs/{run['id']}/chunks", headers={"If-None-Match": before.headers["etag"]})
    assert (before.content, after.content) == (b"", GOLDEN.read_bytes())


async def test_a_lost_run_shows_what_was_recorded(client: httpx.AsyncClient, recorder: Recorder) -> None:
    run = await submitted(client)
    lease = await recorder.begin()
    await recorder.store.append(lease, 1, GOLDEN.read_bytes(), 11)
    await recorder.store.lose(run["id"])
    found = (await client.get(f"/api/runs/{run['id']}/timeline")).json()
    assert (found["run"]["state"], found["run"]["outcome"]) == ("lost", None)
    assert found["lanes"]


@pytest.mark.parametrize("running", [False, True])
async def test_a_run_can_be_stopped_and_stays_as_it_ended(
    client: httpx.AsyncClient, recorder: Recorder, running: bool
) -> None:
    run = await submitted(client)
    if running:
        await recorder.begin()
    answer = await client.post(f"/api/runs/{run['id']}/stop")
    assert answer.status_code == 202
    found = (await client.get(f"/api/runs/{run['id']}")).json()
    assert (found["state"], found["outcome"]["kind"]) == ("finished", "stopped")
    assert set(found["outcome"]) == {"kind", "exit_code", "signal", "detail"}
    assert (await client.post(f"/api/runs/{run['id']}/stop")).json() == found


@pytest.mark.parametrize("running", [False, True])
async def test_only_the_token_deletes_a_run_and_then_it_is_gone(
    client: httpx.AsyncClient, recorder: Recorder, running: bool
) -> None:
    run = await submitted(client)
    if running:
        await recorder.begin()
    address = f"/api/runs/{run['id']}"
    for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": run["delete_token"]}):
        assert (await client.delete(address, headers=wrong)).status_code == 403
    answer = await client.delete(address, headers={"Authorization": f"Bearer {run['delete_token']}"})
    assert (answer.status_code, answer.content) == (204, b"")
    for path in (address, f"{address}/source", f"{address}/chunks", f"{address}/timeline", f"/r/{run['id']}"):
        assert (await client.get(path)).status_code == 410
    assert (await client.post("/api/runs", json={"source": "", "parent": run["id"]})).status_code == 422


async def test_a_run_whose_link_is_given_away_is_kept(client: httpx.AsyncClient, recorder: Recorder) -> None:
    run, other = await submitted(client), await submitted(client)
    for _ in range(2):
        await recorder.record()
    assert (await client.post(f"/api/runs/{run['id']}/share")).json()["shared"]
    assert await recorder.store.expire("2999", 1 << 30) == 1
    assert (await client.get(f"/r/{run['id']}")).status_code == 200
    assert (await client.get(f"/r/{other['id']}")).status_code == 410


async def test_an_unknown_run_is_unknown_everywhere(client: httpx.AsyncClient) -> None:
    for method, path in [
        *(("GET", what) for what in ("", "/source", "/timeline", "/findings", "/events", "/chunks")),
        ("GET", "/export/chrome.json"),
        *(("POST", "/stop"), ("POST", "/share"), ("DELETE", "")),
    ]:
        assert (await client.request(method, f"/api/runs/unknown{path}")).status_code == 404, path


async def test_health_says_what_holds(client: httpx.AsyncClient) -> None:
    await submitted(client)
    for path in ("/healthz", "/readyz"):
        health = (await client.get(path)).json()
        assert set(health) == {"status", "version", "sandbox", "pythons", "limits", "queue"}
        assert health["sandbox"] == {
            "backend": "local",
            "guarantees": [{"name": "network", "holds": True, "how": "none at all"}],
        }
        assert [python["id"] for python in health["pythons"]] == ["3.12", "3.13", "3.13t"]
        assert health["queue"]["length"] == 1


async def test_a_disk_that_is_nearly_full_takes_no_runs_and_is_alive(site: Site) -> None:
    async with browse(replace(site, free_bytes=lambda: 100 << 20)) as client:
        for refused in (await client.post("/api/runs", json={"source": ""}), await client.get("/readyz")):
            assert (refused.status_code, refused.json()["detail"]) == (503, "the disk is nearly full: 100 MiB are free")
            assert int(refused.headers["retry-after"]) > 0
        assert (await client.get("/healthz")).status_code == 200
        assert 'interleave_refused_total{reason="unavailable"} 2.0' in (await client.get("/metrics")).text


async def test_without_a_sandbox_nothing_runs_and_the_reason_is_said(without_sandbox: Site) -> None:
    async with browse(without_sandbox) as client:
        for answer in (
            await client.get("/healthz"),
            await client.get("/readyz"),
            await client.post("/api/runs", json={"source": ""}),
        ):
            assert answer.status_code == 503
            assert answer.json()["detail"] == "bubblewrap is missing: install it"
        assert (await client.get("/")).status_code == 200


async def test_examples_are_told_in_the_language_asked_for(client: httpx.AsyncClient, site: Site) -> None:
    english = (await client.get("/api/examples")).json()
    russian = (await client.get("/api/examples", headers={"Accept-Language": "ru-RU,en;q=0.5"})).json()
    assert [one["slug"] for one in english] == [one["slug"] for one in russian] == [one.slug for one in site.examples]
    assert english[0]["title"] != russian[0]["title"]
    one = (await client.get(f"/api/examples/{english[0]['slug']}?lang=ru")).json()
    assert one == russian[0] | {"source": site.examples[0].source}


async def test_metrics_count_runs_and_what_was_dropped(
    client: httpx.AsyncClient, recorder: Recorder, clock: Clock
) -> None:
    await submitted(client)
    await submitted(client)
    clock.now += 0.2
    await recorder.record(Outcome(Kind.timed_out))
    text = (await client.get("/metrics")).text.splitlines()
    assert 'interleave_runs_total{outcome="timed_out"} 1.0' in text
    assert "interleave_queue_length 1.0" in text
    assert "interleave_dropped_events_total 2.0" in text
    assert 'interleave_first_event_seconds_bucket{le="0.1"} 0.0' in text
    assert "interleave_wait_seconds_count 1.0" in text
    assert "interleave_running 0.0" in text
    assert any(line.startswith("process_open_fds ") for line in text)
    assert 'interleave_first_event_seconds_bucket{le="0.3"} 1.0' in text


async def test_openapi_describes_every_operation_and_its_errors(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            assert operation["description"], path
            for status, answer in operation["responses"].items():
                assert answer["description"], (path, method, status)
                if status >= "400":
                    assert set(answer["content"]) == {"application/problem+json"}, (path, method, status)
            if method == "post" and not path.endswith(("/stop", "/share")):
                assert "requestBody" in operation
    assert set(described["paths"]["/api/runs"]["post"]["responses"]) == {
        *("201", "403", "413", "422", "429", "503", "default")
    }
    text = json.dumps(described)
    names = {name.split('"')[0] for name in text.split("#/components/schemas/")[1:]}
    assert names <= set(described["components"]["schemas"])
