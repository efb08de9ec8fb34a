"""The process beside every box: builds its walls with bubblewrap, keeps its limits, and ends its whole tree, always.

    python -I -S supervisor.py

is started once, with descriptor 0 a socket to the server, and forks a supervisor for every message that brings the
descriptors DESCRIPTORS: starting Python for each would take longer than all else that a box takes. It answers each with
a pidfd of the supervisor, and ends with the server. A supervisor speaks JSON over its own socket, one object a line:

    server → {"walls": bubblewrap, gvisor or none, "program": it builds them, "folder": what that needs beside itself,
              "home": where there are no walls, "binds": [[path, path inside]], "python", "staged", "disable_userns",
              "user", "gil": where an interpreter has its GIL, or null, "group": a control group as groups.py tells of
              it, or null, "warm", "limits"}                 first, at once
    ← {"ready": ns}           the box waits for its program, whose clock is so much behind
    → {"run": source}   ← {"zero": ns}                       handed over
    → {"kill": cause, "detail": text}                        at any time
    ← {"end": {"wall_ns", "cpu_ns", "exit_code", "signal", "cause", "detail"}}   the tree is gone; then it exits

When the server is gone (end of file, or its death signal), so is the box; when this process is gone, bubblewrap's own
death signal ends the box. Started as root it builds the mounts and then becomes `user` for good.

What the tree uses is told by its control group or, without one, by its processes (tree.py). Limits count from the
moment at which the program was handed over; a warm box has used time before.
"""

# ruff: noqa: PTH100, PTH120, PTH123, PTH208 - importing pathlib would cost every box its time
from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import socket
import sys
import time
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bundle  # type: ignore[import-not-found]
import sampler  # type: ignore[import-not-found] # with -I a script has no other way to what lies beside it
import tree  # type: ignore[import-not-found]
from family import adopt_orphans, become, die_with, end_orphans, spawn  # type: ignore[import-not-found]
from walls import HOME, Order, rlimits, stage, walls  # type: ignore[import-not-found]

DESCRIPTORS = ("socket", "stdout", "stderr", "seccomp", "samples")
"""What comes with every message, in this order; locks to be held while the supervisor lives may follow."""
MOST_DESCRIPTORS = 16
INIT, OPEN_INIT = "/run/interleave/init.py", f"{sys.path[0]}/init.py"
START_SECONDS, END_SECONDS = 30, 5
CLOCK_LOOKS = 5
LOOK_SECONDS = 0.02
LOOK_SHARE = 20
"""Looking at the tree may take one part in this many of a core."""


class Failed(Exception):
    """The box can't be built or did not start; the message says what was said."""


def main() -> None:
    """Fork supervisors until the server is gone."""
    server = socket.socket(fileno=0)
    die_with(int(sys.argv[1]))
    go_first()
    signal.signal(signal.SIGCHLD, reap)
    me = os.getpid()
    while True:
        message, descriptors, _, _ = socket.recv_fds(server, 1, MOST_DESCRIPTORS)
        if not message:
            return
        supervisor = os.fork()
        if not supervisor:
            try:
                supervise(descriptors, me)
            finally:
                os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
        pidfd = os.pidfd_open(supervisor)  # it lives: the server has not told it yet what to do
        socket.send_fds(server, [b"!"], [pidfd])
        os.close(pidfd)


def reap(*_: object) -> None:
    """Forget the supervisors that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def supervise(descriptors: list[int], parent: int) -> None:
    """Supervise one box."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(descriptors[0], 0)
    os.close(descriptors[0])
    lines = Lines(0)
    order = lines.first() | dict(zip(DESCRIPTORS[1:], descriptors[1:], strict=False))
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the listing's own
            os.set_inheritable(int(name), False)
    try:
        limit = order["limits"]["memory_bytes"]
        kind = tree.Watched if order["walls"] == "bubblewrap" else tree.Family
        used = tree.Charged(order["group"], limit) if order["group"] else kind(limit)
        if order["staged"]:
            stage(order)
        become(order["user"], parent)
        if order["walls"] != "bubblewrap":
            adopt_orphans()
        box = Box(order, used)
    except (OSError, Failed) as error:
        if order["walls"] != "bubblewrap":
            end_orphans()
        tell({"end": {"wall_ns": 0, "cpu_ns": 0, "cause": "sandbox_failed", "detail": str(error)}})
        return
    box.supervise(lines)


