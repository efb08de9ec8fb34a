"""No sandbox: programs run as they are, as the server's user, for somebody who trusts all of them.

    server ── nursery ── supervisor (one a box) ── init ── the program

Limits are kept as far as that goes without walls: whoever wants can leave its tree, and is not ended with it.
"""

from __future__ import annotations

from dataclasses import replace

from app.core.errors import NoSandbox
from app.core.run import Program
from app.sandbox import Guarantee
from app.sandbox.box import Way
from app.sandbox.supervised import Supervised

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
    """The Sandbox that is none."""

    name = "none"

    def _builder(self) -> None:
        """Nothing builds walls."""

    def _prove(self) -> None:
        self._making = replace(self._making, way=Way(staged=False, disable_userns=False))
        end = self._try_out(self._making, Program(""))
        if end.get("exit_code") != 0:
            raise NoSandbox(f"Programs can't run: {end['detail'] or end}")

    def guarantees(self) -> tuple[Guarantee, ...]:
        """See Sandbox: nothing holds."""
        return tuple(Guarantee(name, holds=False, how=how) for name, how in LACKS.items())
