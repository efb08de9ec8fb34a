"""concurrent.futures: who waits for a future, and who gives it its result."""

from __future__ import annotations

from sys import _getframe

from . import jobs, wire
from .hooks import replace, without_us
from .lanes import of, running, waiting
from .log import clock
from .places import place, user
from .signals import woken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


_OF_MAP = "_result_or_cancel"
"""What asks for the results of Executor.map."""


def watch(base: ModuleType) -> None:
    future: Any = base.Future
    for name in "result", "exception":
        replace(future, name, _asking(getattr(future, name)))
    for name, ending in {"set_result": wire.RETURNED, "set_exception": wire.RAISED}.items():
        replace(future, name, _telling(getattr(future, name), ending))
    replace(future, "cancel", _cancelling(future.cancel))


def _asking(ask: Any) -> Any:
    def ask_(self: Any, timeout: float | None = None) -> Any:
        waits = not self.done() and (timeout is None or timeout > 0)
        where = 0
        if waits:
            asker = _getframe(1)
            frame = user(asker)
            where = place(frame)
            name = "map" if asker.f_code.co_name == _OF_MAP else ""
            waiting(of(self, wire.FUTURE, frame, name).number, where, timeout is not None)
        try:
            return ask(self, timeout)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            if waits:
                running(where)

    return ask_


def _telling(tell: Any, ending: int) -> Any:
    def tell_(self: Any, outcome: Any) -> None:
        now = clock()
        callbacks = jobs.ended(self, ending, now)
        if callbacks:
            running()
        try:
            tell(self, outcome)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            if callbacks:
                waiting(callbacks)
        woken(self, now, place(_getframe(1)))

    return tell_


def _cancelling(cancel: Any) -> Any:
    def cancel_(self: Any) -> bool:
        now = clock()
        try:
            done = bool(cancel(self))
        except BaseException as error:
            without_us(error)
            raise
        if done:
            where = place(_getframe(1))
            jobs.cancelled(self, now, where)
            woken(self, now, where, wire.CANCEL)
        return done

    return cancel_
