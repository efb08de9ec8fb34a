"""What a suspended asyncio task waits on, read off the chain of its coroutines from the outside."""

from __future__ import annotations

import asyncio
import gc
import os
from asyncio import locks, queues, subprocess, tasks, threads
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, GeneratorType
from typing import Any

from . import lanes, processes, wire
from .places import LIBRARY, kind, place
from .task_seams import Known

_HERE = os.path.dirname(asyncio.__file__) + os.sep  # noqa: PTH120
_IO_FILES = {"base_events.py", "selector_events.py", "sslproto.py", "streams.py", "subprocess.py", "unix_events.py"}
_DEEP = 1000
_WRAPPERS = {"anext_awaitable", "async_generator_asend", "async_generator_athrow", "coroutine_wrapper"}
"""Types that stand between a coroutine and what it runs, and do not say what that is."""

_OWNED = {
    locks.Lock.acquire: wire.LOCK,
    locks.Event.wait: wire.EVENT,
    locks.Condition.wait: wire.CONDITION,
    locks.Semaphore.acquire: wire.SEMAPHORE,
    locks.Barrier.wait: wire.BARRIER,
    queues.Queue.get: wire.QUEUE,
    queues.Queue.put: wire.QUEUE,
    queues.Queue.join: wire.QUEUE,
    subprocess.Process.wait: wire.CHILD,
}
_NAMED = {
    tasks.sleep: (wire.SLEEP, "sleep"),
    tasks._wait: (wire.FUTURE, "wait"),  # type: ignore[attr-defined]
    asyncio.TaskGroup.__aexit__: (wire.FUTURE, "TaskGroup"),
    threads.to_thread: (wire.FUTURE, "to_thread"),
    tasks._cancel_and_wait: (wire.FUTURE, "wait_for"),  # type: ignore[attr-defined]
}


class _Way:
    """What it means to be suspended inside one of asyncio's own coroutines."""

    __slots__ = ("kind", "name", "owned")

    def __init__(self, kind: int, name: str, owned: bool) -> None:
        self.kind = kind
        self.name = name
        self.owned = owned


def _of_as_completed() -> CodeType:
    """The coroutine that waits for the next to be completed: before 3.13 one inside as_completed."""
    iterator = getattr(tasks, "_AsCompletedIterator", None)
    if iterator is not None:
        return iterator._wait_for_one.__code__  # type: ignore[no-any-return]
    inside = (part for part in tasks.as_completed.__code__.co_consts if isinstance(part, CodeType))
    return next(code for code in inside if code.co_name == "_wait_for_one")


_ways: dict[int, tuple[_Way | None, CodeType]] = {
    id(code): (way, code)
    for code, way in (
        *((function.__code__, _Way(what, "", True)) for function, what in _OWNED.items()),
        *((function.__code__, _Way(what, name, False)) for function, (what, name) in _NAMED.items()),
        (_of_as_completed(), _Way(wire.FUTURE, "as_completed", False)),
    )
}
"""By the code's id: to hash one is to hash all its bytecode."""
_INSIDE = {(wire.CONDITION, wire.LOCK), (wire.IO, wire.CHILD)}
"""Of these kinds, the inner one says more than the outer."""
_wait_for = tasks.wait_for.__code__
_TASKS = (asyncio.Task, tasks._PyTask)  # type: ignore[attr-defined]
_futures: Known[int] = Known()


class Wait:
    """What a task waits on: the resource, its kind and the program's line; `task` if it is another task's end."""

    __slots__ = ("frame", "kind", "name", "owner", "place", "task")

    def __init__(self, kind: int, name: str, owner: Any, frame: FrameType | None, place: int, task: Any) -> None:
        self.kind = kind
        self.name = name
        self.owner = owner
        self.frame = frame
        self.place = place
        self.task = task


