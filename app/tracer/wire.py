"""The words of the flight log: docs/trace-format.md as constants, and how the server formats an empty log.

Shared by the tracer, which writes the log, and by `app.core`, which reads it. Imports and hooks nothing.
"""

from __future__ import annotations

MAGIC = 0x31474F4C564C4E49  # "INLVLOG1"
VERSION = 1
PAGE = 4096
SEGMENT = 64 * 1024
PROCESSES = 240
HINT_AT = 40
WARM_AT = 48
PROCESS_AT = 64
TABLE_AT = PAGE
ENTRY = 32
SLOT = 32
CELL = 16
MAX_TEXT = 4000
LOG_PATH = "/run/interleave/log"

RECORDS, TEXTS, CELLS = 1, 2, 3

LANE, STATE, STEP, END, RESOURCE, HOLD, LEVEL, ACT, MARK, OUTPUT, PLACE, NAME, CPU, STAT, JOB = range(1, 16)

PROCESS, THREAD, TASK = 0, 1, 2
INTERNAL, TOLD = 16, 32
INFERRED, LIMITED = 16, 32

CREATED, RUNNING, READY, WAITING = 1, 2, 3, 4
ENDS = 0

RETURNED, RAISED, CANCELLED, EXITED, KILLED, UNFINISHED = 1, 2, 3, 4, 5, 6

LOCK, RLOCK, CONDITION, SEMAPHORE, EVENT, BARRIER, QUEUE, PIPE = 1, 2, 3, 4, 5, 6, 7, 8
JOIN, FUTURE, TASK_WAIT, SLEEP, IO, CHILD, EXECUTOR, GIL = 9, 10, 11, 12, 13, 14, 15, 16

WAKE, PUT, GET, CANCEL = 1, 2, 3, 4

SUBMITTED, IN_PARTS, PART, BEGAN, DONE, DELIVERED = 1, 2, 3, 4, 4, 8
"""What JOB says; how a job ended is DONE + the ending."""

FAILED_START, EXCEPTION, WARNING, NEVER_RETRIEVED, NEVER_AWAITED = 1, 2, 3, 4, 5

TRACER_NS, SAMPLER_HZ, MISSED_SWITCHES, DROPPED_EVENTS, DROPPED_OUTPUT, IN_C, IN_PYTHON, CPU_HZ = range(1, 9)

PACKET_MAGIC = b"\x00ilv"
"""How a packet of the tracer's streams begins: magic, u32 lane, u64 t, u32 length, then at most 4 KB of text."""
PACKET_HEADER = "<4sIQI"
PACKET = 4096


def table_bytes(segments: int) -> int:
    """The table's size in bytes, rounded up to a page."""
    return -(-segments * ENTRY // PAGE) * PAGE


def layout(size: int) -> tuple[int, int]:
    """How many segments a log of `size` bytes has, and where the first begins."""
    segments = (size - PAGE) // (SEGMENT + ENTRY)
    while PAGE + table_bytes(segments) + segments * SEGMENT > size:
        segments -= 1
    return segments, PAGE + table_bytes(segments)


def header(size: int, *, warm: bool = False) -> bytes:
    """The first 64 bytes of an empty log of `size` bytes; the rest is zeros. `warm`: its first process has to wait."""
    segments, _ = layout(size)
    words = (MAGIC, VERSION, size, SEGMENT, segments, 0, int(warm), 0)
    return b"".join(word.to_bytes(8, "little") for word in words)
