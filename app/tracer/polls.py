"""select, poll, epoll and the selectors on them: the thread waits for input or output until something is ready."""

from __future__ import annotations

import sys
from sys import _getframe

from . import lanes, wire
from .hooks import Builtin, like, replace, without_us
from .lanes import here, of, running, waiting
from .places import LIBRARY, kind, place, user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, ModuleType
    from typing import Any


def watch_select(module: ModuleType) -> None:
    """Watch select.select, and the poll and epoll objects that the program makes; a library gets the plain ones."""
    select: Any = module
    select.select = _Select(select.select)
    if hasattr(select, "poll"):
        select.poll = _MakePoll(select.poll)
    if hasattr(select, "epoll"):
        select.epoll = _epoll(select.epoll)


class _Select(Builtin):
    __slots__ = ()
    resource = 0

    def __call__(self, *args: Any) -> Any:
        timeout = args[3] if len(args) > 3 else None
        try:
            if _is_zero(timeout):
                return self._original(*args)
            _Select.resource = _Select.resource or lanes.resource(wire.IO, "select")
            return _patiently(_Select.resource, place(_getframe(1)), self._original, *args)
        except BaseException as error:
            without_us(error)
            raise


def _is_zero(timeout: Any) -> bool:
    return type(timeout) in (int, float) and timeout == 0


def _patiently(on: int, where: int, call: Any, *args: Any, **options: Any) -> Any:
    waiting(on, where, True)
    try:
        return call(*args, **options)
    finally:
        running(where)


def _polling(poll: Any) -> Any:
    """The method of a poll or epoll object that waits."""

    def poll_(self: Any, *args: Any, **options: Any) -> Any:
        timeout = args[0] if args else options.get("timeout")
        try:
            if _is_zero(timeout):
                return poll(self._raw, *args, **options)
            frame = user(_getframe(1))
            return _patiently(of(self, wire.IO, frame).number, place(frame), poll, self._raw, *args, **options)
        except BaseException as error:
            without_us(error)
            raise

    return poll_


def _passing(method: Any) -> Any:
    def passing(self: Any, *args: Any, **options: Any) -> Any:
        try:
            return method(self._raw, *args, **options)
        except BaseException as error:
            without_us(error)
            raise

    return passing


def _repr(self: Any) -> str:
    return f"{repr(self._raw).partition(' at 0x')[0]} at {id(self):#x}>"


def _reduce(self: Any, protocol: Any) -> Any:
    return self._raw.__reduce_ex__(protocol)


def _like(raw: Any, meta: type = type) -> Any:
    """A class whose objects stand for those of the interpreter's own, and tell when their `poll` waits."""
    members: dict[str, Any] = {"__slots__": ("__weakref__", "_raw"), "__repr__": _repr, "__reduce_ex__": _reduce}
    members |= {"__module__": raw.__module__, "__doc__": raw.__doc__}
    for name in set(dir(raw)) - set(dir(object)) - {"__module__", "fromfd", "closed"}:
        method = getattr(raw, name)
        members[name] = like(_polling(method) if name == "poll" else _passing(method), method)
    return meta(raw.__name__, (), members)


class _MakePoll(Builtin):
    __slots__ = ()
    poll: Any = None

    def __call__(self, *args: Any, **options: Any) -> Any:
        try:
            raw = self._original(*args, **options)
        except BaseException as error:
            without_us(error)
            raise
        if kind(_getframe(1).f_code) == LIBRARY:
            return raw
        _MakePoll.poll = _MakePoll.poll or _like(type(raw))
        made = object.__new__(_MakePoll.poll)
        made._raw = raw
        return made


def _epoll(raw: Any) -> Any:
    class _Class(type):
        """Makes our class pass for the interpreter's own."""

        def __instancecheck__(cls, thing: object) -> bool:
            return type(thing) is raw or type.__instancecheck__(cls, thing)

        def __repr__(cls) -> str:
            return repr(raw)

        def __eq__(cls, other: object) -> bool:
            return other is cls or other is raw

        def __hash__(cls) -> int:
            return hash(raw)

    def stand_for(plain: Any) -> Any:
        made = object.__new__(epoll)
        made._raw = plain
        return made

    def new(_: type, *args: Any, **options: Any) -> Any:
        try:
            plain = raw(*args, **options)
        except BaseException as error:
            without_us(error)
            raise
        return plain if kind(_getframe(1).f_code) == LIBRARY else stand_for(plain)

    def fromfd(_: type, *args: Any) -> Any:
        try:
            return stand_for(raw.fromfd(*args))
        except BaseException as error:
            without_us(error)
            raise

    def enter(self: Any) -> Any:
        try:
            self._raw.__enter__()
        except BaseException as error:
            without_us(error)
            raise
        return self

    def no_base(_: type) -> None:
        raise TypeError("type 'select.epoll' is not an acceptable base type")

    epoll = _like(raw, _Class)
    epoll.__new__ = new
    epoll.fromfd = classmethod(fromfd)
    epoll.closed = property(lambda self: self._raw.closed, doc=raw.closed.__doc__)
    epoll.__enter__ = enter
    epoll.__init_subclass__ = classmethod(no_base)
    return epoll


of_loop: Callable[[Any, CodeType, float | None], tuple[int, bool]] = lambda *_: (0, True)  # noqa: E731
"""The resource of the event loop that selects with this selector in this function, 0 if it is none, and whether its
wait is limited. asyncio's probe puts the real one here."""


def watch_selectors(module: ModuleType) -> None:
    """Watch the selectors, those of event loops among them."""
    if isinstance(select_poll := getattr(getattr(module, "PollSelector", None), "_selector_cls", None), _MakePoll):
        module.PollSelector._selector_cls = select_poll._original
    for name in ("SelectSelector", "_PollLikeSelector", "EpollSelector"):
        selector = getattr(module, name, None)
        if selector is not None and "select" in vars(selector):
            replace(selector, "select", _selecting(selector.select))


def _selecting(select: Any) -> Any:
    def select_(self: Any, timeout: float | None = None) -> Any:
        if here.waits or (timeout is not None and timeout <= 0):
            return select(self, timeout)
        caller = sys._getframe(1)
        on, limited = of_loop(self, caller.f_code, timeout)
        where = place(caller)
        waiting(on or of(self, wire.IO, user(caller)).number, where, limited)
        try:
            return select(self, timeout)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            running(where)

    return select_
