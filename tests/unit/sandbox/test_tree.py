"""What a supervisor without control groups sees of memory."""

from __future__ import annotations

import os

import pytest

from app.sandbox import tree

PLENTY = 1 << 50


@pytest.fixture
def watched() -> tree.Watched:
    """This machine's own processes, watched."""
    found = tree.Watched(PLENTY)
    found.begin(os.open("/proc", os.O_RDONLY | os.O_DIRECTORY))
    yield found
    os.close(found.proc)


def test_what_it_has_is_looked_at(watched: tree.Watched) -> None:
    while not watched.look():
        pass  # and so it uses CPU time
    assert watched.full == ""
    watched.limit = 1 << 20
    watched.look()
    assert watched.full == "memory limit of 1 MiB reached"


def test_a_machine_that_runs_short_ends_runs(watched: tree.Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not tree.machine_is_short()
    monkeypatch.setattr(tree, "SHORT", 1)  # all of it is never left
    watched.look()
    assert watched.full == "this machine ran short of memory"
