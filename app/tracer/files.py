"""Descriptors and files that may block: os.read, os.write and os.open, pipes to child programs, standard input.

A pipe is one resource in every process, by its inode. What is on a disk waits for nobody and is not told. `open` is
left alone, since its warnings would name us.
"""

from __future__ import annotations

import fcntl
import io
import os
import stat
import sys
from _thread import _local
from _weakref import ref
from sys import _getframe

from . import lanes, wire
from .hooks import Builtin, replace, without_us
from .lanes import Resource, act, here, running, waiting
from .log import clock
from .places import LIBRARY, kind, place
from .streams import is_packet_pipe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, ModuleType
    from typing import Any

_FIONREAD, _TIOCOUTQ = 0x541B, 0x5411
_ROOM, _MUCH = 64 << 10, 16 << 10
_PIPE, _KEY = 1 << 62, (1 << 60) - 1
"""How a pipe's inode becomes a key, here as for multiprocessing's connections."""
_MOST = 4096

_FileIO = io.FileIO
"""Kept: without a GIL, a stream may be flushed when the modules are empty already."""
_open = os.open
plain_read = os.read
plain_write = os.write
_known: dict[tuple[int, int], Resource] = {}


def watch() -> None:
    """Watch os.read, os.write, os.open and os.fdopen, and the standard streams that are pipes."""
    posix = sys.modules["posix"]
    for name, ours in (("read", _Read(plain_read)), ("write", _Write(plain_write)), ("open", _Open(_open))):
        setattr(os, name, ours)
        setattr(posix, name, ours)
    fdopen = os.fdopen

    def fdopen_(fd: Any, mode: Any = "r", buffering: int = -1, encoding: Any = None, *args: Any, **kwargs: Any) -> Any:
        if type(mode) is str and "b" not in mode and isinstance(fd, int):
            encoding = io.text_encoding(encoding)  # its warning names who called us
        try:
            file = fdopen(fd, mode, buffering, encoding, *args, **kwargs)
        except BaseException as error:
            without_us(error)
            raise
        watch_file(file)
        return file

    replace(os, "fdopen", fdopen_)
    for name in "stdin", "stdout", "stderr":
        watch_file(getattr(sys, name), name)


def watch_subprocess(module: ModuleType) -> None:
    """Watch the pipes to and from the programs that subprocess.Popen starts."""
    popen: Any = module.Popen
    execute = popen._execute_child

    def execute_(self: Any, *args: Any) -> None:
        for name in "stdin", "stdout", "stderr":
            watch_file(getattr(self, name), name)
        try:
            execute(self, *args)
        except BaseException as error:
            without_us(error)
            raise

    replace(popen, "_execute_child", execute_)


def watch_file(file: Any, name: str = "") -> None:
    """Watch what is read from a file, or written to it, if it may block: at the raw file, which has room for it."""
    raw = getattr(file, "buffer", file)
    raw = getattr(raw, "raw", raw)
    try:
        if type(raw) is not io.FileIO or raw.closed or not _may_block(os.fstat(raw.fileno())):
            return
    except OSError:
        return
    for method in ("readinto", "read", "readall") if raw.readable() else ("write",):
        vars(raw)[method] = _Method(raw, method, name)


def _may_block(info: os.stat_result) -> bool:
    mode = info.st_mode
    terminal = stat.S_ISCHR(mode) and os.major(info.st_rdev) in _TERMINALS
    return terminal or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


_TERMINALS = {4, 5, 136}


def _behind(fd: Any, frame: FrameType | None, name: str = "") -> Resource | None:
    """What those wait on who read from a descriptor or write to it; None if it does not block, or is no descriptor."""
    try:
        info = os.fstat(fd)
        if not _may_block(info) or fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK or is_packet_pipe(fd):
            return None
        return _resource(info, frame, name or _path(fd))
    except (OSError, TypeError, ValueError, OverflowError):
        return None


def _path(fd: int) -> str:
    """What a named pipe or a terminal is called."""
    directory, _, name = os.readlink(f"/proc/self/fd/{fd}").rpartition("/")  # noqa: PTH115 - pathlib is an import
    return name if directory else ""


def _resource(info: os.stat_result, frame: FrameType | None, name: str) -> Resource:
    at = info.st_dev, info.st_ino
    if at in _known:
        return _known[at]
    if len(_known) >= _MOST:
        _known.clear()
    pipe = stat.S_ISFIFO(info.st_mode)
    fresh = Resource(wire.PIPE if pipe else wire.IO, place(frame), _PIPE | info.st_ino & _KEY if pipe else 0)
    found = _known.setdefault(at, fresh)
    if found is fresh:
        lanes.declare(found, found, None, name)
    return found


def _inside(fd: int) -> int:
    """How many bytes are in the pipe."""
    return int.from_bytes(fcntl.ioctl(fd, _FIONREAD, bytes(4)), sys.byteorder)


def _may_fill(fd: int, size: int) -> bool:
    """Whether so many bytes may be too many for the pipe."""
    # A page of it that is half full takes no more than half a page.
    return _inside(fd) + size > fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ) // 2


class _Passing(_local):
    """Of multiprocessing's connections: what this thread sends into, on which line, and when it has received something
    as a part of what it waits for; whom that lets go on may be quicker."""

    on = place = received = 0


passing = _Passing()


def receive(fd: int, size: int) -> bytes:
    """os.read for what a connection receives.

    Whoever sends much may be done as soon as there is room for the rest: the time is asked after the first byte.
    """
    try:
        if size <= _MUCH or passing.received:
            return plain_read(fd, size)
        first = plain_read(fd, 1)
        passing.received = clock()
        return first and first + plain_read(fd, size - 1)
    except BaseException as error:
        without_us(error)
        raise


