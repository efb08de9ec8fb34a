"""asyncio: a lane for every task, its steps, its waits, who woke it, and its thread's waits in the selector.

A task's step is a callback whose `__self__` is the task. `BaseEventLoop._call_soon` sees every step when it becomes
due, and gives it a handle of a kind of ours that sees it run. Tasks, futures and coroutines are not touched.
"""

from __future__ import annotations

import asyncio
import sys
from _thread import get_ident
from asyncio import base_events, events, tasks
from types import BuiltinMethodType, CodeType, FrameType, MethodType
from typing import Any

from . import lanes, polls, task_calls, task_ends, task_locks, task_origins, task_waits, threads, wire
from .hooks import replace, without_us
from .lanes import here
from .log import Cell, cell, clock, emit, emit_text, fast, inherited, marks, number, ticks, words
from .places import place
from .task_seams import Known, disguise

_PyTask: Any = tasks._PyTask  # type: ignore[attr-defined]
_CTask: Any = getattr(tasks, "_CTask", _PyTask)
_PY_STEPS = (_PyTask._Task__step, _PyTask._Task__wakeup)
_STEP = "TaskStepMethWrapper"
_WAKEUP = "task_wakeup"
_STEP_READY = wire.STEP | wire.READY << 8
_steps: Any = _PyTask
"""The type of C's steps, once one has been seen."""
_run_once = base_events.BaseEventLoop._run_once.__code__  # type: ignore[attr-defined]


class _Home:
    __slots__ = ("cause", "cell", "lane", "running", "thread")
    cause: int
    cell: Cell
    lane: int
    running: Any
    thread: int


class _TaskLane:
    __slots__ = ("again", "canceller", "home", "lane", "on", "since")
    again: bool
    canceller: int
    home: Home
    lane: int
    on: int
    since: int


if fast:
    _Home, _TaskLane = fast.Home, fast.TaskLane  # type: ignore[misc]


class Home(_Home):
    """An event loop and the thread that runs it: its lane, the task that runs now, and who asked for a callback."""

    __slots__ = ("io", "waiting")

    def __init__(self) -> None:
        self.lane = lanes.thread_lane()
        self.thread = get_ident()
        self.cell: Cell = cell()
        self.running: TaskLane | None = None
        self.cause = self.io = 0
        self.waiting = False


class TaskLane(_TaskLane):
    """What is known of a task: `itself` is what others wait on who wait for its end, `own` what only it waits on."""

    __slots__ = ("base", "born", "eager", "itself", "name", "own")
    own: dict[tuple[int, str], int] | None

    def __init__(self, home: Home, base: Any) -> None:
        self.home = home
        self.base = base
        self.lane = number()
        self.name = self.born = ""
        self.since = self.on = self.canceller = self.itself = 0
        self.again = False
        self.eager: Any = None
        self.own = None


_known: Known[TaskLane] = Known()
_homes: Known[Home] = Known()
_selectors: Known[Home] = Known()


# -- tasks appear ------------------------------------------------------------------------------------------------------


def _home(loop: Any) -> Home:
    found = _homes.get(id(loop))
    if found is None:
        found = _homes.attach(loop, Home())
        selector = getattr(loop, "_selector", None)
        if selector is not None:
            _selectors.attach(selector, found)
    return found


def _task_of(callback: Any) -> Any:
    """The task of which the callback is a step, or None. The types that C gives its steps are learnt as they appear."""
    global _steps
    kind = type(callback)
    if kind is BuiltinMethodType:
        if callback.__name__ == _WAKEUP and isinstance(callback.__self__, _CTask):
            return callback.__self__
    elif kind is MethodType:
        if callback.__func__ in _PY_STEPS:
            return callback.__self__
    elif kind.__name__ == _STEP and isinstance(callback.__self__, _CTask):
        _steps = kind
        return callback.__self__
    return None


