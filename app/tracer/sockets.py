"""Blocking calls of sockets: the thread waits on input or output."""

from __future__ import annotations

from sys import _getframe

from . import wire
from .hooks import without_us
from .lanes import of, running, waiting
from .places import place, user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_CALLS = ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "send", "sendall", "sendto", "connect")


def watch(module: ModuleType) -> None:
    socket: Any = module.socket
    for name in _CALLS:
        if name not in vars(socket):
            setattr(socket, name, _blocking(getattr(socket, name)))
    socket._accept = _blocking(socket._accept)


def _blocking(call: Any) -> Any:
    def blocking(self: Any, *args: Any) -> Any:
        if self.gettimeout() == 0:
            return call(self, *args)
        frame = user(_getframe(1))
        where = place(frame)
        waiting(of(self, wire.IO, frame).number, where)
        try:
            return call(self, *args)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            running(where)

    for attribute in ("__name__", "__qualname__", "__doc__"):
        setattr(blocking, attribute, getattr(call, attribute))
    return blocking
