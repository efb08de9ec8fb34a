"""A trace made by hand that holds every kind of event and the hard cases of the fold; one of the golden recordings."""

from __future__ import annotations

from app.core.event import Chunk, events_of
from app.tracer import wire

MS = 1_000_000.0
ROOT, MAIN, WORKER, DAEMON, CHILD, CHILD_MAIN, TASK_1, TASK_2, OUTSIDE = range(1, 10)
LOCK, QUEUE, JOIN_WORKER, SELECTOR, SLEEP, JOIN_CHILD, FUTURE, GIL, HANDED = range(1, 10)
IN_WORKER, IN_MAIN = 1, 2
BIAS = 1 << 31

Row = tuple[float, float, int, int, int, int, str, int, int]


def row(
    kind: int,
    t: float,
    lane: int,
    *,
    flags: int = 0,
    end: float = 0,
    obj: int = 0,
    by: int = 0,
    place: int = 0,
    text: str = "",
) -> Row:
    """One event; t in ms."""
    return (t * MS, end, lane, obj, by, place, text, kind, flags)


def step(t: float, end: float, lane: int, after: int, obj: int = 0, place: int = 0) -> Row:
    """A STEP; times in ms."""
    return row(wire.STEP, t, lane, end=end * MS, flags=after, obj=obj, place=place)


FIRST = [
    row(wire.LANE, 0, ROOT, flags=wire.PROCESS, end=2, text="MainProcess"),
    row(wire.STATE, 0, ROOT, flags=wire.RUNNING),
    row(wire.LANE, 0, MAIN, flags=wire.THREAD, obj=ROOT, end=2, text="MainThread"),
    row(wire.STATE, 0, MAIN, flags=wire.RUNNING),
    row(wire.PLACE, 1, MAIN, obj=IN_WORKER, end=7, flags=1, text="worker"),
    row(wire.PLACE, 1, MAIN, obj=IN_MAIN, end=20, flags=1, text="<module>"),
    row(wire.RESOURCE, 1, MAIN, obj=LOCK, flags=wire.LOCK, place=IN_MAIN),
    row(wire.LANE, 2, WORKER, flags=wire.THREAD | wire.TOLD, obj=ROOT, by=MAIN, text="Thread-1 (worker)"),
    row(wire.LANE, 2.1, DAEMON, flags=wire.THREAD | wire.TOLD, obj=ROOT, by=MAIN, text="watcher"),
    row(wire.STATE, 2.2, WORKER, flags=wire.RUNNING),
    row(wire.LANE, 2.2, WORKER, flags=wire.THREAD, obj=ROOT, end=4, text="Thread-1 (worker)"),
    row(wire.STATE, 2.3, DAEMON, flags=wire.RUNNING),
    row(wire.RESOURCE, 2.4, DAEMON, obj=SLEEP, flags=wire.SLEEP),
    row(wire.STATE, 2.4, DAEMON, flags=wire.WAITING, obj=SLEEP, place=IN_WORKER),
    row(wire.OUTPUT, 2.5, WORKER, flags=1, text="Привет <b>\n"),
    row(wire.OUTPUT, 2.6, ROOT, flags=2 | wire.INFERRED, text="raw\x00bytes"),
]

HANDOFF = [
    row(wire.HOLD, 3, WORKER, obj=LOCK),
    row(wire.STATE, 4, MAIN, flags=wire.WAITING, obj=LOCK, place=IN_MAIN),
    row(wire.RESOURCE, 4, MAIN, obj=LOCK, flags=wire.LOCK, text="lock"),
    row(wire.HOLD, 3, WORKER, obj=LOCK, end=6 * MS),
    row(wire.STATE, 6.1, MAIN, flags=wire.RUNNING),
    row(wire.HOLD, 6.1, MAIN, obj=LOCK, end=6.5 * MS),
    row(wire.RESOURCE, 7, MAIN, obj=QUEUE, flags=wire.QUEUE, text="jobs"),
    row(wire.STATE, 7, WORKER, flags=wire.WAITING | wire.LIMITED, obj=QUEUE, place=IN_WORKER),
    row(wire.LEVEL, 8, MAIN, obj=QUEUE, end=1),
    row(wire.ACT, 8, MAIN, obj=QUEUE, flags=wire.PUT, end=1),
    row(wire.ACT, 8.1, WORKER, obj=QUEUE, flags=wire.GET, end=1),
    row(wire.ACT, 8.15, MAIN, obj=QUEUE, flags=wire.GET, end=2),
    row(wire.STATE, 8.2, WORKER, flags=wire.RUNNING),
    row(wire.LEVEL, 8.3, WORKER, obj=QUEUE, end=0),
]

