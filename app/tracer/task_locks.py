"""asyncio's locks, semaphores and queues: who holds them and their permits, how full they are, who puts and gets.

Who waits on them and who wakes whom is seen at the tasks.
"""

from __future__ import annotations

from asyncio import locks, queues, tasks
from collections.abc import Callable
from sys import _getframe
from types import FrameType
from typing import Any

from . import lanes, permits, wire
from .hooks import replace
from .log import Cell, cell, clock, emit
from .places import is_user, place
from .task_seams import Known, OnLookup, OnStore

_PASSES = locks.Semaphore._wake_up_next.__code__


class _Hold:
    """An asyncio lock and who has it since when; nobody when `t` is 0. Its number is 0 if it is not the program's."""

    __slots__ = ("cell", "lane", "number", "place", "t")

    def __init__(self, number: int) -> None:
        self.number = number
        self.cell: Cell = cell()
        self.t = self.lane = self.place = 0


_holds: Known[_Hold] = Known()
_levels: Known[int] = Known()
behalf: dict[int, int] = {}
"""Tasks of asyncio's own, while they live, and the lanes that take locks through them."""
_UNTOLD = -1
"""A level that was not told yet is kept as so much below this."""
_waiter: Callable[[Any], int]


def install(waiter: Callable[[Any], int]) -> None:
    """`waiter` gives the lane of the task that waits on a future, 0 if none does."""
    global _waiter
    _waiter = waiter
    locks.Lock._locked = OnStore("_locked", _locked)  # type: ignore[attr-defined]
    locks.Semaphore._value = OnStore("_value", _counted)  # type: ignore[assignment]
    queues.Queue._wakeup_next = OnLookup(queues.Queue._wakeup_next, _moved)  # type: ignore[attr-defined]
    if hasattr(queues.Queue, "shutdown"):
        replace(queues.Queue, "shutdown", _shutting(queues.Queue.shutdown))


def forget() -> None:
    """In a forked child: what is held and counted here is its parent's."""
    global _holds, _levels
    _holds, _levels = _holds.leave(), _levels.leave()


def _user() -> FrameType | None:
    """The program's frame that called the method that called us."""
    frame: FrameType | None = _getframe(2)
    while frame is not None and not is_user(frame):
        frame = frame.f_back
    return frame


def _acting() -> int:
    lane = lanes.current()
    return behalf.get(lane, lane)


def _locked(lock: locks.Lock, value: bool) -> None:
    """The lock says it is held, or that it is not, just before it wakes the next."""
    hold = _holds.get(id(lock))
    if value:
        frame = _user()
        if hold is None:
            number = 0 if _in_barrier() else lanes.of(lock, wire.LOCK, frame).number
            hold = _holds.attach(lock, _Hold(number))
        if not hold.number:
            return
        hold.place = place(frame)
        hold.lane = _acting()
        hold.t = clock()
        hold.cell.open(hold.t, hold.lane, hold.number)
    elif hold is not None and hold.t:
        emit(wire.HOLD, 0, hold.number, hold.t, clock(), hold.lane, hold.place)
        hold.cell.close()
        hold.t = 0


def _in_barrier() -> bool:
    """Whether a barrier is using the lock of its own condition: the store that called our caller was asyncio's."""
    frame: FrameType | None = _getframe(3)
    while frame is not None and frame.f_code.co_filename == locks.__file__:
        if frame.f_code.co_qualname.startswith("Barrier."):
            return True
        frame = frame.f_back
    return False


def _counted(semaphore: locks.Semaphore, value: int) -> None:
    """The semaphore has a new count. Its first comes too early to have a name, and is told with the second."""
    before = _levels.get(id(semaphore))
    if before is None:
        _levels.attach(semaphore, _UNTOLD - value)
        return
    _levels[id(semaphore)] = value
    frame = _user()
    known = lanes.of(semaphore, wire.SEMAPHORE, frame)
    if before <= _UNTOLD:
        before = _UNTOLD - before
        lanes.level(known.number, clock(), before)
    lanes.level(known.number, clock(), value)
    if value > before:
        permits.given(known, _acting())
    elif known.permits is not None:
        caller = _getframe(2)
        # Who gives a permit back passes it on to the first who waits.
        passed = caller.f_locals["fut"] if caller.f_code is _PASSES else None
        lane = _acting() if passed is None else _waiter(passed)
        if lane:
            permits.taken(known, behalf.get(lane, lane), place(frame) if passed is None else 0)


def _moved(queue: queues.Queue[Any]) -> None:
    """The queue is about to wake someone: if its depth has changed, that was one put or one get."""
    caller: FrameType | None = _getframe(2)
    while caller is not None and caller.f_code.co_filename == queues.__file__:
        caller = caller.f_back
    if caller is not None and caller.f_code.co_filename == tasks.__file__:
        return  # as_completed's own
    before = _levels.get(id(queue), 0)
    depth = queue.qsize()
    if depth == before:
        return
    frame = _user()
    known = lanes.of(queue, wire.QUEUE, frame)
    if id(queue) in _levels:
        _levels[id(queue)] = depth
    else:
        _levels.attach(queue, depth)
    lanes.level(known.number, clock(), depth)
    if depth > before:
        lanes.act(wire.PUT, known.number, clock(), place(frame), known.put())
    else:
        lanes.act(wire.GET, known.number, clock(), place(frame), known.get())


def _shutting(shutdown: Any) -> Any:
    """The method that may drop what is inside (3.13)."""

    def shutdown_(self: queues.Queue[Any], immediate: bool = False) -> None:
        shutdown(self, immediate)
        if id(self) in _levels:
            _levels[id(self)] = self.qsize()
            lanes.level(lanes.of(self, wire.QUEUE, _user()).number, clock(), self.qsize())

    return shutdown_
