"""Which line of the program is acting: source places, numbered once and written to the log once."""

from __future__ import annotations

import os
import sys

from . import wire
from .log import FREE_THREADED, clock, emit_text, fast, number, process_lane

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

LIBRARY, GENERATED, PROGRAM = 0, 1, 2

_MOST = 20_000
_HERE = os.path.dirname(__file__) + os.sep  # noqa: PTH120
_LIBRARIES = (_HERE, os.path.dirname(os.__file__) + os.sep, "<frozen ")  # noqa: PTH120

_kinds: dict[int, tuple[int, CodeType]] = {}
_places: dict[tuple[int, int], int] = {}
_lines: dict[tuple[Any, int], int] = {}
"""By the id of a code object, or by name."""
_getframe = sys._getframe
_IN_PYTHON = 1 << 9
"""The flag of a class that Python code made."""
_METHOD = type(os.environ.copy)
_NAMED = (type, type(len), type(str.split), type(str.__add__), type("".__add__))

_start: FrameType | None = None
"""Where a process began that never returns to the program's frames it was forked in."""


def kind(code: CodeType) -> int:
    """Whose code it is: the standard library's or the tracer's, made from a string, or the program's file."""
    try:
        return _kinds[id(code)][0]
    except KeyError:
        pass
    if len(_kinds) >= _MOST:
        # A program that makes code objects without end.
        forget()
    name = code.co_filename
    if name.startswith(_LIBRARIES) or f"{os.sep}site-packages{os.sep}" in name:
        found = LIBRARY
    else:
        found = GENERATED if name.startswith("<") else PROGRAM
    _kinds[id(code)] = found, code  # the reference keeps the id from being used again
    return found


def forget() -> None:
    """Number all places again, in dictionaries that no other thread can be using."""
    global _kinds, _places, _lines
    _kinds, _places, _lines = {}, {}, {}
    if fast:
        fast.use(kinds=_kinds, places=_places)


def after_fork() -> None:
    """In a forked child."""
    if FREE_THREADED:
        forget()  # see log.inherited: to number them again is simpler than to read what is there


def is_user(frame: FrameType | None) -> bool:
    """Whether the frame runs the user's code and not a library's."""
    return frame is not None and kind(frame.f_code) > LIBRARY


def user(frame: FrameType | None) -> FrameType | None:
    """The innermost frame of the user's code at or above this one."""
    while frame is not None and kind(frame.f_code) == LIBRARY:
        frame = frame.f_back
    return frame


def start_here(frame: FrameType | None) -> None:
    """What lies behind this frame is its parent's, not what this process does."""
    global _start
    _start = user(frame)
    if fast:
        fast.use(start=_start)


def place(frame: FrameType | None) -> int:
    """The number of the innermost line of the program at or above the frame; 0 if there is none."""
    fallback: FrameType | None = None
    places = _places
    while frame is not None and frame is not _start:
        code = frame.f_code
        at = id(code), frame.f_lasti
        if at in places:
            return places[at]
        whose = kind(code)
        if whose == PROGRAM:
            return _number(frame, 1)
        if whose == GENERATED and fallback is None:
            fallback = frame
        frame = frame.f_back
    return _number(fallback, 0) if fallback is not None else 0


if fast:
    fast.use(kinds=_kinds, places=_places, kind=kind, find_place=place)
    user, place, kind = fast.user, fast.place, fast.kind


def here(depth: int = 0) -> int:
    """The place of the caller, or of the one `depth` calls above it."""
    return place(_getframe(depth + 1))


def function(called: Any) -> int:
    """The number of the place where a callable begins, a line of the program's, or its name alone. Calls none of it."""
    if type(called) is _METHOD:
        called = called.__func__  # type: ignore[attr-defined]
    what = type(called)
    if what is not type(function):
        inside = (vars(base)["__call__"] for base in what.__mro__ if "__call__" in vars(base))
        called = next(inside, None) if type(what) is type and what.__flags__ & _IN_PYTHON else called
    if type(called) is type(function):
        code = called.__code__
        whose = kind(code)
        return _tell(code, code.co_firstlineno if whose > LIBRARY else 0, int(whose == PROGRAM), code.co_qualname)
    name = called.__qualname__ if type(called) in _NAMED else what.__qualname__
    return _tell(name, 0, 0, name)


def _number(frame: FrameType, own: int) -> int:
    code = frame.f_code
    found = _tell(code, frame.f_lineno or 0, own, code.co_qualname)
    if not found:
        return 0
    if own and len(_places) < 4 * _MOST:
        _places[id(code), frame.f_lasti] = found
    return found


def _tell(what: Any, line: int, own: int, name: str) -> int:
    """The number of a line of a code object, or of a name that has none, told once; 0 past what is kept."""
    key = what if type(what) is str else id(what), line
    found = _lines.get(key)
    if found is None:
        if len(_lines) >= _MOST:
            return 0
        found = _lines[key] = number()
        emit_text(wire.PLACE, own, found, clock(), line, process_lane(), 0, name)
    return found
