"""The lanes of this process: which one acts now, what state it is in, and the numbers of what it waits on.

`current()` is the running task's lane when an event loop's probe has said so, else the thread's.
"""

from __future__ import annotations

import os
import sys
from _thread import _local, get_native_id
from _weakref import ref
from itertools import islice

from . import log, wire
from .log import clock, emit, emit_text, fast, number
from .places import place as place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

process_lane = 0
"""This process's lane. It changes in a forked child: read it as `lanes.process_lane`."""
main_lane = 0
"""The lane of its main thread, likewise."""

_NAMED = 2000
_WIDE = 200
_FUNCTION = 1
"""The flag of code whose variables are not kept in a dictionary."""
_HAVING = frozenset({"locals", "f_locals", "vars", "dir", "eval", "exec"})
"""With what a function asks for its variables as a dictionary."""


class _Here(_local):
    """What a thread knows of itself: the lane that acts, its own lane, how many waits it is inside of, what the
    outermost was told to be, and the lane that has asked the thread's event loop for the callback that runs."""

    lane = 0
    thread = 0
    waits = 0
    on = 0
    place = 0
    limited = False
    cause = 0


here: Any = fast.here if fast else _Here()


def current() -> int:
    """The lane that acts now. A thread nobody has announced is declared at first sight."""
    return here.lane or _appear()


def thread_lane() -> int:
    """This thread's own lane, also while a task runs in it."""
    return here.thread or _appear()


def _appear() -> int:
    lane = declare_thread(f"Thread {get_native_id()}", tid=get_native_id())
    enter(lane)
    return lane


def declare_thread(
    name: str, *, starter: int = 0, internal: bool = False, told: bool = False, tid: int = 0, place: int = 0, t: int = 0
) -> int:
    """Say that a thread's lane exists since `t` (now), and give its number."""
    lane = number()
    flags = wire.THREAD | (wire.INTERNAL if internal else 0) | (wire.TOLD if told else 0)
    emit_text(wire.LANE, flags, process_lane, t or clock(), starter | tid << 32, lane, place, name)
    return lane


def enter(lane: int, t: int = 0) -> None:
    """This thread is `lane` from `t` (now) on, and runs."""
    here.lane = here.thread = lane
    emit(wire.STATE, wire.RUNNING, 0, t or clock(), 0, lane)


def leave() -> None:
    """This thread's lane has ended; what it still does belongs to nobody until it appears again."""
    here.lane = here.thread = here.waits = here.cause = 0


def begin(name: str, *, internal: bool = False, parent: int = 0, starter: int = 0, t: int = 0, place: int = 0) -> int:
    """Declare this process and the thread it is in, which is its MainThread; both run. Gives the process's lane.

    With a `starter` it was forked by that lane of the process `parent` at `t`.
    """
    global process_lane, main_lane
    now = clock()
    pid = os.getpid()
    process_lane = log.process_lane()
    flags = wire.PROCESS | (wire.INTERNAL if internal else 0) | (wire.TOLD if starter else 0)
    emit_text(wire.LANE, flags, parent, t or now, starter | pid << 32, process_lane, place, name)
    emit(wire.STATE, wire.RUNNING, 0, now, 0, process_lane)
    emit(wire.STAT, wire.IN_C if fast else wire.IN_PYTHON, 0, now, 1, process_lane)
    main_lane = declare_thread("MainThread", internal=internal, tid=get_native_id(), t=now)
    enter(main_lane, now)
    return process_lane


def state(lane: int, to: int, on: int = 0, place: int = 0, by: int = 0) -> None:
    """The lane enters a state: `on` is what it waits on, `by` the lane that caused it."""
    emit(wire.STATE, to, on, clock(), by, lane, place)


def waiting(on: int, place: int = 0, limited: bool = False) -> None:
    """The acting lane waits on a resource; under a running task its thread is blocked too. Pair with `running`.

    `limited`: it may go on without anybody's doing, as with a timeout. Of waits inside each other only the outermost is
    told.
    """
    here.waits += 1
    if here.waits > 1:
        return
    here.on, here.place, here.limited = on, place, limited
    lane = here.lane or _appear()
    now = clock()
    flags = wire.WAITING | wire.LIMITED if limited else wire.WAITING
    emit(wire.STATE, flags, on, now, 0, lane, place)
    if lane != here.thread:
        emit(wire.STATE, flags, on, now, 0, here.thread, place)


