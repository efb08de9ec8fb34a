"""How this process ends: its main thread's ending, its exit code, and what was left running."""

from __future__ import annotations

import os
import sys

from . import lanes, streams, threads, wire
from .hooks import Builtin, replace, without_us
from .log import clock, emit_text
from .places import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_exit = sys.exit
_exit_now = os._exit
_asked: int | None = None
_over = False
_failure = ""


class _Exit(Builtin):
    __slots__ = ()

    def __call__(self, *status: Any) -> None:
        global _asked
        if lanes.thread_lane() == lanes.main_lane:
            asked = status[0] if status else None
            _asked = 0 if asked is None else asked & 0xFF if isinstance(asked, int) else 1
        try:
            _exit(*status)
        except BaseException as error:
            without_us(error)
            raise


class _ExitNow(Builtin):
    __slots__ = ()

    def __call__(self, status: Any) -> None:
        if isinstance(status, int):
            threads.used()
            if lanes.thread_lane() != lanes.main_lane:
                threads.end(lanes.thread_lane(), wire.EXITED)
            # multiprocessing's own children have no other way to end well.
            clean = status == 0 and sys._getframe(1).f_globals.get("__name__", "").startswith("multiprocessing.")
            leave(status & 0xFF, wire.RETURNED if clean else wire.EXITED)
        _exit_now(status)


def watch() -> None:
    sys.exit = _Exit(_exit)  # type: ignore[assignment]
    os._exit = _ExitNow(_exit_now)  # type: ignore[assignment]


def watch_warnings(module: ModuleType) -> None:
    """Watch warnings for the coroutines that were dropped before anybody awaited them."""
    warnings: Any = module
    show = warnings._showwarnmsg

    def showwarnmsg(msg: Any) -> None:
        if getattr(msg.source, "cr_code", None) is not None and msg.category is RuntimeWarning:
            text = str(msg.message).partition("\n")[0]
            emit_text(wire.MARK, wire.NEVER_AWAITED, 0, clock(), 0, lanes.current(), place(sys._getframe(1)), text)
        show(msg)

    replace(warnings, "_showwarnmsg", showwarnmsg)


def finish() -> None:
    """The interpreter ends. A status that only the operating system knows is left to those who ask it."""
    error = getattr(sys, "last_value", None)
    streams.finish()
    threads.finish()
    if error is not None:
        threads.end(lanes.main_lane, wire.RAISED, threads.raised(lanes.main_lane, error))
        leave(1, wire.EXITED, threads.error_text(error))
        return
    if not _failure:
        threads.end(lanes.main_lane, wire.RETURNED)
    if _asked is not None:
        leave(_asked, wire.EXITED if _asked else wire.RETURNED)
    elif "__file__" not in vars(sys.modules["__main__"]):
        # The interpreter takes `__file__` away from a script that ran to its end, not from one that raised SystemExit.
        leave(0, wire.RETURNED)


def failed(error: BaseException) -> None:
    """This process, one of multiprocessing's, ends with the error that its main thread raised."""
    global _failure
    _failure = threads.error_text(error)
    threads.end(lanes.main_lane, wire.RAISED, threads.raised(lanes.main_lane, error))


def leave(code: int, ending: int, error: str = "") -> None:
    """Say, once, that this process ends with this exit code."""
    global _over
    if not _over:
        _over = True
        emit_text(wire.END, ending, code + 2**31, clock(), 0, lanes.process_lane, 0, error or _failure)


def after_fork() -> None:
    global _over, _asked, _failure
    _over = False
    _asked = None
    _failure = ""
