"""The seam between the recorder and what keeps a hostile program in: prepare a box, hand it a program, see its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from app.core.run import End, Kind, Limits, Program, Python


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One promise of a sandbox: whether it holds here, and how it is kept."""

    name: str
    holds: bool
    how: str


class Box(Protocol):
    """A single-use box: an interpreter behind walls, waiting for its one program.

    `log` is a descriptor of the flight log (docs/trace-format.md), readable by pread, of `log_bytes` bytes.
    `samples` is a descriptor of what sampler.py saw from outside so far, empty where nobody can look inside.
    `costs` is about how much CPU time, in ns, the tracer spends on a record of each kind.
    `ahead` is what to add to the program's times, in ns, to have this machine's.
    `stdout` and `stderr` are non-blocking read ends of packet-mode pipes or sockets: one read, one packet.
    All of them belong to the box and stay open until `close`.
    """

    log: int
    log_bytes: int
    samples: int
    costs: dict[int, float]
    ahead: int
    stdout: int
    stderr: int

    async def run(self, program: Program) -> int:
        """Hand over the program; returns zero, the ns of CLOCK_MONOTONIC at which it was handed over."""
        ...

    async def wait(self) -> End:
        """Return when the root process has ended or was ended, and every process of the tree is gone."""
        ...

    def kill(self, cause: Kind, detail: str = "") -> None:
        """End the whole tree for this cause; `wait` then says so. Harmless when it has ended already."""
        ...

    async def close(self) -> None:
        """Kill what is left, reap it and free every resource; may be called at any time, and twice."""
        ...


class Sandbox(Protocol):
    """A backend. Constructing one probes the machine and raises NoSandbox, with how to mend it, if it can't hold."""

    name: str

    def guarantees(self) -> tuple[Guarantee, ...]:
        """What holds here, for the page and /healthz."""
        ...

    async def prepare(self, python: Python, limits: Limits, *, warm: bool = False) -> Box:
        """A box that is ready for its program. Raises NoSandbox when the backend stopped working.

        A `warm` one takes longer: its interpreter has started and has imported what concurrent programs do.
        """
        ...

    async def close(self) -> None:
        """End every box that is still open."""
        ...
