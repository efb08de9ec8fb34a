"""What a box's tree uses: charged by the kernel to a control group, or watched through the box's own /proc.

Imported by the supervisor, so with the standard library alone.
"""

# ruff: noqa: PTH123, PTH208 - importing pathlib would cost every box its time
from __future__ import annotations

import contextlib
import os
import re
import select
from typing import Any

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SHORT = 20
"""A machine that has one part in this many of its memory left ends the runs that nobody charges for what they hide."""


class Charged:
    """A control group: the kernel keeps the limits of the tree, this tells what it did.

    `alarm` is what to poll for memory that ran out, `full` says that it did, `cpu` is the tree's in ns: exact.
    """

    def __init__(self, group: dict[str, Any], limit: int) -> None:
        """Open its files while that is allowed: writing to them later needs no right any more."""
        self.join = [os.open(path, os.O_WRONLY | os.O_CLOEXEC) for path in group["join"]]
        self.memory = os.open(group["memory"], os.O_RDONLY | os.O_CLOEXEC)
        self.usage = os.open(group["cpu"], os.O_RDONLY | os.O_CLOEXEC)
        self.limit = limit
        self.full = ""
        self.cpu = self.before = 0
        if group["bell"]:
            bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            with open(group["bell"], "w") as control:
                control.write(f"{bell} {self.memory}")
            self.alarm = (bell, select.POLLIN)
        else:
            self.alarm = (self.memory, select.POLLPRI)

    def take(self, pid: int) -> None:
        """Have a process in the group, and all that it starts from now on."""
        for file in self.join:
            os.write(file, b"%d" % pid)

    def begin(self, _: int) -> None:
        """From now on the program is measured."""
        self.before = self._cpu()

    def look(self) -> int:
        """CPU of the tree so far, in ns; sets `full` when memory ran out."""
        self.ended()
        self.cpu = self._cpu() - self.before
        return self.cpu

    def ended(self) -> bool:
        """Whether memory ran out, now that the tree is gone."""
        with contextlib.suppress(BlockingIOError):
            if self.alarm[0] != self.memory:
                os.eventfd_read(self.alarm[0])
        if re.search(rb"^oom_kill [1-9]", os.pread(self.memory, 1 << 12, 0), re.MULTILINE):
            self.full = reached(self.limit)
        return bool(self.full)

    def _cpu(self) -> int:
        text = os.pread(self.usage, 1 << 12, 0)
        return int(text) if text.strip().isdigit() else int(text.split()[1]) * 1000


class Watched:
    """The tree's processes, looked at one by one: as `Charged`, but best effort.

    CPU is the sum over them, exact to a clock tick a process, until the end; children that a program lets the kernel
    reap (SIGCHLD ignored) are missing. Memory that no process has mapped is missing.
    """

    alarm = None

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.full = ""
        self.cpu = self.before = 0
        self.init = "1"

    def take(self, _: int) -> None:
        """Nothing to be in."""

    def begin(self, proc: int) -> None:
        """Watch the processes of this /proc. What is there already has used its CPU time before."""
        self.proc = proc
        self.before = survey(proc, self.pids(), self.init)[0]

    def pids(self) -> list[str]:
        """All of the tree's processes."""
        return [name for name in os.listdir(self.proc) if name.isdigit()]

    def look(self) -> int:
        """CPU of the tree so far, in ns; sets `full` when it has more memory than it may have."""
        cpu, resident, running = survey(self.proc, self.pids(), self.init)
        self.cpu = max(self.cpu, cpu - self.before)
        if resident > self.limit and proportional(self.proc, running) > self.limit:
            self.full = reached(self.limit)
        elif machine_is_short():
            self.full = "this machine ran short of memory"
        return self.cpu

    def ended(self) -> bool:
        """Nothing is known afterwards that was not known before."""
        return False


class Family(Watched):
    """Where no /proc shows the tree alone: the processes that descend from this one, to which orphans come."""

    def take(self, pid: int) -> None:
        """This is init."""
        self.init = str(pid)

    def pids(self) -> list[str]:
        """All of the tree's processes."""
        children: dict[str, list[str]] = {}
        for pid in super().pids():
            with contextlib.suppress(OSError):  # gone meanwhile
                parent = read(self.proc, f"{pid}/stat").rpartition(b")")[2].split()[1].decode()
                children.setdefault(parent, []).append(pid)
        found = [str(os.getpid())]
        for pid in found:
            found += children.get(pid, [])
        return found[1:]


def reached(limit: int) -> str:
    """What is said of a tree that wanted more."""
    return f"memory limit of {limit >> 20} MiB reached"


def machine_is_short() -> bool:
    """Whether hardly any memory is left, for whatever reason: kernel buffers and unmapped pages show nowhere else."""
    return memory_left() * SHORT < 1


def memory_left() -> float:
    """The share of the machine's memory that can still be had."""
    with open("/proc/meminfo", "rb") as file:
        kib = {line.split()[0]: int(line.split()[1]) for line in file}
    return kib[b"MemAvailable:"] / kib[b"MemTotal:"]


def survey(proc: int, pids: list[str], init: str) -> tuple[int, int, list[str]]:
    """CPU in ns with all that was reaped, resident bytes (shared ones once a process), and the pids but init's."""
    ticks = pages = 0
    running = []
    for pid in pids:
        with contextlib.suppress(OSError):  # gone meanwhile
            fields = read(proc, f"{pid}/stat").rpartition(b")")[2].split()
            own, reaped = fields[11:13], fields[13:15]
            ticks += sum(map(int, reaped if pid == init else own + reaped))
            if pid != init:
                pages += int(fields[21])
                running.append(pid)
    return ticks * TICK_NS, pages * PAGE, running


def proportional(proc: int, pids: list[str]) -> int:
    """Bytes that are these processes' own, or their share of shared memory and swap; mapped files cost nobody."""
    wanted = (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):  # gone meanwhile
            lines = read(proc, f"{pid}/smaps_rollup").splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith(wanted)) << 10
    return total


def read(folder: int, name: str) -> bytes:
    """A small file of the box's /proc."""
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        return os.read(descriptor, 1 << 13)
    finally:
        os.close(descriptor)
