"""How tasks end: with a result, an error, a cancellation; and the errors of theirs that nobody looked at."""

from __future__ import annotations

from asyncio import format_helpers
from typing import Any

from . import lanes, threads, wire
from .hooks import replace, without_us
from .log import clock, emit, emit_text

_MOST = 1000
_raised: dict[int, int] = {}
"""The lanes of tasks that raised, by their exceptions: when asyncio finds that nobody looked, the task is forgotten."""


def ended(lane: int, canceller: int, task: Any) -> None:
    """Say how a task ended."""
    if task.cancelled():
        emit_text(wire.END, wire.CANCELLED, 0, clock(), canceller, lane, 0, "")
        return
    # Asking exception() would tell asyncio that somebody has looked.
    error = task._exception
    if error is None:
        emit(wire.END, wire.RETURNED, 0, clock(), 0, lane)
    else:
        if len(_raised) >= _MOST:
            _raised.clear()
        _raised[id(error)] = lane
        threads.end(lane, wire.RAISED, threads.raised(lane, error))


def failed(handle: Any, error: BaseException) -> None:
    """What asyncio does with a step that raised, and not its task: the task was done already."""
    without_us(error)
    source = format_helpers._format_callback_source(handle._callback, handle._args)
    context = {"message": f"Exception in callback {source}", "exception": error, "handle": handle}
    if handle._source_traceback:
        context["source_traceback"] = handle._source_traceback
    handle._loop.call_exception_handler(context)


def watch(loop: Any) -> None:
    """Watch BaseEventLoop for the exceptions that nobody retrieved."""
    call_exception_handler = loop.call_exception_handler

    def call_exception_handler_(self: Any, context: dict[str, Any]) -> None:
        message, error = context.get("message"), context.get("exception")
        if isinstance(message, str) and message.endswith("exception was never retrieved") and error is not None:
            lane = _raised.pop(id(error), 0) or lanes.current()
            emit_text(wire.MARK, wire.NEVER_RETRIEVED, 0, clock(), 0, lane, 0, threads.error_text(error))
        call_exception_handler(self, context)

    replace(loop, "call_exception_handler", call_exception_handler_)
