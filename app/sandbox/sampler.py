"""Looks into the processes of a box, a thousand times a second, for who holds the GIL; and now and then for CPU times.
A free-threaded interpreter has a GIL once it has to, as for a module that can't do without: that is looked for with the
processes. Where nobody has one, it looks for CPU times alone.

Forked by the supervisor, so with the standard library alone and as the box's own user. What it reads is the memory of
hostile programs: it copies integers from it and follows one pointer with a read that fails cleanly. It writes
`HEADER` and then `SAMPLE`s to a file that the server reads while it grows.

Between two looks at which a thread had the GIL it is said to have kept it, and between two at which different ones had
it, it changed hands halfway. `switch_number`, which CPython counts up when another thread takes the GIL, says how often
that is wrong: those switches count as missed. When the looks were far apart as well, because the machine had no time
for the sampler, nobody is said to have had it in between.
"""

# ruff: noqa: PTH123, PTH208 - importing pathlib would cost every box its time
from __future__ import annotations

import contextlib
import os
import signal
import struct
import time

HEADER = struct.Struct("<5Q")
"""How often the sampler looked at GILs, in how many ns, how many switches it missed, its own CPU time in ns, and how
often it looked at CPU times."""
SAMPLE = struct.Struct("<4I2Q")
"""Kind, pid and tid inside the box, 0; of HOLDS: from when until when, 0 while it lasts; of CPU: when, ns used.

Of WATCHED, with tid 0: from when on it is known who has the process's GIL (1), or not known any more (0).
"""
HOLDS, CPU, WATCHED = 1, 2, 3

MOST_BYTES = 32 << 20
PERIOD_NS = 1_000_000
SHARE = 20
"""One part in this many of a core is what sampling may take; with many processes it looks less often."""
FAR_NS = 4_000_000
"""Looks so far apart may have missed a turn of a thread, which the interpreter makes 5 ms long if others want one."""
SCAN_NS = 10_000_000
"""How often it looks for new processes and writes what it has seen."""
LASTING_NS = 20_000_000
"""A hold that lasts so long is told before it ends."""
CPU_NS = 50_000_000
"""How often it looks at CPU times, unless that took more than one part in CPU_SHARE of a core."""
CPU_SHARE = 100
LEAST_CPU_NS = 1_000_000
"""Who has used less since it was last told of has been idle."""

_GIL = struct.Struct("<QiiQ")
"""CPython's struct _gil_runtime_state from its last_holder on: a thread state, whether it is locked, switch_number."""
_NUMBER = struct.Struct("<Q")
_ENABLED = struct.Struct("<i4xQ")
"""What a free-threaded interpreter has before that: whether the GIL is on, and its interval."""
_FOR_GOOD = 2**31 - 1
"""So it is; less while a module is loaded that may need it."""


