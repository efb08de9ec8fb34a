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
from .lanes import Resource, _appear, act, declare, here, running, waiting
from .log import Cell, clock, emit, fast, marks, words
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


def _asked(blocking: Any = True, timeout: float = -1) -> tuple[Any, float]:
    return blocking, timeout


class _ToldLock:
    """What fast.Lock does in C."""

    __slots__ = ("_acquire", "_at", "_cell", "_raw", "_release", "_since", "_who", "_word")
    _acquire: Any
    _at: int
    _cell: Cell | None
    _raw: Any
    _release: Any
    _since: int
    _who: int
    _word: int

    def __new__(cls) -> Any:
        self = object.__new__(cls)
        self._raw = raw = _allocate()
        self._acquire = raw.acquire
        self._release = raw.release
        self._cell = None
        self._since = 0
        self._who = -1
        return self

    def __enter__(self) -> bool:
        if not self._acquire(False):
            self._wait(-1)
        try:
            who = here.lane
            if self._who != who:
                self._change(who)
            self._since = words[self._at] = clock()
        except BaseException as error:
            # The stack is full, or a signal handler raised: then the program has not got it.
            self._release()
            without_us(error)
            raise
        return True

    def __exit__(self, _kind: object = None, _error: object = None, _traceback: object = None) -> None:
        try:
            since = self._since
            if since:
                self._since = 0
                who = self._who
                if who == here.lane:
                    words[self._at] = at = t = 0
                    for at, t in marks:  # noqa: B007
                        break
                    words[at + 1] = since
                    words[at + 2] = t
                    words[at + 3] = who
                    words[at] = self._word
                else:
                    self._by_another(since, who)
        finally:
            try:
                self._release()
            except BaseException as error:
                without_us(error)
                raise

    def acquire(self, *how: Any, **named: Any) -> bool:
        try:
            if how or named:
                if not self._ask(*how, **named):
                    return False
            elif not self._acquire(False):
                self._wait(-1)
            self._mark()
        except BaseException as error:
            without_us(error)
            raise
        return True

    def release(self, *given: object) -> None:
        try:
            if given:
                self._release(*given)
            self.__exit__()
        except BaseException as error:
            without_us(error)
            raise

    def _mark(self) -> None:
        """It is held from now on: what `with` does without a further call."""
        try:
            who = here.lane
            if self._who != who:
                self._change(who)
            self._since = words[self._at] = clock()
        except BaseException:
            self._release()
            raise

    def _change(self, who: int) -> None:
        """Another lane holds it than the one before; in a forked child, that finds the cell where it is there."""
        self._cell = cell = self._cell or self._first()
        self._at = cell.at
        self._who = who or _appear()
        words[cell.at + 1] = self._who | self._word & _OBJ

    def _by_another(self, since: int, who: int) -> None:
        """Another lane lets go of it than the one that has it."""
        if self._cell is not None:
            self._cell.close()
        t = clock()
        emit(wire.HOLD, 0, self._word >> 32, since, t, who)
        self._signal(t)

    def locked(self) -> bool:
        return bool(self._raw.locked())

    def _try(self) -> bool:
        return bool(self._acquire(False))

    def _block(self, timeout: float) -> bool:
        return bool(self._acquire(True, timeout))

    def _reinit(self) -> None:
        self._raw._at_fork_reinit()

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked
    _ask: Any
    _wait: Any
    _first: Any
    _signal: Any


if fast:
    _ToldLock = fast.Lock  # type: ignore[misc]


