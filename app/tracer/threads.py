"""Threads: their lanes from start() to their end, what they raise, and who waits for them."""

from __future__ import annotations

import _thread
import sys
from _thread import get_native_id
from sys import _getframe
from time import thread_time_ns

from . import lanes, streams, wire
from .hooks import Builtin, replace, without_us
from .lanes import declare_thread, enter, here, running, waiting
from .log import clock, emit, emit_text
from .places import LIBRARY, kind, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_INTERNAL = ("multiprocessing.", "asyncio.", "concurrent.futures.process")
"""Where the threads come from that the standard library keeps for itself."""

_start_new_thread = _thread.start_new_thread
unused = 0
"""The CPU time, in ns, that the main thread had used when its program came."""


def error_text(error: BaseException) -> str:
    """One line, "Type: message", whatever the program's exception does when asked."""
    name = type(error).__qualname__
    if type(error).__module__ not in {"builtins", "__main__"}:
        name = f"{type(error).__module__}.{name}"
    try:
        message = str(error).split("\n", 1)[0]
    except Exception:
        message = "<exception str() failed>"
    return f"{name}: {message}" if message else name


def used() -> None:
    """Say how much CPU time this thread has used."""
    before = unused if here.thread == lanes.main_lane else 0
    emit(wire.CPU, 0, 0, clock(), thread_time_ns() - before, here.thread)


def end(lane: int, ending: int, error: str = "") -> None:
    if lane == here.thread:
        used()
    emit_text(wire.END, ending, 0, clock(), 0, lane, 0, error)


def raised(lane: int, error: BaseException, where: int = 0) -> str:
    """Mark the exception that ends the lane, on the line that raised it."""
    text = error_text(error)
    traceback = error.__traceback__
    while traceback is not None:
        if kind(traceback.tb_frame.f_code) > LIBRARY:
            where = place(traceback.tb_frame)
        traceback = traceback.tb_next
    emit_text(wire.MARK, wire.EXCEPTION, 0, clock(), 0, lane, where, text)
    return text


class _Body:
    """What a raw thread runs: the program's function, between the beginning and the end of its lane."""

    __slots__ = ("_function", "_lane")

    def __init__(self, function: Callable[..., Any], lane: int) -> None:
        self._function = function
        self._lane = lane

    def __repr__(self) -> str:
        return repr(self._function)

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        enter(self._lane)
        error = ""
        try:
            self._function(*args, **kwargs)
        except SystemExit:
            pass
        except BaseException as exception:
            without_us(exception)
            error = raised(self._lane, exception)
            raise
        finally:
            streams.thread_ended()
            end(self._lane, wire.RAISED if error else wire.RETURNED, error)
            lanes.leave()


class _StartNewThread(Builtin):
    __slots__ = ()

    def __call__(self, function: Any = None, args: Any = None, *rest: Any) -> int:
        if not callable(function) or not isinstance(args, tuple) or len(rest) > 1:
            given = [argument for argument in (function, args) if argument is not None]
            return _start_new_thread(*given, *rest)
        name = getattr(function, "__name__", type(function).__name__)
        where = place(_getframe(1))
        lane = declare_thread(str(name), starter=lanes.current(), told=True, place=where)
        try:
            return _start_new_thread(_Body(function, lane), args, *rest)
        except BaseException as error:
            without_us(error)
            _never_ran(lane, error)
            raise


def _never_ran(lane: int, error: BaseException) -> None:
    emit_text(wire.MARK, wire.FAILED_START, 0, clock(), 0, lane, 0, error_text(error))
    end(lane, wire.RAISED, error_text(error))


def is_internal(thread: Any) -> bool:
    """Whether the standard library keeps this thread for itself."""
    target = getattr(thread, "_target", None)
    where = getattr(target, "__module__", None) if target is not None else type(thread).__module__
    if where == "multiprocessing.pool" and getattr(target, "__name__", "") == "worker":
        return False  # of a ThreadPool: it runs the program's jobs
    return isinstance(where, str) and where.startswith(_INTERNAL)


class _Known:
    """What we know of a Thread, kept where the program does not look: in the dictionary of its own `_started` event."""

    __slots__ = ("error", "join", "lane", "starter", "t")

    def __init__(self, lane: int, starter: int = 0, t: int = 0) -> None:
        self.lane = lane
        self.starter = starter
        self.t = t
        self.join = 0
        self.error = ""


def known(thread: Any) -> _Known | None:
    found: _Known | None = vars(thread._started).get("_interleave")
    return found


def watch_raw() -> None:
    """Watch threads that are started without `threading`."""
    _thread.start_new_thread = _thread.start_new = _StartNewThread(_start_new_thread)


