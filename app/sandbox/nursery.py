"""Where supervisors come from: one process that forks them (supervisor.py), for all boxes of a sandbox."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

from app.core.errors import NoSandbox

SUPERVISOR = Path(__file__).parent / "supervisor.py"
START_SECONDS, PATIENCE_SECONDS = 30, 5
"""How long the first fork, and any other, may take before the process that forks is taken to hang, and is replaced."""


class Nursery:
    """Starts that process when it is wanted, and again when it is gone."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def fork(self, descriptors: list[int]) -> int:
        """A pidfd of a fresh supervisor that has these; the caller's to close. Blocks a moment. Raises NoSandbox."""
        for _ in range(2):
            own = self._socket or self._start()
            with contextlib.suppress(OSError):
                socket.send_fds(own, [b"!"], descriptors)
                _, forked, _, _ = socket.recv_fds(own, 1, 1)
                if forked:
                    own.settimeout(PATIENCE_SECONDS)
                    os.set_inheritable(forked[0], False)
                    return forked[0]
            self.close()
        raise NoSandbox("The sandbox's supervisors can't be started: is this machine overloaded?")

    def _start(self) -> socket.socket:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(START_SECONDS)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SUPERVISOR), str(os.getpid())],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._socket

    def close(self) -> None:
        """End the process, and with it every supervisor that is left, and its box."""
        if self._process is not None and self._socket is not None:
            self._socket.close()
            self._process.kill()
            self._process.wait()
            self._process = self._socket = None
