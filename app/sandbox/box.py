"""One box, as the server sees it: its descriptors, and a supervisor at the end of a socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fcntl import F_SETPIPE_SZ, fcntl
from pathlib import Path
from typing import Any, cast

from app.core.errors import NoSandbox
from app.core.run import End, Kind, Limits, Program
from app.sandbox import machine
from app.sandbox.groups import Groups
from app.sandbox.nursery import Nursery
from app.tracer import wire

SECCOMP = "seccomp"
PATIENCE_SECONDS = 60
PIPE_BYTES = 1 << 20
TOUCHED = 2 << 20
"""Bytes at the beginning of a flight log that exist before the program runs: some 60,000 records."""
OVERDUE_SECONDS = 5
"""How long after it should have ended a box's supervisor is taken to hang."""


@dataclass(frozen=True, slots=True)
class Image:
    """What an interpreter's boxes are made of: its path inside, (path here, path inside), the root first, and its GIL.

    `gil` is where sampler.py finds it in a process: {"file", "gil", "native"}; None where there is none.
    `costs` is what calibration.py measured.
    """

    python: str
    binds: tuple[tuple[str, str], ...]
    gil: dict[str, int | str] | None
    costs: dict[int, float]


@dataclass(frozen=True, slots=True)
class Way:
    """How the walls are built: with mounts staged outside, and with user namespaces refused inside."""

    staged: bool
    disable_userns: bool


@dataclass(frozen=True, slots=True)
class Making:
    """What boxes are made with; `folder` has the system call filter in SECCOMP, and gets a folder for each.

    `walls` says who builds them: bubblewrap, gvisor, or none; `builder` is that program.
    """

    walls: str
    builder: machine.Builder | None
    way: Way
    folder: Path
    groups: Groups | None
    nursery: Nursery


class Parts:
    """A started supervisor and all that belongs to its box; `free` it."""

    def __init__(self, image: Image, limits: Limits, make: Making, *, warm: bool) -> None:
        """Start the supervisor of a box. Raises NoSandbox, or OSError when the machine is out of something."""
        with contextlib.ExitStack() as stack:
            user: int | None = None
            locks: list[int] = []
            if os.geteuid() == 0 and make.builder:
                user, *locks = machine.claim_user()
                stack.callback(os.close, *locks)
            group = make.groups.make(limits) if make.groups else None
            if make.groups and group:
                stack.callback(make.groups.remove, group)
            place = Path(tempfile.mkdtemp(prefix="box-", dir=make.folder))
            stack.callback(shutil.rmtree, place, ignore_errors=True)
            (place / "home").mkdir()
            self.log_path = place / "log"
            self.walled, self.advised = make.builder is not None, make.walls == "bubblewrap"
            _make_log(self.log_path, limits.log_bytes, user, warm=warm, everybody=make.walls == "gvisor")
            self.log = os.open(self.log_path, os.O_RDWR | os.O_CLOEXEC)
            stack.callback(os.close, self.log)
            self.log_bytes, self.wall_ns = limits.log_bytes, limits.wall_ns
            self.costs = image.costs
            self.samples = os.memfd_create("samples", os.MFD_CLOEXEC)
            stack.callback(os.close, self.samples)
            with contextlib.ExitStack() as writers:
                packets = _packet_socket if make.walls == "gvisor" else _packet_pipe
                self.stdout, stdout = packets(stack, writers)
                self.stderr, stderr = packets(stack, writers)
                seccomp = os.open(make.folder / SECCOMP, os.O_RDONLY | os.O_CLOEXEC)
                writers.callback(os.close, seccomp)
                self.socket, theirs = socket.socketpair()
                stack.callback(self.socket.close)
                writers.callback(theirs.close)
                self.supervisor = make.nursery.fork([theirs.fileno(), stdout, stderr, seccomp, self.samples, *locks])
                stack.callback(os.close, self.supervisor)
                stack.callback(self.end)
            order = {
                "walls": make.walls,
                "program": make.builder and make.builder.program,
                "folder": make.builder and make.builder.folder,
                "home": str(place / "home"),
                "binds": [*image.binds, (str(self.log_path), wire.LOG_PATH)],
                "python": image.python,
                **asdict(make.way),
                "user": user,
                "gil": image.gil,
                "group": group.order() if group else None,
                "warm": warm,
                "limits": asdict(limits),
            }
            self.socket.sendall(json.dumps(order).encode() + b"\n")
            self._free = stack.pop_all()

    def free(self) -> None:
        """Let go of everything, the supervisor and so the box included."""
        self._free.close()

    def end(self) -> None:
        """Kill the supervisor, and so the box; harmless when it has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.supervisor, signal.SIGKILL)


def prepare_log(descriptor: int, size: int, *, warm: bool = False) -> None:
    """Make an empty file an empty flight log of `size` bytes.

    What an ordinary run fills is written to beforehand: on a disk, a program that is the first to touch a page pays
    some hundred times what it pays for the next one.
    """
    os.posix_fallocate(descriptor, 0, size)
    os.pwrite(descriptor, bytes(min(size, TOUCHED)), 0)
    os.pwrite(descriptor, wire.header(size, warm=warm), 0)


def _make_log(path: Path, size: int, user: int | None, *, warm: bool, everybody: bool) -> None:
    """An empty flight log that its box can write and not outgrow: owned by us, so that nobody inside can chmod it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        prepare_log(descriptor, size, warm=warm)
        if user is not None:
            os.fchown(descriptor, 0, user)
            os.fchmod(descriptor, 0o660)
        if everybody:  # gVisor's users are none of ours; nobody else gets into the folder
            os.fchmod(descriptor, 0o666)
    finally:
        os.close(descriptor)


