"""What the suites about whole servers say often."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import PATIENCE_S, Server

LONG = "import time\nprint('begun', flush=True)\nwhile True:\n    time.sleep(0.05)\n"
SHORT = "print('done')\n"


def submit(server: Server, source: str) -> str:
    """The id of a new run of this program."""
    answer = httpx.post(f"{server.url}/api/runs", json={"source": source}, timeout=PATIENCE_S).raise_for_status()
    return str(answer.json()["id"])


def until(server: Server, run: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The run, once this is true of it."""
    end = time.monotonic() + PATIENCE_S
    while True:
        answer = httpx.get(f"{server.url}/api/runs/{run}", timeout=PATIENCE_S)
        found = dict(answer.raise_for_status().json())
        if true(found) or time.monotonic() > end:
            assert true(found), (found, server.log[-20:])
            return found
        time.sleep(0.05)


def logged(server: Server, words: str) -> None:
    """Return once the server's log has these."""
    end = time.monotonic() + PATIENCE_S
    while not any(words in line for line in server.log):
        assert time.monotonic() < end, server.log[-20:]
        time.sleep(0.05)


def ended(run: dict[str, Any]) -> bool:
    """Whether the run is in a final state."""
    return run["state"] in {"finished", "lost"}


def runs(run: dict[str, Any]) -> bool:
    """Whether something of the run was recorded already."""
    return bool(run["events"] > 20)


def chunks(server: Server, run: str) -> bytes:
    """What is stored of a run."""
    return httpx.get(f"{server.url}/api/runs/{run}/chunks", timeout=PATIENCE_S).raise_for_status().content


def below(pid: int) -> Iterator[tuple[int, list[str]]]:
    """The processes that this one started, and theirs, each with its command line; parents first."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(entry.name))
    waiting = [pid]
    while waiting:
        for child in parents.get(waiting.pop(0), []):
            waiting.append(child)
            with contextlib.suppress(OSError):
                yield child, (Path("/proc") / str(child) / "cmdline").read_bytes().decode().split("\0")[:-1]


def processes(server: Server, name: str) -> list[int]:
    """The server's processes whose command line has a word that ends like this."""
    return [pid for pid, words in below(server.process.pid) if any(word.endswith(name) for word in words)]
