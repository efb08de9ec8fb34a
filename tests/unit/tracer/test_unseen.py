"""What a program's own objects, frames and errors are like under the tracer: as they are without it."""

from __future__ import annotations

import re

from .conftest import Run

CHANGING = re.compile(r"0x[0-9a-f]+|\d{9,}|pid=\d+")


def alike(run: Run, source: str, *options: str) -> str:
    """What the program prints; the same, and the same exit status, with the tracer and without."""
    seen, bare = run(source, *options), run(source, *options, traced=False)
    assert CHANGING.sub("…", seen.stdout) == CHANGING.sub("…", bare.stdout)
    assert CHANGING.sub("…", seen.stderr) == CHANGING.sub("…", bare.stderr)
    assert seen.exit_code == bare.exit_code
    return seen.stdout


def test_looking_for_a_name_does_not_keep_anything_alive(run: Run) -> None:
    said = alike(
        run,
        """
        import sys, threading
        class Thing:
            def __del__(self): print("gone")
        def work():
            thing = Thing()
            lock = threading.Lock()
            with lock:
                pass
            del thing
            print("deleted")
        work()
        def having(ask):
            before = 1
            variables = locals() if ask else sys._getframe().f_locals
            lock = threading.Lock()
            with lock:
                pass
            print(sorted(set(variables) - {"variables", "lock"} if sys.version_info >= (3, 13) else variables))
        having(True)
        having(False)
        def given():
            variables = sys._getframe(1).f_locals
            lock = threading.Lock()
            with lock:
                pass
            return variables
        def giving():
            print(sorted(given()))
        giving()
        class Body:
            lock = threading.Lock()
            with lock:
                other = 1
        print(sorted(name for name in vars(Body) if not name.startswith("_")))
        """,
    )

    assert said.startswith("gone\ndeleted\n")


def test_looking_for_a_name_does_not_mind_what_other_threads_do(run: Run) -> None:
    alike(
        run,
        """
        import sys, threading
        sys.setswitchinterval(1e-6)
        class Box: pass
        box, over = Box(), False
        def change():
            n = 0
            while not over:
                n += 1
                globals()[f"name{n % 50}"] = n
                vars(box)[f"name{n % 50}"] = n
                globals().pop(f"name{n * 7 % 50}", None)
                vars(box).pop(f"name{n * 7 % 50}", None)
        changing = threading.Thread(target=change)
        changing.start()
        try:
            for _ in range(1000):
                with threading.Lock():
                    pass
        finally:
            over = True
        """,
    )


def test_what_outlives_its_module_finds_its_locks_working(run: Run) -> None:
    said = alike(
        run,
        """
        import builtins, queue, sys, threading, time
        class Late:
            def __init__(self):
                self.lock, self.rlock = threading.Lock(), threading.RLock()
                self.queue, self.event = queue.Queue(), threading.Event()
                self.sleep = time.sleep
                self.me = self
            def __del__(self):
                with self.lock, self.rlock:
                    self.queue.put(1)
                    self.queue.get()
                    self.event.set()
                    self.sleep(0.001)
                    print("late")
        builtins.late = Late()
        locks = [threading.Lock() for _ in range(3)]
        for lock in locks:
            with lock:
                pass
        threading.late = Late()
        sys.modules["late"] = Late()
        """,
    )

    assert said.startswith("late\n")


def test_a_fork_among_threads_is_warned_of_on_the_line_that_forks(run: Run) -> None:
    alike(
        run,
        """
        import os, threading
        stop = threading.Event()
        thread = threading.Thread(target=stop.wait)
        thread.start()
        for _ in range(2):
            child = os.fork()
            if not child:
                os._exit(0)
            os.waitpid(child, 0)
        stop.set()
        """,
    )
