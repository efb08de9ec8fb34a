"""time.sleep, and locks on files."""

from __future__ import annotations

import pytest

from .conftest import Run, Wait


def test_a_sleeper_waits_on_the_line_that_sleeps(run: Run) -> None:
    seen = run(
        """
        import time
        from time import sleep

        def nap():
            sleep(0.001)

        nap()
        time.sleep(0)
        time.sleep(0.001)
        """
    )

    assert seen.waits("MainThread") == [Wait("sleep", "sleep", 6), Wait("sleep", "sleep", 10)]


def test_sleep_is_what_it_was(run: Run) -> None:
    source = """
        import copy, pickle, signal, time, traceback
        class Owner:
            sleep = time.sleep
        print(time.sleep, Owner().sleep(0.001), time.sleep.__name__, time.sleep.__doc__)
        print(pickle.loads(pickle.dumps(time.sleep)) is time.sleep, copy.copy(time.sleep) is time.sleep, callable(time.sleep))
        for wrong in (-1, "1", None, 1e30, float("nan")):
            try:
                time.sleep(wrong)
            except BaseException:
                traceback.print_exc()
        def ring(*_):
            raise KeyboardInterrupt
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            traceback.print_exc()
    """
    seen, bare = run(source), run(source, traced=False)

    assert seen.stdout == bare.stdout
    assert seen.stderr == bare.stderr
    assert "KeyboardInterrupt" in seen.stderr


def test_a_sleep_that_nobody_of_the_programs_calls(run: Run) -> None:
    seen = run("import atexit, time; atexit.register(time.sleep, 0.01)")

    assert (seen.exit_code, seen.stderr) == (0, "")
    assert seen.waits("MainThread") == [Wait("sleep", "sleep", 0)]


@pytest.mark.parametrize("lock", ["flock", "lockf"])
def test_who_wants_a_locked_file_waits_for_who_has_it(run: Run, lock: str) -> None:
    seen = run(
        f"""
        import fcntl, multiprocessing, time
        def work(ready):
            with open("shared.lock", "w") as file:
                ready.set()
                fcntl.{lock}(file, fcntl.LOCK_EX)
                print("got it", flush=True)
                fcntl.{lock}(file, fcntl.LOCK_UN)
        if __name__ == "__main__":
            context = multiprocessing.get_context("spawn")
            ready = context.Event()
            with open("shared.lock", "w") as file:
                fcntl.{lock}(file, fcntl.LOCK_EX)
                child = context.Process(target=work, args=[ready], name="child")
                child.start()
                ready.wait()
                time.sleep(0.3)
                print("let go", flush=True)
                fcntl.{lock}(file, fcntl.LOCK_UN)
                child.join()
        """
    )

    assert seen.stdout == "let go\ngot it\n"
    assert Wait("io", "shared.lock", 6) in seen.waits("child/MainThread")
    assert ("MainThread", "child/MainThread") in seen.links("wake")
    assert "io" not in {wait.kind for wait in seen.waits("MainThread")}


def test_locking_a_file_is_what_it_was(run: Run) -> None:
    source = """
        import fcntl, os, traceback
        with open("one.lock", "w") as one, open("one.lock") as two, open(os.devnull) as null:
            print(fcntl.flock(one, fcntl.LOCK_EX), fcntl.lockf(one.fileno(), fcntl.LOCK_EX, 1, 0, 0))
            for wrong in (
                lambda: fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB),
                lambda: fcntl.flock(one),
                lambda: fcntl.flock("one", fcntl.LOCK_EX),
                lambda: fcntl.flock(one, "no"),
                lambda: fcntl.lockf(two, fcntl.LOCK_EX),
                lambda: fcntl.lockf(one, 99),
                lambda: fcntl.flock(-1, fcntl.LOCK_EX),
            ):
                try:
                    wrong()
                except Exception:
                    traceback.print_exc()
        """
    bare, traced = run(source, traced=False), run(source)

    assert (traced.stdout, traced.stderr) == (bare.stdout, bare.stderr)