class Process:
    """A process of the box that has a GIL, and who has it."""

    def __init__(self, pid: int, memory: int, gil: int, native: int) -> None:
        self.pid = pid
        self.memory = memory
        self.gil = gil
        self.native = native
        self.looked = self.since = self.holder = self.state = 0
        self.switches = self.switched = self.shown = self.last = 0
        self.told = False

    @property
    def missed(self) -> int:
        """How many of CPython's switches are not between one hold that was told and the next."""
        return max(0, self.switched - self.shown)

    def has_gil(self) -> bool:
        """Whether a free-threaded interpreter has its GIL on. Raises OSError when the process is gone."""
        data = os.pread(self.memory, _ENABLED.size, self.gil - _ENABLED.size)
        if len(data) < _ENABLED.size:
            raise ProcessLookupError
        return bool(_ENABLED.unpack(data)[0] == _FOR_GOOD)

    def look(self, now: int, found: list[bytes]) -> bool:
        """See who has the GIL now and add to `found` what is over; False when the process is gone."""
        try:
            data = os.pread(self.memory, _GIL.size, self.gil)
        except OSError:
            data = b""
        if len(data) < _GIL.size:
            self.lose(found)
            return False
        state, locked, _, switches = _GIL.unpack(data)
        seen = 1 if state != self.state else 0
        # An interpreter that has ended begins to count again before its process is gone.
        switched = max(0, switches - self.switches) & 0xFFFFFFFF if self.looked else 0
        self.switched += switched
        until = since = (self.looked + now) // 2 if self.looked else now
        unknown = switched > seen and now - self.looked > FAR_NS
        if unknown:
            until, since = self.looked, now
            found.append(SAMPLE.pack(WATCHED, self.pid, 0, 0, self.looked, 0))
        if unknown or not self.looked:
            found.append(SAMPLE.pack(WATCHED, self.pid, 0, 0, now, 1))
        if self.holder and (locked != 1 or seen or unknown):
            self._over(until, found)
        if locked == 1 and not self.holder:
            self._taken(state, since)
        elif self.holder and not self.told and now - self.since > LASTING_NS:
            self.told = True
            found.append(SAMPLE.pack(HOLDS, self.pid, self.holder, 0, self.since, 0))
        self.state, self.switches, self.looked = state, switches, now
        return True

    def lose(self, found: list[bytes]) -> None:
        """What comes after the last look is not known."""
        self._over(self.looked, found)
        if self.looked:
            found.append(SAMPLE.pack(WATCHED, self.pid, 0, 0, self.looked, 0))

    def _taken(self, state: int, since: int) -> None:
        with contextlib.suppress(OSError, struct.error):  # a thread that has just ended
            holder = _NUMBER.unpack(os.pread(self.memory, _NUMBER.size, state + self.native))[0]
            self.holder, self.since, self.told = holder & 0xFFFFFFFF, since, False
            self.shown += self.last not in (0, self.holder)
            self.last = self.holder

    def _over(self, at: int, found: list[bytes]) -> None:
        if self.holder and at > self.since:
            found.append(SAMPLE.pack(HOLDS, self.pid, self.holder, 0, self.since, at))
        self.holder = 0


