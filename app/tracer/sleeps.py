"""time.sleep: the thread waits on the process's one sleep."""

from __future__ import annotations

import os
import time
from sys import _getframe

from . import wire
from .hooks import Builtin, without_us
from .lanes import resource, running, waiting
from .places import place

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


def watch() -> None:
    time.sleep = _Sleep(_sleep)  # type: ignore[assignment]
