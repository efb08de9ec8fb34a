"""Signals: the program's handlers run, also in the middle of a wait, and who waits for a signal waits.

Handlers are called through a function of ours; `signal.getsignal` and its kin still give the program's own.
"""

from __future__ import annotations

import os
from _functools import partial  # type: ignore[import-not-found]
from sys import _getframe

from . import wire
from .hooks import HERE, Builtin, replace, without_us
from .lanes import here, resource, running, waiting
from .places import LIBRARY, function, kind, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, ModuleType
    from typing import Any

_METHOD, _BUILTIN = type(os.environ.copy), type(len)
_WAITS = ("pause", "sigtimedwait", "sigwaitinfo")


def _handle(handler: Any, number: int, frame: FrameType | None) -> Any:
    waits, on, where, limited = here.waits, here.on, here.place, here.limited
    interrupted = waits and on
    if interrupted:
        here.waits = 1
        running(function(handler))
    here.waits = 0
    while frame is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    try:
        result = handler(number, frame)
        if interrupted:
            waiting(on, where, limited)
    except BaseException as error:
        without_us(error)
        raise
    finally:
        here.waits = waits
    return result


def _told(handler: Any) -> Any:
    """What is to be called in a handler's place: itself, if there is nothing to call or it is not the program's."""
    called = handler.__func__ if type(handler) is _METHOD else handler  # type: ignore[attr-defined]
    if not callable(handler) or type(handler) is _BUILTIN:
        return handler
    if type(called) is type(_told) and kind(called.__code__) == LIBRARY:
        return handler
    return partial(_handle, handler)


def _own(handler: Any) -> Any:
    return handler.args[0] if type(handler) is partial and handler.func is _handle else handler


class _Waits(Builtin):
    """A function that waits for a signal."""

    __slots__ = ()

    def __call__(self, *args: Any, **options: Any) -> Any:
        where = place(_getframe(1))
        waiting(resource(wire.IO, self._original.__name__, place=where), where, True)
        try:
            return self._original(*args, **options)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            running(where)


def watch(module: ModuleType) -> None:
    """Watch `signal`."""
    install, ask, wait = module.signal, module.getsignal, module.sigwait

    def signal(signalnum: Any, handler: Any) -> Any:
        try:
            return _own(install(signalnum, _told(handler)))
        except BaseException as error:
            without_us(error)
            raise

    def getsignal(signalnum: Any) -> Any:
        try:
            return _own(ask(signalnum))
        except BaseException as error:
            without_us(error)
            raise

    def sigwait(sigset: Any) -> Any:
        where = place(_getframe(1))
        waiting(resource(wire.IO, "sigwait", place=where), where, True)
        try:
            return wait(sigset)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            running(where)

    replace(module, "signal", signal)
    replace(module, "getsignal", getsignal)
    replace(module, "sigwait", sigwait)
    for name in _WAITS:
        setattr(module, name, _Waits(getattr(module, name)))
