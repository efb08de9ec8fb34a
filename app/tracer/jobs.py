"""Jobs: who submits one to an executor, who runs it and how it ends (docs/trace-format.md, JOB)."""

from __future__ import annotations

import sys
from sys import _getframe

from . import wire
from .lanes import act, foresee, here, job, known, of, running, waiting
from .log import clock
from .places import function, place, user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

THREADS = "concurrent/futures/thread.py"
_DEEP = 8


def called(what: Any) -> int:
    """The place of the function that a job calls, inside partials and what asyncio puts around it."""
    if type(what) is type(called):
        return function(what)
    partial = getattr(sys.modules.get("functools"), "partial", None)
    for _ in range(_DEEP):
        if type(what) is not partial:
            break
        # What runs a function in a context, or for each item of a chunk, is the library's.
        what = what.args[0] if what.args and _runs_another(what.func) else what.func
    return function(what)


def _of_item(item: Any) -> int:
    """The place of the function of what is put on a ThreadPoolExecutor's queue, which has it by itself until 3.13."""
    what = getattr(item, "fn", None) or getattr(item, "task", None)
    what = what[0] if type(what) is tuple else what
    return called(what) if callable(what) else 0


def _runs_another(what: Any) -> bool:
    context = getattr(sys.modules.get("_contextvars"), "Context", None)
    chunk = getattr(sys.modules.get("concurrent.futures.process"), "_process_chunk", None)
    return what is chunk or (type(getattr(what, "__self__", None)) is context and what.__name__ == "run")


def of_future(future: Any) -> tuple[int, int, bool] | None:
    """The job whose result this is: its executor, its number, and whether another process runs it.

    Kept where the program does not look: in the dictionary of the future's own condition.
    """
    found: tuple[int, int, bool] | None = vars(future._condition).get("_interleave")
    return found


def work_queue(plain: Any, empty: type[Exception]) -> Any:
    """The kind of queue.SimpleQueue in which a ThreadPoolExecutor keeps its jobs."""
    put, get = plain.put, plain.get

    class SimpleQueue(plain):  # type: ignore[misc]
        __module__ = "_queue"
        __qualname__ = "SimpleQueue"
        __slots__ = ()

        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            frame = user(_getframe(1))
            found = of(self, wire.EXECUTOR, frame)
            where = place(frame)
            if item is None:
                # Whoever waits for work has to look whether it is the end.
                act(wire.WAKE, found.number, clock(), where)
            else:
                nth = found.put()
                vars(item.future._condition)["_interleave"] = found.number, nth, False
                job(wire.SUBMITTED, found.number, nth | _of_item(item) << 32, 0, where)
            put(self, item, block, timeout)

        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            return self._take(block, timeout, _getframe(1).f_code)

        def get_nowait(self) -> Any:
            return self._take(False, None, _getframe(1).f_code)

        def _take(self, block: bool, timeout: float | None, by: CodeType) -> Any:
            found = known(self)
            if found is None or by.co_name != "_worker":
                return get(self, block, timeout)
            waits = False
            try:
                item = get(self, False)
            except empty:
                if not block:
                    raise
                waits = True
                waiting(found.number)
                item = None
                try:
                    item = get(self, True, timeout)
                finally:
                    if item is None:
                        running()
            begins = of_future(item.future) if item is not None else None
            if begins is not None:
                job(wire.BEGAN, *begins[:2])
            elif waits and item is not None:
                running()
            return item

    SimpleQueue.__doc__ = plain.__doc__
    return SimpleQueue


def made(queue: Any, frame: FrameType | None) -> Any:
    """Number an executor's resource where it is made."""
    foresee(queue, wire.EXECUTOR, user(frame))
    return queue


def ended(future: Any, ending: int, t: int) -> int:
    """The acting lane gives a future its outcome at `t`: the end of its job, if it has run that, or its delivery.

    Gives what a pool's own thread waits on again when it has run the program's callbacks, if there are any.
    """
    of_job = of_future(future)
    if of_job is None:
        return 0
    executor, number, elsewhere = of_job
    job(wire.DELIVERED if elsewhere else wire.DONE + ending, executor, number, t)
    return executor if elsewhere and future._done_callbacks and here.waits else 0


def cancelled(future: Any, t: int, where: int) -> None:
    """The acting lane cancelled a future at `t`, and so a job that had not begun."""
    of_job = vars(future._condition).pop("_interleave", None)
    if of_job is not None:
        executor, number, _ = of_job
        job(wire.DONE + wire.CANCELLED, executor, number, t, where)
