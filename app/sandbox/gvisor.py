"""Boxes by gVisor: a kernel of its own between a program and this machine's, for strangers' programs.

    server ── nursery ── supervisor (one a box) ── runsc ── sentry, the kernel ── init (process 1) ── the program

What it costs is time, and with it the truth of the picture: a system call takes many times as long as without.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from app.core.errors import NoSandbox
from app.core.run import Limits, Program, Python
from app.sandbox import Guarantee, machine
from app.sandbox.box import SECCOMP, Making, Parts, Way, try_out
from app.sandbox.supervised import TRACER, Supervised, build_images

PROBE = Program("import os\nos._exit(0 if os.listdir('/home') == ['sandbox'] and os.getuid() == 1000 else 1)\n")
PROBE_LIMITS = Limits(log_bytes=1 << 20)
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
    """The Sandbox by gVisor's runsc. Arguments as for Bubblewrap. Raises NoSandbox."""

    name = "gvisor"

    def __init__(
        self,
        pythons: Iterable[Python],
        directory: Path | None = None,
        *,
        boxes: int = 4,
        tracer: Path = TRACER,
        pure: bool = False,
    ) -> None:
        runsc = shutil.which("runsc")
        if runsc is None:
            raise NoSandbox("Programs can't run: gVisor is missing. Install it, for example with `apt install runsc`.")
        super().__init__(directory, boxes)
        try:
            (self._folder.path / SECCOMP).touch()
            self._images = build_images(tuple(pythons), self._folder.path, tracer, pure=pure, walled=True)
            builder = machine.Builder(runsc, None)
            way = Way(staged=True, disable_userns=True)
            self._making = Making("gvisor", builder, way, self._folder.path, None, self._nursery)
            self._probe()
        except BaseException:
            self._remove()
            raise

    def _probe(self) -> None:
        end = try_out(Parts(next(iter(self._images.values())), PROBE_LIMITS, self._making, warm=False), PROBE)
        if end.get("exit_code") != 0:
            raise NoSandbox(f"Programs can't run in gVisor here: {end['detail'] or end}")

    def guarantees(self) -> tuple[Guarantee, ...]:
        """See Sandbox."""
        return PROMISES
