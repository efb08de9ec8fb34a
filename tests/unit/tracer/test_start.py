"""What a program can see of the tracer: nothing."""

from __future__ import annotations

import ast
import re

import pytest

from app.tracer import wire

from .conftest import Run, Tracer

LOOK = """
    import sys
    modules = set(sys.modules)
    import os, signal
    print(sys.argv[1:], os.path.basename(sys.argv[0]), sys.path[0] == os.path.dirname(os.path.abspath(__file__)))
    print(sorted(name for name in modules if "interleave" not in name and not name.startswith("_")
                 and name in {"threading", "queue", "asyncio", "typing", "re", "struct", "collections", "contextlib", "functools"}))
    print(sys.meta_path, sys.path_hooks, sys.excepthook, sys.gettrace(), sys.getprofile(), sys.flags)
    print({number: signal.getsignal(number) for number in signal.valid_signals()})
    print(sorted(vars()), sorted(os.environ), __spec__, __loader__.__class__)
    print(open(__file__).fileno())
    import threading, queue
    print(threading.__spec__, threading.__loader__, queue.__spec__.origin)
    print([thread.name for thread in threading.enumerate()], threading.active_count())
    t = threading.Thread(target=int, name="t")
    t.start()
    t.join()
    print(sorted(vars(t)), t)
"""


def plain(text: str) -> str:
    """Without what differs from run to run: addresses and identities."""
    return re.sub(r"0x[0-9a-f]+|\d{10,}", "…", text)


def test_nothing_is_hooked_where_there_is_no_log(run: Run) -> None:
    seen = run(
        """
        import sys, threading, time
        print(threading.Lock(), time.sleep, sys.exit, type(sys.stdout).__module__)
        print([name for name in sys.modules if "interleave" in name])
        """,
        traced=False,
    )

    assert len(seen.events) == 0
    assert all(packet.lane == 0 for packet in seen.packets[1])
    assert "_thread.lock object" in seen.stdout
    assert set(ast.literal_eval(seen.stdout.splitlines()[-1])) - {"interleave_tracer.fast"} == {
        "interleave_tracer",
        "interleave_tracer.wire",
        "interleave_tracer.log",
        "interleave_tracer.start",
    }


def test_every_process_says_what_it_took_to_start_watching_and_each_module(run: Run) -> None:
    began = "import os\nif child := os.fork():\n    os.waitpid(child, 0)\n"
    told = [run(source).events for source in (began, "import asyncio\n" + began)]
    for events in told:
        costs = (events.kind == wire.STAT) & (events.flags == wire.TRACER_NS)
        assert len(set(events.lane[costs].tolist())) == 2
        assert (events.end[costs] > 0).all()
    lean, heavy = (int(((events.kind == wire.STAT) & (events.flags == wire.TRACER_NS)).sum()) for events in told)
    assert heavy > lean


def test_the_program_sees_the_world_it_would_see_without_us(run: Run) -> None:
    seen = run(LOOK, args=("a", "b c"))

    assert seen.stderr == ""
    assert plain(seen.stdout) == plain(run(LOOK, args=("a", "b c"), traced=False).stdout)


@pytest.mark.parametrize("options", [["-I"], ["-E", "-s"], ["-u"], ["-O"], ["-X", "dev"]])
def test_options_do_not_keep_us_out(run: Run, options: list[str]) -> None:
    seen = run("print('here')", *options, env={})

    assert seen.stdout == "here\n"
    assert seen.stderr == ""
    assert seen.printed_by("MainThread") == "here\n"


def test_a_process_has_a_lane_and_under_it_its_main_thread(run: Run) -> None:
    seen = run("import os; print(os.getpid())")

    [process] = seen.lanes("process")
    main = seen.lane("MainThread")
    assert main.parent == process.id
    assert process.number == main.number == int(seen.stdout)
    assert seen.states("MainThread") == ["running"]
    assert (process.exit_code, process.ending, main.ending) == (0, 1, 1)


@pytest.mark.parametrize(
    ("source", "exit_code"),
    [
        ("import sys; sys.exit()", 0),
        ("import sys; sys.exit(7)", 7),
        ("import sys; sys.exit('sorry')", 1),
        ("import os; os._exit(9)", 9),
    ],
)
def test_exit_status_is_kept_and_told(run: Run, source: str, exit_code: int) -> None:
    seen = run(source)

    assert seen.exit_code == exit_code
    assert seen.lanes("process")[0].exit_code == exit_code


def test_a_status_only_the_system_knows_is_not_made_up(run: Run) -> None:
    seen = run("raise SystemExit(3)")

    assert seen.exit_code == 3
    assert seen.lanes("process")[0].exit_code is None


def test_a_program_that_raises(run: Run) -> None:
    seen = run(
        """
        def fail():
            raise KeyError("gone")

        fail()
        """
    )

    assert seen.exit_code == 1
    assert "KeyError: 'gone'" in seen.stderr
    assert "interleave" not in seen.stderr
    main = seen.lane("MainThread")
    assert (main.ending, main.error) == (2, "KeyError: 'gone'")
    assert seen.marks("MainThread") == [("exception", "KeyError: 'gone'", 3)]


def test_a_module_is_watched_though_it_is_imported_late_and_by_others(run: Run) -> None:
    seen = run(
        """
        def work():
            import queue
            q = queue.Queue()
            q.put(1)
            return q.get()

        import importlib
        threading = importlib.import_module("threading")
        thread = threading.Thread(target=work, name="late")
        thread.start()
        thread.join()
        """
    )

    assert seen.waits("late") == []
    assert seen.levels("q") == [1, 0]


def test_an_import_that_fails_is_the_programs_own_affair(run: Run, tracer: Tracer) -> None:
    broken = tracer.log.with_name("broken.py")
    broken.write_text("import threading\nraise RuntimeError('half')\n")

    seen = run("import broken")

    assert seen.stderr.splitlines()[-1] == "RuntimeError: half"
    assert "interleave" not in seen.stderr
    assert "importlib" not in seen.stderr
