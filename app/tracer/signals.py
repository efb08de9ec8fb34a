"""Conditions, events, semaphores and barriers: who waits on them, and what lets whom go on.

What lets others go on is timed before it happens and told after it has succeeded, and only if anybody ever waited.
"""

from __future__ import annotations

from sys import _getframe

from . import lanes, wire
from .hooks import replace, without_us
from .lanes import act, current, foresee, level, of, running, waiting
from .log import clock
from .permits import given, taken
from .places import LIBRARY, kind, place, user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType, ModuleType
    from typing import Any


_FUTURES = "concurrent/futures/_base.py"


def watch(threading: ModuleType, thread_start: CodeType) -> None:
    _conditions(threading.Condition)
    _events(threading.Event, thread_start)
    _semaphores(threading.Semaphore, threading.BoundedSemaphore)
    _barriers(threading.Barrier)


def _conditions(condition: Any) -> None:
    wait, notify = condition.wait, condition.notify
    through = condition.wait_for.__code__, condition.notify_all.__code__

    def asked_by(frame: FrameType | None) -> FrameType | None:
        """The frame of the program that uses a condition; None where it is a part of something larger."""
        while frame is not None and frame.f_code in through:
            frame = frame.f_back
        return frame if frame is not None and kind(frame.f_code) != LIBRARY else None

    def wait_(self: Any, timeout: float | None = None) -> bool:
        frame = asked_by(_getframe(1))
        where = 0
        if frame is not None:
            where = place(frame)
            waiting(of(self, wire.CONDITION, frame).number, where, timeout is not None)
        try:
            return bool(wait(self, timeout))
        except BaseException as error:
            without_us(error)
            raise
        finally:
            if frame is not None:
                running(where)

    def notify_(self: Any, n: int = 1) -> None:
        frame = asked_by(_getframe(1))
        now = clock()
        try:
            notify(self, n)
        except BaseException as error:
            without_us(error)
            raise
        if frame is not None:
            woken(self, now, place(frame))

    replace(condition, "wait", wait_)
    replace(condition, "notify", notify_)


def woken(thing: Any, t: int, where: int, what: int = wire.WAKE) -> None:
    """Say that at `t` those who wait on `thing` were let go, if anybody ever did."""
    found = lanes.known(thing)
    if found is not None:
        act(what, found.number, t, where)


def _events(event: Any, thread_start: Any) -> None:
    wait, set_flag = event.wait, event.set

    def wait_(self: Any, timeout: float | None = None) -> bool:
        frame = _getframe(1)
        waits = not self._flag and frame.f_code is not thread_start
        where = 0
        if waits:
            # A timer's own event goes by what the timer calls it.
            asker = user(frame) or frame
            where = place(asker)
            code = frame.f_code
            if code.co_filename.endswith(_FUTURES):
                found = of(self, wire.FUTURE, asker, code.co_name)  # wait or as_completed
            else:
                found = of(self, wire.EVENT, asker)
            waits = not self._flag  # it may have been set meanwhile, and not told since nobody had waited
            if waits:
                waiting(found.number, where, timeout is not None)
        try:
            return bool(wait(self, timeout))
        except BaseException as error:
            without_us(error)
            raise
        finally:
            if waits:
                running(where)

    def set_(self: Any) -> None:
        now = clock()
        try:
            set_flag(self)
        except BaseException as error:
            without_us(error)
            raise
        found = lanes.known(self)
        if found is not None:
            frame = user(_getframe(1))
            if found.tries:
                lanes.declare(found, self, frame)
            woken(self, now, place(frame))

    replace(event, "wait", wait_)
    replace(event, "set", set_)


def _semaphores(semaphore: Any, bounded: Any) -> None:
    acquire = semaphore.acquire

    def acquire_(self: Any, blocking: bool = True, timeout: float | None = None) -> bool:
        frame = _getframe(1)
        try:
            if kind(frame.f_code) == LIBRARY:
                return bool(acquire(self, blocking, timeout))
            found = of(self, wire.SEMAPHORE, frame)
            if not blocking or (timeout is not None and timeout <= 0):
                got = bool(acquire(self, blocking, timeout))
            elif self._value > 0 and acquire(self, False):
                got = True
            else:
                where = place(frame)
                waiting(found.number, where, timeout is not None)
                try:
                    got = bool(acquire(self, blocking, timeout))
                finally:
                    running(where)
        except BaseException as error:
            without_us(error)
            raise
        if got:
            taken(found, current(), place(frame))
            level(found.number, clock(), self._value)
        return got

    def releasing(release: Any) -> Any:
        def release_(self: Any, n: int = 1) -> None:
            now = clock()
            found = lanes.known(self)
            if found is not None:
                for _ in range(n):
                    given(found, current())
            elif kind(_getframe(1).f_code) != LIBRARY:
                # Given back before anybody took it.
                foresee(self, wire.SEMAPHORE, _getframe(1)).permits = None
            try:
                release(self, n)
            except BaseException as error:
                without_us(error)
                raise
            if found is not None:
                act(wire.WAKE, found.number, now, place(_getframe(1)))
                level(found.number, clock(), self._value)

        return release_

    replace(semaphore, "acquire", acquire_)
    semaphore.__enter__ = acquire_
    for kind_of in semaphore, bounded:
        replace(kind_of, "release", releasing(kind_of.release))


def _barriers(barrier: Any) -> None:
    wait = barrier.wait

    def wait_(self: Any, timeout: float | None = None) -> int:
        # The last to arrive does not wait. Should two believe that they are, one waits unseen for a moment.
        frame = user(_getframe(1))
        found = of(self, wire.BARRIER, frame)
        waits = self._state in _DRAINS or (self._state == 0 and self._count + 1 < self._parties)
        where = place(frame)
        if waits:
            waiting(found.number, where, (timeout or self._timeout) is not None)
        try:
            return int(wait(self, timeout))
        except BaseException as error:
            without_us(error)
            raise
        finally:
            if waits:
                running(where)

    def waking(method: Any, *, locked: bool) -> Any:
        def method_(self: Any) -> None:
            now = clock()
            try:
                method(self)
            except BaseException as error:
                without_us(error)
                raise
            # Nobody goes on while the barrier's lock is held; its action may have taken long.
            woken(self, clock() if locked else now, place(_getframe(1)))

        return method_

    replace(barrier, "wait", wait_)
    for name in "_release", "_break":
        replace(barrier, name, waking(getattr(barrier, name), locked=True))
    replace(barrier, "reset", waking(barrier.reset, locked=False))


_DRAINS = {-1, 1}
"""States of a barrier from which one has to wait before one may wait."""
