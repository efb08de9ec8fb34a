"""Processes: a lane for every child, told by who starts it; waits for their ends, and how they ended."""

from __future__ import annotations

import os
import sys
from _thread import _count, _local
from sys import _getframe

from . import ends, lanes, wire
from .hooks import Builtin, as_if_in, replace, without_us
from .log import clock, emit, emit_text, number
from .places import place, start_here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_fork = os.fork
_SERVERS = ("from multiprocessing.resource_tracker ", "from multiprocessing.forkserver ")
_MOST = 4096


class Child:
    """A process that this one started: its lane, what those wait on who wait for it, and whether its end was told."""

    __slots__ = ("ended", "lane", "name", "resource")

    def __init__(self, lane: int, name: str) -> None:
        self.lane = lane
        self.name = name
        self.resource = 0
        self.ended = False


_children: dict[int, Child] = {}


class _Starting(_local):
    """What a forked child finds of its parent's thread: `told`, while that starts a process through multiprocessing, is
    its name, who starts it, when, and on which line; of the last `fork`, the parent's lane, who forks and when; and
    whether that thread was `alone`.
    """

    told: tuple[str, int, int, int] | None = None
    fork = 0, 0, 0
    alone = True


_starting = _Starting()


def _is_server() -> bool:
    arguments = sys.orig_argv
    return "-c" in arguments[:-1] and arguments[arguments.index("-c") + 1].startswith(_SERVERS)


is_server = _is_server()
"""Whether this process is one of multiprocessing's own helpers, which start children for others."""


def tell(pid: int, name: str, starter: int, t: int, where: int) -> Child:
    """Say that this process started another one, at `t`."""
    known = _children.get(pid)
    if known is not None and not known.ended:
        return known
    if len(_children) >= _MOST:
        _children.clear()
    found = _children[pid] = Child(number(), name)
    emit_text(wire.LANE, wire.PROCESS | wire.TOLD, lanes.process_lane, t, starter | pid << 32, found.lane, where, name)
    return found


def told_end(pid: int, code: int) -> None:
    """Say, once, how a child ended: a negative code is a signal's."""
    found = _children.get(pid)
    if found is None or found.ended:
        return
    # At its exit multiprocessing joins the children that are left, but not one that is dead by then: that one, too, was
    # waited for, however short it was.
    util = sys.modules.get("multiprocessing.util")
    joined = getattr(util, "_exiting", False) is True and not lanes.here.waits and waiting(pid, 0)
    found.ended = True
    ending = wire.KILLED if code < 0 else wire.EXITED if code else wire.RETURNED
    emit(wire.END, ending, code + 2**31, clock(), 0, found.lane)
    if joined:
        lanes.running()


def waiting(pid: int, where: int, limited: bool = False) -> bool:
    """The acting lane waits for a child's end, if it is one we know. Pair with `lanes.running` when True."""
    found = _children.get(pid)
    if found is None or found.ended:
        return False
    lanes.waiting(known(pid), where, limited)
    return True


def known(pid: int) -> int:
    """The number of what those wait on who wait for this child; 0 if we do not know it."""
    found = _children.get(pid)
    if found is None:
        return 0
    if not found.resource:
        found.resource = lanes.resource(wire.CHILD, found.name, target=found.lane)
    return found.resource


class _Fork(Builtin):
    __slots__ = ()

    def __call__(self) -> int:
        now, by, where = clock(), lanes.current(), place(_getframe(1))
        try:
            pid: int = as_if_in(_getframe(1), _fork)
        except BaseException as error:
            without_us(error)
            raise
        if pid and _starting.told is None and not is_server:
            tell(pid, _unnamed(pid), by, now, where)
        return pid


def _unnamed(pid: int) -> str:
    return f"process {pid}"


class _Wait(Builtin):
    """os.wait and its kin. Which child one waited for may be known only when it has ended."""

    __slots__ = ()

    def __call__(self, *args: Any, **options: Any) -> Any:
        pid = _awaited(self._original.__name__, args, options)
        where = place(_getframe(1)) if pid else 0
        some = _some_child() if pid < 0 else 0
        waits = bool(some) or (pid > 0 and waiting(pid, where))
        if some:
            lanes.waiting(some, where, True)
        try:
            found = self._original(*args, **options)
            _reaped(found, some)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            if waits:
                lanes.running(where)
        return found


class _System(Builtin):
    __slots__ = ()

    def __call__(self, *args: Any, **options: Any) -> int:
        where = place(_getframe(1))
        name = _program([*args, *options.values()])
        lanes.waiting(lanes.resource(wire.CHILD, name), where, True)
        try:
            status: int = self._original(*args, **options)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            lanes.running(where)
        return status


_OPTIONS = {"wait": -1, "waitpid": 1, "wait3": 0, "wait4": 1, "waitid": 2}
"""Where these functions have their options."""


def _awaited(name: str, args: tuple[Any, ...], options: dict[str, Any]) -> int:
    """The child whose end such a call waits for, -1 if any will do; 0 if it does not wait, or will be refused."""
    at = _OPTIONS[name]
    flags = options.get("options", args[at] if 0 <= at < len(args) else 0)
    if type(flags) is not int or flags & os.WNOHANG:
        return 0
    if name == "waitid":
        pid = args[1] if args[:1] == (os.P_PID,) and len(args) > 1 else -1
    else:
        pid = options.get("pid", args[0] if at > 0 and args else -1)
    return (pid if pid > 0 else -1) if type(pid) is int else 0


def _some_child() -> int:
    """What one waits on who waits for any child, to be told again when it is known which; 0 if there is none."""
    if all(child.ended for child in _children.copy().values()):
        return 0
    return lanes.resource(wire.CHILD, "any child")