TASKS = [
    row(wire.RESOURCE, 9, MAIN, obj=SELECTOR, flags=wire.IO, text="event loop"),
    row(wire.LANE, 9, TASK_1, flags=wire.TASK, obj=MAIN, by=MAIN, text="Task-1"),
    row(wire.LANE, 9.2, TASK_2, flags=wire.TASK, obj=MAIN, by=TASK_1, text="Task-2"),
    row(wire.STATE, 9.2, TASK_2, flags=wire.READY, by=TASK_1),
    row(wire.RESOURCE, 9.3, TASK_1, obj=FUTURE, flags=wire.TASK_WAIT, by=TASK_2),
    step(9.1, 9.4, TASK_1, wire.WAITING, FUTURE, IN_MAIN),
    step(9.4, 9.5, TASK_2, wire.READY),
    step(9.6, 9.8, TASK_2, wire.ENDS),
    row(wire.END, 9.8, TASK_2, flags=wire.RAISED, text="ValueError: bad"),
    row(wire.MARK, 9.8, TASK_2, flags=wire.EXCEPTION, text="ValueError: bad", place=IN_WORKER),
    row(wire.STATE, 9.8, TASK_1, flags=wire.READY, by=TASK_2),
    row(wire.STATE, 9.9, MAIN, flags=wire.WAITING, obj=SELECTOR),
    row(wire.STATE, 10, MAIN, flags=wire.RUNNING),
    step(10, 10.5, TASK_1, wire.ENDS),
    row(wire.END, 10.5, TASK_1, flags=wire.RETURNED),
    row(wire.NAME, 10.6, TASK_1, text="main"),
    row(wire.RESOURCE, 10.6, WORKER, obj=HANDED, flags=wire.FUTURE, by=MAIN),
    row(wire.RESOURCE, 10.6, MAIN, obj=HANDED, flags=wire.FUTURE, by=TASK_1),
]

PROCESSES = [
    row(wire.LANE, 12, CHILD, flags=wire.PROCESS, end=9),
    row(wire.STATE, 12, CHILD, flags=wire.RUNNING),
    row(wire.LANE, 12, CHILD_MAIN, flags=wire.THREAD, obj=CHILD, end=9, text="MainThread"),
    row(wire.STATE, 12, CHILD_MAIN, flags=wire.RUNNING),
    row(wire.LANE, 11, CHILD, flags=wire.PROCESS | wire.TOLD, obj=ROOT, by=MAIN, end=9, text="Process-1"),
    row(wire.LANE, 11.5, OUTSIDE, flags=wire.PROCESS | wire.TOLD | wire.INTERNAL, obj=ROOT, by=MAIN, end=11, text="sh"),
    row(wire.RESOURCE, 13, MAIN, obj=JOIN_CHILD, flags=wire.CHILD, by=CHILD),
    row(wire.STATE, 13, MAIN, flags=wire.WAITING, obj=JOIN_CHILD, place=IN_MAIN),
    row(wire.END, 15, CHILD, flags=wire.EXITED, obj=3 + BIAS),
    row(wire.END, 15.2, CHILD, flags=wire.EXITED, obj=3 + BIAS),
    row(wire.STATE, 15.3, MAIN, flags=wire.RUNNING),
    row(wire.RESOURCE, 15.4, MAIN, obj=JOIN_WORKER, flags=wire.JOIN, by=WORKER),
    row(wire.STATE, 15.4, MAIN, flags=wire.WAITING, obj=JOIN_WORKER, place=IN_MAIN),
    row(wire.END, 16, WORKER, flags=wire.RETURNED),
    row(wire.STATE, 16.2, MAIN, flags=wire.RUNNING),
    row(wire.RESOURCE, 16.3, ROOT, obj=GIL, flags=wire.GIL),
    row(wire.HOLD, 16.5, MAIN, obj=GIL, end=17 * MS, flags=wire.INFERRED),
    row(wire.CPU, 17, MAIN, end=4 * MS),
    row(wire.CPU, 14, MAIN, end=3 * MS, flags=wire.INFERRED),
    row(wire.CPU, 12, WORKER, end=MS, flags=wire.INFERRED),
    row(wire.STAT, 17, ROOT, flags=wire.DROPPED_EVENTS, end=2),
    row(wire.STAT, 17, ROOT, flags=wire.TRACER_NS, end=1000),
    row(wire.END, 18, ROOT, flags=wire.RETURNED, obj=BIAS),
]


def chunks() -> list[Chunk]:
    """The whole trace, in four chunks."""
    parts = (FIRST, HANDOFF, TASKS, PROCESSES)
    known = (2.6, 8.3, 10.6, 18)
    return [
        Chunk(seq, upto * MS, 0, events_of(list(part)))
        for seq, (part, upto) in enumerate(zip(parts, known, strict=True), 1)
    ]


