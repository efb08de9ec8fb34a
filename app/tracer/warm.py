"""A process that was started before there was a program: it imports what programs import, stops, and is let go.

The interpreter is in the middle of its start then, so that all that follows is what it does with any program. What
happens up to there is no part of the run: it is charged to nobody.
"""

from __future__ import annotations

import gc
import os
from time import thread_time_ns

from . import hooks, threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SIGSTOP = 19
_MANY = 20_000
"""Where the program has more objects than that, looking for one takes as long as it saves."""
_DICT, _MRO = (vars(type)[name].__get__ for name in ("__dict__", "__mro__"))
"""Of a class, without asking its metaclass, which may be the program's."""
MODULES = (
    *("threading", "queue", "random", "dataclasses", "subprocess", "asyncio", "concurrent.futures.thread"),
    *("concurrent.futures.process", "multiprocessing.pool", "multiprocessing.queues", "multiprocessing.shared_memory"),
)
"""What most concurrent programs import, or what that imports when it is used."""


def start(begin: Callable[[], None]) -> None:
    """Begin, get warm and wait for the program."""
    hooks.free_of_charge(begin)
    hooks.free_of_charge(_imports)
    # Else each collection, above all those at the interpreter's end, goes through all that the program did not ask for.
    gc.freeze()
    os.kill(os.getpid(), _SIGSTOP)
    threads.unused = thread_time_ns()


def thaw() -> None:
    """The interpreter ends: where that could be noticed, have it find and end what it would have.

    What is frozen keeps alive what the program has put into it, its module's variables for one.
    """
    if _wants_an_end(gc.get_objects()):
        gc.unfreeze()


def _wants_an_end(things: list[Any]) -> bool:
    """Whether something is done when one of these goes, or an instance of one. None of the program's code is called."""
    if len(things) > _MANY:
        return True
    classes = {id(type(thing)): type(thing) for thing in things}
    classes.update((id(thing), thing) for thing in things if issubclass(type(thing), type))
    finalized = (made for made in classes.values() if any("__del__" in _DICT(base) for base in _MRO(made)))
    return any(not str(_DICT(made).get("__module__")).startswith(__package__) for made in finalized)


def _imports() -> None:
    for name in MODULES:
        __import__(name)
