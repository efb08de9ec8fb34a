"""Pools whose workers are processes, and multiprocessing's pools of threads: what they are asked to do and by whom.

What goes through a pool's own queues and pipes is not told one by one, since its jobs are. Its threads wait on it all
their lives, but for what they run of the program's.
"""

from __future__ import annotations

from _weakref import ref
from sys import _getframe

from . import lanes, wire
from .channels import pool_key
from .hooks import like, replace, without_us
from .jobs import called
from .lanes import foresee, here, job, known, of, running, same, waiting
from .log import clock, emit
from .places import place, user
from .signals import woken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

_PLAIN = (list, tuple, range, dict, set, frozenset, str, bytes)
"""What has no code of the program's in it when it is iterated."""


def _bare(method: Any) -> Any:
    """A bound method of the library's as it was before it was watched."""
    original = getattr(getattr(method, "__func__", None), "__wrapped__", None)
    return method if original is None else original.__get__(method.__self__)


class _Taking:
    """What a worker takes its jobs from: it waits for them on the executor."""

    __slots__ = ("get",)

    def __init__(self, executor: int, take: Callable[..., Any], number: Callable[[Any], int]) -> None:
        def get(*args: Any, **options: Any) -> Any:
            waiting(executor)
            task = None
            try:
                task = take(*args, **options)
            finally:
                if task is None:
                    running()
            if task is not None:
                job(wire.BEGAN, executor, number(task))
            return task

        self.get = get


class _Giving:
    """Where a worker puts its results: each is the end of a job."""

    __slots__ = ("put",)

    def __init__(self, executor: int, give: Callable[[Any], None], end: Callable[[Any], tuple[int, int]]) -> None:
        def put(result: Any) -> None:
            number, ending = end(result)
            if number:
                job(wire.DONE + ending, executor, number)
            here.on = here.waits and here.on  # nothing that is shown
            here.waits += 1
            try:
                give(result)
            finally:
                here.waits -= 1

        self.put = put


def _taken_from(queue: Any) -> int:
    """The number of the executor whose jobs are in this queue; a process that was not forked has to declare it."""
    found = known(queue) or of(queue, wire.EXECUTOR, None, key=pool_key(queue))
    return found.number


def _quiet(call: Any, find: Callable[..., Any]) -> Any:
    """What a thread of a pool's own runs: a wait on the pool, in which what the pool waits for is not told."""

    def quiet(*args: Any) -> None:
        found = lanes.known(find(*args))
        if found is not None:
            waiting(found.number)
        call(*args)

    return like(quiet, call)


def watch_executors(module: ModuleType) -> None:
    """Watch concurrent.futures.process."""
    executor: Any = module.ProcessPoolExecutor
    manager: Any = module._ExecutorManagerThread
    chunk, init, worker = module._process_chunk, executor.__init__, module._process_worker

    def init_(self: Any, *args: Any, **options: Any) -> None:
        try:
            init(self, *args, **options)
        except BaseException as error:
            without_us(error)
            raise
        queue, pending = self._call_queue, self._pending_work_items
        foresee(queue, wire.EXECUTOR, user(_getframe(1)), pool_key(queue))
        # What is put there must not keep alive what it is put on: an executor frees its semaphores as it dies.
        work, put = ref(self._work_ids), getattr(type(self._work_ids).put, "__wrapped__", type(self._work_ids).put)

        def put_(work_id: int) -> None:
            item = pending[work_id]
            frame = user(_getframe(1))
            found = of(queue, wire.EXECUTOR, frame)
            vars(item.future._condition)["_interleave"] = found.number, work_id + 1, True
            now = clock()
            job(wire.SUBMITTED, found.number, work_id + 1 | called(item.fn) << 32, now, place(frame))
            if getattr(item.fn, "func", None) is chunk:
                job(wire.PART, found.number, work_id + 1, now, len(item.args[0]))
            put(work(), work_id)

        self._work_ids.put = put_

    def number(item: Any) -> int:
        return int(item.work_id) + 1

    def end(item: Any) -> tuple[int, int]:
        if type(item) is int:
            return 0, 0
        return number(item), wire.RETURNED if item.exception is None else wire.RAISED

    def worker_(call_queue: Any, result_queue: Any, *args: Any, **options: Any) -> None:
        found = _taken_from(call_queue)
        worker(
            _Taking(found, _bare(call_queue.get), number),
            _Giving(found, _bare(result_queue.put), end),
            *args,
            **options,
        )

    replace(executor, "__init__", init_)
    replace(module, "_process_worker", worker_)
    manager.run = _quiet(manager.run, lambda self: self.call_queue)


