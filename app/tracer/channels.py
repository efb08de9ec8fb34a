"""What multiprocessing's processes share: queues, pipes, locks, semaphores, conditions and events.

They are the same resources in every process: a pipe goes by its inode, a semaphore by its name.
"""

from __future__ import annotations

import os
from sys import _getframe

from . import files, lanes, wire
from .files import passing
from .hooks import replace, without_us
from .lanes import act, foresee, here, of, running, waiting
from .log import Cell, cell, clock, emit
from .places import place, user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType, ModuleType
    from typing import Any

_PIPE, _SEMAPHORE, _QUEUE, _BARRIER = 1 << 62, 1 << 61, 1 << 63, 1 << 60
_KEY = (1 << 60) - 1


def _inode(*ends: Any) -> int:
    """A key for the pipe behind the first of these connections that is still open here; 0 if none is."""
    for end in ends:
        try:
            return _PIPE | os.fstat(end._handle).st_ino & _KEY
        except (OSError, TypeError, AttributeError):
            continue
    return 0


def pool_key(queue: Any) -> int:
    """A key for the pool whose workers take their jobs from this queue; 0 if they are threads."""
    pipe = _inode(getattr(queue, "_reader", None), getattr(queue, "_writer", None))
    return pipe and pipe | _BARRIER


