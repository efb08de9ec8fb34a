"""Content-Encoding: zstd or gzip by what the client takes, off the event loop where it costs time."""

from __future__ import annotations

import asyncio
import zlib
from typing import Protocol

import zstandard
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALL = 1024
QUICK = 32 * 1024
TYPES = ("text/", "application/json", "application/problem+json", "application/vnd.interleave.", "image/svg+xml")


class Compressor(Protocol):
    """A stream of compressed bytes; zlib's and zstandard's are such."""

    def compress(self, data: bytes, /) -> bytes:
        """The next compressed bytes, perhaps none yet."""
        ...

    def flush(self) -> bytes:
        """The last compressed bytes."""
        ...


def encodings_of(accepted: str) -> set[str]:
    """The encodings that an Accept-Encoding header allows."""
    allowed = set()
    for item in accepted.lower().replace(" ", "").split(","):
        name, _, weight = item.partition(";q=")
        if weight.strip("0.") or not weight:
            allowed.add(name)
    return allowed


def encoding_of(accepted: str) -> str | None:
    """The best of our encodings that an Accept-Encoding header allows."""
    allowed = encodings_of(accepted)
    return next((name for name in ("zstd", "gzip") if name in allowed), None)


def compressor(encoding: str) -> Compressor:
    """A new stream of this encoding."""
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=3).compressobj()
    return zlib.compressobj(6, wbits=zlib.MAX_WBITS | 16)


class Compression:
    """ASGI middleware that compresses whole and streamed answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        encoding = encoding_of(Headers(scope=scope).get("accept-encoding", "")) if scope["type"] == "http" else None
        await self._app(scope, receive, send if encoding is None else _Encoder(encoding, send))


class _Encoder:
    """Sends one answer encoded; its start is held back until the first part shows whether that is worth it."""

    def __init__(self, encoding: str, send: Send) -> None:
        self._encoding = encoding
        self._send = send
        self._start: Message | None = None
        self._stream: Compressor | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        start, self._start = self._start, None
        if start is not None:
            self._begin(MutableHeaders(scope=start), whole_bytes=None if more else len(body))
        if self._stream is not None:
            work = (self._stream, body, more)
            body = _encode(*work) if len(body) < QUICK else await asyncio.to_thread(_encode, *work)
        if start is not None:
            if self._stream is not None and not more:
                MutableHeaders(scope=start)["Content-Length"] = str(len(body))
            await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    def _begin(self, headers: MutableHeaders, whole_bytes: int | None) -> None:
        if not headers.get("content-type", "").startswith(TYPES) or "content-encoding" in headers:
            return
        headers.add_vary_header("Accept-Encoding")
        if whole_bytes is not None and whole_bytes < SMALL:
            return
        self._stream = compressor(self._encoding)
        headers["Content-Encoding"] = self._encoding
        del headers["Content-Length"]


def _encode(stream: Compressor, body: bytes, more: bool) -> bytes:
    encoded = stream.compress(body)
    return encoded if more else encoded + stream.flush()