def _adopt(loop: Any, task: Any, frame: FrameType) -> TaskLane:
    """Give a new task its lane; an eager task has one already."""
    home = _home(loop)
    base = _CTask if isinstance(task, _CTask) else _PyTask
    running = home.running
    if running is not None and running.eager is not None and running.eager is base.get_coro(task):
        running.base = base
        running.eager = None
        return _known.attach(task, running)
    coroutine = base.get_coro(task)
    watched = TaskLane(home, base)
    watched.born = base.get_name(task)
    watched.name = task_origins.given_name(loop, frame) or watched.born
    if getattr(coroutine, "cr_suspended", False):
        # It took its first step unseen, inside its constructor: who made it, and where, is not known any more.
        by = _cause(home)
        now = _declare(watched, 0, 0, wire.TASK)
        where = 0
    else:
        by = _starter(loop, home)
        where = place(frame)
        now = _declare(watched, by, where, _flags(loop, coroutine, frame, watched, by))
    emit(wire.STATE, wire.READY, 0, now, by, watched.lane, where)
    task_calls.adopted(coroutine, watched.lane)
    return _known.attach(task, watched)


def _declare(watched: TaskLane, starter: int, where: int, flags: int) -> int:
    """Say that a task's lane exists, and since when: now."""
    now = clock()
    emit_text(wire.LANE, flags, watched.home.lane, now, starter, watched.lane, where, watched.name)
    return now


def _flags(loop: Any, coroutine: Any, frame: FrameType, watched: TaskLane, starter: int) -> int:
    """The flags of a new task's LANE; one of asyncio's own takes locks for whoever started it."""
    if not task_origins.is_internal(loop, coroutine, frame):
        return wire.TASK
    task_locks.behalf[watched.lane] = starter
    return wire.TASK | wire.INTERNAL


def _starter(loop: Any, home: Home) -> int:
    """The lane that makes a task now."""
    starter = lanes.current()
    if starter == home.lane and loop._thread_id is not None:
        starter = home.cause or starter
    return starter


def _thread_of(loop: Any) -> int:
    """The lane of a loop's thread; 0 if it is not known."""
    home = _homes.get(id(loop))
    return home.lane if home is not None else 0


def _waiter(future: Any) -> int:
    """The lane of the task that waits on a future; 0 if none does."""
    for callback, _ in future._callbacks or ():
        task = _task_of(callback)
        watched = _known.get(id(task))
        if watched is not None:
            return watched.lane
    return 0


# -- tasks become ready ------------------------------------------------------------------------------------------------


def _call_soon(self: Any, callback: Any, args: tuple[Any, ...], context: Any) -> events.Handle:
    task = callback.__self__ if type(callback) is _steps else _task_of(callback)
    handle: Any
    if task is not None:
        watched = _known.get(id(task))
        if watched is None:
            watched = _appeared(self, task)
        elif watched.home.running is watched:
            watched.again = True
        else:
            _woken(watched, args)
        handle = _StepHandle(callback, args, self, context)
        handle._watched = watched
    else:
        cause = _cause(_homes.get(id(self)))
        if cause:
            handle = _CausedHandle(callback, args, self, context)
            handle._cause = cause
        else:
            handle = events.Handle(callback, args, self, context)
    if handle._source_traceback:
        del handle._source_traceback[-1]
    self._ready.append(handle)
    return handle  # type: ignore[no-any-return]


def _appeared(loop: Any, task: Any) -> TaskLane:
    """A task that nobody knew takes, or will take, a step."""
    watched = _adopt(loop, task, sys._getframe(1 if fast else 2))
    watched.again = watched.home.running is watched
    return watched


def _woken(watched: TaskLane, args: tuple[Any, ...]) -> None:
    """A suspended task becomes ready: `args` of its callback is the future it waited on, if there was one."""
    by = _cause(watched.home)
    now = clock()
    if args and by and args[0].cancelled():
        watched.canceller = by
        if watched.on:
            emit(wire.ACT, wire.CANCEL, watched.on, now, 0, by)
    emit(wire.STATE, wire.READY, 0, now, by, watched.lane)


def _cause(home: Home | None) -> int:
    """The lane that asks the loop for something now; 0 when it is the loop itself (a timer, input or output)."""
    if home is None or home.thread != get_ident():
        return lanes.current()
    running = home.running
    return running.lane if running is not None else home.cause or _outside(home)


def _outside(home: Home) -> int:
    """Who acts where no step runs: the thread, unless the loop is in a callback of its own."""
    return 0 if task_origins.is_loops_own(sys._getframe(1)) else home.lane


# -- tasks run ---------------------------------------------------------------------------------------------------------