def _reaped(found: Any, some: int) -> None:
    """Say what such a call has said: which child ended and how, and so for which one waited on `some`."""
    if found is None:
        return
    if hasattr(found, "si_pid"):
        pid, status = found.si_pid, found.si_status
        code = {os.CLD_EXITED: status, os.CLD_KILLED: -status, os.CLD_DUMPED: -status}.get(found.si_code)
    else:
        pid, status = found[:2]
        code = os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) or os.WIFSIGNALED(status) else None
    child = _children.get(pid)
    if some and child is not None:
        emit_text(wire.RESOURCE, wire.CHILD, some, clock(), child.lane, lanes.current(), 0, child.name)
    if pid and code is not None:
        told_end(pid, code)


def watch_raw() -> None:
    """Watch os.fork, os.wait and its kin, and os.system."""
    os.fork = _Fork(_fork)
    for name in _OPTIONS:
        setattr(os, name, _Wait(getattr(os, name)))
    os.system = _System(os.system)


def watch_subprocess(subprocess: ModuleType) -> None:
    popen: Any = subprocess.Popen
    execute, wait, communicate, handle = (
        popen._execute_child,
        popen.wait,
        popen.communicate,
        popen._handle_exitstatus,
    )

    def execute_(self: Any, args: Any, *rest: Any) -> None:
        now, by = clock(), lanes.current()
        try:
            execute(self, args, *rest)
        except BaseException as error:
            without_us(error)
            raise
        name = _program(args)
        found = tell(self.pid, name, by, now, place(_getframe(1)))
        if not name.startswith("python"):
            emit(wire.STATE, wire.RUNNING, 0, clock(), 0, found.lane)

    def wait_(self: Any, timeout: float | None = None) -> int:
        where = place(_getframe(1))
        waits = self.returncode is None and waiting(self.pid, where, timeout is not None)
        try:
            return int(wait(self, timeout=timeout))
        except BaseException as error:
            without_us(error)
            raise
        finally:
            if waits:
                lanes.running(where)

    def communicate_(self: Any, input: Any = None, timeout: float | None = None) -> tuple[Any, Any]:  # noqa: A002
        where = place(_getframe(1))
        waits = self.returncode is None and waiting(self.pid, where, timeout is not None)
        try:
            said: tuple[Any, Any] = communicate(self, input, timeout)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            if waits:
                lanes.running(where)
        return said

    def handle_(self: Any, *status: Any) -> None:
        handle(self, *status)
        if self.returncode is not None:
            told_end(self.pid, self.returncode)

    replace(popen, "_execute_child", execute_)
    replace(popen, "wait", wait_)
    replace(popen, "communicate", communicate_)
    popen._handle_exitstatus = handle_


def _program(args: Any) -> str:
    """What to call a child program: the last part of its first argument."""
    first = args if isinstance(args, (str, bytes, os.PathLike)) else next(iter(args), "")
    try:
        return os.fsdecode(first).rpartition("/")[2].split(" ", 1)[0] or "process"
    except TypeError:
        return "process"


def watch_process(module: ModuleType) -> None:
    """Watch multiprocessing.process.BaseProcess."""
    process: Any = module.BaseProcess
    start, join = process.start, process.join

    def start_(self: Any) -> None:
        now, by, where = clock(), lanes.current(), place(_getframe(1))
        _starting.told = self._name, by, now, where
        try:
            start(self)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            _starting.told = None
        tell(self._popen.pid, self._name, by, now, where)

    def join_(self: Any, timeout: float | None = None) -> None:
        where = place(_getframe(1))
        popen = self._popen
        waits = (
            popen is not None
            and self._parent_pid == os.getpid()
            and popen.returncode is None
            and (timeout is None or timeout > 0)
            and waiting(popen.pid, where, timeout is not None)
        )
        try:
            join(self, timeout)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            if waits:
                lanes.running(where)

    replace(process, "start", start_)
    replace(process, "join", join_)


def watch_traceback(module: ModuleType) -> None:
    """Watch traceback for what multiprocessing prints of the error that ends a child, and tells nobody else."""
    traceback: Any = module
    print_exc = traceback.print_exc

    def print_exc_(*args: Any, **options: Any) -> None:
        process = sys.modules.get("multiprocessing.process")
        error = sys.exc_info()[1]
        if error is not None and process is not None and _getframe(1).f_code is process.BaseProcess._bootstrap.__code__:
            ends.failed(error)
        print_exc(*args, **options)

    replace(traceback, "print_exc", print_exc_)


def watch_popen(module: ModuleType) -> None:
    """Watch the module of one of multiprocessing's start methods for the ends of its children."""
    popen: Any = module.Popen
    poll = popen.poll

    def poll_(self: Any, flag: int = os.WNOHANG) -> int | None:
        code: int | None = poll(self, flag)
        if code is not None:
            told_end(self.pid, code)
        return code

    replace(popen, "poll", poll_)


def before_fork() -> None:
    _starting.fork = lanes.process_lane, lanes.current(), clock()
    _starting.alone = not _count()


def after_fork() -> None:
    """In a forked child: a lane of its own, told as its parent would; a server's children by who asked for them."""
    global is_server, _children
    parent, starter, t = _starting.fork
    where = 0
    name = _unnamed(os.getpid())
    if _starting.told is not None:
        name, starter, t, where = _starting.told
        start_here(_getframe())
    _starting.told = None
    _children = {}  # another thread of the parent may have had the old one's lock
    if not _starting.alone:
        lanes.after_threads()
    if is_server:
        lanes.begin(name)
        is_server = False
    else:
        lanes.begin(name, parent=parent, starter=starter, t=t, place=where)
