"""sys.stdout and sys.stderr: one packet for one print, with the lane and the time in front of the text.

Text is put together for each thread on its own until a write ends its line, so that lines of two threads are never
glued and never torn; flush() and the end send what is there. Bytes written to `.buffer` become packets as they come.
"""

from __future__ import annotations

import fcntl
import io
import os
import stat
import sys
from _thread import get_ident

from . import wire
from .lanes import current
from .log import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MOST = wire.PACKET - 20
_LONG = 64 * 1024


class FileIO(io.FileIO):
    """The file under a stream: what is written leaves as packets, and as plain bytes once the program has put something
    else than our pipe behind the descriptor."""

    __module__ = "_io"
    __slots__ = ()

    def write(self, data: Any, /) -> int:
        if self.closed:
            return super().write(data)
        view = memoryview(data).cast("B")
        fd = self.fileno()
        if not is_packet_pipe(fd):
            return super().write(view)
        lane = current().to_bytes(4, "little")
        at = 0
        while at < len(view):
            piece = bytes(view[at : at + _MOST])
            if at + _MOST < len(view):
                piece = piece[: _cut(piece)]
            head = b"".join((wire.PACKET_MAGIC, lane, clock().to_bytes(8, "little"), len(piece).to_bytes(4, "little")))
            os.write(fd, head + piece)
            at += len(piece)
        return len(view)


def _cut(piece: bytes) -> int:
    """Where to end a part of a long text: behind its last line, else before a character that would be torn."""
    end = piece.rfind(b"\n") + 1 or len(piece)
    lead = end
    while end - lead < 3 and piece[lead - 1] & 0xC0 == 0x80:
        lead -= 1
    return lead - 1 if piece[lead - 1] >= 0xC0 else end


class TextIOWrapper(io.TextIOWrapper):
    """A standard stream that sends a thread's text when a write of it ends a line."""

    __module__ = "_io"
    __slots__ = ("_pending",)
    _pending: dict[int, list[bytes]]

    def write(self, text: str, /) -> int:
        if self.closed or not isinstance(text, str):
            return super().write(text)
        me = get_ident()
        pending = self._pending.get(me)
        if pending is None:
            pending = self._pending[me] = []
        pending.append(text.encode(self.encoding, self.errors or "strict"))
        if text[-1:] == "\n" or len(text) >= _LONG or len(pending) >= _LONG:
            self.send(me)
        return len(text)

    def send(self, thread: int) -> None:
        pending = self._pending.pop(thread, None)
        data = b"".join(pending) if pending else b""
        if data:
            self.buffer.flush()
            getattr(self.buffer, "raw", self.buffer).write(data)

    def send_all(self) -> None:
        for thread in list(self._pending):
            self.send(thread)

    def forget_others(self) -> None:
        """In a forked child: what other threads have begun to write is their parent's."""
        me = get_ident()
        self._pending = {me: self._pending[me]} if me in self._pending else {}

    def flush(self) -> None:
        if not self.closed:
            self.send(get_ident())
        super().flush()

    def close(self) -> None:
        if not self.closed:
            self.send_all()
        super().close()

    def reconfigure(self, **how: Any) -> None:
        self.send(get_ident())
        super().reconfigure(**how)


_streams: list[TextIOWrapper] = []


def is_packet_pipe(fd: int) -> bool:
    """Whether the descriptor is a pipe that keeps the boundaries of writes, or a socket that does, as under gVisor."""
    try:
        if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT:
            return True
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            return False
        from _socket import SOCK_SEQPACKET, socket

        end = socket(fileno=fd)
        try:
            return end.type == SOCK_SEQPACKET
        finally:
            end.detach()
    except OSError:
        return False


def install() -> None:
    """Take the places of stdout and stderr where they lead to packet pipes."""
    for name, fd in ("stdout", 1), ("stderr", 2):
        plain = getattr(sys, name)
        if isinstance(plain, io.TextIOWrapper) and is_packet_pipe(fd):
            stream = _instead(plain, fd)
            _streams.append(stream)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def _instead(plain: io.TextIOWrapper, fd: int) -> TextIOWrapper:
    """A stream with all the visible properties of the plain one."""
    raw = FileIO(fd, "wb", closefd=False)
    raw.name = plain.name
    stream = TextIOWrapper(
        raw if isinstance(plain.buffer, io.FileIO) else io.BufferedWriter(raw),
        encoding=plain.encoding,
        errors=plain.errors,
        newline="\n",
        line_buffering=plain.line_buffering,
        write_through=plain.write_through,
    )
    stream.mode = "w"  # type: ignore[misc]
    stream._pending = {}
    return stream


def thread_ended() -> None:
    """Send what the ending thread has printed of a line."""
    for stream in _streams:
        _quietly(stream.send, get_ident())


def finish() -> None:
    """Send what all threads have printed of a line."""
    for stream in _streams:
        _quietly(stream.send_all)


def _quietly(send: Callable[..., None], *of: int) -> None:
    try:  # noqa: SIM105 - contextlib is an import that the program did not ask for
        send(*of)
    except (OSError, ValueError):
        # Nobody reads any more, or the program has closed the stream: the program itself hears of it when it writes.
        pass


def after_fork() -> None:
    for stream in _streams:
        stream.forget_others()