def send(fd: int, data: Any) -> int:
    """os.write for what a connection sends: it waits if there may be no room for that."""
    on, where = passing.on, passing.place
    waits = on and _may_fill_either(fd, len(data))
    if waits:
        waiting(on, where, True)  # somebody else may have the other end
    try:
        return plain_write(fd, data)
    except BaseException as error:
        without_us(error)
        raise
    finally:
        if waits:
            running(where)


def _may_fill_either(fd: int, size: int) -> bool:
    """Whether so many bytes may be too many for the pipe, or, as a guess, for the pair of sockets."""
    try:
        if stat.S_ISFIFO(os.fstat(fd).st_mode):
            return _may_fill(fd, size)
        return int.from_bytes(fcntl.ioctl(fd, _TIOCOUTQ, bytes(4)), sys.byteorder) + size > _ROOM
    except OSError:
        return False


def _reading(fd: Any, found: Resource | None, where: int, call: Any, *args: Any) -> Any:
    """Read, waiting if there is nothing inside; who waits to write goes on then."""
    waits = found is not None and (found.kind != wire.PIPE or not _inside(fd))
    now = clock()
    data = _patiently(found.number if found is not None and waits else 0, where, call, *args)
    if found is not None and found.kind == wire.PIPE and data:
        act(wire.GET, found.number, clock() if waits else now, where)
    return data


def _writing(fd: Any, found: Resource | None, where: int, call: Any, *args: Any) -> Any:
    """Write, waiting if the pipe may be full; who waits to read goes on then."""
    if found is None:
        return _patiently(0, where, call, *args)
    pipe = found.kind == wire.PIPE
    waits = not pipe or _may_fill(fd, memoryview(args[-1]).nbytes)
    now = clock()
    written = _patiently(found.number if waits else 0, where, call, *args)
    if pipe:
        act(wire.PUT, found.number, now, where)
    return written


def _patiently(on: int, where: int, call: Any, *args: Any, **options: Any) -> Any:
    if on:
        waiting(on, where, True)  # somebody else may have the other end
    try:
        return call(*args, **options)
    finally:
        if on:
            running(where)


class _Read(Builtin):
    __slots__ = ()

    def __call__(self, *args: Any, **wrong: Any) -> Any:
        frame = _getframe(1)
        try:
            if wrong or len(args) != 2 or here.waits or kind(frame.f_code) == LIBRARY:
                return plain_read(*args, **wrong)
            return _reading(args[0], _behind(args[0], frame), place(frame), plain_read, *args)
        except BaseException as error:
            without_us(error)
            raise


class _Write(Builtin):
    __slots__ = ()

    def __call__(self, *args: Any, **wrong: Any) -> Any:
        frame = _getframe(1)
        told = len(args) == 2 and not wrong and not here.waits and kind(frame.f_code) != LIBRARY
        try:
            if not told or type(args[1]) not in _BYTES:
                return plain_write(*args, **wrong)
            return _writing(args[0], _behind(args[0], frame), place(frame), plain_write, *args)
        except BaseException as error:
            without_us(error)
            raise


_BYTES = (bytes, bytearray, memoryview)


class _Open(Builtin):
    __slots__ = ()

    def __call__(self, *args: Any, **options: Any) -> Any:
        frame = _getframe(1)
        on = 0
        where = 0
        if kind(frame.f_code) != LIBRARY and not here.waits and len(args) > 1 and type(args[0]) in (str, bytes):
            where = place(frame)
            on = _named_pipe(frame, *args, **options)
        now = clock()
        try:
            fd = _patiently(on, where, _open, *args, **options)
        except BaseException as error:
            without_us(error)
            raise
        if on:
            act(wire.WAKE, on, now, where)
        return fd


def _named_pipe(frame: FrameType, path: Any, flags: Any, *_: Any, dir_fd: Any = None, **__: Any) -> int:
    """The number of the named pipe that is to be opened, if that may have to wait for the other end."""
    try:
        info = os.stat(path, dir_fd=dir_fd)
    except (OSError, TypeError, ValueError):
        return 0
    if not stat.S_ISFIFO(info.st_mode) or type(flags) is not int or flags & os.O_NONBLOCK:
        return 0
    return _resource(info, frame, os.fsdecode(path).rpartition("/")[2]).number


class _Method:
    """Stands for a method in a raw file's own dictionary, where the buffered file above it finds it, too."""

    __slots__ = ("_file", "_method", "_name")

    def __init__(self, raw: io.FileIO, method: str, name: str) -> None:
        self._file = ref(raw)
        self._method = method
        self._name = name

    def __repr__(self) -> str:
        return repr(self._plain())

    def __call__(self, *args: Any) -> Any:
        raw = self._file()
        frame = _getframe().f_back  # none where the interpreter itself flushes a stream, at its end
        writes = self._method == "write"
        told = raw is not None and not raw.closed and not here.waits and not (writes and type(args[0]) not in _BYTES)
        fd = raw.fileno() if raw is not None and told else -1
        found = _behind(fd, frame, self._name) if told else None
        tell = _writing if writes else _reading
        try:
            return tell(fd, found, place(frame), self._plain(), *args)
        except BaseException as error:
            without_us(error)
            raise

    def _plain(self) -> Any:
        return getattr(_FileIO, self._method).__get__(self._file(), _FileIO)
