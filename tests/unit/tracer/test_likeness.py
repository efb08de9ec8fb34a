"""What a program can learn of the functions that we replace: their names, signatures, docstrings and sources."""

from __future__ import annotations

import difflib

import pytest

from .conftest import Run
from .stories import ADDRESS

LOOK = """
    import importlib, inspect, sys, types

    def look(thing):
        about = [getattr(thing, name, None) for name in ("__module__", "__qualname__", "__name__", "__doc__")]
        try:
            about.append(str(inspect.signature(thing)))
        except Exception as error:
            about.append(type(error))
        try:
            about.append(inspect.getsource(thing))
        except Exception as error:
            about.append(type(error))
        return about

    def public(space):
        return {name: thing for name, thing in vars(space).items() if not name.startswith("_") and callable(thing)}

    module = importlib.import_module(sys.argv[1])
    for name, thing in sorted(public(module).items()):
        if not isinstance(thing, type):
            print(name, look(thing))
        elif thing.__module__.partition(".")[0] == sys.argv[1].partition(".")[0]:
            print(name, look(thing), thing.__mro__)
            for part, method in sorted(public(thing).items()):
                print(name, part, look(method))
"""
MODULES = (
    *(
        "threading",
        "queue",
        "time",
        "os",
        "socket",
        "ssl",
        "select",
        "selectors",
        "subprocess",
        "warnings",
        "traceback",
    ),
    *("asyncio", "asyncio.base_events", "asyncio.events", "asyncio.locks", "asyncio.queues", "asyncio.tasks"),
)
OUR_OWN = {("threading", "Lock"), ("queue", "SimpleQueue"), ("select", "epoll"), ("socket", "socket")}
"""Classes of ours that stand for the interpreter's own, or for what makes their objects; and one that inherits C."""


@pytest.mark.parametrize("module", MODULES)
def test_what_we_replace_looks_as_it_did(run: Run, module: str) -> None:
    seen, bare = run(LOOK, args=(module,)), run(LOOK, args=(module,), traced=False)
    differ = [
        line
        for line in difflib.unified_diff(*(ADDRESS.sub("", each.stdout).splitlines() for each in (bare, seen)), n=0)
        if line.rstrip() not in {"---", "+++"} and line[0] in "+-" and (module, line[1:].split()[0]) not in OUR_OWN
    ]
    assert (differ, seen.stderr, bare.stderr) == ([], "", "")
    assert seen.stdout
