"""Ways into asyncio that leave no frame of the tracer's in the program's stacks and tracebacks."""

from __future__ import annotations

import opcode
from collections.abc import Callable
from types import FunctionType
from typing import Any, Generic, TypeVar
from weakref import ref

V = TypeVar("V")


class OnLookup:
    """A method that tells `before` of its instance whenever it is looked up, and is itself in all other ways."""

    __slots__ = ("before", "method")

    def __init__(self, method: Any, before: Callable[[Any], None]) -> None:
        self.method = method
        self.before = before

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is not None:
            self.before(instance)
        return self.method.__get__(instance, owner)


class OnStore:
    """An instance's attribute that tells `after` of every new value. Without a `__get__`, it costs readers nothing."""

    __slots__ = ("after", "name")

    def __init__(self, name: str, after: Callable[[Any, Any], None]) -> None:
        self.name = name
        self.after = after

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.name] = value
        self.after(instance, value)


class _Ref(ref[Any]):
    __slots__ = ("key",)
    key: int


class Known(dict[int, V], Generic[V]):
    """What is known of objects, by their id, until they die: they may be unhashable, or equal but not the same."""

    def __init__(self) -> None:
        super().__init__()
        self._refs: dict[int, _Ref] = {}
        self._gone = self._forget

    def attach(self, owner: Any, value: V) -> V:
        """Know `value` of this owner, while it lives."""
        key = id(owner)
        try:
            reference = _Ref(owner, self._gone)
        except TypeError:
            # Its class has no room for weak references: known for a moment only.
            return value
        reference.key = key
        self._refs[key] = reference
        self[key] = value
        return value

    def _forget(self, reference: _Ref) -> None:
        self.pop(reference.key, None)
        self._refs.pop(reference.key, None)

    def leave(self) -> Known[V]:
        """In a forked child: an empty one in its place, without touching what another thread may have had in hand."""
        self._refs = {}
        return Known()


def disguise(function: FunctionType, original: FunctionType) -> None:
    """Make each line of `function` look, in a stack or a traceback, like the call with `*arguments` in `original`."""
    code, seen = function.__code__, original.__code__
    positions = list(seen.co_positions())
    call = seen.co_code[::2].find(bytes([opcode.opmap["CALL_FUNCTION_EX"]]))
    line, last, column, end = positions[max(call, 0)]
    line = line or seen.co_firstlineno
    table = bytearray()
    units = len(code.co_code) // 2
    where = b"\0" + b"".join(map(_varint, ((last or line) - line, (column or 0) + 1, (end or 0) + 1)))
    for at in range(0, units, 8):
        table.append(0x80 | _LONG << 3 | min(8, units - at) - 1)
        table += where
    function.__code__ = code.replace(
        co_filename=seen.co_filename,
        co_name=seen.co_name,
        co_qualname=seen.co_qualname,
        co_firstlineno=line,
        co_linetable=bytes(table),
    )


_LONG = 14
"""The kind of entry of a code object's location table that spells out lines and columns (Objects/locations.md)."""


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 63:
        out.append(value & 63 | 64)
        value >>= 6
    out.append(value)
    return bytes(out)