def sample(
    proc: int, layout: dict[str, int | str] | None, file: int, before: dict[tuple[str, str], int] | None = None
) -> None:
    """Sample every process below the box's /proc until SIGTERM. `layout` is image.py's `gil`; `file` is written to.

    `before` is what `spent` told when the program was handed over: that is not its own.
    """
    over: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: over.append(number))
    processes: dict[int, Process] = {}
    without: dict[int, Process] = {}
    threads = Threads(proc, before or {})
    found: list[bytes] = []
    began = now = due = time.monotonic_ns()
    looks = written = gone = scanned = counted = own = 0
    pause = CPU_NS
    least = period = SCAN_NS
    full = False
    noise = began
    while True:
        last = bool(over)
        if now - scanned >= SCAN_NS:
            if layout:
                adopt(proc, processes, without, layout)
            if processes and not looks:
                least = period = PERIOD_NS
            scanned = now
        for pid, process in list(processes.items()):
            if not process.look(now, found):
                os.close(process.memory)
                gone += processes.pop(pid).missed
        looks += 1 if processes else 0
        if now - counted >= pause:
            since = time.process_time_ns()
            threads.look(now, found)
            earlier, own = own, time.process_time_ns()
            pause = max(CPU_NS, (own - since) * CPU_SHARE)
            period = max(least, (own - earlier) * SHARE * period // max(1, now - counted))
            counted = now
        if last:
            threads.end(found)
        if last or scanned == now:
            data = b"".join(found)
            found.clear()
            if written + len(data) > MOST_BYTES and not full:
                full = True
                for process in processes.values():
                    process.lose(found)
                data = b"".join(found)
                found.clear()
                written += os.pwrite(file, data, HEADER.size + written)
            elif not full:
                written += os.pwrite(file, data, HEADER.size + written)
            missed = gone + sum(process.missed for process in processes.values())
            os.pwrite(file, HEADER.pack(looks, now - began, missed, own, threads.looks), 0)
        if last:
            return
        # Never in step with what the program does over and over. Wakings come late; the next makes up for it.
        noise = (noise * 1103515245 + 12345) & 0x7FFFFFFF
        due = max(due + period // 2 + (period * noise >> 31), now + period // 4)
        time.sleep(max(0, due - time.monotonic_ns()) / 1e9)
        now = time.monotonic_ns()


def adopt(proc: int, processes: dict[int, Process], without: dict[int, Process], layout: dict[str, int | str]) -> None:
    """Add the Python processes that are new. Those `without` a GIL are looked at again, since they may get it."""
    for name in os.listdir(proc):
        if name.isdigit() and name != "1" and int(name) not in processes and int(name) not in without:
            with contextlib.suppress(OSError):  # gone meanwhile
                base = base_of(proc, name, str(layout["file"]))
                if base:
                    memory = os.open(f"{name}/mem", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
                    gil = base + int(layout["gil"])
                    found = Process(int(name), memory, gil, int(layout["native"]))
                    (without if layout["free"] else processes)[found.pid] = found
    for pid, process in list(without.items()):
        try:
            if process.has_gil():
                processes[pid] = without.pop(pid)
        except OSError:
            os.close(without.pop(pid).memory)


def base_of(proc: int, pid: str, wanted: str) -> int:
    """Where the file that holds the interpreter's state begins in a process's memory; 0 if it is not there."""
    descriptor = os.open(f"{pid}/maps", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    with open(descriptor, "rb") as maps:
        for line in maps:
            if line.rstrip().endswith(b"/" + wanted.encode()):
                return int(line.partition(b"-")[0], 16)
    return 0


class Threads:
    """The CPU times of a box's threads, as a line through few points: where one is idle, its ends alone are told."""

    def __init__(self, proc: int, before: dict[tuple[str, str], int]) -> None:
        self.proc = proc
        self.before = before
        self.told: dict[tuple[str, str], int] = {}
        self.idle: dict[tuple[str, str], tuple[int, int]] = {}
        self.looks = 0

    def look(self, now: int, found: list[bytes]) -> None:
        """Add the CPU time of each thread that has used some since the last look."""
        self.looks += 1
        for thread, ns in spent(self.proc).items():
            if ns - self.told.get(thread, self.before.get(thread, 0)) < LEAST_CPU_NS:
                self.idle[thread] = (now, ns)
                continue
            if thread in self.idle:
                self._tell(thread, *self.idle.pop(thread), found)
            self._tell(thread, now, ns, found)

    def end(self, found: list[bytes]) -> None:
        """Add the last look at each thread that is idle."""
        for thread, (now, ns) in self.idle.items():
            if thread in self.told:
                self._tell(thread, now, ns, found)
        self.idle.clear()

    def _tell(self, thread: tuple[str, str], now: int, ns: int, found: list[bytes]) -> None:
        self.told[thread] = ns
        pid, tid = thread
        found.append(SAMPLE.pack(CPU, int(pid), int(tid), 0, now, max(0, ns - self.before.get(thread, 0))))


def spent(proc: int) -> dict[tuple[str, str], int]:
    """The CPU time in ns that each thread of the box has used, by the numbers of its process and its own."""
    found = {}
    for pid in os.listdir(proc):
        if not pid.isdigit() or pid == "1":
            continue
        with contextlib.suppress(OSError):  # gone meanwhile
            folder = os.open(f"{pid}/task", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
            try:
                for tid in os.listdir(folder):
                    descriptor = os.open(f"{tid}/schedstat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
                    try:
                        found[pid, tid] = int(os.read(descriptor, 64).partition(b" ")[0])
                    finally:
                        os.close(descriptor)
            finally:
                os.close(folder)
    return found
