"""Signals: a handler runs where the wait it came into goes on behind it, and is the program's own to look at."""

from __future__ import annotations

import pytest

from .conftest import Run, Wait

SAME = {
    "what is installed": """
        import functools, signal
        class Thing:
            def method(self, *_): pass
            def __call__(self, *_): pass
        thing = Thing()
        def handler(*_): pass
        for each in handler, thing.method, thing, functools.partial(handler), print, signal.SIG_IGN, signal.SIG_DFL:
            before = signal.signal(signal.SIGUSR1, each)
            print(signal.getsignal(signal.SIGUSR1) == each, before is signal.SIG_DFL, before == handler)
        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, signal.signal.__name__, signal.pause.__doc__)
        for wrong in ((signal.SIGUSR1, 7), (signal.SIGKILL, handler), (signal.SIGUSR1,)):
            try:
                signal.signal(*wrong)
            except (TypeError, OSError) as error:
                print(type(error).__name__, error)
    """,
    "an error in a handler": """
        import os, signal, time, traceback
        def handler(number, frame):
            print(frame.f_code.co_name, frame.f_lineno)
            raise LookupError(number)
        def work():
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            time.sleep(5)
        signal.signal(signal.SIGALRM, handler)
        try:
            work()
        except LookupError:
            traceback.print_exc()
        os.kill(os.getpid(), signal.SIGALRM)
    """,
    "an interrupt": """
        import os, signal, time
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.alarm(1)
        time.sleep(5)
    """,
    "a loop's handler": """
        import asyncio, os, signal
        async def main():
            got = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, got.set)
            os.kill(os.getpid(), signal.SIGUSR1)
            await got.wait()
            print("got it", asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR1))
        asyncio.run(main())
    """,
}


@pytest.mark.parametrize("name", SAME)
def test_a_program_does_not_notice(run: Run, name: str) -> None:
    bare, traced = run(SAME[name], traced=False), run(SAME[name])

    assert (traced.stdout, traced.stderr, traced.exit_code) == (bare.stdout, bare.stderr, bare.exit_code)


def test_a_wait_goes_on_behind_the_handler_that_came_into_it(run: Run) -> None:
    seen = run(
        """
        import os, queue, signal, threading, time
        jobs = queue.Queue()
        def handler(number, frame):
            time.sleep(0.05)
            jobs.put(number)
        signal.signal(signal.SIGUSR1, handler)
        def work():
            print(jobs.get())
        def send():
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(0.3)
            lock.release()
        lock = threading.Lock()
        lock.acquire()
        for target in work, send:
            threading.Thread(target=target, name=target.__name__).start()
        lock.acquire()
        """
    )

    assert seen.waits("MainThread")[:3] == [
        Wait("lock", "lock", 19),
        Wait("sleep", "sleep", 5),
        Wait("lock", "lock", 19),
    ]
    assert ("MainThread", "work") in seen.links("item")
    assert seen.exit_code == 0


def test_a_handler_that_raises_ends_the_wait(run: Run) -> None:
    seen = run(
        """
        import signal, time
        def handler(number, frame):
            raise LookupError
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            time.sleep(5)
        except LookupError:
            time.sleep(0.02)
        """
    )

    assert seen.waits("MainThread") == [Wait("sleep", "sleep", 8), Wait("sleep", "sleep", 10)]


@pytest.mark.parametrize("call", ["pause()", "sigwait({10})", "sigwaitinfo({10})", "sigtimedwait({10}, 5)"])
def test_who_waits_for_a_signal_waits(run: Run, call: str) -> None:
    seen = run(
        f"""
        import os, signal, threading, time
        signal.signal(signal.SIGUSR2, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_BLOCK, {{10}})
        def send():
            time.sleep(0.1)
            os.kill(os.getpid(), 12 if "{call}" == "pause()" else 10)
        threading.Thread(target=send).start()
        signal.{call}
        """
    )

    assert Wait("io", call.partition("(")[0], 9) in seen.waits("MainThread")
    assert seen.exit_code == 0