def running(place: int = 0) -> None:
    """The acting lane goes on."""
    here.waits -= 1
    if here.waits > 0:
        return
    here.waits = 0
    lane = here.lane or _appear()
    now = clock()
    if lane != here.thread:
        emit(wire.STATE, wire.RUNNING, 0, now, 0, here.thread, place)
    emit(wire.STATE, wire.RUNNING, 0, now, 0, lane, place)


def act(what: int, on: int, t: int, place: int = 0, nth: int = 0) -> None:
    """The acting lane did at `t` what others may wait for: take `t` before the deed, tell after it has succeeded.

    In an event loop's callback that is the lane that asked for it.
    """
    lane = here.lane or _appear()
    if here.cause and lane == here.thread:
        lane = here.cause
    emit(wire.ACT, what, on, t, nth, lane, place)


def level(on: int, t: int, value: int) -> None:
    """The resource's depth or count is `value`, as seen after `t`: then of all who see it change the last is right."""
    emit(wire.LEVEL, 0, on, t, max(value, 0), here.lane or _appear())


def job(what: int, executor: int, number: int, t: int = 0, place: int = 0) -> None:
    """The acting lane did something with a job of an executor, at `t` (now); `number` is the record's argument.

    To begin one ends the wait for it, if there was one.
    """
    lane = here.lane or _appear()
    if what == wire.BEGAN:
        here.waits = 0
    elif what < wire.BEGAN and here.cause and lane == here.thread:
        lane = here.cause
    emit(wire.JOB, what, executor, t or clock(), number, lane, place)


if fast:
    fast.use(appear=_appear)
    current, waiting, running, act, level, job = (
        fast.current,
        fast.waiting,
        fast.running,
        fast.act,
        fast.level,
        fast.job,
    )


def resource(kind: int, name: str = "", key: int = 0, target: int = 0, place: int = 0) -> int:
    """Declare a resource and give its number. `target` is the lane waited for (join, task, process)."""
    fresh = number()
    emit_text(wire.RESOURCE, kind, fresh, clock(), target or key, here.lane or _appear(), place, name)
    return fresh


class Resource:
    """What is known of an object that is waited on or held."""

    __slots__ = ("gets", "key", "kind", "number", "permits", "place", "puts", "tries")
    permits: list[Any] | None

    def __init__(self, kind: int, place: int, key: int = 0) -> None:
        self.kind = kind
        self.key = key
        self.place = place
        self.number = number()
        self.puts = self.gets = 0
        self.tries = 2
        self.permits = [] if kind == wire.SEMAPHORE else None

    def put(self) -> int:
        """Count one more that was put in: its number."""
        with log.counting:
            self.puts += 1
            return self.puts

    def get(self) -> int:
        """Count one more that was taken out: its number."""
        with log.counting:
            self.gets += 1
            return self.gets


_known: dict[int, tuple[ref[Any], Resource]] = {}
"""By id. Asked with `in` and `[]`, which never wait: get() does, without a GIL."""
_names = 0


def of(thing: Any, kind: int, frame: FrameType | None, name: str = "", key: int = 0) -> Resource:
    """The resource that `thing` is, declared at first sight and named as the program names it as seen from `frame`.

    Things with one `key` are one resource, also in different processes.
    """
    at = id(thing)
    found = _known[at][1] if at in _known else foresee(thing, kind, frame, key)
    if found.tries:
        declare(found, thing, frame, name)
    return found


def foresee(thing: Any, kind: int, frame: FrameType | None, key: int = 0) -> Resource:
    """Number a resource when it is made, for the processes that will be forked; it is declared when it is used."""
    return same(thing, Resource(kind, place_of(frame), key))


def same(thing: Any, found: Resource) -> Resource:
    """Know that `thing`, while it lives, is this resource."""
    at = id(thing)
    # Of threads that see it first at the same time, one prevails.
    return _known.setdefault(at, (ref(thing, lambda _, at=at: _known.pop(at, None)), found))[1]  # type: ignore[misc]


