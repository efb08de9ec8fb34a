"""What `interleave.pth` imports at every interpreter's start: puts the probes in place if, and only if, there is a log.

A start stays lean: a module is watched once the program has imported it, and nothing is imported for it.
"""

from __future__ import annotations

from time import thread_time_ns

_began = thread_time_ns()

from . import log, wire  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def _start() -> None:
    import atexit
    import os
    import sys

    from . import blocking, ends, files, lanes, locks, processes, streams, threads

    hooks.install()
    name = "main process" if log.index() == 1 else sys.orig_argv[-1]
    lanes.begin(name, internal=processes.is_server)
    streams.install()
    files.watch()
    blocking.watch()
    locks.watch_raw()
    threads.watch_raw()
    processes.watch_raw()
    hooks.when_imported("threading", _threading)
    hooks.when_imported("copyreg", locks.watch_pickling)
    hooks.when_imported("signal", _signal)
    hooks.when_imported("queue", _queue)
    hooks.when_imported("concurrent.futures._base", _futures)
    hooks.when_imported("select", _select)
    hooks.when_imported("selectors", _selectors)
    hooks.when_imported("asyncio", _asyncio)
    hooks.when_imported("subprocess", _subprocess)
    hooks.when_imported("multiprocessing.process", _process)
    hooks.when_imported("traceback", _traceback)
    for method in ("popen_fork", "popen_forkserver"):
        hooks.when_imported(f"multiprocessing.{method}", _popen)
    hooks.when_imported("socket", _socket)
    hooks.when_imported("ssl", _ssl)
    hooks.when_imported("warnings", _warnings)
    for part in ("queues", "connections", "locks"):
        hooks.when_imported(f"multiprocessing.{_PARTS[part]}", _channel(part))
    hooks.when_imported("multiprocessing.pool", _pool)
    hooks.when_imported("multiprocessing.managers", _managers)
    hooks.when_imported("concurrent.futures.process", _executor)
    os.register_at_fork(before=processes.before_fork, after_in_child=lambda: hooks.charge(_after_fork))
    ends.watch()
    atexit.register(_finish)


def _threading(module: ModuleType) -> None:
    from . import locks, signals, threads

    signals.watch(module, module.Thread.start.__code__)
    locks.watch(module)
    threads.watch(module)


def _signal(module: ModuleType) -> None:
    from . import handlers

    handlers.watch(module)


def _queue(module: ModuleType) -> None:
    from . import queues

    queues.watch(module)


def _futures(module: ModuleType) -> None:
    from . import futures

    futures.watch(module)


def _select(module: ModuleType) -> None:
    from . import polls

    polls.watch_select(module)


def _selectors(module: ModuleType) -> None:
    from . import polls

    polls.watch_selectors(module)


def _asyncio(_: ModuleType) -> None:
    from . import tasks

    tasks.watch()


def _subprocess(module: ModuleType) -> None:
    from . import files, processes

    processes.watch_subprocess(module)
    files.watch_subprocess(module)


def _process(module: ModuleType) -> None:
    from . import processes

    processes.watch_process(module)


def _warnings(module: ModuleType) -> None:
    from . import ends

    ends.watch_warnings(module)


def _traceback(module: ModuleType) -> None:
    from . import processes

    processes.watch_traceback(module)


def _popen(module: ModuleType) -> None:
    from . import processes

    processes.watch_popen(module)


def _pool(module: ModuleType) -> None:
    from . import pools

    pools.watch_pools(module)


def _managers(module: ModuleType) -> None:
    from . import managers

    managers.watch(module)


def _executor(module: ModuleType) -> None:
    from . import pools

    pools.watch_executors(module)


_PARTS = {"queues": "queues", "connections": "connection", "locks": "synchronize"}


def _channel(part: str) -> Callable[[ModuleType], None]:
    def watch(module: ModuleType) -> None:
        from . import channels

        getattr(channels, f"watch_{part}")(module)

    return watch


def _socket(module: ModuleType) -> None:
    from . import sockets

    sockets.watch(module)


def _ssl(module: ModuleType) -> None:
    from . import sockets

    sockets.watch_ssl(module)


def _finish() -> None:
    """The interpreter ends; objects of the program's that outlive its modules still find us whole.

    What is not in sys.modules has its globals left alone.
    """
    import sys

    from . import ends, hooks

    warm = sys.modules.get(f"{__package__}.warm")
    if warm is not None:
        warm.thaw()
    ends.finish()
    log.ended = True
    hooks.stop()
    for name in [name for name in sys.modules if name.partition(".")[0] == __package__]:
        del sys.modules[name]


def _after_fork() -> None:
    import sys

    from . import ends, lanes, places, processes, streams, threads

    log.after_fork()
    lanes.leave()
    lanes.after_fork()
    places.after_fork()
    processes.after_fork()
    streams.after_fork()
    threads.after_fork()
    ends.after_fork()
    tasks = sys.modules.get(f"{__package__}.tasks")
    if tasks is not None:
        tasks.after_fork()


if log.attach():
    from . import hooks

    if log.words[wire.WARM_AT // 8]:
        from . import warm

        log.words[wire.WARM_AT // 8] = 0
        warm.start(_start)
    else:
        hooks.charge(_start, began=_began)
