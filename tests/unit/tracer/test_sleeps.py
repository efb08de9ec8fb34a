"""time.sleep."""

from __future__ import annotations

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
