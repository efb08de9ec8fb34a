"""The walls of a box under gVisor: an OCI bundle, and the command that runs it.

Imported by the supervisor, so with the standard library alone.
"""

# ruff: noqa: PTH118, PTH123 - importing pathlib would cost a supervisor its time
from __future__ import annotations

import json
import os
import time
from typing import Any

from walls import HOME, LOG, RUN, Order  # type: ignore[import-not-found]

CAPABILITIES = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL", "CAP_DAC_OVERRIDE", "CAP_SETPCAP")
"""What init needs to write the program, to become somebody else and to end all the rest. The program has none."""
SHM = "/dev/shm"  # noqa: S108 - the box's


def command(order: Order, process: list[str]) -> list[str]:
    """Write the bundle for a box that begins with this process; runsc's command line."""
    with open(os.path.join(RUN, "config.json"), "w") as file:
        json.dump(specification(order, process), file)
    name = f"interleave-{os.getpid()}-{time.monotonic_ns()}"  # all of the machine's runsc share one space for names
    runsc = [order["program"], "--rootless", "--network=none", "--platform=ptrace", "--ignore-cgroups"]
    return [*runsc, f"--root={RUN}/state", "run", f"--bundle={RUN}", name]


def specification(order: Order, process: list[str]) -> dict[str, Any]:
    """What the box is made of: config.json of an OCI bundle."""
    (root, _), *binds = order["binds"]
    limits = order["limits"]
    mounts: list[dict[str, Any]] = [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        tmpfs("/dev", "mode=755"),
        tmpfs(SHM, "mode=1777", f"size={limits['shm_bytes']}"),
        tmpfs("/tmp", "mode=1777", f"size={limits['tmp_bytes']}"),  # noqa: S108 - the box's
        tmpfs(HOME, "mode=755", "uid=1000", "gid=1000", f"size={limits['tmp_bytes']}"),
    ]
    for source, inside in binds:
        options = ["rbind", "rw" if inside == LOG else "ro"]
        mounts.append({"destination": inside, "type": "bind", "source": source, "options": options})
    sets = ("bounding", "effective", "permitted")
    return {
        "ociVersion": "1.0.0",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": process,
            "env": [],
            "cwd": HOME,
            "capabilities": dict.fromkeys(sets, CAPABILITIES),
            "noNewPrivileges": True,
        },
        "root": {"path": root, "readonly": True},
        "hostname": "sandbox",
        "mounts": mounts,
        "linux": {"namespaces": [{"type": name} for name in ("pid", "network", "ipc", "uts", "mount")]},
    }


def tmpfs(destination: str, *options: str) -> dict[str, Any]:
    """A file system in memory."""
    return {"destination": destination, "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", *options]}
