"""Coroutines that threads hand to an event loop of another one: which lane is going to set the future that they get."""

from __future__ import annotations

import asyncio
from asyncio import tasks
from collections.abc import Callable
from sys import _getframe
from typing import Any

from . import lanes, wire
from .hooks import replace, without_us
from .lanes import Resource
from .log import clock, emit_text
from .places import place, user
from .task_seams import Known

_handed: Known[Resource] = Known()
"""The futures of coroutines that have no task yet."""


def install(lane_of: Callable[[Any], int]) -> None:
    """`lane_of` gives the lane of a loop's thread, 0 if it is not known."""
    hand = tasks.run_coroutine_threadsafe

    def run_coroutine_threadsafe(coro: Any, loop: Any) -> Any:
        # Until there is a task, it is the loop's thread that has to go on.
        found = _handed.attach(coro, Resource(wire.FUTURE, place(user(_getframe(1))), lane_of(loop)))
        try:
            future = hand(coro, loop)
        except BaseException as error:
            without_us(error)
            raise
        lanes.same(future, found)
        return future

    replace(tasks, "run_coroutine_threadsafe", run_coroutine_threadsafe)
    asyncio.run_coroutine_threadsafe = tasks.run_coroutine_threadsafe


def adopted(coroutine: Any, lane: int) -> None:
    """The coroutine has become a task, with this lane."""
    found = _handed.pop(id(coroutine), None)
    if found is not None:
        found.key = lane
        emit_text(wire.RESOURCE, wire.FUTURE, found.number, clock(), lane, lanes.current(), found.place, "")


def forget() -> None:
    """In a forked child: what was handed over is its parent's."""
    global _handed
    _handed = _handed.leave()
