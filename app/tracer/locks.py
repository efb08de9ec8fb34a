"""threading.Lock and RLock: one record a hold, and a wait where a thread really has to wait.

The program gets locks of ours, the standard library's own code the plain ones. The tracer says that a lock was let go
before it lets it go, so that the order of the records is the order of the holds.
"""

from __future__ import annotations

import _thread
import time
from sys import _getframe

from . import wire
from .hooks import replace, without_us
from .lanes import Resource, _appear, declare, here, running, waiting
from .log import Cell, clock, emit, slots, ticks, words
from .places import LIBRARY, kind, place, user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_allocate = _thread.allocate_lock
_Raw = _thread.LockType
_original: Any = getattr(_thread, "lock", _allocate)
_RLock: Any = _thread.RLock
_give_way = time.sleep
_OBJ = 0xFFFFFFFF << 32


class _LockClass(type):
    """Makes our lock's class pass for the interpreter's own."""

    def __instancecheck__(cls, thing: object) -> bool:
        return type(thing) is _Raw or type.__instancecheck__(cls, thing)

    def __subclasscheck__(cls, other: type) -> bool:
        return other is _Raw or type.__subclasscheck__(cls, other)

    def __repr__(cls) -> str:
        return repr(_Raw)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is _Raw

    def __hash__(cls) -> int:
        return hash(_Raw)


class lock(metaclass=_LockClass):  # noqa: N801
    __module__ = "_thread"
    __slots__ = ("__weakref__", "_cell", "_raw", "_release", "_resource", "_since", "_try", "_who", "_word")
    _cell: Cell
    _raw: Any
    _release: Any
    _resource: Resource
    _since: int
    _try: Any
    _who: int
    _word: int

    def __new__(cls, *given: object, **named: object) -> Any:
        if given or named:
            try:
                return _original(*given, **named)
            except TypeError as error:
                without_us(error)
                raise
        frame = _getframe(1)
        if kind(frame.f_code) == LIBRARY:
            return _allocate()
        self = object.__new__(cls)
        self._raw = raw = _allocate()
        self._try = raw.acquire
        self._release = raw.release
        self._resource = Resource(wire.LOCK, place(frame))
        self._word = wire.HOLD | self._resource.number << 32
        self._cell = _unheld
        self._since = self._who = 0
        return self

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("type '_thread.lock' is not an acceptable base type")

    def acquire(self, blocking: bool = True, timeout: float = -1, *more: Any) -> bool:
        if blocking is True and timeout == -1 and not more:
            if not self._try(False):
                self._wait(-1)
        elif not self._ask(blocking, timeout, more):
            return False
        cell = self._cell
        if cell is _unheld:
            cell = self._first()
        t = 0
        for t in ticks:  # noqa: B007
            break
        self._who = who = here.lane or _appear()
        self._since = t
        at = cell.at
        words[at + 1] = who | self._word & _OBJ
        words[at] = t
        return True

    __enter__ = acquire

    def release(self, *given: object) -> None:
        if len(given) == 3:
            given = ()  # the exception that __exit__ hears of
        since = self._since
        if since and not given:
            self._since = 0
            words[self._cell.at] = 0
            at = t = 0
            for at in slots:  # noqa: B007
                break
            for t in ticks:  # noqa: B007
                break
            words[at + 1] = since
            words[at + 2] = t
            words[at + 3] = self._who
            words[at] = self._word
        try:
            # What was not held, or is called with what makes no sense, gets the real lock's own error.
            self._release(*given)
        except BaseException as error:
            without_us(error)
            raise

    __exit__ = release

    def locked(self) -> bool:
        return bool(self._raw.locked())

    def _ask(self, blocking: Any, timeout: Any, more: tuple[Any, ...]) -> bool:
        """Acquire with a timeout, or without waiting; what makes no sense is left to the real lock's judgement."""
        try:
            sensible = type(timeout) in {int, float} and timeout > 0 and isinstance(blocking, int) and blocking
            if sensible and not more:
                return bool(self._try(False) or self._wait(timeout))
            return bool(self._try(blocking, timeout, *more))
        except BaseException as error:
            without_us(error)
            raise

    def _wait(self, timeout: float) -> bool:
        # A switch inside Python code hands the lock over held, and from then on everyone blocks who would not have
        # without us: let the holder finish before this counts as waiting.
        _give_way(0)
        if self._try(False):
            return True
        frame = user(_getframe(2))
        where = place(frame)
        if self._resource.tries:
            declare(self._resource, self, frame)
        waiting(self._resource.number, where)
        try:
            return bool(self._try(True, timeout))
        except BaseException as error:
            without_us(error)
            raise
        finally:
            running(where)

    def _first(self) -> Cell:
        """The first hold: now is the time to tell what the lock is called."""
        self._cell = cell = Cell()
        declare(self._resource, self, user(_getframe(2)))
        return cell

    def _at_fork_reinit(self) -> None:
        self._raw._at_fork_reinit()
        self._since = 0
        words[self._cell.at] = 0

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked

    def __repr__(self) -> str:
        return f"{repr(self._raw).partition(' at 0x')[0]} at {id(self):#x}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._raw.__reduce_ex__(protocol)


