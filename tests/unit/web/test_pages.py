"""The pages: what their script is given, in which language, and that opening one runs nothing."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from app.examples import SECTIONS
from app.web.site import Site

from .conftest import Recorder, browse
from .test_api import submitted

HOSTILE = "'</script><script>alert(1)</script>&<!--\u2028"


def data_of(answer: httpx.Response) -> dict[str, Any]:
    """What the page gives its script."""
    assert answer.status_code == 200, answer.text
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', answer.text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


async def test_the_first_example_is_shown_and_nothing_runs(client: httpx.AsyncClient, site: Site) -> None:
    data = data_of(await client.get("/"))
    assert (data["run"], data["parent"]) == (None, None)
    assert (data["example"], data["source"]) == (site.examples[0].slug, site.examples[0].source)
    assert (data["python"], [python["id"] for python in data["pythons"]]) == ("3.13", ["3.12", "3.13", "3.13t"])
    assert data["lesson"]["title"] == site.examples[0].title["en"]
    assert data["sandbox"]["backend"] == "local"
    assert data["limits"]["wall_ns"] == 10_000_000_000
    assert await site.store.queue() == {}


async def test_an_address_chooses_example_and_python(client: httpx.AsyncClient, site: Site) -> None:
    data = data_of(await client.get("/?example=deadlock&python=3.12"))
    assert (data["example"], data["python"]) == ("deadlock", "3.12")
    assert (await client.get("/?example=no-such", headers={"Accept": "text/html"})).status_code == 404


async def test_a_run_can_be_looked_at_and_edited(client: httpx.AsyncClient, recorder: Recorder) -> None:
    run = await submitted(client, source=HOSTILE, python="3.12", example="lock")
    await recorder.record()
    seen = data_of(await client.get(f"/r/{run['id']}"))
    assert seen["run"] == (await client.get(f"/api/runs/{run['id']}")).json()
    edited = data_of(await client.get(f"/?run={run['id']}"))
    assert edited["run"] is None
    for data in (seen, edited):
        assert (data["source"], data["parent"], data["python"], data["example"]) == (HOSTILE, run["id"], "3.12", "lock")


@pytest.mark.parametrize(
    ("query", "headers", "language"),
    [
        ("", {}, "en"),
        ("", {"Accept-Language": "de, ru;q=0.7, en;q=0.3"}, "ru"),
        ("", {"Accept-Language": "en-GB;q=0.9,ru;q=0.8"}, "en"),
        ("", {"Accept-Language": "ru;q=x, ;;;,"}, "en"),
        ("", {"Accept-Language": "ru", "Cookie": "lang=en"}, "en"),
        ("?lang=ru", {"Cookie": "lang=en"}, "ru"),
        ("?lang=xx", {}, "en"),
    ],
)
async def test_the_language_is_the_readers(
    client: httpx.AsyncClient, query: str, headers: dict[str, str], language: str
) -> None:
    answer = await client.get(f"/{query}", headers=headers)
    assert answer.headers["content-language"] == data_of(answer)["language"] == language
    assert f'<html lang="{language}"' in answer.text
    assert bool(data_of(answer)["texts"]) == (language == "ru")
    assert ("lang=ru" in answer.headers.get("set-cookie", "")) == (query == "?lang=ru")


async def test_without_a_sandbox_the_page_says_why(without_sandbox: Site) -> None:
    async with browse(without_sandbox) as client:
        sandbox = data_of(await client.get("/"))["sandbox"]
    assert (sandbox["backend"], sandbox["reason"]) == (None, "bubblewrap is missing: install it")


async def test_the_catalogue_is_a_fragment_in_the_readers_language(client: httpx.AsyncClient, site: Site) -> None:
    answer = await client.get("/examples", headers={"Accept-Language": "ru"})
    assert "<html" not in answer.text
    for example in site.examples:
        assert f'href="/?example={example.slug}"' in answer.text
    assert SECTIONS[site.examples[0].section]["ru"] in answer.text