HIDDEN = [
    row(wire.LANE, 0, ROOT, flags=wire.PROCESS, end=2, text="main process"),
    row(wire.LANE, 0, MAIN, flags=wire.THREAD, obj=ROOT, end=2, text="MainThread"),
    row(wire.STATE, 0, MAIN, flags=wire.RUNNING),
    row(wire.RESOURCE, 0, ROOT, obj=1, flags=wire.GIL, text="GIL"),
    row(wire.LANE, 1, WORKER, flags=wire.THREAD, obj=ROOT, by=MAIN, text="short"),
    row(wire.LANE, 1, DAEMON, flags=wire.THREAD, obj=ROOT, by=MAIN, text="long"),
    row(wire.STATE, 2, DAEMON, flags=wire.RUNNING),
    row(wire.HOLD, 2, DAEMON, obj=1, end=9 * MS, flags=wire.INFERRED),
    row(wire.STATE, 3, WORKER, flags=wire.RUNNING),
    row(wire.RESOURCE, 3, MAIN, obj=2, flags=wire.JOIN, by=WORKER),
    row(wire.STATE, 3, MAIN, flags=wire.WAITING, obj=2),
    row(wire.END, 4, WORKER, flags=wire.RETURNED),
    row(wire.STATE, 5, MAIN, flags=wire.RUNNING),
    row(wire.END, 6, MAIN, flags=wire.RETURNED),
]
"""What ran for so short a time that the sampler saw another with the GIL: its causes and effects are there all the same."""


def hidden() -> list[Chunk]:
    """The trace of those that were hidden, in one chunk."""
    return [Chunk(1, 9 * MS, 0, events_of(list(HIDDEN)))]


PASSED = [
    row(wire.LANE, 0, ROOT, flags=wire.PROCESS, end=2, text="main process"),
    row(wire.LANE, 0, MAIN, flags=wire.THREAD, obj=ROOT, end=2, text="MainThread"),
    row(wire.STATE, 0, MAIN, flags=wire.RUNNING),
    row(wire.PLACE, 0, MAIN, obj=IN_MAIN, end=20, flags=1, text="<module>"),
    row(wire.STATE, 1, TASK_1, flags=wire.READY, by=MAIN, place=IN_MAIN),
    row(wire.LANE, 1, TASK_1, flags=wire.TASK, obj=MAIN, by=MAIN, place=IN_MAIN, text="holder"),
    row(wire.LANE, 1.1, TASK_2, flags=wire.TASK, obj=MAIN, by=MAIN, place=IN_MAIN, text="next"),
    row(wire.STATE, 1.1, TASK_2, flags=wire.READY, by=MAIN, place=IN_MAIN),
    row(wire.LANE, 1.2, OUTSIDE, flags=wire.TASK, obj=MAIN, by=MAIN, text="impatient"),
    row(wire.STATE, 1.2, OUTSIDE, flags=wire.READY, by=MAIN),
    row(wire.RESOURCE, 2, TASK_1, obj=LOCK, flags=wire.LOCK, text="lock"),
    step(2, 2.5, TASK_1, wire.READY),
    step(2.5, 3, TASK_2, wire.WAITING, LOCK, IN_MAIN),
    step(3, 3.5, OUTSIDE, wire.WAITING, LOCK, IN_MAIN),
    row(wire.ACT, 4, TASK_1, obj=LOCK, flags=wire.CANCEL),
    row(wire.STATE, 4, OUTSIDE, flags=wire.READY, by=TASK_1),
    row(wire.HOLD, 2, TASK_1, obj=LOCK, end=5 * MS),
    row(wire.STATE, 5.1, TASK_2, flags=wire.READY, by=TASK_1),
    step(3.5, 5.5, TASK_1, wire.ENDS),
    row(wire.END, 5.5, TASK_1, flags=wire.RETURNED),
    step(5.6, 5.8, OUTSIDE, wire.ENDS),
    row(wire.END, 5.8, OUTSIDE, flags=wire.CANCELLED, by=TASK_1),
    step(6, 6.5, TASK_2, wire.ENDS),
    row(wire.END, 6.5, TASK_2, flags=wire.RETURNED),
]
"""An asyncio lock handed from task to task, one that is cancelled while it waits, and tasks that are ready at once."""


def passed() -> list[Chunk]:
    """The trace of that lock, in one chunk."""
    return [Chunk(1, 7 * MS, 0, events_of(list(PASSED)))]


POOL, RESULT, LATER, EMPTY = range(1, 5)
HELPER = OUTSIDE


