"""Watching a module from the moment the program has imported it, without importing it for it and without being seen."""

from __future__ import annotations

import _frozen_importlib
import _operator as operator
import sys
from time import thread_time_ns

from . import wire
from .log import clock, emit, emit_text, process_lane

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, ModuleType
    from typing import Any

    Callback = Callable[[Any], None]

HERE = __file__.rpartition("/")[0]
"""Where the tracer's own code is."""
_waiting: dict[str, list[Callback]] = {}
_charging = False
_verbose_message = _frozen_importlib._verbose_message  # type: ignore[attr-defined]


def when_imported(name: str, callback: Callback) -> None:
    """Call back with the module right after its import has succeeded; at once if that was before now."""
    module = sys.modules.get(name)
    if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
        _call(callback, module)
    else:
        _waiting.setdefault(name, []).append(callback)


def charge(work: Callable[..., None], *arguments: Any, began: int = 0) -> None:
    """Do some work of the tracer's own and tell its CPU time, since `began` if that was earlier on this thread."""
    global _charging
    if _charging:
        work(*arguments)
        return
    _charging = True
    began = began or thread_time_ns()
    try:
        work(*arguments)
    finally:
        _charging = False
        emit(wire.STAT, wire.TRACER_NS, 0, clock(), thread_time_ns() - began, process_lane())


def free_of_charge(work: Callable[[], None]) -> None:
    """Do some work of the tracer's own, and what it imports, that is no part of the run."""
    global _charging
    _charging = True
    try:
        work()
    finally:
        _charging = False


def _call(callback: Callback, module: ModuleType) -> None:
    try:
        callback(module)
    except Exception as error:
        # The program goes on unwatched rather than broken, and the trace says so.
        text = f"The tracer could not watch {module.__name__}: {type(error).__name__}: {error}"
        emit_text(wire.MARK, wire.WARNING, 0, clock(), 0, process_lane(), 0, text)


def _imported(message: str, *args: Any, verbosity: int = 1) -> None:
    # importlib says this as the last thing of every successful import, and looks the name up each time: no finder in
    # sys.meta_path, no loader in a module's spec, and no frame of ours around the module's own code.
    if message == "import {!r} # {!r}":
        for callback in _waiting.pop(args[0], ()):
            charge(_call, callback, sys.modules[args[0]])
    if sys.flags.verbose:
        _verbose_message(message, *args, verbosity=verbosity)


def stop() -> None:
    """Watch no more modules."""
    _waiting.clear()


def install() -> None:
    _frozen_importlib._verbose_message = _imported  # type: ignore[attr-defined]


def without_us(error: BaseException) -> None:
    """Take the frames of ours that `error` has just come through out of its traceback.

    For the outermost of our functions: a bare `raise` right after it does not put its frame back.
    """
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(HERE):
        traceback = traceback.tb_next
    error.__traceback__ = traceback


_CALL = (lambda call: call()).__code__
_function: Any = type(without_us)


def as_if_in(frame: FrameType, call: Callable[[], Any]) -> Any:
    """Call a built-in function that may warn, so that the warning names this frame's line: it names who calls it."""
    code = _CALL.replace(co_filename=frame.f_code.co_filename, co_firstlineno=frame.f_lineno or 1)
    return _function(code, frame.f_globals)(call)


class Builtin:
    # Stands for a built-in function and is called in its place; a Python function would become a method in a class.

    __slots__ = ("_original",)

    def __init__(self, original: Any) -> None:
        self._original = original

    def __init_subclass__(cls) -> None:
        for name in ("__doc__", "__module__"):
            # A class has these of its own, which would hide the original's.
            setattr(cls, name, property(operator.attrgetter(f"_original.{name}")))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    @property
    def __signature__(self) -> Any:
        return sys.modules["inspect"].signature(self._original)

    def __eq__(self, other: object) -> bool:
        # Sets of functions, as os has of what it supports, hold the original.
        return other is self or other is self._original

    def __hash__(self) -> int:
        return hash(self._original)

    def __repr__(self) -> str:
        return repr(self._original)

    def __reduce__(self) -> str:
        return str(self._original.__qualname__)


def like(ours: Any, original: Any) -> Any:
    """Give a function of ours the name, docstring, signature and source of the one in whose place it stands."""
    ours.__module__ = getattr(getattr(original, "__objclass__", None), "__module__", None)
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__"):
        value = getattr(original, attribute, ours)
        if value is not ours:
            setattr(ours, attribute, value)
    if getattr(getattr(original, "__code__", None), "co_argcount", 0) == ours.__code__.co_argcount:
        ours.__defaults__ = original.__defaults__
    ours.__wrapped__ = original  # what inspect goes by
    return ours


def replace(owner: Any, name: str, ours: Callable[..., Any]) -> None:
    """Put a function of ours in the place of another, which it is `like`."""
    setattr(owner, name, like(ours, getattr(owner, name)))
