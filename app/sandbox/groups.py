"""Control groups for boxes: the kernel charges memory, processes and CPU to a whole tree, where a server may make them.

Both versions: 1 with memory, pids and cpuacct wherever they are mounted, 2 with memory and pids delegated. A server's
groups are below its own, so that what bounds the server bounds its boxes too:

    the server's own group / interleave-XXXXXXXX (locked while the server lives) / a box
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import secrets
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from app.core.run import Limits

PREFIX = "interleave-"
LEAF = "interleave.server"
"""Where version 2 needs the server itself to be: a group with processes may not hand out controllers."""
FIRST = ("memory", "pids", "cpuacct")
OVERHEAD_BYTES = 24 << 20
"""What process 1 and the flight log's pages that are being written take beside the program."""
TCP_BYTES = 32 << 20
"""Version 1 counts TCP's buffers apart."""
PATIENCE_SECONDS = 5


class NoGroups(Exception):
    """This machine or its settings give the server no control groups; the message says why."""


@dataclass(frozen=True, slots=True)
class Group:
    """One box's group: a folder in each hierarchy."""

    version: int
    folders: tuple[Path, ...]

    def order(self) -> dict[str, object]:
        """What the supervisor is told: files to write a pid to on its way in, and where it sees what happens."""
        return {
            "join": [str(folder / "cgroup.procs") for folder in self.folders],
            "memory": str(self.folders[0] / ("memory.oom_control" if self.version == 1 else "memory.events")),
            "bell": str(self.folders[0] / "cgroup.event_control") if self.version == 1 else None,
            "cpu": str(self.folders[-1] / ("cpuacct.usage" if self.version == 1 else "cpu.stat")),
        }


class Groups:
    """The groups of this server's boxes, below `tops`. Making it removes those of servers that are gone.

    Raises NoGroups.
    """

    def __init__(self) -> None:
        try:
            self.version, self._parents = _mine()
            name = f"{PREFIX}{secrets.token_hex(4)}"
            self.tops = tuple(parent / name for parent in self._parents)
            gate = os.open(self._parents[0], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(gate, fcntl.LOCK_EX)
                for old in self._parents[0].glob(f"{PREFIX}*/"):
                    if (lock := _lock(old)) is not None:
                        _remove(tuple(parent / old.name for parent in self._parents))
                        os.close(lock)
                for top in self.tops:
                    top.mkdir(exist_ok=True)
                self._locked = _lock(self.tops[0])
            finally:
                os.close(gate)
            if self.version == 2:
                (self.tops[0] / "cgroup.subtree_control").write_text("+memory +pids")
        except OSError as error:
            raise NoGroups(f"control groups are not the server's to write: {error}") from error
        self._numbers = itertools.count()

    def make(self, limits: Limits) -> Group:
        """A group for one box, with its limits. Raises OSError."""
        name = f"{next(self._numbers)}"
        group = Group(self.version, tuple(top / name for top in self.tops))
        for folder in group.folders:
            folder.mkdir(exist_ok=True)  # where controllers share a hierarchy, they share the folder
        memory, processes = limits.memory_bytes + OVERHEAD_BYTES, limits.processes + 1  # process 1
        if self.version == 1:
            memory_folder, pids_folder, _ = group.folders
            (memory_folder / "memory.limit_in_bytes").write_text(str(memory))
            _try_to_write(memory_folder / "memory.memsw.limit_in_bytes", memory)
            _try_to_write(memory_folder / "memory.kmem.tcp.limit_in_bytes", TCP_BYTES)
        else:
            memory_folder = pids_folder = group.folders[0]
            (memory_folder / "memory.max").write_text(str(memory))
            _try_to_write(memory_folder / "memory.swap.max", 0)
            (memory_folder / "memory.oom.group").write_text("1")
        (pids_folder / "pids.max").write_text(str(processes))
        return group

    def remove(self, group: Group) -> None:
        """Remove a box's group. One that its last process is still leaving stays until the server ends."""
        for folder in group.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()

    def close(self) -> None:
        """Remove everything; harmless when that is done."""
        if self._locked is not None:
            _remove(self.tops)
            os.close(self._locked)
            self._locked = None


def _mine() -> tuple[int, tuple[Path, ...]]:
    """The version, and the groups under which this process may make others. Raises NoGroups."""
    places: dict[str, str] = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        places |= dict.fromkeys(names.split(","), path)  # version 2 has no name
    first: dict[str, Path] = {}
    second: Path | None = None
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        root, mounted, kind, options = fields[3], fields[4], fields[fields.index("-") + 1], fields[-1].split(",")
        if kind == "cgroup":
            first |= {name: _below(mounted, root, path) for name, path in places.items() if name in options}
        elif kind == "cgroup2" and "" in places:
            second = _below(mounted, root, places[""])
    if all(name in first for name in FIRST):
        return 1, tuple(first[name] for name in FIRST)
    if second is None:
        raise NoGroups("this machine has no control groups that show their place")
    return 2, (_delegated(second),)


def _delegated(own: Path) -> Path:
    """Make a group of version 2 hand out its controllers; this process is in a leaf of it afterwards."""
    parent = own.parent if own.name == LEAF else own
    missing = {"memory", "pids"} - set((parent / "cgroup.controllers").read_text().split())
    if missing:
        raise NoGroups(
            f"the server's control group has no {' and no '.join(sorted(missing))} controller: delegate them"
        )
    leaf = parent / LEAF
    if (parent / "cgroup.type").exists():  # not the root of all, where processes may stay
        others = set((parent / "cgroup.procs").read_text().split()) - {str(os.getpid()), "1"}
        if others:
            raise NoGroups("other processes share the server's control group: start it in one of its own, delegated")
        leaf.mkdir(exist_ok=True)
        for pid in (parent / "cgroup.procs").read_text().split():
            (leaf / "cgroup.procs").write_text(pid)
    (parent / "cgroup.subtree_control").write_text("+memory +pids")
    return parent


def _below(mounted: str, root: str, path: str) -> Path:
    """Where a group is, in a mount that may show a part of its hierarchy only."""
    relative = os.path.relpath(path, root)
    return Path(mounted) if relative.startswith("..") else Path(mounted, relative)


def _lock(folder: Path) -> int | None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _try_to_write(file: Path, value: int) -> None:
    """Not every kernel counts swap or TCP's buffers."""
    with contextlib.suppress(OSError):
        file.write_text(str(value))


def _remove(tops: tuple[Path, ...]) -> None:
    """Remove groups with what is left in them: processes of boxes whose server is gone are dying already."""
    end = time.monotonic() + PATIENCE_SECONDS
    for top in tops:
        for folder in (*top.glob("*/"), top):
            while folder.exists():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > end:
                        break
                    with contextlib.suppress(OSError):
                        for pid in (folder / "cgroup.procs").read_text().split():
                            os.kill(int(pid), signal.SIGKILL)
                    time.sleep(0.01)
