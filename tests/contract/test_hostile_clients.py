"""Clients that open many sockets, never read, or send what is no request: the others notice nothing."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import struct
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.conftest import PATIENCE_S, Server, start_server
from tests.contract.serving import LONG, SHORT, chunks, ended, submit, until

TALKS = """
import threading, time

def talk():
    while time.monotonic() < end:
        print("x" * 500)
        time.sleep(0.001)

end = time.monotonic() + 3
threads = [threading.Thread(target=talk) for _ in range(4)]
for thread in threads:
    thread.start()
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a bound that can be met on viewers of one client."""
    started = start_server(
        tmp_path_factory.mktemp("host"), ACCELERATOR="false", VIEWERS_PER_CLIENT="20", LIMITS__OUTPUT_BYTES="16777216"
    )
    yield started
    started.stop()


def tcp(server: Server) -> socket.socket:
    address = httpx.URL(server.url)
    return socket.create_connection((address.host, address.port or 0), timeout=PATIENCE_S)


def works(server: Server) -> None:
    """Whoever else comes is served."""
    assert until(server, submit(server, SHORT), ended)["outcome"]["kind"] == "completed"


def test_a_thousand_sockets_that_say_nothing(host: Server) -> None:
    with contextlib.ExitStack() as peers:
        for _ in range(1000):
            peers.enter_context(tcp(host))
        works(host)


def test_what_is_no_request(host: Server) -> None:
    dice = random.Random(0)
    for _ in range(200):
        with tcp(host) as peer, contextlib.suppress(OSError):
            said = dice.randbytes(dice.randrange(1, 5000))
            peer.sendall(
                dice.choice([b"", b"GET / HTTP/1.1\r\n", b"POST /api/runs HTTP/1.1\r\nHost: x\r\n\r\n"]) + said
            )
    works(host)


def test_streams_of_one_client_are_bounded_and_viewing_takes_no_runs_place(host: Server) -> None:
    run = submit(host, LONG)
    address = f"{host.socket_url}/api/runs/{run}/stream"
    with contextlib.ExitStack() as viewers:
        for _ in range(20):
            viewers.enter_context(connect(address))
        answer = httpx.get(
            address.replace("ws:", "http:"),
            headers={
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            },
        )
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
        works(host)
    httpx.post(f"{host.url}/api/runs/{run}/stop").raise_for_status()
    until(host, run, ended)
    with connect(address) as viewer:
        assert '"hello"' in str(viewer.recv(PATIENCE_S))


def frame(first: int, body: bytes) -> bytes:
    """A masked frame."""
    return bytes([first, 0xFF]) + struct.pack(">Q", len(body)) + bytes(4) + body


@pytest.mark.parametrize(
    "said",
    [
        frame(0x82, bytes(10 << 20)),
        frame(0x02, b"") + frame(0x00, bytes(500)) * 1000,
        frame(0x81, b"\xff\xfe"),
        frame(0x83, b""),
        os.urandom(5000),
    ],
    ids=["huge", "without end", "no text", "of an unknown kind", "random"],
)
def test_frames_that_are_wrong_end_their_own_stream(said: bytes, host: Server) -> None:
    run = submit(host, LONG)
    address = f"{host.socket_url}/api/runs/{run}/stream"
    with connect(address) as good, connect(address) as bad:
        bad.recv(PATIENCE_S)
        with contextlib.suppress(OSError):
            bad.socket.sendall(said)
        with contextlib.suppress(ConnectionClosed):
            while bad.recv(PATIENCE_S):
                pass
        assert bad.close_code in {1002, 1006, 1007, 1009}
        httpx.post(f"{host.url}/api/runs/{run}/stop").raise_for_status()
        assert whole(good) == chunks(host, run)
    works(host)


def whole(viewer: ClientConnection) -> bytes:
    """All the chunks of a stream."""
    return b"".join(found for found in viewer if isinstance(found, bytes))


def test_a_viewer_that_never_reads_delays_nobody(host: Server) -> None:
    run = submit(host, TALKS)
    address = httpx.URL(host.url)
    with tcp(host) as lazy, connect(f"{host.socket_url}/api/runs/{run}/stream") as good:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.sendall(
            f"GET /api/runs/{run}/stream HTTP/1.1\r\nHost: {address.host}:{address.port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        seen = whole(good)
        assert until(host, run, ended)["outcome"]["kind"] == "completed"
        assert len(seen) > 1 << 20
        assert seen == chunks(host, run)
    works(host)