class _StepHandle(events.Handle):
    __slots__ = ("_watched",)

    def _run(self) -> None:
        watched: TaskLane = self._watched  # type: ignore[attr-defined]
        home = watched.home
        if not watched.since:
            _begun(watched, self._callback.__self__)  # type: ignore[attr-defined]
        now = 0
        for now in ticks:  # noqa: B007
            break
        lane = watched.lane
        open_at = home.cell.at
        if home.running is not None:
            words[open_at] = 0
        words[open_at + 1] = lane
        words[open_at] = now
        watched.since = now
        watched.again = False
        home.running = watched
        mine = here.__dict__
        mine["lane"] = lane
        try:
            self._context.run(self._callback, *self._args)  # type: ignore[attr-defined]
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            task_ends.failed(self, error)
        finally:
            if home.running is watched:
                home.running = None
                mine["lane"] = mine.get("thread", 0)
                if watched.again:
                    at = 0
                    for at, now in marks:  # noqa: B007
                        break
                    words[at + 1] = watched.since
                    words[at + 2] = now
                    words[at + 3] = lane
                    words[at] = _STEP_READY
                else:
                    _stepped(watched, self._callback.__self__)  # type: ignore[attr-defined]
                words[open_at] = 0
            # An error's traceback keeps this frame, which must not keep the task.
            self = None  # type: ignore[assignment]  # noqa: PLW0642


class _CausedHandle(events.Handle):
    __slots__ = ("_cause",)

    def _run(self) -> None:
        home = _home(self._loop)  # type: ignore[attr-defined]
        before = home.cause
        home.cause = here.cause = self._cause  # type: ignore[attr-defined]
        try:
            self._context.run(self._callback, *self._args)  # type: ignore[attr-defined]
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            task_ends.failed(self, error)
        finally:
            home.cause = here.cause = before
            self = None  # type: ignore[assignment]  # noqa: PLW0642 - as above


_run = events.Handle._run


def _begun(watched: TaskLane, task: Any) -> None:
    """A task is about to take its first step: by now it has the name it was made with, and its loop has a thread."""
    home = watched.home
    if home.thread != get_ident():
        home.thread = get_ident()
        home.lane = lanes.thread_lane()
    _renamed(watched, task)


def _renamed(watched: TaskLane, task: Any) -> None:
    name = watched.base.get_name(task)
    # The one it was born with is asyncio's, and its maker has another in mind.
    if name not in {watched.name, watched.born}:
        watched.name = name
        emit_text(wire.NAME, 0, 0, clock(), 0, watched.lane, 0, name)


def _stepped(watched: TaskLane, task: Any) -> None:
    """A step has ended, and the task is done or waits."""
    now = clock()
    if task.done():
        emit(wire.STEP, wire.ENDS, 0, watched.since, now, watched.lane)
        _renamed(watched, task)
        task_locks.behalf.pop(watched.lane, None)
        task_ends.ended(watched.lane, watched.canceller, task)
        return
    on, where = _wait(watched, task)
    watched.on = on
    emit(wire.STEP, wire.WAITING, on, watched.since, now, watched.lane, where)
    _renamed(watched, task)


def _wait(watched: TaskLane, task: Any) -> tuple[int, int]:
    """What a suspended task waits on, and on which line."""
    wait = task_waits.look(watched.base.get_coro(task), task._fut_waiter)
    if wait.task is not None:
        return _itself(wait.task), wait.place
    if watched.own is None:
        watched.own = {}
    return task_waits.number(wait, watched.own), wait.place


def _itself(task: Any) -> int:
    """The resource that those wait on who wait for this task."""
    target = _known.get(id(task)) or _met(task)
    if not target.itself:
        _renamed(target, task)
        target.itself = lanes.resource(wire.TASK_WAIT, target.name, target=target.lane)
    return target.itself


def _met(task: Any) -> TaskLane:
    """A task that others wait for, and that took its first step unseen, inside its constructor."""
    base = _CTask if isinstance(task, _CTask) else _PyTask
    watched = TaskLane(_home(base.get_loop(task)), base)
    watched.name = base.get_name(task)
    now = _declare(watched, 0, 0, wire.TASK)
    watched.on, where = _wait(watched, task)
    emit(wire.STATE, wire.WAITING, watched.on, now, 0, watched.lane, where)
    return _known.attach(task, watched)


# -- the first step of an eager task -----------------------------------------------------------------------------------