class lock(_ToldLock, metaclass=_LockClass):  # noqa: N801
    __module__ = "_thread"
    __slots__ = ("__weakref__", "_resource")
    _resource: Resource

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
        self = super().__new__(cls)
        self._resource = Resource(wire.LOCK, place(frame))
        self._word = wire.HOLD | self._resource.number << 32
        return self

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("type '_thread.lock' is not an acceptable base type")

    def _ask(self, *how: Any, **named: Any) -> bool:
        """Acquire with a timeout, or without waiting; a lock of the interpreter's own judges what makes sense."""
        try:
            _allocate().acquire(*how, **named)
            blocking, timeout = _asked(*how, **named)
            return self._try() or (bool(blocking) and timeout != 0 and self._wait(timeout))
        except BaseException as error:
            without_us(error)
            raise

    def _wait(self, timeout: float) -> bool:
        frame = user(_getframe(1))
        where = place(frame)
        if not fast:
            # A switch inside Python code hands the lock over held, and from then on everyone blocks who would not
            # have without us: let the holder finish before this counts as waiting.
            _give_way(0)
            if self._try():
                return True
        if self._resource.tries:
            declare(self._resource, self, frame)
        waiting(self._resource.number, where, timeout >= 0)
        try:
            return self._block(timeout)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            running(where)

    def _first(self) -> Cell:
        """The first hold: now is the time to tell what the lock is called."""
        declare(self._resource, self, user(_getframe(1)))
        return Cell()

    def _signal(self, t: int) -> None:
        """Another lane lets go of the lock than the one that had it: a signal to those who wait for it."""
        act(wire.WAKE, self._resource.number, t, place(_getframe(1)))

    def _forget(self) -> None:
        self._since = 0
        if self._cell is not None:
            self._cell.close()

    def _at_fork_reinit(self) -> None:
        self._reinit()
        self._forget()

    def __repr__(self) -> str:
        return f"<{'locked' if self.locked() else 'unlocked'} _thread.lock object at {id(self):#x}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _allocate().__reduce_ex__(protocol)


class _ToldRLock(_RLock):  # type: ignore[misc]
    """What fast.RLock does in C."""

    __slots__ = ("_cell", "_depth", "_since", "_who", "_word")
    _cell: Cell | None
    _depth: int
    _word: int

    def __new__(cls) -> Any:
        self = _RLock.__new__(cls)
        self._cell = None
        self._depth = self._since = self._who = 0
        return self

    def acquire(self, *how: Any, **named: Any) -> bool:
        if not how and not named:
            if not _try(self, False):
                self._wait(-1)
        else:
            try:
                if not self._ask(*how, **named):
                    return False
            except BaseException as error:
                without_us(error)
                raise
        self._depth += 1
        if self._depth == 1:
            try:
                self._cell = cell = self._cell or self._first()
                self._who = here.lane or _appear()
                self._since = clock()
                cell.open(self._since, self._who, self._word >> 32)
            except BaseException as error:
                self._depth = 0
                _release(self)
                without_us(error)
                raise
        return True

    __enter__ = acquire

    def release(self, *given: object) -> None:
        if len(given) == 3:
            given = ()
        try:
            if not given:
                self._let_go(1)
        finally:
            try:
                _release(self, *given)
            except BaseException as error:
                without_us(error)
                raise

    __exit__ = release

    def _let_go(self, times: int) -> None:
        if self._is_owned() and self._depth:
            self._depth -= times
            if not self._depth and self._cell is not None:
                self._cell.close()
                emit(wire.HOLD, 0, self._word >> 32, self._since, clock(), self._who)

    def _let_all_go(self) -> None:
        self._let_go(self._depth)

    _ask: Any
    _wait: Any
    _first: Any


if fast:
    _ToldRLock = fast.RLock  # type: ignore[misc]


class RLock(_ToldRLock):
    __module__ = "_thread"
    __slots__ = ("_resource",)

    def __new__(cls, where: int) -> RLock:  # noqa: PYI034
        self: RLock = super().__new__(cls)
        self._resource = Resource(wire.RLOCK, where)
        self._word = wire.HOLD | self._resource.number << 32
        return self

    def _release_save(self) -> Any:
        self._let_all_go()
        return _RLock._release_save(self)

    def _acquire_restore(self, state: tuple[int, int]) -> None:
        for _ in range(state[0]):
            self.acquire()

    def _at_fork_reinit(self) -> None:
        _RLock._at_fork_reinit(self)
        self._depth = 0
        self._forget()

    def __repr__(self) -> str:
        return str(_RLock.__repr__(self)).replace(" RLock object", " _thread.RLock object")

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _RLock().__reduce_ex__(protocol)

    def _try(self) -> bool:
        return bool(_try(self, False))

    def _block(self, timeout: float) -> bool:
        return bool(_try(self, True, timeout))

    _ask = lock._ask
    _wait = lock._wait
    _first = lock._first
    _forget = lock._forget


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
