"""Which interpreters programs can run on here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from app.core.run import Python

OLDEST = (3, 11)
PATIENCE_SECONDS = 20
QUESTION = """
import os, sys, sysconfig
print(sys.implementation.name, *sys.version_info[:3], sysconfig.get_config_var("Py_GIL_DISABLED") or 0)
print(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))
"""
NAME = re.compile(r"python3\.\d+t?")


def find_pythons(explicit: Iterable[str] = ()) -> tuple[Python, ...]:
    """Every usable CPython from 3.11 on, one an id (the newest patch; on a tie the first found), oldest first.

    Looks at `explicit` paths, the server's own base interpreter, pyenv's versions, PATH, /usr/local/bin and /usr/bin;
    asks each once, all at the same time, and leaves out what does not answer. Blocks a moment: for start-up.
    """
    asked = [_ask(path) for path in _candidates(explicit)]
    best: dict[str, tuple[tuple[int, int, int], Python]] = {}
    for process in asked:
        found = _answer(process)
        if found and (found[1].id not in best or found[0] > best[found[1].id][0]):
            best[found[1].id] = found
    return tuple(python for _, python in sorted(best.values(), key=lambda found: (found[0], found[1].id)))


def default_python(pythons: Sequence[Python]) -> Python:
    """The newest interpreter with a GIL; the newest of all if none has one."""
    with_gil = [python for python in pythons if not python.free_threaded]
    return (with_gil or list(pythons))[-1]


def _candidates(explicit: Iterable[str]) -> Iterator[str]:
    """Paths worth asking, each program once."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/local/bin", "/usr/bin"]
    paths = [
        *map(Path, explicit),
        Path(getattr(sys, "_base_executable", sys.executable)),
        *sorted(Path.home().glob(".pyenv/versions/3.*/bin/python")),
        *(path for folder in dict.fromkeys(folders) for path in _versioned(Path(folder))),
    ]
    seen: set[Path] = set()
    for path in paths:
        real = path.resolve()
        if real not in seen and _is_program(real):
            seen.add(real)
            yield str(real)


def _versioned(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))
    except OSError:
        return []  # PATH may well name what is not there or not ours to read


def _is_program(path: Path) -> bool:
    """Tell programs from scripts: a version manager's shim is slow to ask and answers for another interpreter."""
    try:
        with path.open("rb") as file:
            return os.access(path, os.X_OK) and file.read(4) == b"\x7fELF"
    except OSError:
        return False


def _ask(path: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [path, "-I", "-S", "-c", QUESTION],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _answer(process: subprocess.Popen[str]) -> tuple[tuple[int, int, int], Python] | None:
    try:
        answer, _ = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    if process.returncode != 0:
        return None
    about, executable = answer.splitlines()
    name, *numbers = about.split()
    major, minor, patch, free_threaded = map(int, numbers)
    if name != "cpython" or (major, minor) < OLDEST:
        return None
    identity = f"{major}.{minor}{'t' if free_threaded else ''}"
    version = (major, minor, patch)
    return version, Python(identity, ".".join(map(str, version)), bool(free_threaded), executable)
