"""The writing side of the flight log (docs/trace-format.md): this process's index, segments, numbers and clock.

Records are written without a lock and without a system call: CPython switches threads only at calls, resumes and
backward jumps, so taking a slot and the time from iterators with `for … break` and storing four words is one act.
Where there is no GIL, every thread has segments of its own; those of one that has ended go to the next that needs some.
Everything here may be imported by name once `attach` has returned True; none of it changes its identity after that.
"""

from __future__ import annotations

import _thread
import fcntl
import os
import sys
import time
from _functools import partial  # type: ignore[import-not-found]
from _thread import RLock, _local, allocate_lock
from _weakref import ref
from fcntl import lockf
from itertools import chain, count

from . import wire

try:
    from . import fast as _fast  # type: ignore[attr-defined]
except ImportError:  # not built for this interpreter, or another one in this process has it
    _fast = None

TYPE_CHECKING = False  # typing and collections are imports that the program did not ask for
if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterable, Iterator
    from typing import Any

fast: Any = _fast
"""The tracer's C part, if it is there: bases for our classes, and functions that take the place of ours."""

FREE_THREADED = "t" in sys.abiflags
BIN = (wire.PROCESS_AT + 16 * wire.PROCESSES) // 8
"""A word index: the unused end of page 0, where records and cells go for which there is no room."""

words = memoryview(bytearray(wire.PAGE)).cast("Q")
octets = memoryview(bytearray(wire.PAGE))
ticks: Iterator[int] = iter(time.monotonic_ns, -1)
clock = time.monotonic_ns

_high = 200
"""Where our two descriptors are parked, out of the way of the program's own numbers."""
_fd = -1
_segments = 0
_first = 0
_index = 0
_pid = 0
_getpid = os.getpid
_lost = BIN
_full = False
ended = False
"""Whether this process's lanes have been told to end."""
_claiming = allocate_lock()
_claimer = 0
_numbers = count()
counting = RLock()
"""Taken to count. Reentrant, since a signal handler may want to count as well; nothing is called while one has it, so
that nothing of the program's, as a finalizer, makes others wait."""
_left: dict[int, list[int]] = {wire.RECORDS: [], wire.TEXTS: []}
"""Words from which on the segments of threads that have ended are free, by kind."""
_cells: list[int] = []
_live: dict[int, ref[Cell]] = {}


def attach() -> bool:
    """Map the log and claim a process index. False, and nothing happened, where there is no log of ours."""
    global words, octets, _fd, _segments, _first
    try:
        with open(os.path.join(os.path.dirname(__file__), "log_path"), encoding="utf-8") as file:  # noqa: PTH118, PTH120, PTH123
            path = os.path.expanduser(file.read().strip())  # noqa: PTH111
    except FileNotFoundError:
        path = wire.LOG_PATH
    try:
        low = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        size = os.fstat(low).st_size
        if size < 2 * wire.PAGE or os.pread(low, 40, 0) != wire.header(size)[:40]:
            return False
        _fd = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, min(_high, os.sysconf("SC_OPEN_MAX") - 2))
        _segments, at = wire.layout(size)
        _first = at // 8
        octets = fast.attach(_fd, size, _segments, _first) if fast else memoryview(_map(size))
    except (OSError, ValueError):
        return False
    finally:
        os.close(low)
    words = octets.cast("Q")
    return _begin()


def _map(size: int) -> mmap.mmap:
    """The log in memory. Before 3.13 a mapping keeps a descriptor, the lowest free one: fill those below its place."""
    import mmap

    if sys.version_info >= (3, 13):
        return mmap.mmap(_fd, size, trackfd=False)
    fillers: list[int] = []
    try:
        while not fillers or fillers[-1] < _fd - 1:
            fillers.append(fcntl.fcntl(_fd, fcntl.F_DUPFD_CLOEXEC, 0))
            if fillers[-1] > _fd:
                break
        return mmap.mmap(_fd, size)
    finally:
        for filler in fillers:
            os.close(filler)


