"""queue.Queue and its kin, and queue.SimpleQueue: who puts, who gets, who waits for what, and how much is inside."""

from __future__ import annotations

from sys import _getframe

from . import jobs, lanes, wire
from .hooks import like, replace, without_us
from .lanes import Resource, act, here, level, of, running, waiting
from .log import clock
from .places import LIBRARY, kind, place, user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def watch(queue: Any) -> None:
    _queues(queue)
    _simple_queues(queue)


def _patiently(
    missing: type[Exception], found: Resource, where: int, block: bool, timeout: float | None, call: Any, *args: Any
) -> tuple[Any, int]:
    """Put or get, waiting only when that does not succeed at once. Gives the result and the time of the deed."""
    now = clock()
    if not block or (timeout is not None and timeout <= 0):
        return call(*args, block, timeout), now
    try:
        return call(*args, False), now
    except missing:
        pass
    waiting(found.number, where, timeout is not None)
    try:
        result = call(*args, block, timeout)
        now = clock()
    finally:
        running(where)
    return result, now


def _methods(put: Any, get: Any, full: type[Exception], empty: type[Exception]) -> tuple[Any, Any]:
    """The methods put and get of a kind of queue, told."""

    def put_(self: Any, item: Any, block: bool = True, timeout: float | None = None) -> None:
        frame = user(_getframe(1))
        found = of(self, wire.QUEUE, frame)
        where = place(frame)
        try:
            _, t = _patiently(full, found, where, block, timeout, put, self, item)
        except BaseException as error:
            without_us(error)
            raise
        act(wire.PUT, found.number, t, where, found.put())
        level(found.number, clock(), self.qsize())

    def get_(self: Any, block: bool = True, timeout: float | None = None) -> Any:
        if here.waits:
            return get(self, block, timeout)
        frame = user(_getframe(1))
        found = of(self, wire.QUEUE, frame)
        where = place(frame)
        try:
            item, t = _patiently(empty, found, where, block, timeout, get, self)
        except BaseException as error:
            without_us(error)
            raise
        act(wire.GET, found.number, t, where, found.get())
        level(found.number, clock(), self.qsize())
        return item

    return put_, get_


def _queues(queue: Any) -> None:
    kinds = queue.Queue
    join, task_done = kinds.join, kinds.task_done
    put, get = _methods(kinds.put, kinds.get, queue.Full, queue.Empty)

    def join_(self: Any) -> None:
        frame = user(_getframe(1))
        waits = self.unfinished_tasks
        where = place(frame)
        if waits:
            waiting(of(self, wire.QUEUE, frame).number, where)
        try:
            join(self)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            if waits:
                running(where)

    def task_done_(self: Any) -> None:
        now = clock()
        try:
            task_done(self)
        except BaseException as error:
            without_us(error)
            raise
        found = lanes.known(self)
        if found is not None and not self.unfinished_tasks:
            act(wire.WAKE, found.number, now, place(_getframe(1)))

    for name, ours in {"put": put, "get": get, "join": join_, "task_done": task_done_}.items():
        replace(kinds, name, ours)
    if hasattr(kinds, "shutdown"):
        replace(kinds, "shutdown", _shutting(kinds.shutdown))


def _shutting(shutdown: Any) -> Any:
    """The method that lets all who wait go on, and perhaps drops what is inside (3.13)."""

    def shutdown_(self: Any, immediate: bool = False) -> None:
        now = clock()
        try:
            shutdown(self, immediate)
        except BaseException as error:
            without_us(error)
            raise
        found = lanes.known(self)
        if found is not None:
            act(wire.WAKE, found.number, now, place(_getframe(1)))
            level(found.number, clock(), self.qsize())

    return shutdown_


def _simple_queues(queue: Any) -> None:
    plain: Any = queue.SimpleQueue
    put, get = _methods(plain.put, plain.get, queue.Full, queue.Empty)
    work_queue = jobs.work_queue(plain, queue.Empty)

    class SimpleQueue(plain):  # type: ignore[misc]
        __module__ = "_queue"
        __qualname__ = "SimpleQueue"
        __slots__ = ()

        def __new__(cls) -> Any:
            frame = _getframe(1)
            if frame.f_code.co_filename.endswith(jobs.THREADS):
                return jobs.made(work_queue(), frame)
            return plain() if kind(frame.f_code) == LIBRARY else plain.__new__(cls)

        def put_nowait(self, item: Any) -> None:
            self.put(item, False)

        def get_nowait(self) -> Any:
            return self.get(False)

        def __reduce_ex__(self, protocol: Any) -> Any:
            return plain().__reduce_ex__(protocol)

    SimpleQueue.__doc__ = plain.__doc__
    for ours in put, get, SimpleQueue.put_nowait, SimpleQueue.get_nowait:
        name = ours.__name__.rstrip("_")
        setattr(SimpleQueue, name, like(ours, getattr(plain, name)))
    queue.SimpleQueue = SimpleQueue