def watch(threading: Any) -> None:
    """Watch `threading.Thread` from the module's import on."""
    thread_class = threading.Thread
    start, join = thread_class.start, thread_class.join
    set_native_id, delete = thread_class._set_native_id, thread_class._delete
    set_name = thread_class.name.fset
    make_excepthook = threading._make_invoke_excepthook
    if hasattr(threading, "_start_new_thread"):
        threading._start_new_thread = _start_new_thread
    main = threading.main_thread()
    vars(main._started)["_interleave"] = _Known(lanes.main_lane)

    def start_(self: Any) -> None:
        mine = None
        if self._initialized and not self._started.is_set():
            now = clock()
            by = lanes.current()
            where = place(_getframe(1))
            lane = declare_thread(self._name, starter=by, internal=is_internal(self), told=True, place=where, t=now)
            mine = vars(self._started)["_interleave"] = _Known(lane, by, now)
        try:
            start(self)
        except BaseException as error:
            without_us(error)
            if mine is not None and self._ident is None:
                _never_ran(mine.lane, error)
            raise

    def set_native_id_(self: Any) -> None:
        # Called in the new thread before anything of the program's runs: a hook that leaves no frame of ours around it.
        set_native_id(self)
        mine = known(self)
        if mine is not None and not here.thread:
            flags = wire.THREAD | (wire.INTERNAL if is_internal(self) else 0)
            arg = mine.starter | get_native_id() << 32
            emit_text(wire.LANE, flags, lanes.process_lane, mine.t, arg, mine.lane, 0, self._name)
            enter(mine.lane)

    def delete_(self: Any) -> None:
        # Called in the thread as its last act, after its exception was shown.
        mine = known(self)
        if mine is not None and here.thread == mine.lane:
            streams.thread_ended()
            end(mine.lane, wire.RAISED if mine.error else wire.RETURNED, mine.error)
            lanes.leave()
        delete(self)

    def join_(self: Any, timeout: float | None = None) -> None:
        mine = known(self) if self._initialized else None
        waits = mine is not None and here.thread != mine.lane and self.is_alive() and (timeout is None or timeout > 0)
        where = 0
        if mine is not None and waits:
            where = place(_getframe(1))
            waiting(join_resource(mine, self._name), where, timeout is not None)
        try:
            join(self, timeout)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            if waits:
                running(where)

    def set_name_(self: Any, name: str) -> None:
        set_name(self, name)
        mine = known(self)
        if mine is not None:
            emit_text(wire.NAME, 0, 0, clock(), 0, mine.lane, 0, self._name)

    def make_excepthook_() -> Callable[[Any], None]:
        hook = make_excepthook()

        def invoke_excepthook(thread: Any) -> None:
            error = sys.exc_info()[1]
            mine = known(thread)
            if mine is not None and error is not None and not isinstance(error, SystemExit):
                mine.error = raised(mine.lane, error)
            hook(thread)

        return invoke_excepthook

    for name, ours in {"start": start_, "join": join_, "_set_native_id": set_native_id_, "_delete": delete_}.items():
        replace(thread_class, name, ours)
    thread_class.name = property(thread_class.name.fget, set_name_, None, thread_class.name.__doc__)
    threading._make_invoke_excepthook = make_excepthook_
    _before_shutdown(threading)


def _before_shutdown(threading: Any) -> None:
    """Have the last threads joined where it shows: after the main thread counts as ended, since they may join it."""
    if hasattr(threading, "_thread_shutdown"):
        shutdown = threading._thread_shutdown

        def thread_shutdown() -> None:
            _join_all()
            shutdown()

        threading._thread_shutdown = thread_shutdown
    else:
        stop = threading.Thread._stop

        def stop_(self: Any) -> None:
            stop(self)
            if self is threading._main_thread and threading._SHUTTING_DOWN:
                _join_all()

        replace(threading.Thread, "_stop", stop_)


def join_resource(mine: _Known, name: str) -> int:
    """The number of what waits for a thread's end wait on."""
    if not mine.join:
        mine.join = lanes.resource(wire.JOIN, name, target=mine.lane)
    return mine.join


def _join_all() -> None:
    """Before the interpreter waits for the last threads without a word, wait for them where it shows."""
    threading = sys.modules["threading"]
    while True:
        alive = [
            thread
            for thread in threading._enumerate()
            if not thread.daemon and thread.ident != _thread.get_ident() and known(thread) and thread.is_alive()
        ]
        if not alive:
            return
        for thread in alive:
            threading.Thread.join(thread)


def after_fork() -> None:
    """The thread that forked is the child's main thread, with a lane of its own there; the others are gone."""
    global unused
    unused = 0
    threading = sys.modules.get("threading")
    if threading is not None:
        mine = threading._active.get(_thread.get_ident())
        if mine is not None:
            vars(mine._started)["_interleave"] = _Known(lanes.main_lane)


def finish() -> None:
    """The interpreter ends: daemon threads are cut off where they are."""
    threading = sys.modules.get("threading")
    for thread in threading._enumerate() if threading else ():
        mine = known(thread)
        if mine is not None and thread.daemon and thread.is_alive():
            end(mine.lane, wire.KILLED)