def go_first() -> None:
    """Let supervisors and samplers be on time on a busy machine, where we may; the box is as other processes are.

    A sampler that gets its time when the program pauses sees it pause too often.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def tell(message: dict[str, Any]) -> None:
    """Send one message; a server that is gone is noticed when reading."""
    line = json.dumps(message).encode() + b"\n"
    with contextlib.suppress(OSError):
        while line:
            line = line[os.write(0, line) :]


class Lines:
    """Messages from the server, as they come."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.rest = b""
        self.messages: list[Order] = []

    def read(self) -> bool:
        """Add to `messages` what one read brings; False at the end of the file."""
        try:
            data = os.read(self.descriptor, 1 << 16)
        except ConnectionError:
            data = b""
        *lines, self.rest = (self.rest + data).split(b"\n")
        self.messages += map(json.loads, lines)
        return bool(data)

    def first(self) -> Order:
        """The first message."""
        while not self.messages:
            if not self.read():
                raise SystemExit
        return self.messages.pop(0)


# -- the box -----------------------------------------------------------------------------------------------------------


class Box:
    """Bubblewrap with init in it, and what is known of how it ended."""

    def __init__(self, order: Order, used: tree.Charged | tree.Watched) -> None:
        """Start it, and return when init waits for its program. Raises Failed or OSError."""
        self.limits = order["limits"]
        self.used = used
        self.walls = order["walls"]
        self.said, say = os.pipe()
        info, tell_info = os.pipe()
        self.line: socket.socket | None = None
        python, mode = order["python"], "warm" if order["warm"] else "cold"
        limits = rlimits(order)
        if self.walls == "gvisor":  # it passes on three descriptors and no more
            self.line, theirs = socket.socketpair()
            self.control, self.status = os.dup(self.line.fileno()), self.line.fileno()
            inherited: tuple[int, ...] = (theirs.detach(), order["stdout"], order["stderr"])
            inside = [python, "-I", "-S", "-B", INIT, "0", "0", "1", "2", mode, HOME, python, *limits]
            arguments = bundle.command(order, inside)
            streams = inherited
        else:
            control, self.control = os.pipe()
            self.status, status = os.pipe()
            inherited = (control, status, order["stdout"], order["stderr"], order["seccomp"], tell_info)
            open_init = [python, "-I", "-S", "-B", OPEN_INIT, *map(str, inherited[:4]), mode, order["home"]]
            init = [python, "-I", "-S", "-B", INIT, *map(str, inherited[:4]), mode, HOME]
            walled = self.walls == "bubblewrap"
            around = [*walls(order), "--info-fd", str(tell_info), "--", *init] if walled else open_init
            arguments = [*around, python, *limits]
            streams = (os.open("/dev/null", os.O_RDONLY), say, say)
        self.bwrap = spawn(arguments, streams, inherited)
        self.ended = os.pidfd_open(self.bwrap)
        for descriptor in {*inherited, say, tell_info}:
            os.close(descriptor)
        self.report = b""
        self.cause = self.detail = ""
        self.zero = self.root_ended = self.ahead = 0
        self.init = -1
        self.watched, self.samples, self.sampler = order["gil"], order["samples"], 0
        child = self.child(info) if self.walls == "bubblewrap" else self.bwrap
        self.init = os.pidfd_open(child)
        self.used.take(child)  # the kernel needs a while for it; init starts meanwhile
        if self.walls == "gvisor":
            self.ahead = max(self.clock() for _ in range(CLOCK_LOOKS))
        os.write(self.control, b"!")
        self.report = self.hear(self.status).removeprefix(b"ready\n")
        os.close(info)
        proc = f"/proc/{child}/root/proc" if self.walls == "bubblewrap" else "/proc"
        self.proc = os.open(proc, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def clock(self) -> int:
        """How far, in ns, the box's clock is behind, or a little less: none of its events may be in the future."""
        asked = time.monotonic_ns()
        os.write(self.control, b"?")
        return asked - int(self.hear(self.status))

    def child(self, info: int) -> int:
        """The pid of init, which bubblewrap tells bit by bit, with more behind it."""
        told = b""
        while not (found := re.search(rb'"child-pid": (\d+)\D', told)):
            told += self.hear(info)
        return int(found[1])

    def hear(self, descriptor: int) -> bytes:
        """What bubblewrap or init says first."""
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(START_SECONDS * 1000) or not (said := os.read(descriptor, 4096)):
            self.abandon()
            raise Failed(self.complaint() or "the interpreter did not start in the sandbox")
        return said

    def abandon(self) -> None:
        """End what has started; init first, so that it is reaped by its parent and is not left to whoever adopts it."""
        if self.init >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.init, signal.SIGKILL)
            select.select([self.ended], (), (), END_SECONDS)
        os.kill(self.bwrap, signal.SIGKILL)
        os.waitpid(self.bwrap, 0)

    def complaint(self) -> str:
        """What bubblewrap or init wrote to its standard error: its last line."""
        os.set_blocking(self.said, False)
        with contextlib.suppress(BlockingIOError):
            return os.read(self.said, 1 << 16).decode(errors="replace").strip().rpartition("\n")[2]
        return ""

    def supervise(self, lines: Lines) -> None:
        """Do what the server says and keep the limits until the tree is gone, then tell how it ended."""
        tell({"ready": self.ahead})
        poll = select.poll()
        for descriptor in (lines.descriptor, self.status, self.ended):
            poll.register(descriptor, select.POLLIN)
        if self.used.alarm is not None:
            poll.register(*self.used.alarm)
        pause: float | None = 0  # what came with the order is waiting already
        while self.ended not in (ready := dict(poll.poll(pause))):
            if self.status in ready and not self.listen():
                poll.unregister(self.status)
            if lines.descriptor in ready and not lines.read():
                poll.unregister(lines.descriptor)
                lines.messages.append({"kill": "stopped", "detail": "the server went away"})
            while lines.messages:
                self.obey(lines.messages.pop(0))
            pause = self.look() * 1000 if self.zero else None
        self.listen()
        os.waitpid(self.bwrap, 0)
        if self.walls != "bubblewrap":
            end_orphans()
        if self.sampler:
            os.kill(self.sampler, signal.SIGTERM)
            os.waitpid(self.sampler, 0)
        tell({"end": self.end()})

    def obey(self, message: Order) -> None:
        """Carry out one message."""
        if "run" in message and not self.zero:
            self.used.begin(self.proc)
            spent = sampler.spent(self.proc) if self.walls == "bubblewrap" else {}
            self.zero = time.monotonic_ns()
            with open(self.control, "wb") as pipe, contextlib.suppress(ConnectionError):
                pipe.write(message["run"].encode())
            if self.line:
                with contextlib.suppress(OSError):  # it is gone
                    self.line.shutdown(socket.SHUT_WR)
            tell({"zero": self.zero})
            if self.walls == "bubblewrap":
                self.sample(spent)
        elif "kill" in message:
            self.kill(message["kill"], message["detail"])

    def sample(self, spent: dict[tuple[str, str], int]) -> None:
        """Have a process of its own look into the box's."""
        supervisor = os.getpid()
        self.sampler = os.fork()
        if not self.sampler:
            try:
                die_with(supervisor)
                sampler.sample(self.proc, self.watched, self.samples, spent)
            finally:
                os._exit(0)

    def kill(self, cause: str, detail: str) -> None:
        """End the tree: the kernel kills a pid namespace with its init. The first cause stays."""
        if not self.cause and not self.root_ended:
            self.cause, self.detail = cause, detail
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.init, signal.SIGKILL)

    def listen(self) -> bool:
        """Take what init reports; False at the end of it. That of a socket is a reset if what was sent was not read."""
        try:
            data = os.read(self.status, 4096)
        except ConnectionResetError:
            data = b""
        self.report = (self.report + data)[:4096]
        if self.report and not self.root_ended:
            self.root_ended = time.monotonic_ns()
        return bool(data)

    def look(self) -> float:
        """Measure the tree and end it when it is over a limit; returns the seconds until the next look."""
        began = time.monotonic_ns()
        cpu = self.used.look()
        if self.used.full:
            self.kill("out_of_memory", self.used.full)
        elif began - self.zero >= self.limits["wall_ns"]:
            self.kill("timed_out", f"time limit of {seconds(self.limits['wall_ns'])} reached")
        elif cpu >= self.limits["cpu_ns"]:
            self.kill("timed_out", f"CPU time limit of {seconds(self.limits['cpu_ns'])} reached")
        now = time.monotonic_ns()
        left: float = max(0, self.zero + self.limits["wall_ns"] - now) / 1e9 + 0.001
        return min(left, max(LOOK_SECONDS, (now - began) / 1e9 * LOOK_SHARE))

    def end(self) -> Order:
        """How the box ended, for the server."""
        now = time.monotonic_ns()
        if not self.cause and self.used.ended():  # the kernel was faster than we: the root process was its choice
            self.cause, self.detail = "out_of_memory", self.used.full
        result: Order = {
            "wall_ns": (self.root_ended or now) - (self.zero or now),
            "exit_code": None,
            "signal": None,
            "cause": self.cause or None,
            "detail": self.detail,
        }
        told = dict(line.split(b" ", 1) for line in self.report.splitlines() if line.count(b" ") == 1)
        numbers = {key.decode(): int(value) for key, value in told.items() if value.isdigit() and len(value) < 20}
        if not self.cause and "exit" in numbers:
            result["exit_code"] = numbers["exit"]
        elif not self.cause and "signal" in numbers:
            result["signal"] = numbers["signal"]
        elif not self.cause:
            result |= {"cause": "sandbox_failed", "detail": self.complaint() or "the sandbox ended by itself"}
        return result | {"cpu_ns": max(self.used.cpu, numbers.get("cpu", 0))}


def seconds(ns: int) -> str:
    """A duration for a sentence."""
    return f"{ns / 1e9:g} s"


if __name__ == "__main__":
    main()
