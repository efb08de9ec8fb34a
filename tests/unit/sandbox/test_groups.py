"""Which control groups a server takes, from what the kernel's files say; real ones are in the contract tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.sandbox import groups
from app.sandbox.groups import NoGroups


def second(folder: Path, controllers: str, processes: tuple[int, ...], *, root: bool = False) -> Path:
    """A folder that looks like a group of version 2."""
    own = folder / "own"
    own.mkdir()
    (own / "cgroup.controllers").write_text(controllers)
    (own / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in processes))
    (own / "cgroup.subtree_control").write_text("")
    if not root:
        (own / "cgroup.type").write_text("domain\n")
    return own


def test_a_group_without_controllers_says_which_to_delegate(tmp_path: Path) -> None:
    with pytest.raises(NoGroups, match="no pids controller: delegate"):
        groups._delegated(second(tmp_path, "cpu memory", (os.getpid(),)))


def test_strangers_are_not_moved(tmp_path: Path) -> None:
    own = second(tmp_path, "cpu memory pids", (os.getpid(), os.getppid()))
    with pytest.raises(NoGroups, match="other processes share"):
        groups._delegated(own)
    assert (own / "cgroup.subtree_control").read_text() == ""


def test_the_server_moves_into_a_leaf_and_its_group_hands_out_controllers(tmp_path: Path) -> None:
    own = second(tmp_path, "cpu memory pids", (os.getpid(),))
    leaf = own / groups.LEAF
    assert groups._delegated(own) == own
    assert (leaf / "cgroup.procs").read_text() == str(os.getpid())
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert groups._delegated(leaf) == own


def test_the_root_of_all_keeps_its_processes(tmp_path: Path) -> None:
    own = second(tmp_path, "memory pids", (1, 2, 3, os.getpid()), root=True)
    assert groups._delegated(own) == own


@pytest.mark.parametrize(
    ("mounted", "root", "path", "found"),
    [
        ("/sys/fs/cgroup", "/", "/", "/sys/fs/cgroup"),
        ("/sys/fs/cgroup/memory", "/", "/a/b", "/sys/fs/cgroup/memory/a/b"),
        ("/sys/fs/cgroup", "/docker/x", "/docker/x", "/sys/fs/cgroup"),
        ("/sys/fs/cgroup", "/docker/x", "/docker/x/y", "/sys/fs/cgroup/y"),
        ("/sys/fs/cgroup", "/docker/x", "/", "/sys/fs/cgroup"),
    ],
)
def test_where_a_group_is_mounted(mounted: str, root: str, path: str, found: str) -> None:
    assert groups._below(mounted, root, path) == Path(found)
