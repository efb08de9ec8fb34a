"""Waits that may end without anybody's doing are told from those that only another lane can end."""

from __future__ import annotations

import pytest

from app.tracer import wire

from .conftest import Run


def test_a_timeout_limits_a_wait(run: Run) -> None:
    seen = run(
        """
        import os, queue, threading, time
        from concurrent.futures import Future
        held, again, condition, event = threading.Lock(), threading.RLock(), threading.Condition(), threading.Event()
        permits, jobs = threading.Semaphore(0), queue.Queue()
        held.acquire(), again.acquire()
        def wait(**limit):
            with condition: condition.wait(**limit)
        ways = {
            "lock": held.acquire,
            "rlock": again.acquire,
            "condition": wait,
            "event": event.wait,
            "semaphore": lambda **limit: permits.acquire(**limit),
            "barrier": lambda **limit: threading.Barrier(2, **limit).wait(),
            "queue": jobs.get,
            "future": Future().result,
            "join": threading.main_thread().join,
        }
        for kind, way in ways.items():
            threading.Thread(target=way, name=kind, daemon=True).start()
            threading.Thread(target=way, kwargs={"timeout": 60}, name=kind + ", limited", daemon=True).start()
        time.sleep(1)
        os._exit(0)
        """
    )

    waits = {lane.name: lane.spans[-1] for lane in seen.lanes("thread") if lane.name != "MainThread"}
    assert len(waits) == 18
    assert {name: (span.state, span.limited) for name, span in waits.items()} == {
        name: (wire.WAITING, "limited" in name) for name in waits
    }


@pytest.mark.parametrize(
    ("step", "limited"),
    [("pass", False), ("loop.call_later(60, print)", True), ("loop.add_reader(os.pipe()[0], print)", True)],
    ids=["nothing", "timer", "connection"],
)
def test_timers_and_connections_limit_an_event_loops_wait(run: Run, step: str, limited: bool) -> None:
    seen = run(
        f"""
        import asyncio, os, threading, time
        async def main():
            loop = asyncio.get_running_loop()
            {step}
            threading.Timer(0.3, os._exit, [0]).start()
            await loop.create_future()
        asyncio.run(main())
        """
    )

    last = seen.lane("MainThread").spans[-1]
    assert (last.state, last.limited) == (wire.WAITING, limited)
