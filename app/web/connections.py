"""Connections with bounds: uvicorn's protocols, for peers that are slow, silent or endless on purpose.

A peer that does not take what it is sent is not listened to, and cut off after STALLED_S. A request has come whole
within REQUEST_S and MAX_REQUEST bytes, or its connection ends.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

STALLED_S = 30.0
REQUEST_S = 30.0
MAX_REQUEST = 1 << 20


class Deadline:
    """When a connection is cut off, unless it is cleared before."""

    _timer: asyncio.TimerHandle | None = None

    def set(self, transport: asyncio.Transport, seconds: float) -> None:
        """Cut the connection off in so many seconds; one that is set already stays."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, transport.abort)

    def clear(self) -> None:
        """Let the connection live."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Http(HttpToolsProtocol):
    """A connection that speaks HTTP."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._whole, self._size = False, 0
        self._late, self._stalled = Deadline(), Deadline()
        self._late.set(transport, REQUEST_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._late.clear()
        self._stalled.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > MAX_REQUEST and not self._whole:
            self.transport.abort()
        else:
            super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._whole, self._size = False, 0
        self._late.set(self.transport, REQUEST_S)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._whole = True
        self._late.clear()

    def handle_websocket_upgrade(self) -> None:
        self._late.clear()
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled.set(self.transport, STALLED_S)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled.clear()


class Socket(WebSocketsSansIOProtocol):
    """A connection that speaks WebSocket."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._stalled = Deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stalled.clear()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        # Whoever takes nothing is not heard: the answers to its pings would fill the memory.
        super().pause_writing()
        self.transport.pause_reading()
        self._stalled.set(self.transport, STALLED_S)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled.clear()
        if not self.read_paused:
            self.transport.resume_reading()

    def keepalive_timeout(self) -> None:
        # Closing waits until everything is sent, and this peer takes nothing.
        super().keepalive_timeout()
        self._stalled.set(self.transport, STALLED_S)
