"""What is compressed, and that nothing is lost by it."""

from __future__ import annotations

import gzip

import httpx
import pytest
import zstandard

from app.web.compression import encoding_of

from .conftest import GOLDEN, Recorder
from .test_api import submitted


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "gzip"),
        ("gzip;q=0.5, zstd;q=0", "gzip"),
        ("zstd;q=0.0, br", None),
        ("identity", None),
        ("", None),
    ],
)
def test_the_client_chooses(accepted: str, encoding: str | None) -> None:
    assert encoding_of(accepted) == encoding


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("what", ["chunks", "events", "timeline"])
async def test_a_compressed_answer_is_the_same(
    client: httpx.AsyncClient, recorder: Recorder, what: str, encoding: str
) -> None:
    run = await submitted(client)
    await recorder.record()
    address = f"/api/runs/{run['id']}/{what}"
    plain = (await client.get(address)).content
    async with client.stream("GET", address, headers={"Accept-Encoding": encoding}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == encoding
    assert "Accept-Encoding" in answer.headers["vary"]
    assert len(raw) < len(plain)
    assert (
        gzip.decompress(raw) if encoding == "gzip" else zstandard.ZstdDecompressor().decompressobj().decompress(raw)
    ) == plain
    if what == "chunks":
        assert plain == GOLDEN.read_bytes()


async def test_a_small_answer_is_sent_as_it_is(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/nowhere", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.json()["status"] == 404
