"""Blocking calls of sockets: the thread waits on input or output."""

from __future__ import annotations

from sys import _getframe

from . import wire
from .hooks import replace, without_us
from .lanes import of, running, waiting
from .places import place, user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_CALLS = (
    *("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"),
    *("send", "sendall", "sendmsg", "sendto", "connect", "connect_ex", "_accept"),
)


def watch(module: ModuleType) -> None:
    socket: Any = module.socket
    for name in _CALLS:
        if name not in vars(socket):
            replace(socket, name, _blocking(getattr(socket, name)))
    sendfile = socket.sendfile

    def sendfile_(self: Any, file: Any, offset: int = 0, count: int | None = None) -> Any:
        try:
            return _patiently(sendfile, self, file, offset, count)
        except BaseException as error:
            without_us(error)
            raise

    replace(socket, "sendfile", sendfile_)


def watch_ssl(module: ModuleType) -> None:
    """Watch the sockets that speak TLS: what their C code waits for is not seen at the plain ones."""
    socket: Any = module.SSLSocket
    read, write, send, do_handshake, unwrap = socket.read, socket.write, socket.send, socket.do_handshake, socket.unwrap

    def read_(self: Any, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002
        try:
            return _patiently(read, self, len, buffer)
        except BaseException as error:
            without_us(error)
            raise

    def write_(self: Any, data: Any) -> Any:
        try:
            return _patiently(write, self, data)
        except BaseException as error:
            without_us(error)
            raise

    def send_(self: Any, data: Any, flags: int = 0) -> Any:
        try:
            return _patiently(send, self, data, flags)
        except BaseException as error:
            without_us(error)
            raise

    def do_handshake_(self: Any, block: bool = False) -> Any:
        try:
            return _patiently(do_handshake, self, block)
        except BaseException as error:
            without_us(error)
            raise

    def unwrap_(self: Any) -> Any:
        try:
            return _patiently(unwrap, self)
        except BaseException as error:
            without_us(error)
            raise

    for ours in read_, write_, send_, do_handshake_, unwrap_:
        replace(socket, ours.__name__[:-1], ours)


def _blocking(call: Any) -> Any:
    def blocking(self: Any, *args: Any, **options: Any) -> Any:
        try:
            return _patiently(call, self, *args, **options)
        except BaseException as error:
            without_us(error)
            raise

    return blocking


def _patiently(call: Any, socket: Any, *args: Any, **options: Any) -> Any:
    if socket.gettimeout() == 0:
        return call(socket, *args, **options)
    frame = user(_getframe(2))
    where = place(frame)
    waiting(of(socket, wire.IO, frame).number, where, True)
    try:
        return call(socket, *args, **options)
    finally:
        running(where)
