"""How processes of a box begin and end: who they are, whom they die with, and who is ended with them.

Imported by the supervisor, so with the standard library alone.
"""

# ruff: noqa: PTH123 - importing pathlib would cost a supervisor its time
from __future__ import annotations

import contextlib
import os
import signal

from walls import call  # type: ignore[import-not-found]

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38


def become(user: int | None, parent: int) -> None:
    """Drop every privilege for good, and die with the parent. In this order: a change of user forgets the signal."""
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    die_with(parent)


def die_with(parent: int) -> None:
    """Be killed when the parent is gone, and so when it is already."""
    call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit


def adopt_orphans() -> None:
    """Have those of this process's descendants come to it whose parents have died."""
    call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def spawn(arguments: list[str], streams: tuple[int, ...], inherited: tuple[int, ...]) -> int:
    """Start a program, which dies with this process, with these as its first descriptors."""
    supervisor = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        die_with(supervisor)
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
        for descriptor in inherited:
            os.set_inheritable(descriptor, True)
        os.execve(arguments[0], arguments, {})  # noqa: S606 - no shell is the point
    finally:
        os._exit(127)


def end_orphans() -> None:
    """Kill and reap what comes to this process where no kernel ends a tree: those whose parents have died."""
    with contextlib.suppress(ChildProcessError):
        while True:
            with open(f"/proc/self/task/{os.getpid()}/children") as children:
                for pid in children.read().split():
                    os.kill(int(pid), signal.SIGKILL)
            os.wait()