def job(t: float, lane: int, what: int, number: int, by: int = 0, place: int = 0) -> Row:
    """A JOB of the pool."""
    return row(wire.JOB, t, lane, flags=what, obj=POOL, end=number, by=by, place=place)


JOBS = [
    row(wire.LANE, 0, ROOT, flags=wire.PROCESS, end=2, text="main process"),
    row(wire.LANE, 0, MAIN, flags=wire.THREAD, obj=ROOT, end=2, text="MainThread"),
    row(wire.STATE, 0, MAIN, flags=wire.RUNNING),
    row(wire.PLACE, 0, MAIN, obj=IN_MAIN, end=20, flags=1, text="<module>"),
    row(wire.PLACE, 0, MAIN, obj=IN_WORKER, end=7, flags=1, text="work"),
    row(wire.RESOURCE, 0, MAIN, obj=POOL, flags=wire.EXECUTOR, text="pool"),
    row(wire.LANE, 0.5, WORKER, flags=wire.THREAD, obj=ROOT, by=MAIN, text="worker"),
    row(wire.LANE, 0.6, HELPER, flags=wire.THREAD | wire.INTERNAL, obj=ROOT, by=MAIN, text="helper"),
    row(wire.LANE, 0.7, CHILD, flags=wire.PROCESS, obj=ROOT, by=MAIN, end=9, text="PoolWorker-1"),
    row(wire.LANE, 0.7, CHILD_MAIN, flags=wire.THREAD, obj=CHILD, end=9, text="MainThread"),
    row(wire.STATE, 0.8, WORKER, flags=wire.RUNNING),
    row(wire.STATE, 0.9, WORKER, flags=wire.WAITING, obj=POOL),
    row(wire.STATE, 0.9, HELPER, flags=wire.WAITING, obj=POOL),
    row(wire.STATE, 0.9, CHILD_MAIN, flags=wire.WAITING, obj=POOL),
    job(1, MAIN, wire.SUBMITTED, 1, IN_WORKER, IN_MAIN),
    job(1.1, MAIN, wire.SUBMITTED, 2, IN_WORKER, IN_MAIN),
    job(1.2, MAIN, wire.SUBMITTED, 3, IN_WORKER, IN_MAIN),
    job(1.3, WORKER, wire.BEGAN, 1),
    job(1.4, MAIN, wire.DONE + wire.CANCELLED, 2),
    row(wire.RESOURCE, 1.5, MAIN, obj=RESULT, flags=wire.FUTURE, text="first"),
    row(wire.STATE, 1.5, MAIN, flags=wire.WAITING, obj=RESULT, place=IN_MAIN),
    row(wire.STATE, 1.6, WORKER, flags=wire.WAITING, obj=EMPTY),
    row(wire.STATE, 1.8, WORKER, flags=wire.RUNNING),
    job(2, WORKER, wire.DONE + wire.RAISED, 1),
    row(wire.ACT, 2, WORKER, obj=RESULT, flags=wire.WAKE),
    row(wire.STATE, 2.1, MAIN, flags=wire.RUNNING),
    row(wire.STATE, 2.2, WORKER, flags=wire.WAITING, obj=POOL),
    job(3, MAIN, wire.IN_PARTS, 4, IN_WORKER, IN_MAIN),
    job(3, MAIN, wire.PART, 4, 0, 5),
    job(3, MAIN, wire.PART, 4, 1, 2),
    row(wire.RESOURCE, 3.1, MAIN, obj=LATER, flags=wire.FUTURE),
    row(wire.STATE, 3.1, MAIN, flags=wire.WAITING, obj=LATER, place=IN_MAIN),
    job(3.2, CHILD_MAIN, wire.BEGAN, 4, 0),
    job(4, CHILD_MAIN, wire.DONE + wire.RETURNED, 4, 0),
    job(4.1, CHILD_MAIN, wire.BEGAN, 4, 1),
    job(4.3, HELPER, wire.DELIVERED, 4, 0),
    row(wire.ACT, 4.4, HELPER, obj=LATER, flags=wire.WAKE),
    row(wire.STATE, 4.5, MAIN, flags=wire.RUNNING),
    row(wire.END, 5, CHILD, flags=wire.KILLED, obj=BIAS - 9),
    row(wire.END, 5.5, WORKER, flags=wire.RETURNED),
]
"""Jobs of a pool whose workers are a thread and a process: one that raised, one cancelled, one left in the queue, and a
call in two parts of which one was cut off; a helper brought the result of the other."""


def jobs() -> list[Chunk]:
    """The trace of these jobs, in two chunks."""
    return [Chunk(1, 3 * MS, 0, events_of(JOBS[:30])), Chunk(2, 6 * MS, 0, events_of(JOBS[30:]))]
