"""Built assets: their names, and for how long they may be kept."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from app.web.application import Static
from app.web.render import Assets


def test_names_carry_a_hash_once_they_are_built(tmp_path: Path) -> None:
    assert not Assets(tmp_path).built
    names = {"main.js": "main-1A2B.js", "main.0.js": "part-5E6F.js", "icons.svg": "icons-3C4D.svg"}
    (tmp_path / "manifest.json").write_text(json.dumps(names))
    assets = Assets(tmp_path)
    assert assets.built
    assert assets.url("main.js") == "/static/build/main-1A2B.js"
    assert assets.parts("main.js") == ["/static/build/part-5E6F.js"]
    assert assets.parts("icons.svg") == []
    assert assets.icon("play") == (
        '<svg class="icon" aria-hidden="true"><use href="/static/build/icons-3C4D.svg#play"></use></svg>'
    )


async def test_what_was_built_is_kept_for_ever_and_what_was_not_is_missing(tmp_path: Path) -> None:
    (tmp_path / "main-1A2B.js").write_text("1")
    transport = httpx.ASGITransport(Static(directory=tmp_path))
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
        answer = await client.get("/main-1A2B.js")
    assert (answer.text, answer.headers["cache-control"]) == ("1", "public, max-age=31536000, immutable")


async def test_what_was_compressed_when_it_was_built_is_sent_so_to_whoever_takes_it(tmp_path: Path) -> None:
    (tmp_path / "main-1A2B.js").write_text("plain")
    (tmp_path / "main-1A2B.js.br").write_bytes(b"packed")
    transport = httpx.ASGITransport(Static(directory=tmp_path))
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
        for accepted, encoding, body in (("gzip, br", "br", b"packed"), ("gzip, br;q=0", None, b"plain")):
            async with client.stream("GET", "/main-1A2B.js", headers={"Accept-Encoding": accepted}) as answer:
                assert b"".join([part async for part in answer.aiter_raw()]) == body
            assert answer.headers.get("content-encoding") == encoding
            assert answer.headers["content-type"].startswith("text/javascript")
            assert answer.headers["vary"] == "Accept-Encoding"


async def test_without_a_build_nothing_is_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/static/build/none-0000.js")).status_code == 404
    assert (await client.get("/static/build/../js/main.js")).status_code == 404
