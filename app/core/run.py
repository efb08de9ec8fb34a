"""Program, Limits, Run and Outcome: what is run, under which limits, and how it ended; and which changes are legal."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

MAX_SOURCE = 64 * 1024
"""Largest program, in bytes of UTF-8."""

ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32, lower case: the digits of a run's id."""
ID_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Program:
    """Immutable source text with its digest."""

    source: str

    @property
    def digest(self) -> str:
        """SHA-256 of the UTF-8 source, hexadecimal."""
        return hashlib.sha256(self.source.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. Times in ns, sizes in bytes; all of the whole process tree unless said."""

    wall_ns: int = 10_000_000_000
    cpu_ns: int = 10_000_000_000
    memory_bytes: int = 256 << 20
    processes: int = 128
    open_files: int = 64
    file_bytes: int = 32 << 20
    tmp_bytes: int = 32 << 20
    shm_bytes: int = 32 << 20
    output_bytes: int = 1 << 20
    events: int = 1_000_000
    log_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Python:
    """An interpreter that programs can run on; `id` is what the interface calls it, like "3.12" or "3.13t"."""

    id: str
    version: str
    free_threaded: bool
    executable: str


class State(StrEnum):
    """Where a run stands."""

    queued = "queued"
    running = "running"
    finished = "finished"
    lost = "lost"


NEXT = {
    State.queued: {State.running, State.finished, State.lost},
    State.running: {State.finished, State.lost},
    State.finished: set[State](),
    State.lost: set[State](),
}
"""The legal transitions; queued → finished is a run stopped before it began."""


class Kind(StrEnum):
    """How a run ended."""

    completed = "completed"
    raised = "raised"
    exited = "exited"
    killed = "killed"
    timed_out = "timed_out"
    out_of_memory = "out_of_memory"
    output_limit = "output_limit"
    stopped = "stopped"
    sandbox_failed = "sandbox_failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a finished run ended; `detail` is one plain English line, or empty."""

    kind: Kind
    exit_code: int | None = None
    signal: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What did not get into the trace."""

    events: int = 0
    output_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a program, as it stands now. `created` is RFC 3339 in UTC; a `shared` run is kept longer."""

    id: str
    state: State
    created: str
    program: str
    python: Python
    limits: Limits
    sandbox: str
    epoch: int = 0
    example: str | None = None
    parent: str | None = None
    outcome: Outcome | None = None
    wall_ns: int | None = None
    cpu_ns: int | None = None
    events: int = 0
    dropped: Dropped = Dropped()
    trace_version: int = 1
    shared: bool = False


def outcome_of(end: End, *, raised: bool) -> Outcome:
    """The outcome that an end of the box stands for; `raised`: the log says that an exception ended the root."""
    if end.cause is not None:
        return Outcome(end.cause, detail=end.detail)
    if end.signal is not None:
        return Outcome(Kind.killed, signal=end.signal, detail=end.detail)
    if end.exit_code == 0:
        return Outcome(Kind.completed, exit_code=0)
    if end.exit_code == 1 and raised:
        return Outcome(Kind.raised, exit_code=1, detail=end.detail)
    return Outcome(Kind.exited, exit_code=end.exit_code, detail=end.detail)


@dataclass(frozen=True, slots=True)
class End:
    """What the sandbox saw of a box's end.

    `cause` is set when somebody other than the program ended it (timed_out, out_of_memory, output_limit, stopped,
    sandbox_failed); otherwise `exit_code` or `signal` is the root process's own.
    """

    wall_ns: int
    cpu_ns: int
    exit_code: int | None = None
    signal: int | None = None
    cause: Kind | None = None
    detail: str = ""
