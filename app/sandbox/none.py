"""No sandbox: programs run as they are, as the server's user, for somebody who trusts all of them.

    server ── nursery ── supervisor (one a box) ── init ── the program

Limits are kept as far as that goes without walls: whoever wants can leave its tree, and is not ended with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from app.core.errors import NoSandbox
from app.core.run import Limits, Program, Python
from app.sandbox import Guarantee
from app.sandbox.box import SECCOMP, Making, Parts, Way, try_out
from app.sandbox.supervised import TRACER, Supervised, build_images

PROBE, PROBE_LIMITS = Program(""), Limits(log_bytes=1 << 20)
LACKS = {
    "isolation": "none: a program sees and does what the server's user may",
    "system calls": "all of the kernel",
    "not root": "a program runs as the server's user",
    "files": "all that the server's user may read and write",
    "network": "the machine's",
    "wall time": "what has not left the program's tree is killed from outside",
    "CPU time": "best effort: the tree's, looked at every 20 ms; hard a process",
    "memory": "best effort: the tree's, looked at every 20 ms; hard address space a process",
    "processes and threads": "not limited",
    "open files and file size": "resource limits a process",
    "temporary files": "not limited, and they stay",
    "who holds the GIL": "not looked at",
    "nothing stays": "what has not left the program's tree ends with it",
}


class Nothing(Supervised):
    """The Sandbox that is none. Arguments as for Bubblewrap; raises NoSandbox where no program can run at all."""

    name = "none"

    def __init__(
        self,
        pythons: Iterable[Python],
        directory: Path | None = None,
        *,
        boxes: int = 4,
        tracer: Path = TRACER,
        pure: bool = False,
    ) -> None:
        super().__init__(directory, boxes)
        try:
            (self._folder.path / SECCOMP).touch()
            self._images = build_images(tuple(pythons), self._folder.path, tracer, pure=pure, walled=False)
            way = Way(staged=False, disable_userns=False)
            self._making = Making("none", None, way, self._folder.path, None, self._nursery)
            self._probe()
        except BaseException:
            self._remove()
            raise

    def _probe(self) -> None:
        end = try_out(Parts(next(iter(self._images.values())), PROBE_LIMITS, self._making, warm=False), PROBE)
        if end.get("exit_code") != 0:
            raise NoSandbox(f"Programs can't run: {end['detail'] or end}")

    def guarantees(self) -> tuple[Guarantee, ...]:
        """See Sandbox: nothing holds."""
        return tuple(Guarantee(name, holds=False, how=how) for name, how in LACKS.items())
