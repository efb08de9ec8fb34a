"""A process that was started before there was a program: it imports what programs import, stops, and is let go.

The interpreter is in the middle of its start then, so that all that follows is what it does with any program. What
happens up to there is no part of the run: it is charged to nobody.
"""

from __future__ import annotations

import os
from time import thread_time_ns

from . import hooks, threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_SIGSTOP = 19
MODULES = (
    *("threading", "queue", "random", "dataclasses", "subprocess", "asyncio", "concurrent.futures.thread"),
    *("concurrent.futures.process", "multiprocessing.pool", "multiprocessing.queues", "multiprocessing.shared_memory"),
)
"""What most concurrent programs import, or what that imports when it is used."""


def start(begin: Callable[[], None]) -> None:
    """Begin, get warm and wait for the program."""
    hooks.free_of_charge(begin)
    hooks.free_of_charge(_imports)
    os.kill(os.getpid(), _SIGSTOP)
    threads.unused = thread_time_ns()


def _imports() -> None:
    for name in MODULES:
        __import__(name)