def _begin() -> bool:
    """Claim a process index and start counting."""
    global _index, _pid, _lost, _full, _numbers
    _pid = os.getpid()
    _full = False
    entry = _claim(wire.PROCESS_AT // 8, 2, wire.PROCESSES, 7, (_pid, 0))
    _index = entry + 1
    _lost = wire.PROCESS_AT // 8 + 2 * entry + 1 if _index else BIN + 4
    _numbers = count(process_lane() + 1)
    if fast:
        fast.begin(_index, _lost)
    return _index > 0


def after_fork() -> None:
    """In a forked child: a process index, segments, numbers and cells of its own."""
    global _claiming, _claimer, counting, _cells, _live
    _claiming = allocate_lock()
    _claimer = 0
    counting = RLock()
    for kind in wire.RECORDS, wire.TEXTS:
        _left[kind] = []
    _cells = []
    _rooms.records.room.clear()
    _rooms.texts.at = _rooms.texts.end = 0
    cells = [cell for cell in [reference() for reference in inherited(_live)] if cell is not None]
    _live = {id(cell): ref(cell) for cell in cells}
    for cell in cells:
        cell.at = BIN
    _begin()
    for cell in cells:
        cell.at = _cell()


def inherited(table: dict[int, Any]) -> list[Any]:
    """The values of a dictionary, and maybe more, in a forked child.

    Without a GIL one of the parent's threads may have had its lock, which nobody lets go here: read past it, and make
    a new dictionary.
    """
    if not FREE_THREADED:
        return list(table.values())
    import gc

    return [thing for thing in gc.get_referents(table) if type(thing) is not int]


def index() -> int:
    """This process's index, from 1; the first to attach is the root."""
    return _index


def process_lane() -> int:
    """The number of this process's lane: the first of its index."""
    return _index << 24 | 1


def number() -> int:
    """A fresh number for a lane, a resource or a place."""
    if not FREE_THREADED:
        return next(_numbers)
    with counting:
        return next(_numbers)


def _claim(first: int, step: int, entries: int, hint: int, entry: tuple[int, ...]) -> int:
    """Claim a free entry of a table and write it, its first word last. -1 when there is none.

    The record lock on the entry's own bytes goes away with its holder; one that is taken belongs to someone else soon.
    """
    start = words[hint]
    for k in range(entries):
        i = (start + k) % entries
        at = first + i * step
        if words[at]:
            continue
        try:
            lockf(_fd, fcntl.LOCK_EX | fcntl.LOCK_NB, step * 8, at * 8)
        except (BlockingIOError, PermissionError):
            continue
        except OSError:
            # The program has closed our descriptor: then only the look below protects the entry.
            pass
        free = not words[at]
        if free:
            words[at + 1 : at + len(entry)] = memoryview(b"".join(w.to_bytes(8, "little") for w in entry[1:])).cast("Q")
            words[at] = entry[0]
            words[hint] = i + 1
        try:  # noqa: SIM105 - contextlib is an import that the program did not ask for
            lockf(_fd, fcntl.LOCK_UN, step * 8, at * 8)
        except OSError:
            pass
        if free:
            return i
    return -1


def _segment(kind: int) -> int:
    """Claim a segment: the word it begins at, 0 when the log is full."""
    global _full, _claimer
    me = _thread.get_ident()
    # A signal handler or a finalizer may come here while its own thread is claiming: better lost than stuck.
    if _full or not _index or _claimer == me or not _claiming.acquire(timeout=1):
        return 0
    try:
        _claimer = me
        entry = (_index, _pid | _thread.get_native_id() << 32, clock(), kind)
        i = _claim(wire.TABLE_AT // 8, wire.ENTRY // 8, _segments, 5, entry)
        _full = i < 0
    finally:
        _claimer = 0
        _claiming.release()
    return 0 if i < 0 else _first + i * (wire.SEGMENT // 8)


def _room(kind: int) -> tuple[int, int]:
    """Words that are the caller's alone, the first and the one behind the last; 0 and 0 when the log is full."""
    try:
        at = _left[kind].pop()
    except IndexError:
        at = _segment(kind)
    size = wire.SEGMENT // 8
    return at, at and at + size - (at - _first) % size


def _lose() -> None:
    with counting:
        words[_lost] += 1


class _Records:
    """Gives one segment's slots after another, and when the log is full the bin, counting what is lost.

    The room is a list that a forked child empties, so that the iterator over it ends and the child's own begins.
    """

    def __init__(self) -> None:
        self.room: list[int] = []
        self.rest = iter(self.room)

    def __iter__(self) -> _Records:
        return self

    def __next__(self) -> Iterable[int]:
        at, end = _room(wire.RECORDS)
        if at:
            self.room = list(range(at, end, wire.SLOT // 8))
            self.rest = iter(self.room)
            return self.rest
        _lose()
        return [BIN]

    def __del__(self) -> None:
        for at in self.rest:
            _left[wire.RECORDS].append(at)
            break


class _Texts:
    at = end = 0

    def __del__(self) -> None:
        if self.at < self.end:
            _left[wire.TEXTS].append(self.at)


_Whose: Any = _local if FREE_THREADED else object


class _Rooms(_Whose):  # type: ignore[misc]
    """Where the acting thread writes."""

    def __init__(self) -> None:
        self.records = _Records()
        self.texts = _Texts()
        self.slots: Iterator[int] = chain.from_iterable(self.records)
        self.marks = zip(self.slots, ticks, strict=False)


def _own(name: str) -> Iterator[Any]:
    """Gives of what is the acting thread's under this name, without a frame."""
    return map(next, iter(partial(getattr, _rooms, name), None))


_rooms = _Rooms()
slots: Iterator[int] = _own("slots") if FREE_THREADED else _rooms.slots
"""Take a slot with `for at in slots: break`; it always gives one. Then write words at + 1, 2, 3 and word `at` last."""
marks: Iterator[tuple[int, int]] = _own("marks") if FREE_THREADED else _rooms.marks
"""A slot and, after that, the time."""


def emit(kind: int, flags: int, obj: int, t: int, arg: int, lane: int, place: int = 0) -> None:
    """Write a record. Never raises and never waits; what finds no room is counted as lost."""
    at = BIN
    for at in slots:  # noqa: B007
        break
    words[at + 1] = t
    words[at + 2] = arg
    words[at + 3] = lane | place << 32
    words[at] = kind | flags << 8 | obj << 32


def emit_text(kind: int, flags: int, obj: int, t: int, arg: int, lane: int, place: int, text: str) -> None:
    """Write a record with text, cut at 4000 bytes of UTF-8."""
    data = text.encode("utf-8", "replace")
    if len(data) > wire.MAX_TEXT:
        data = data[: wire.MAX_TEXT].decode("utf-8", "ignore").encode()
    need = wire.SLOT // 8 * (1 + -(-len(data) // wire.SLOT))
    texts = _rooms.texts
    while True:
        at = texts.at
        end = at + need
        if end <= texts.end:
            texts.at = end
            break
        start, end = _room(wire.TEXTS)
        if not start:
            _lose()
            return
        texts.at = start
        texts.end = end
    octets[8 * at + wire.SLOT : 8 * at + wire.SLOT + len(data)] = data
    words[at + 1] = t
    words[at + 2] = arg
    words[at + 3] = lane | place << 32
    words[at] = kind | flags << 8 | len(data) << 16 | obj << 32


if fast:
    _segment, emit, emit_text = fast.segment, fast.emit, fast.emit_text


class _Cell:
    __slots__ = ("at",)
    at: int

    def open(self, t: int, lane: int, obj: int = 0) -> None:
        at = self.at
        words[at] = 0
        words[at + 1] = lane | obj << 32
        words[at] = t

    def close(self) -> None:
        words[self.at] = 0


if fast:
    _Cell = fast.Cell  # type: ignore[misc]


class Cell(_Cell):
    """Sixteen bytes of the log that say what is open now: a hold, or with obj = 0 a running step."""

    __slots__ = ("__weakref__",)

    def __init__(self) -> None:
        self.at = _cell()
        _live[id(self)] = ref(self)

    def __del__(self) -> None:
        if _getpid() != _pid:
            return  # a fork's child drops what other threads of its parent, who go on, have to themselves
        at = getattr(self, "at", 0) or BIN  # a signal handler may have raised while it was made
        t, what = words[at], words[at + 1]
        words[at] = 0
        _live.pop(id(self), None)
        if at == BIN:
            return
        if t and what >> 32:
            # What dies while it is held was held until then; as the interpreter ends, longer than its holder lived.
            emit(wire.HOLD, 0, what >> 32, t, 0 if ended else clock(), what & 0xFFFFFFFF)
        _cells.append(at)


def cell() -> Cell:
    """A fresh cell; it is given back when the object dies."""
    return Cell()


def _cell() -> int:
    """The word at which a free cell begins."""
    try:
        return _cells.pop()
    except IndexError:
        start = _segment(wire.CELLS)
        if not start:
            return BIN
        _cells.extend(range(start + wire.SEGMENT // 8 - wire.CELL // 8, start, -wire.CELL // 8))
        return start
