"""Headers, origins and quotas."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import HTTPConnection

from app.core.errors import Busy
from app.web.security import MAX_CLIENTS, Clients, Quota, Viewers

from .conftest import Clock


async def test_every_answer_has_the_headers_and_a_nonce_of_its_own(client: httpx.AsyncClient) -> None:
    answers = [await client.get(path) for path in ("/", "/healthz", "/nowhere", "/api/examples")]
    policies = [answer.headers["content-security-policy"] for answer in answers]
    assert all(policy.startswith("default-src 'none'; script-src 'self';") for policy in policies)
    assert len(set(policies)) == len(policies)
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}
    assert {answer.headers["cross-origin-opener-policy"] for answer in answers} == {"same-origin"}


async def test_the_page_knows_the_nonce_of_its_policy(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    policy = answer.headers["content-security-policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert f'"nonce": "{nonce}"' in answer.text


async def test_runs_are_not_to_be_indexed(client: httpx.AsyncClient) -> None:
    assert (await client.get("/r/unknown")).headers["x-robots-tag"] == "noindex"
    assert "x-robots-tag" not in (await client.get("/")).headers


@pytest.mark.parametrize(
    ("origin", "status"),
    [(None, 201), ("http://site", 201), ("http://evil", 403), ("http://site:81", 403), ("null", 403)],
)
async def test_only_our_own_pages_may_start_programs(
    client: httpx.AsyncClient, origin: str | None, status: int
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    answer = await client.post("/api/runs", json={"source": ""}, headers=headers)
    assert answer.status_code == status


async def test_other_sites_may_read(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/examples", headers={"Origin": "http://evil"})).status_code == 200


def test_a_quota_is_used_up_and_fills_again() -> None:
    clock = Clock()
    quota = Quota(2, 60, clock)
    quota.take("ann")
    quota.take("ann")
    with pytest.raises(Busy) as busy:
        quota.take("ann")
    assert busy.value.retry_after == 30
    quota.take("bob")
    clock.now += busy.value.retry_after
    quota.take("ann")
    with pytest.raises(Busy):
        quota.take("ann")


def test_a_quota_remembers_no_more_clients_than_its_bound() -> None:
    quota = Quota(1, 60, Clock())
    for client in range(MAX_CLIENTS + 10):
        quota.take(str(client))
    quota.take("0")
    with pytest.raises(Busy):
        quota.take(str(MAX_CLIENTS))


def test_a_client_is_an_address_or_a_network_and_its_key_tells_nothing() -> None:
    clients = Clients()

    def key(host: str) -> str:
        return clients.key(HTTPConnection({"type": "http", "client": (host, 1)}))

    assert key("192.0.2.1") == key("192.0.2.1") != key("192.0.2.2")
    assert key("2001:db8::1") == key("2001:db8::2") != key("2001:db8:0:1::1")
    assert Clients().key(HTTPConnection({"type": "http", "client": ("192.0.2.1", 1)})) != key("192.0.2.1")


def test_streams_are_bounded_in_all_and_for_each_client() -> None:
    viewers = Viewers(3, 2)
    with viewers.one("ann"), viewers.one("bob"):
        with viewers.one("ann"), pytest.raises(Busy, match="too many are"), viewers.one("eve"):
            pass
        with viewers.one("ann"):
            pass
    with viewers.one("ann"), viewers.one("ann"), pytest.raises(Busy, match="too many places"), viewers.one("ann"):
        pass
    with viewers.one("ann"):
        pass