def _eagerly(constructor: Any) -> Any:
    """A constructor of tasks whose first step is taken at once, inside the step of the task that makes them."""

    def construct(coro: Any, *, loop: Any, **options: Any) -> Any:
        home = _home(loop)
        outer = home.running
        watched = TaskLane(home, _CTask)
        watched.eager = coro
        frame = sys._getframe(1)
        given = task_origins.given_name(loop, frame)
        watched.name = given or options.get("name") or ""
        starter = _starter(loop, home)
        where = place(frame)
        watched.since = _declare(watched, starter, where, _flags(loop, coro, frame, watched, starter))
        task_calls.adopted(coro, watched.lane)
        emit(wire.STATE, wire.RUNNING, 0, watched.since, 0, watched.lane, where)
        if outer is not None:
            emit(wire.STATE, wire.READY, 0, watched.since, 0, outer.lane)
        home.cell.open(watched.since, watched.lane)
        home.running = watched
        here.lane = watched.lane
        try:
            task = constructor(coro, loop=loop, **options)
        except BaseException as error:
            without_us(error)
            threads.end(watched.lane, wire.RAISED, threads.error_text(error))
            raise
        finally:
            home.running = outer
            here.lane = here.thread if outer is None else outer.lane
        if id(task) not in _known:
            watched.base = _CTask if isinstance(task, _CTask) else _PyTask
            _known.attach(task, watched)
        watched.born = watched.base.get_name(task) if given else ""
        if watched.again:
            emit(wire.STEP, wire.READY, 0, watched.since, clock(), watched.lane)
            _renamed(watched, task)
        else:
            _stepped(watched, task)
        home.cell.close()
        if outer is not None:
            now = clock()
            emit(wire.STATE, wire.RUNNING, 0, now, 0, outer.lane)
            home.cell.open(now, outer.lane)
        try:
            return task
        finally:
            del task  # the traceback of an error in its first step keeps this frame

    return construct


# -- the loop waits ----------------------------------------------------------------------------------------------------


def _selecting(selector: Any, caller: CodeType, timeout: float | None) -> tuple[int, bool]:
    """What a thread waits on in its event loop's selector, 0 if the loop does not wait; and whether that is limited."""
    home = _selectors.get(id(selector)) if caller is _run_once else None
    if home is None:
        return 0, True
    home.io = home.io or lanes.resource(wire.IO, "event loop")
    # Without timers, and with nothing to watch but its own pipe, only the program's other lanes can wake it.
    return home.io, timeout is not None or len(selector.get_map()) > 1


def watch() -> None:
    """Watch asyncio from its import on."""
    if fast:
        functions = {
            "task_of": _task_of,
            "adopt": _appeared,
            "begun": _begun,
            "stepped": _stepped,
            "home_of": _home,
            "outside": _outside,
        }
        fast.use(task=_CTask, handle=events.Handle, known=_known, homes=_homes, **functions)
        base_events.BaseEventLoop._call_soon = fast.call_soon  # type: ignore[attr-defined]
    else:
        for handle in (_StepHandle, _CausedHandle):
            disguise(handle._run, _run)  # type: ignore[arg-type]
            handle.__name__ = handle.__qualname__ = events.Handle.__name__
            handle.__module__ = events.Handle.__module__
        replace(base_events.BaseEventLoop, "_call_soon", _call_soon)
    task_ends.watch(base_events.BaseEventLoop)
    polls.of_loop = _selecting
    make = getattr(tasks, "create_eager_task_factory", None)
    if make is not None:

        def create_eager_task_factory(custom_task_constructor: Any) -> Any:
            return make(_eagerly(custom_task_constructor))

        replace(tasks, "create_eager_task_factory", create_eager_task_factory)
        asyncio.create_eager_task_factory = tasks.create_eager_task_factory  # type: ignore[attr-defined]
        eager = create_eager_task_factory(tasks.Task)
        asyncio.eager_task_factory = tasks.eager_task_factory = eager  # type: ignore[attr-defined]
    task_locks.install(_waiter)
    task_calls.install(_thread_of)


def after_fork() -> None:
    """In a forked child: the loops, tasks and steps that it inherited go on in its parent."""
    global _known, _homes, _selectors
    for home in inherited(_homes):
        if isinstance(home, Home):
            home.running = None
    _known, _homes, _selectors = _known.leave(), _homes.leave(), _selectors.leave()
    if fast:
        fast.use(known=_known, homes=_homes)
    task_locks.forget()
    task_calls.forget()
    task_waits.forget()