def watch_pools(module: ModuleType) -> None:
    """Watch multiprocessing.pool."""
    pool: Any = module.Pool
    repopulate, apply_async, generation = pool._repopulate_pool, pool.apply_async, pool._guarded_task_generation
    worker, stars = module.worker, (module.mapstar, module.starmapstar)

    def repopulate_(self: Any) -> None:
        # The first thing that is done once there are queues.
        queue = self._inqueue
        found = of(queue, wire.EXECUTOR, user(_getframe(1)), key=pool_key(queue))
        same(self._cache, found)
        self._quick_put, self._quick_get = _bare(self._quick_put), _bare(self._quick_get)
        repopulate(self)

    def apply_async_(self: Any, func: Any, *args: Any, **options: Any) -> Any:
        frame = user(_getframe(1))
        now = clock()
        try:
            result = apply_async(self, func, *args, **options)
        except BaseException as error:
            without_us(error)
            raise
        found = of(self._inqueue, wire.EXECUTOR, frame)
        job(wire.SUBMITTED, found.number, result._job + 1 | called(func) << 32, now, place(frame))
        return result

    def generation_(self: Any, result_job: int, func: Any, iterable: Any) -> Iterator[Any]:
        frame = user(_getframe(1))
        found = of(self._inqueue, wire.EXECUTOR, frame).number
        function, source = func, iterable
        if any(func is star for star in stars):
            chunks = iterable.gi_frame.f_locals
            function, source = chunks["func"], chunks["it"]
        job(wire.IN_PARTS, found, result_job + 1 | called(function) << 32, 0, place(frame))
        tasks = generation(self, result_job, func, iterable)
        return parts(tasks, found, lanes.current(), type(source) in _PLAIN)

    def parts(tasks: Any, executor: int, submitter: int, plain: bool) -> Iterator[Any]:
        while True:
            if not plain:
                running()
            try:
                task = next(tasks, None)
            finally:
                if not plain:
                    waiting(executor)
            if task is None:
                return
            items = len(task[3][0][1]) if any(task[2] is star for star in stars) else 0
            emit(wire.JOB, wire.PART, executor, clock(), number(task), submitter, items)
            yield task

    def number(task: Any) -> int:
        return int(task[0]) + 1 | int(task[1]) << 32

    def end(task: Any) -> tuple[int, int]:
        return number(task), wire.RETURNED if task[2][0] else wire.RAISED

    def worker_(inqueue: Any, outqueue: Any, *args: Any, **options: Any) -> None:
        if hasattr(inqueue, "_writer"):
            inqueue._writer.close()
            outqueue._reader.close()
        found = _taken_from(inqueue)
        worker(_Taking(found, _bare(inqueue.get), number), _Giving(found, _bare(outqueue.put), end), *args, **options)

    def of_cache(*args: Any) -> Any:
        return next(each for each in args if isinstance(each, module._PoolCache))

    replace(pool, "_repopulate_pool", repopulate_)
    replace(pool, "apply_async", apply_async_)
    replace(pool, "_guarded_task_generation", generation_)
    replace(module, "worker", worker_)
    pool._handle_workers = classmethod(_quiet(vars(pool)["_handle_workers"].__func__, of_cache))
    for name in "_handle_tasks", "_handle_results":
        setattr(pool, name, staticmethod(_quiet(getattr(pool, name), of_cache)))
    _results(module)


def _results(module: ModuleType) -> None:
    """Watch what a pool gives for its jobs: who waits for it, and who brings it."""
    result: Any = module.ApplyResult
    iterator: Any = module.IMapIterator

    def waits(call: Any, ready: Callable[[Any], bool]) -> Any:
        def wait(self: Any, timeout: float | None = None) -> Any:
            frame = user(_getframe(1))
            found = where = 0
            if not ready(self) and (timeout is None or timeout > 0):
                where = place(frame)
                found = of(self, wire.FUTURE, frame).number
                waiting(found, where, timeout is not None)
            try:
                return call(self, timeout)
            except BaseException as error:
                without_us(error)
                raise
            finally:
                if found:
                    running(where)

        return wait

    def sets(call: Any) -> Any:
        def set_(self: Any, i: int, obj: Any) -> None:
            executor = known(self._cache)
            now = clock()
            if executor is not None:
                job(wire.DELIVERED, executor.number, self._job + 1 | i << 32, now)
            calls = getattr(self, "_callback", None) or getattr(self, "_error_callback", None)
            if calls and executor is not None:
                running()
            try:
                call(self, i, obj)
            finally:
                if calls and executor is not None:
                    waiting(executor.number)
            woken(self, now, 0)

        return set_

    replace(result, "wait", waits(result.wait, lambda self: self._event.is_set()))
    replace(iterator, "next", waits(iterator.next, lambda self: self._items or self._index == self._length))
    iterator.__next__ = iterator.next
    for kind in result, module.MapResult, iterator, module.IMapUnorderedIterator:
        replace(kind, "_set", sets(vars(kind)["_set"]))