def _packet_pipe(readers: contextlib.ExitStack, writers: contextlib.ExitStack) -> tuple[int, int]:
    reader, writer = os.pipe2(os.O_DIRECT | os.O_CLOEXEC)
    readers.callback(os.close, reader)
    writers.callback(os.close, writer)
    os.set_blocking(reader, False)
    with contextlib.suppress(PermissionError):  # the user's quota for pipes is used up: a small one works too
        fcntl(reader, F_SETPIPE_SZ, PIPE_BYTES)
    return reader, writer


def _packet_socket(readers: contextlib.ExitStack, writers: contextlib.ExitStack) -> tuple[int, int]:
    """The same for gVisor, which knows no such pipes."""
    reader, writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    readers.callback(reader.close)
    writers.callback(writer.close)
    reader.setblocking(False)
    return reader.fileno(), writer.fileno()


class SupervisedBox:
    """The Box of those sandboxes that have a supervisor for each."""

    def __init__(self, parts: Parts, left: Callable[[SupervisedBox], None]) -> None:
        """Own these parts; `left` is called once, when all of them are freed."""
        self._parts = parts
        self._left = left
        self._killed = False
        self._closing: asyncio.Task[None] | None = None
        self._talk = _Talk()
        self.log, self.log_bytes, self.samples = parts.log, parts.log_bytes, parts.samples
        self.costs = parts.costs
        self.ahead = 0
        self.stdout, self.stderr = parts.stdout, parts.stderr

    async def ready(self) -> None:
        """Return when the box waits for its program. Raises NoSandbox."""
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: self._talk, sock=self._parts.socket)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.shield(self._talk.ready)
        except TimeoutError:
            raise NoSandbox("A box did not become ready: is this machine overloaded?") from None
        if self._parts.walled:
            self._parts.log_path.unlink()  # they have it bound
        self.ahead = self._talk.ready.result()
        if self._talk.end.done():
            detail = self._talk.end.result().detail
            raise NoSandbox(machine.advice([detail]) if self._parts.advised else f"A box could not be made: {detail}")

    async def run(self, program: Program) -> int:
        """See Box."""
        self._talk.say({"run": program.source})
        self._end_within(self._parts.wall_ns / 1e9)
        return await asyncio.shield(self._talk.zero)

    async def wait(self) -> End:
        """See Box."""
        return await asyncio.shield(self._talk.end)

    def kill(self, cause: Kind, detail: str = "") -> None:
        """See Box."""
        if not self._killed:  # a flood of output asks for it with every packet
            self._killed = True
            self._talk.say({"kill": cause.value, "detail": detail})
            self._end_within(0)

    def _end_within(self, seconds: float) -> None:
        """A supervisor that hangs keeps no limits: when it is overdue it is killed, and its box with it."""
        asyncio.get_running_loop().call_later(seconds + OVERDUE_SECONDS, self._overdue)

    def _overdue(self) -> None:
        if not self._talk.end.done():
            self._talk.loss = "the sandbox's supervisor hung"
            self._parts.end()

    async def close(self) -> None:
        """See Box. Stop watching its descriptors first: their numbers are free for others afterwards."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self.kill(Kind.stopped)
        with contextlib.suppress(TimeoutError):  # a supervisor that hangs is killed, and its box with it
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.wait()
        self._talk.hang_up()
        self._parts.free()
        self._left(self)


class _Talk(asyncio.Protocol):
    """The conversation with a supervisor; each future is done at the latest when the supervisor is gone."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[int] = loop.create_future()
        self.zero: asyncio.Future[int] = loop.create_future()
        self.end: asyncio.Future[End] = loop.create_future()
        self._transport: asyncio.WriteTransport | None = None
        self._rest = b""
        self.loss = "the sandbox's supervisor is gone"

    def say(self, message: dict[str, str]) -> None:
        """Send a message; to a supervisor that is gone, nothing."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(json.dumps(message).encode() + b"\n")

    def hang_up(self) -> None:
        """Close at once: with words left to say, the loop would go on watching a descriptor that others get."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._hear(json.loads(line))

    def connection_lost(self, _: Exception | None) -> None:
        """See asyncio.Protocol."""
        started = self.zero.done() and not self.zero.cancelled()
        wall_ns = time.monotonic_ns() - self.zero.result() if started else 0
        self._finish(End(wall_ns, 0, cause=Kind.sandbox_failed, detail=self.loss))

    def _hear(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self.ready.set_result(message["ready"])
        elif "zero" in message:
            self.zero.set_result(message["zero"])
        elif "end" in message:
            end = message["end"]
            self._finish(End(**{**end, "cause": Kind(end["cause"]) if end["cause"] else None}))

    def _finish(self, end: End) -> None:
        if not self.ready.done():
            self.ready.set_result(0)
        if not self.zero.done():
            self.zero.set_result(time.monotonic_ns())
        if not self.end.done():
            self.end.set_result(end)


def try_out(parts: Parts, program: Program) -> dict[str, Any]:
    """Run a program in a box, blocking; how it ended, or what went wrong as `detail`."""
    end: dict[str, Any] = {"exit_code": None, "cause": None, "detail": "the supervisor ended by itself"}
    try:
        parts.socket.settimeout(PATIENCE_SECONDS)
        with parts.socket.makefile("rw") as lines:
            lines.write(json.dumps({"run": program.source}) + "\n")
            lines.flush()
            for line in lines:
                end = json.loads(line).get("end", end)
    except OSError as error:
        end["detail"] = str(error)
    finally:
        parts.free()
    return end
