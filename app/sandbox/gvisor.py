"""Boxes by gVisor: a kernel of its own between a program and this machine's, for strangers' programs.

    server ── nursery ── supervisor (one a box) ── runsc ── sentry, the kernel ── init (process 1) ── the program

What it costs is time, and with it the truth of the picture: a system call takes many times as long as without.
"""

from __future__ import annotations

import shutil

from app.core.errors import NoSandbox
from app.sandbox import Guarantee, machine
from app.sandbox.supervised import Supervised

PROMISES = (
    Guarantee("isolation", True, "a kernel of its own, in user space; this machine's sees gVisor alone"),
    Guarantee("system calls", True, "gVisor's, which makes few of this machine's"),
    Guarantee("not root", True, "on the host gVisor runs as a user id of its own, or as the server's user"),
    Guarantee("files", True, "only the interpreter, its standard library and its libraries, read-only"),
    Guarantee("network", True, "only a loopback of its own"),
    Guarantee("wall time", True, "hard: the whole tree is killed from outside"),
    Guarantee("CPU time", False, "best effort: the tree's with gVisor's own, looked at every 20 ms"),
    Guarantee("memory", False, "best effort: the tree's with gVisor's own, looked at every 20 ms"),
    Guarantee("processes and threads", False, "not limited in number: by memory and time alone"),
    Guarantee("open files and file size", True, "hard: resource limits, kept by gVisor"),
    Guarantee("temporary files", True, "hard: sized in memory, but not limited in their number"),
    Guarantee("true timing", False, "distorted: system calls and switches of threads take some ten times as long"),
    Guarantee("who holds the GIL", False, "not looked at: gVisor's memory can't be read from outside"),
    Guarantee("nothing stays", True, "the tree ends with its first process, its supervisor or the server"),
)


class Gvisor(Supervised):
    """The Sandbox by gVisor's runsc."""

    name = "gvisor"

    def _builder(self) -> machine.Builder:
        runsc = shutil.which("runsc")
        if runsc is None:
            raise NoSandbox("Programs can't run: gVisor is missing. Install it, for example with `apt install runsc`.")
        return machine.Builder(runsc, None)

    def _prove(self) -> None:
        end = self._try_out(self._making)
        if end.get("exit_code") != 0:
            raise NoSandbox(f"Programs can't run in gVisor here: {end['detail'] or end}")

    def guarantees(self) -> tuple[Guarantee, ...]:
        """See Sandbox."""
        return PROMISES
