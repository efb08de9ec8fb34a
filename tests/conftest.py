"""What many suites share: one event loop library, and a server that really runs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import pytest
from hypothesis import settings

from app.sandbox.pythons import find_pythons

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 60

settings.register_profile("patient", settings(), deadline=None)  # a busy machine, or a disk, is not a failure
settings.load_profile("patient")


def pytest_report_header() -> str:
    """Which interpreters the programs of this run run on."""
    return "interpreters: " + ", ".join(f"{python.version} ({python.executable})" for python in find_pythons())


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@dataclass(slots=True)
class Server:
    """A server in a process of its own, with a real sandbox and SQLite."""

    process: subprocess.Popen[str]
    url: str
    log: list[str]
    reader: threading.Thread

    @property
    def socket_url(self) -> str:
        return self.url.replace("http:", "ws:", 1)

    def stop(self) -> str:
        """Ask it to end, as a supervisor does; all that it logged."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        return "".join(self.log)


def start_server(data: Path, program: tuple[str, ...] = ("-m", "app", "serve"), **settings: str) -> Server:
    """A server on a free port whose runs live in this folder; settings without their prefix."""
    defaults = {"STORE": f"sqlite:///{data}", "QUOTA_RUNS": "10000", "PORT": "0"}
    environment = os.environ | {f"INTERLEAVE_{name}": value for name, value in (defaults | settings).items()}
    command = [sys.executable, *program]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    log: list[str] = []
    address: Queue[str | None] = Queue()

    def read() -> None:
        # Somebody must go on reading to the end, or the server stops when the pipe is full.
        with process.stdout as lines:
            for line in lines:
                log.append(line)
                if found := re.search(r"running on (http://\S+)", line):
                    address.put(found[1])
        address.put(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    url = address.get(timeout=PATIENCE_S)
    assert url is not None, "".join(log)
    return Server(process, url, log, reader)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that a whole session shares."""
    started = start_server(tmp_path_factory.mktemp("server"))
    yield started
    started.stop()