class RLock(_RLock):  # type: ignore[misc]
    __module__ = "_thread"
    __slots__ = ("_cell", "_depth", "_resource", "_since", "_who")

    def __new__(cls, where: int) -> RLock:  # noqa: PYI034
        self: RLock = _RLock.__new__(cls)
        self._resource = Resource(wire.RLOCK, where)
        self._cell = _unheld
        self._depth = self._since = self._who = 0
        return self

    def acquire(self, blocking: bool = True, timeout: float = -1, *more: Any) -> bool:
        if blocking is True and timeout == -1 and not more:
            if not _try(self, False):
                self._wait(-1)
        elif not self._ask(blocking, timeout, more):
            return False
        self._depth += 1
        if self._depth == 1:
            if self._cell is _unheld:
                self._first()
            self._who = here.lane or _appear()
            self._since = clock()
            self._cell.open(self._since, self._who, self._resource.number)
        return True

    __enter__ = acquire

    def release(self) -> None:
        self._let_go(1)
        try:
            _release(self)
        except BaseException as error:
            without_us(error)
            raise

    def __exit__(self, *error: object) -> None:
        self.release()

    def _let_go(self, times: int) -> None:
        if self._is_owned():
            self._depth -= times
            if not self._depth:
                self._cell.close()
                emit(wire.HOLD, 0, self._resource.number, self._since, clock(), self._who)

    def _release_save(self) -> Any:
        self._let_go(self._depth)
        return _RLock._release_save(self)

    def _acquire_restore(self, state: tuple[int, int]) -> None:
        self.acquire()
        for _ in range(state[0] - 1):
            self.acquire()

    def _at_fork_reinit(self) -> None:
        _RLock._at_fork_reinit(self)
        self._depth = 0
        self._cell.close()

    def __repr__(self) -> str:
        return str(_RLock.__repr__(self)).replace(" RLock object", " _thread.RLock object")

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _RLock().__reduce_ex__(protocol)

    def _try(self, *how: Any) -> bool:
        return bool(_try(self, *how))

    _ask = lock._ask
    _wait = lock._wait
    _first = lock._first


_unheld = Cell()
_try = _RLock.acquire
_release = _RLock.release


def watch(threading: Any) -> None:
    """From the import of `threading` on, the program's locks are ours."""
    plain_rlock, condition_init = threading.RLock, threading.Condition.__init__

    def rlock(*args: Any, **kwargs: Any) -> Any:
        frame = _getframe(1)
        return plain_rlock(*args, **kwargs) if args or kwargs or kind(frame.f_code) == LIBRARY else RLock(place(frame))

    def init(self: Any, lock: Any = None) -> None:
        frame = _getframe(1)
        if lock is None and kind(frame.f_code) != LIBRARY:
            lock = RLock(place(frame))
        condition_init(self, lock)

    replace(threading, "RLock", rlock)
    replace(threading.Condition, "__init__", init)
    threading.Lock = lock


def watch_pickling(copyreg: Any) -> None:
    """Have our lock's class pickled by a name under which it is found, as a manager does to start its server."""
    copyreg.pickle(_LockClass, lambda _: "allocate_lock")


def watch_raw() -> None:
    """The same for locks made without `threading`."""
    _thread.allocate_lock = _thread.allocate = lock
    _thread.LockType = lock  # type: ignore[misc]
