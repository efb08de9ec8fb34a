"""Peers that are slow, silent or endless, at real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from app.web import connections

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
UPGRADE = (
    GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
PING = b"\x89\xfd\0\0\0\0" + bytes(125)


async def application(scope, receive, send):
    """Sends without end to whoever asks."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        if scope["path"] == "/quiet":
            while (await receive())["type"] != "websocket.disconnect":
                pass
        while True:
            await send({"type": "websocket.send", "bytes": bytes(1 << 16)})
    if scope["path"] == "/hello":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": bytes(1 << 16), "more_body": True})
        await asyncio.sleep(0)  # to whoever is gone, sending takes no time


@pytest.fixture
async def open_connections(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[int, set[object]]]:
    """The port of a server with little patience, and its connections."""
    monkeypatch.setattr(connections, "STALLED_S", 0.2)
    monkeypatch.setattr(connections, "REQUEST_S", 0.2)
    config = Config(application, http=connections.Http, ws=connections.Socket, log_level="critical", lifespan="off")
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(lambda: connections.Http(config, state, {}), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], state.connections
    server.close()
    for task in list(state.tasks):
        task.cancel()
    await asyncio.gather(*state.tasks, return_exceptions=True)


async def cut_off(port: int, said: bytes, again: bytes = b"") -> bytes:
    """Say this, and read nothing until the connection is gone; what had arrived by then."""
    loop = asyncio.get_running_loop()
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.setblocking(False)
        await loop.sock_sendall(peer, said)
        try:
            async with asyncio.timeout(30):
                while again:
                    await loop.sock_sendall(peer, again)
                await asyncio.sleep(1)
        except ConnectionError:
            return b""
        found = b""
        try:
            while data := await loop.sock_recv(peer, 1 << 20):
                found += data
        except ConnectionResetError:
            pass
        return found


@pytest.mark.parametrize(
    ("said", "again"),
    [
        (b"", b""),
        (b"GE", b""),
        (GET, b""),
        (GET, b"X: y\r\n" * 1000),
        (GET + b"X: ", b"y" * 10_000),
        (b"POST /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 1000),
    ],
    ids=["silent", "slow", "no end", "endless headers", "an endless header", "endless trailers"],
)
async def test_a_request_that_never_comes_whole_ends_its_connection(
    said: bytes, again: bytes, open_connections: tuple[int, set[object]]
) -> None:
    port, still_open = open_connections
    await cut_off(port, said, again)
    assert not still_open


@pytest.mark.parametrize("said", [GET + b"\r\n", UPGRADE], ids=["http", "websocket"])
async def test_who_takes_nothing_is_cut_off(said: bytes, open_connections: tuple[int, set[object]]) -> None:
    port, still_open = open_connections
    assert len(await cut_off(port, said)) < 32 << 20
    assert not still_open


async def test_pings_of_who_takes_nothing_are_not_answered_without_end(
    open_connections: tuple[int, set[object]],
) -> None:
    port, still_open = open_connections
    await cut_off(port, UPGRADE.replace(b"GET /", b"GET /quiet"), PING * 1000)
    assert not still_open


async def test_who_asks_again_in_time_is_answered(open_connections: tuple[int, set[object]]) -> None:
    port, _ = open_connections
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):
        writer.write(GET.replace(b"GET /", b"GET /hello") + b"\r\n")
        assert b"200" in await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.3)
    writer.close()