def digest(text: str) -> int:
    """The same number for the same text in every process (FNV-1a)."""
    number = 0xCBF29CE484222325
    for byte in text.encode():
        number = (number ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return number


def _named(semaphore: Any) -> int:
    """A key for a semaphore; 0 if it has no name."""
    return _SEMAPHORE | digest(semaphore.name) & _KEY if semaphore.name else 0


def _limited(args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Whether a call with these arguments has a timeout, which comes last, or does not block at all."""
    last = options.get("timeout", args[-1] if args else None)
    return last is not None and last is not True


def _through(call: Any, kind: int, key: Any, told: int = 0) -> Any:
    """A method that waits on the resource that its object is; `told` says afterwards that it took something out."""

    def through(self: Any, *args: Any, **options: Any) -> Any:
        if here.waits:
            result = call(self, *args, **options)
            passing.received = clock()
            return result
        frame = user(_getframe(1))
        where = place(frame)
        found = of(self, kind, frame, key=key(self))
        waiting(found.number, where, kind != wire.PIPE and _limited(args, options))
        passing.received = 0
        try:
            result = call(self, *args, **options)
            if told:
                act(told, found.number, passing.received or clock(), where, found.get())
        except BaseException as error:
            without_us(error)
            raise
        finally:
            running(where)
        return result

    return through


def _into(call: Any, kind: int, key: Any, what: int) -> Any:
    """A method that does what others wait for: put, send, notify, set."""

    def into(self: Any, *args: Any, **options: Any) -> Any:
        if here.waits:
            return call(self, *args, **options)
        frame = user(_getframe(1))
        where = place(frame)
        found = of(self, kind, frame, key=key(self))
        now = clock()
        try:
            result = call(self, *args, **options)
        except BaseException as error:
            without_us(error)
            raise
        act(what, found.number, now, where, found.put())
        return result

    return into


def _putting(call: Any, key: Any, full: type[Exception]) -> Any:
    """Putting into a queue, which waits only where that does not succeed at once."""

    def put(self: Any, obj: Any, block: bool = True, timeout: float | None = None) -> None:
        if here.waits:
            call(self, obj, block, timeout)
            return
        frame = user(_getframe(1))
        where = place(frame)
        found = of(self, wire.QUEUE, frame, key=key(self))
        patient = block and (timeout is None or timeout > 0)
        now = clock()
        waits = False
        try:
            try:
                call(self, obj, block and not patient, timeout)
            except full:
                if not patient:
                    raise
                waits = True
            if waits:
                waiting(found.number, where, timeout is not None)
                try:
                    call(self, obj, True, timeout)
                    now = clock()
                finally:
                    running(where)
        except BaseException as error:
            without_us(error)
            raise
        act(wire.PUT, found.number, now, where, found.put())

    return put


def _finishing(call: Any, key: Any) -> Any:
    """Telling a queue that a task is done: with the last one, those who wait for all go on."""

    def task_done(self: Any) -> None:
        now = clock()
        try:
            call(self)
        except BaseException as error:
            without_us(error)
            raise
        if self._unfinished_tasks._semlock._is_zero():
            frame = user(_getframe(1))
            act(wire.WAKE, of(self, wire.QUEUE, frame, key=key(self)).number, now, place(frame))

    return task_done


def _made(call: Any, kind: int, key: Any) -> Any:
    """A constructor of a resource."""

    def made(self: Any, *args: Any, **options: Any) -> None:
        try:
            call(self, *args, **options)
        except BaseException as error:
            without_us(error)
            raise
        foresee(self, kind, user(_getframe(1)), key(self))

    return made


def _change(owner: Any, names: tuple[str, ...], wrap: Any, *arguments: Any) -> None:
    for name in names:
        replace(owner, name, wrap(getattr(owner, name), *arguments))


_feed: CodeType | None = None
"""What sends the items of a queue, which were told when they were put."""


def watch_queues(module: ModuleType) -> None:
    """Watch multiprocessing.queues."""
    global _feed
    _feed = module.Queue._feed.__code__

    def key(queue: Any) -> int:
        pipe = _inode(queue._reader, getattr(queue, "_writer", None))
        return pipe and pipe | _QUEUE

    for queue in (module.Queue, module.SimpleQueue):
        _change(queue, ("get",), _through, wire.QUEUE, key, wire.GET)
    _change(module.SimpleQueue, ("put",), _into, wire.QUEUE, key, wire.PUT)
    for queue in (module.Queue, module.JoinableQueue):
        _change(queue, ("put",), _putting, key, module.Full)
    _change(module.JoinableQueue, ("join",), _through, wire.QUEUE, key)
    _change(module.JoinableQueue, ("task_done",), _finishing, key)


def watch_connections(module: ModuleType) -> None:
    """Watch multiprocessing.connection. A duplex pipe's ends are two resources, but each end knows the other."""
    connection: Any = module._ConnectionBase
    make, dial, reduced = module.Pipe, module.Client, module.reduce_connection

    def own(end: Any) -> int:
        return _inode(end)

    def other(end: Any) -> int:
        mine = own(end)
        sent = vars(end).pop("_interleave", 0)
        if sent and len(_peers) < _MOST_PEERS:
            _peers[mine] = sent
        return _peers.get(mine, 0) or mine

    def reduce(end: Any) -> tuple[Any, ...]:
        # An end that goes to another process takes along, as an attribute, which one the other end is.
        peer = _peers.get(own(end))
        return (*reduced(end), {"_interleave": peer}) if peer else reduced(end)

    def pipe(duplex: bool = True) -> tuple[Any, Any]:
        one, two = make(duplex)
        if duplex and len(_peers) < _MOST_PEERS:
            _peers[own(one)], _peers[own(two)] = own(two), own(one)
        return one, two

    def client(*args: Any, **options: Any) -> Any:
        if here.waits:
            return dial(*args, **options)
        where = place(_getframe(1))
        waiting(lanes.resource(wire.IO, "connection", place=where), where, True)
        try:
            return dial(*args, **options)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            running(where)

    # They pass through what stands for these anyway.
    module.Connection._recv.__defaults__ = (files.receive,)
    module.Connection._send.__defaults__ = (files.send,)
    replace(module, "Pipe", pipe)
    replace(module, "Client", client)
    module.reduction.register(module.Connection, reduce)
    _change(connection, ("recv", "recv_bytes"), _through, wire.PIPE, own, wire.GET)
    _change(connection, ("send", "send_bytes"), _sending, other)


_peers: dict[int, int] = {}
_MOST_PEERS = 1000


def _sending(call: Any, key: Any) -> Any:
    """Sending puts into the other end, which is a resource of its own where the pipe is duplex."""

    def sending(self: Any, *args: Any, **options: Any) -> None:
        if here.waits or _getframe(1).f_code is _feed:
            call(self, *args, **options)
            return
        frame = user(_getframe(1))
        where = place(frame)
        target = key(self)
        found = _ends.get(target)
        if found is None and target and len(_ends) < _MOST_PEERS:
            found = _ends[target] = lanes.resource(wire.PIPE, key=target, place=where)
        now = clock()
        passing.on, passing.place = found or 0, where
        try:
            call(self, *args, **options)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            passing.on = 0
        if found:
            act(wire.PUT, found, now, where)

    return sending


_ends: dict[int, int] = {}


_BETWEEN = {"multiprocessing.synchronize", "multiprocessing.context", __name__}


def _is_part(frame: FrameType | None, kind: int) -> bool:
    """Whether multiprocessing uses this lock as a part of something of its own, which is a resource itself."""
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        owner = frame.f_code.co_qualname.partition(".")[0]
        if owner in {"Event", "Barrier"} or (owner == "Condition" and kind == wire.SEMAPHORE):
            return True
        if name not in _BETWEEN:
            return bool(name.startswith("multiprocessing.") and name != "multiprocessing.sharedctypes")
        frame = frame.f_back
    return False


class _Held:
    """A lock or semaphore of multiprocessing in this process: who has it, since when."""

    __slots__ = ("cell", "lane", "place", "t")

    def __init__(self) -> None:
        self.cell: Cell = cell()
        self.t = self.lane = self.place = 0


def watch_locks(module: ModuleType) -> None:
    """Watch multiprocessing.synchronize."""
    kinds = {module.Lock: wire.LOCK, module.RLock: wire.RLOCK}
    base: Any = module.SemLock
    make_methods = base._make_methods
    restore = base.__setstate__.__code__

    def key(thing: Any) -> int:
        return _named(thing._semlock)

    def make(self: Any) -> None:
        make_methods(self)
        # Where it is made tells whose it is; one that comes by pickle comes from nowhere, and its first user tells.
        kind = kinds.get(type(self), wire.SEMAPHORE)
        part: bool | None = None if _getframe(1).f_code is restore else _is_part(_getframe(1), kind)
        if part:
            return
        semaphore = self._semlock
        foresee(self, kind, user(_getframe(1)), key(self))
        held = _Held()

        def is_part(frame: FrameType) -> bool:
            nonlocal part
            if part is None:
                part = _is_part(frame, kind)
                if part:
                    make_methods(self)
            return part

        def acquire(block: bool = True, timeout: float | None = None) -> bool:
            if is_part(_getframe(1)):
                return bool(semaphore.acquire(block, timeout))
            got = semaphore.acquire(False)
            frame, where = None, 0
            if not got and block and (timeout is None or timeout > 0):
                frame = user(_getframe(1))
                where = place(frame)
                waiting(of(self, kind, frame, key=key(self)).number, where, timeout is not None)
                try:
                    got = semaphore.acquire(True, timeout)
                except BaseException as error:
                    without_us(error)
                    raise
                finally:
                    running(where)
            if got and kind != wire.SEMAPHORE and semaphore._count() == 1:
                frame = frame or user(_getframe(1))
                held.t, held.lane, held.place = clock(), lanes.current(), place(frame)
                held.cell.open(held.t, held.lane, of(self, kind, frame, key=key(self)).number)
            return bool(got)

        def release() -> None:
            now = clock()
            if is_part(_getframe(1)):
                pass
            elif held.t and (kind == wire.LOCK or (semaphore._is_mine() and semaphore._count() == 1)):
                found = lanes.known(self)
                if found is not None:
                    emit(wire.HOLD, 0, found.number, held.t, now, held.lane, held.place)
                    if held.lane != lanes.current():
                        act(wire.WAKE, found.number, now)
                held.t = 0
                held.cell.close()
            elif kind != wire.RLOCK:
                # A lock that another process has taken is a signal, as a semaphore is.
                act(wire.WAKE, of(self, kind, user(_getframe(1)), key=key(self)).number, now)
            try:
                semaphore.release()
            except BaseException as error:
                without_us(error)
                raise

        self.acquire, self.release = acquire, release

    def enter(self: Any) -> bool:
        return bool(self.acquire())

    def leave(self: Any, *_: Any) -> None:
        self.release()

    base._make_methods = make
    replace(base, "__enter__", enter)
    replace(base, "__exit__", leave)

    def of_condition(condition: Any) -> int:
        return _named(condition._wait_semaphore._semlock)

    def of_event(event: Any) -> int:
        return _named(event._flag._semlock)

    def of_barrier(barrier: Any) -> int:
        condition = of_condition(barrier._cond)
        return condition and condition | _BARRIER

    condition, event, barrier = module.Condition, module.Event, module.Barrier
    _change(event, ("wait",), _through, wire.EVENT, of_event)
    _change(event, ("set",), _into, wire.EVENT, of_event, wire.WAKE)
    _change(condition, ("wait",), _through, wire.CONDITION, of_condition)
    _change(condition, ("notify",), _into, wire.CONDITION, of_condition, wire.WAKE)
    _change(barrier, ("wait",), _through, wire.BARRIER, of_barrier)
    _change(barrier, ("_release",), _into, wire.BARRIER, of_barrier, wire.WAKE)
    _change(event, ("__init__",), _made, wire.EVENT, of_event)
    _change(condition, ("__init__",), _made, wire.CONDITION, of_condition)
    _change(barrier, ("__init__",), _made, wire.BARRIER, of_barrier)