def after_fork() -> None:
    """In a forked child: what the program inherits is what it was in its parent."""
    global _known
    entries = {id(entry[0]()): entry for entry in log.inherited(_known)}
    entries.pop(id(None), None)
    _known = entries
    if fast:
        fast.use(resources=_known)


def after_threads() -> None:
    """In a child forked by one thread of several.

    Without a GIL the others may have had locks of dictionaries in which we would look for names, which nobody lets go
    of here.
    """
    global _names
    if log.FREE_THREADED:
        _names = _NAMED


def known(thing: Any) -> Resource | None:
    """The resource that `thing` is, if anybody has waited on it or held it yet."""
    at = id(thing)
    return _known[at][1] if at in _known else None


if fast:
    fast.use(resources=_known, declared_of=of)
    known, of = fast.known, fast.of


def declare(found: Resource, thing: Any, frame: FrameType | None, name: str = "") -> None:
    """Tell a resource; once more when its first user did not know its name and the second does."""
    global _names
    first = found.tries == 2
    name = name or (name_of(thing, frame) if frame is not None and _names < _NAMED else "")
    found.tries = 0 if name else max(found.tries - 1, 0)
    if name or first:
        _names += 1
        lane = here.lane or _appear()
        emit_text(wire.RESOURCE, found.kind, found.number, clock(), found.key, lane, found.place, name)


def called(thing: Any, frame: FrameType | None) -> str:
    """What the frame calls the object, as long as names are looked for."""
    global _names
    if frame is None or _names >= _NAMED:
        return ""
    _names += 1
    return name_of(thing, frame)


def name_of(thing: Any, frame: FrameType) -> str:
    """What the frame calls the object: a variable, an element, an attribute of one. Empty if it has no name there.

    Its global name counts most, since a parameter's may stand for many.
    """
    try:
        names = _variables(frame)
        for scope in names:
            for name, value in scope.items():
                if value is thing:
                    return str(name)
        for scope in names:
            for name, value in islice(scope.items(), _WIDE):
                found = _inside(thing, name, value)
                if found:
                    return found
    except RuntimeError:
        pass  # another thread has changed what we were looking through
    return ""


def _variables(frame: FrameType) -> list[dict[str, Any]]:
    """Copies of the frame's global and local variables.

    Before 3.13, asking a function's frame fills a dictionary that keeps the values alive, or that the program has and
    would see change: then it is emptied again, or not asked for.
    """
    names = [dict.copy(frame.f_globals)]
    code = frame.f_code
    if not code.co_flags & _FUNCTION:
        if frame.f_locals is not frame.f_globals and isinstance(frame.f_locals, dict):
            names.append(dict.copy(frame.f_locals))
    elif sys.version_info >= (3, 13):
        names.append(dict(frame.f_locals))
    elif _HAVING.isdisjoint(code.co_names) and sys.gettrace() is sys.getprofile() is None:
        own = frame.f_locals
        names.append(own.copy())
        if sys.getrefcount(own) == 3:  # the frame's, ours, and the question's
            own.clear()
    return names


_PARTS = {
    **dict.fromkeys(("threading", "multiprocessing.synchronize", "asyncio.locks"), "_lock"),
    "concurrent.futures.thread": "_work_queue",
    "concurrent.futures.process": "_call_queue",
    "multiprocessing.pool": "_inqueue",
}
"""Attributes that are called what their owners are, by the owner's module."""


def _inside(thing: Any, name: str, value: Any) -> str:
    """The object's name as a part of `value`, found by identity alone: no code of the program runs."""
    kind = type(value)
    if kind is list or kind is tuple:
        for i, item in enumerate(value[:_WIDE]):
            if item is thing:
                return f"{name}[{i}]"
    elif kind is dict:
        for key, item in islice(value.items(), _WIDE):
            if item is thing and type(key) in (str, int):
                return f"{name}[{key!r}]"
    elif kind.__flags__ & 1 << 9 and kind.__module__ not in sys.builtin_module_names:
        try:
            attributes = object.__getattribute__(value, "__dict__")
        except (AttributeError, TypeError):
            return ""
        if type(attributes) is dict:
            for key, item in islice(attributes.items(), _WIDE):
                if item is thing:
                    if key == _PARTS.get(kind.__module__):
                        return name  # a condition's own lock, or an executor's own queue
                    return f"{kind.__name__ if name == 'self' else name}.{key}"
    return ""