def look(coroutine: Any, future: Any) -> Wait:
    """What the task of this coroutine waits on, being suspended on this future."""
    way, owner, user, where = None, None, None, 0
    waited: Any = future
    frames: list[FrameType] = []
    for frame in _chain(coroutine):
        code = frame.f_code
        frames.append(frame)
        found = _ways[id(code)][0] if id(code) in _ways else _way(code)
        if found is not None and (way is None or (way.kind, found.kind) in _INSIDE):
            way = found
            owner = frame.f_locals.get("self") if found.owned else None
        if code is _wait_for and "waiter" in code.co_varnames and frame.f_locals.get("waiter") is future:
            # Until 3.12 it waits for a future of its own that a callback of the awaited task sets.
            waited = frame.f_locals.get("fut")
    for frame in reversed(frames):
        if kind(frame.f_code) > LIBRARY or frame is frames[0]:
            user, where = frame, place(frame)
            break
    if way is not None:
        return Wait(way.kind, way.name, owner, user, where, None)
    if isinstance(waited, _TASKS):
        return Wait(wire.TASK_WAIT, "", None, user, where, waited)
    return Wait(wire.FUTURE, _future_name(waited), waited, user, where, None)


def number(wait: Wait, own: dict[tuple[int, str], int]) -> int:
    """The number of the resource that this wait, not on a task, is on; sleeps, input and output are a task's `own`."""
    if wait.kind == wire.FUTURE and wait.owner is not None:
        known = _futures.get(id(wait.owner))
        if known is None:
            name = wait.name or lanes.called(wait.owner, wait.frame)
            known = _futures.attach(wait.owner, lanes.resource(wire.FUTURE, name, place=wait.place))
        return known
    if wait.kind == wire.CHILD:
        child = processes.known(wait.owner.pid)
        if child:
            return child
    if wait.owner is not None:
        return lanes.of(wait.owner, wait.kind, wait.frame).number
    key = wait.kind, wait.name
    if key not in own:
        own[key] = lanes.resource(wait.kind, wait.name, place=wait.place)
    return own[key]


def forget() -> None:
    """In a forked child: its futures are others."""
    global _futures
    _futures = _futures.leave()


def _chain(awaited: Any) -> list[FrameType]:
    """The frames of a suspended coroutine and of what it awaits, the outermost first."""
    frames: list[FrameType] = []
    while len(frames) < _DEEP:
        kind_ = type(awaited)
        frame: FrameType | None
        if kind_ is CoroutineType:
            frame, awaited = awaited.cr_frame, awaited.cr_await
        elif kind_ is GeneratorType:
            frame, awaited = awaited.gi_frame, awaited.gi_yieldfrom
        elif kind_ is AsyncGeneratorType:
            frame, awaited = awaited.ag_frame, awaited.ag_await
        elif kind_.__name__ in _WRAPPERS:
            awaited = next((part for part in gc.get_referents(awaited) if _leads_on(part)), None)
            continue
        else:
            break
        if frame is not None:
            frames.append(frame)
    return frames


def _leads_on(part: Any) -> bool:
    return isinstance(part, (CoroutineType, GeneratorType, AsyncGeneratorType)) or type(part).__name__ in _WRAPPERS


def _way(code: CodeType) -> _Way | None:
    """Whether the coroutine is one of asyncio's that do input or output; remembered."""
    directory, _, file = code.co_filename.rpartition(os.sep)
    found = None
    if directory + os.sep == _HERE and file in _IO_FILES and "shutdown" not in code.co_name:
        found = _Way(wire.IO, code.co_qualname, False)
    if len(_ways) < 10_000:
        _ways[id(code)] = found, code
    return found


def _future_name(future: Any) -> str:
    """The futures of gather, of shield and of an executor's jobs go by what made them."""
    if type(future) is tasks._GatheringFuture:  # type: ignore[attr-defined]
        return "gather"
    for callback, *_ in getattr(future, "_callbacks", None) or ():
        maker = getattr(callback, "__qualname__", "").partition(".")[0]
        if maker in _MAKERS:
            return _MAKERS[maker]
    return ""


_MAKERS = {"_chain_future": "run_in_executor", "shield": "shield"}
