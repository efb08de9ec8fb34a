"""Calls that just block: time.sleep, on the process's one sleep; fcntl.flock and fcntl.lockf, on a file.

Who has locked a file is not told, since closing any descriptor of it may be the end of that.
"""

from __future__ import annotations

import fcntl
import os
import time
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN
from sys import _getframe

from . import wire
from .hooks import Builtin, without_us
from .lanes import act, here, resource, running, waiting
from .log import clock
from .places import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FILE = 1 << 58
_KEY = _FILE - 1
_MOST = 1000
_files: dict[int, int] = {}
_sleep = time.sleep
_known = (0, 0)
"""A process and what sleepers wait on in it."""


class _Sleep(Builtin):
    __slots__ = ()

    def __call__(self, seconds: float, /) -> None:
        # Sleeping for nothing is how loops give way, and what is no number gets its own error.
        if type(seconds) in (int, float) and not seconds > 0:
            try:
                return _sleep(seconds)
            except ValueError as error:
                without_us(error)
                raise
        where = place(_getframe().f_back)  # nobody's, when C calls, as atexit does
        waiting(sleep(), where)
        try:
            return _sleep(seconds)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            running(where)


def sleep() -> int:
    """The number of what sleepers in this process wait on."""
    global _known
    pid, found = _known
    if pid != os.getpid():
        found = resource(wire.SLEEP, "sleep")
        _known = os.getpid(), found
    return found


class _Lock(Builtin):
    __slots__ = ()

    def __call__(self, *args: Any) -> Any:
        """Wait only where that does not succeed at once."""
        call = self._original
        asked = args[1] if len(args) > 1 and type(args[1]) is int and not here.waits else 0
        where = place(_getframe(1)) if asked else 0
        try:
            if asked & (LOCK_SH | LOCK_EX) and not asked & LOCK_NB:
                try:
                    return call(args[0], asked | LOCK_NB, *args[2:])
                except (BlockingIOError, PermissionError):
                    pass
                waiting(_file(args[0], where), where, True)
                try:
                    return call(*args)
                finally:
                    running(where)
            now = clock()
            result = call(*args)
        except BaseException as error:
            without_us(error)
            raise
        if asked & LOCK_UN:
            act(wire.WAKE, _file(args[0], where), now, where)
        return result


def _file(fd: Any, where: int) -> int:
    """The resource that this file is in all processes; 0 if it is closed by now."""
    try:
        number = fd if type(fd) is int else fd.fileno()
        status = os.fstat(number)
    except (OSError, ValueError):
        return 0
    key = _FILE | (status.st_dev * 0x9E3779B97F4A7C15 ^ status.st_ino) & _KEY
    if key not in _files:
        if len(_files) >= _MOST:
            _files.clear()
        try:
            name = os.path.basename(os.readlink(f"/proc/self/fd/{number}"))  # noqa: PTH115, PTH119
        except OSError:
            name = ""
        _files[key] = resource(wire.IO, name, key=key, place=where)
    return _files[key]


def watch() -> None:
    time.sleep = _Sleep(_sleep)  # type: ignore[assignment]
    for name in "flock", "lockf":
        setattr(fcntl, name, _Lock(getattr(fcntl, name)))
