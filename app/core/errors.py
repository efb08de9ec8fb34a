"""The tree of errors that are ours (a program's failure is an Outcome, never one of these).

InterleaveError
├── BadInput          something the caller sent is wrong; `field` says what
│   ├── TooLarge      the source is over its bound
│   └── BadRecord     bytes that claim to be a chunk or a record are not
├── UnknownRun        no such run
├── DeletedRun        there was one
├── NotYet            the run has not ended
├── Forbidden         a token or an origin is wrong
├── Busy              over quota or queue; `retry_after` in seconds
├── Fenced            an append or finish came from a runner that no longer owns the run
├── Unavailable       the store can't be read or written at the moment: a full disk, a lock that others hold
├── DamagedTrace      a stored trace is missing or is not what was stored
└── NoSandbox         nothing safe is available; the message says how to mend it
"""

from __future__ import annotations


class InterleaveError(Exception):
    """Root of the tree."""


class BadInput(InterleaveError):
    """Something the caller sent is wrong; `field` names it."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class TooLarge(BadInput):
    """The source is over its bound."""


class BadRecord(BadInput):
    """Bytes that claim to be a chunk or a record are not."""


class UnknownRun(InterleaveError):
    """There is no such run."""


class DeletedRun(InterleaveError):
    """The run was deleted."""


class NotYet(InterleaveError):
    """The run has not ended."""


class Forbidden(InterleaveError):
    """A token or an origin is wrong."""


class Busy(InterleaveError):
    """Over quota or queue; try again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Fenced(InterleaveError):
    """An append or a finish came from a runner that no longer owns the run."""


class Unavailable(InterleaveError):
    """The store can't be read or written at the moment: its disk is full, or somebody else holds its lock."""


class DamagedTrace(InterleaveError):
    """A stored trace is missing or is not what was stored."""


class NoSandbox(InterleaveError):
    """No safe sandbox is available; the message says how to mend it."""
