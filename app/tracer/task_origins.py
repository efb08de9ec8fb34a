"""Where a task or a callback comes from, read off the stack: what it is to be called, and whether asyncio made it for
its own ends."""

from __future__ import annotations

import asyncio
import os
from asyncio import (
    base_events,
    base_subprocess,
    events,
    locks,
    queues,
    runners,
    selector_events,
    staggered,
    subprocess,
    taskgroups,
    tasks,
)
from collections.abc import Iterable
from types import CodeType, CoroutineType, FrameType, FunctionType, GeneratorType
from typing import Any

_HERE = os.path.dirname(asyncio.__file__) + os.sep  # noqa: PTH120


def _codes(functions: Iterable[Any]) -> dict[int, CodeType]:
    """Their code objects by id: to hash one is to hash all its bytecode."""
    return {id(function.__code__): function.__code__ for function in functions}


_OUTSIDE, _INSIDE, _INTERNAL = 0, 1, 2
_sides = {
    at: (_INTERNAL, code)
    for at, code in _codes(
        [
            runners.Runner.close,
            staggered.staggered_race,
            subprocess.Process.communicate,
            base_subprocess.BaseSubprocessTransport.__init__,
            selector_events.BaseSelectorEventLoop._accept_connection,  # type: ignore[attr-defined]
            base_events.BaseEventLoop.create_server,
            tasks.wait_for,
        ]
    ).items()
}
"""Whose code it is, by its id: tasks that some of asyncio's functions make are its own affair."""

_create_task = base_events.BaseEventLoop.create_task.__code__
_CREATE = _codes((base_events.BaseEventLoop.create_task, tasks.create_task, taskgroups.TaskGroup.create_task))
_NEAR = 20
"""How far from a task its maker may be, a factory of the program's between them."""


def given_name(loop: Any, frame: FrameType | None) -> str:
    """The name that the program asks for and that asyncio may give the task only once it is made; empty if none."""
    name = ""
    made = False
    if loop._task_factory is None and frame is not None and frame.f_code is _create_task:
        frame, made = frame.f_back, True  # the loop itself makes it, with the name it was given
    for _ in range(_NEAR):
        if frame is None or (made and id(frame.f_code) not in _CREATE):
            break
        if id(frame.f_code) in _CREATE:
            made = True
            given = frame.f_locals.get("name")
            name = given if type(given) is str else name
        frame = frame.f_back
    return name


def is_internal(loop: Any, coroutine: Any, frame: FrameType) -> bool:
    """Whether asyncio makes this task for its own ends and not because the program asked for it."""
    if not isinstance(coroutine, (CoroutineType, GeneratorType)):
        return True  # the closing of an asynchronous generator that was dropped
    caller: FrameType | None = frame
    if loop._task_factory is not None:
        # The program's factory stands between the task and its maker.
        while caller is not None and caller.f_code is not _create_task:
            caller = caller.f_back
    while caller is not None:
        code = caller.f_code
        known = _sides.get(id(code))
        side = known[0] if known is not None else _side(code)
        if side != _INSIDE:
            return side == _INTERNAL
        caller = caller.f_back
    return False


def _side(code: CodeType) -> int:
    """Whether what made a task has to be looked for further out: a loop of the program's own kind may stand between."""
    inside = code.co_filename.startswith(_HERE) or code.co_name in _OWN_LOOPS
    found = _INSIDE if inside else _OUTSIDE
    if len(_sides) < _MOST_SIDES:
        _sides[id(code)] = found, code  # the reference keeps the id from being used again
    return found


_MOST_SIDES = 1000
_OWN_LOOPS = ("create_task", "call_soon")
_run = events.Handle._run.__code__
_ASKED = _codes(
    method
    for owner in (base_events.BaseEventLoop, locks.Event, locks.Lock, locks.Semaphore, queues.Queue)
    for method in vars(owner).values()
    if isinstance(method, FunctionType)
)
"""What of asyncio's programs have called by a timer, or when a descriptor is ready."""


def is_loops_own(frame: FrameType) -> bool:
    """Whether the event loop is in a callback that asyncio asked it for: a sleep's timer, a transport's descriptor."""
    caller: FrameType | None = frame
    while caller is not None and caller.f_code is not _run:
        frame, caller = caller, caller.f_back
    # A method of a future's, set_result or cancel, has no frame of its own: then this one is call_soon's.
    return caller is not None and frame.f_code.co_filename.startswith(_HERE) and id(frame.f_code) not in _ASKED
