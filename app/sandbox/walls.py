"""The walls of a box: mounts that are staged outside, bubblewrap's command line, and the limits of what runs inside.

Imported by the supervisor, so with the standard library alone.
"""

# ruff: noqa: PTH101, PTH102, PTH112, PTH123 - importing pathlib would cost a supervisor its time
# ruff: noqa: S108 - these paths are in mount namespaces of our own
from __future__ import annotations

import ctypes
import os
from typing import Any

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18

STAGE = "/tmp"
"""Where the mounts are prepared: there on every machine, and hidden by ours in this process alone."""
HOME, LOG = "/home/sandbox", "/run/interleave/log"
RUN = f"{STAGE}/run"
"""Where a bundle is written, and runsc keeps its state."""
HOME_FILES, SHM_FILES = 4096, 1024
ADDRESS_SPACE = 32
"""RLIMIT_AS as a multiple of the memory limit: stacks and arenas reserve far more than they use, 100 threads 2 GiB."""
DEVICES = ("null", "zero", "full", "random", "urandom")

Order = dict[str, Any]


def stage(order: Order) -> None:
    """In a mount namespace of our own, make sized file systems and bring all that is bound to reachable paths.

    An ordinary user does it in a user namespace too, for a limit on the number of files: bubblewrap has none.
    """
    user, group = order["user"] or os.geteuid(), order["user"] or os.getegid()
    if os.geteuid() == 0:
        call("unshare", CLONE_NEWNS)
    else:
        call("unshare", CLONE_NEWNS | CLONE_NEWUSER)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    sources = [path for path, _ in order["binds"]] + [order["folder"]] * bool(order["folder"])
    descriptors = [os.open(path, os.O_PATH | os.O_CLOEXEC) for path in sources]
    mount("tmpfs", STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,nr_inodes=64,mode=755")
    for index, descriptor in enumerate(descriptors):
        place = f"{STAGE}/{index}"
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            os.mkdir(place, 0o755)
        else:
            os.close(os.open(place, os.O_CREAT | os.O_CLOEXEC, 0o644))
        mount(f"/proc/self/fd/{descriptor}", place, "", MS_BIND)
        os.close(descriptor)
    if order["folder"]:
        order["program"] = f"{STAGE}/{len(sources) - 1}{order['program'].removeprefix(order['folder'])}"
    order["binds"] = [[f"{STAGE}/{index}", inside] for index, (_, inside) in enumerate(order["binds"])]
    os.mkdir(RUN, 0o700)
    os.chown(RUN, user, group)
    for name, size, files, folders in (
        ("files", order["limits"]["tmp_bytes"], HOME_FILES, {"tmp": 0o1777, "home": 0o755}),
        ("shm", order["limits"]["shm_bytes"], SHM_FILES, {"shm": 0o1777}),
    ):
        os.mkdir(f"{STAGE}/{name}", 0o755)
        mount("tmpfs", f"{STAGE}/{name}", "tmpfs", MS_NOSUID | MS_NODEV, f"size={size},nr_inodes={files},mode=755")
        for folder, mode in folders.items():
            os.mkdir(f"{STAGE}/{name}/{folder}")
            os.chmod(f"{STAGE}/{name}/{folder}", mode)
            os.chown(f"{STAGE}/{name}/{folder}", user, group)


def call(name: str, *arguments: int | bytes | None) -> None:
    """Call into the C library. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """mount(2)."""
    call("mount", source.encode(), target.encode(), kind.encode(), flags, data.encode())


def walls(order: Order) -> list[str]:
    """Bubblewrap's command line, up to the program that it starts as process 1."""
    limits = order["limits"]
    root, *binds = order["binds"]
    options: list[object] = [
        *(order["program"], "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--as-pid-1"),
        *("--uid", 1000, "--gid", 1000, "--hostname", "sandbox", "--cap-drop", "ALL", "--clearenv"),
        *(("--disable-userns", "--assert-userns-disabled") if order["disable_userns"] else ()),
        *("--ro-bind", *root),
    ]
    for path, inside in binds:
        options += ["--bind" if inside == LOG else "--ro-bind", path, inside]
    for device in DEVICES:
        options += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    if order["staged"]:
        options += ["--bind", f"{STAGE}/files/tmp", "/tmp", "--bind", f"{STAGE}/files/home", HOME]
        options += ["--bind", f"{STAGE}/shm/shm", "/dev/shm"]
    else:
        options += ["--perms", "1777", "--size", limits["tmp_bytes"], "--tmpfs", "/tmp"]
        options += ["--size", limits["tmp_bytes"], "--tmpfs", HOME]
        options += ["--perms", "1777", "--size", limits["shm_bytes"], "--tmpfs", "/dev/shm"]
    options += ["--proc", "/proc", "--remount-ro", "/proc", "--chdir", HOME, "--seccomp", order["seccomp"]]
    return list(map(str, options))


def rlimits(order: Order) -> list[str]:
    """What init sets on the program's root process: hard, and kept by the kernel."""
    limits = order["limits"]
    found = [
        f"RLIMIT_NOFILE={limits['open_files']}",
        f"RLIMIT_FSIZE={min(limits['file_bytes'], limits['log_bytes'])}",
        f"RLIMIT_AS={limits['memory_bytes'] * ADDRESS_SPACE}",
        "RLIMIT_CORE=0",
    ]
    if order["walls"] != "gvisor":  # which counts the time that others have the processor, too
        found.append(f"RLIMIT_CPU={limits['cpu_ns'] // 1_000_000_000 + 2}")
    if order["walls"] == "bubblewrap":  # else it would count what the user runs elsewhere
        found.append(f"RLIMIT_NPROC={limits['processes'] + 1}")  # init itself is counted
    return found
