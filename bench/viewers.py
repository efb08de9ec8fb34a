"""A crowd before one live run: how late its frames come, and what they cost the server in CPU and memory.

The run's events are made by the server's own recorder from a real program; the crowd is a process of its own, so that
what it costs is told apart. A frame's delay is measured from the moment at which the first of the crowd had it: sending
to all of them is the server's work, and the run's own pace is not.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np

from app.core.event import unpack_all
from bench.table import show
from tests.conftest import start_server

VIEWERS = 1000
AT_ONCE = 50
SECONDS = 15
PROGRAM = "import time\nwhile True:\n    time.sleep(0.1)\n"

REQUEST = (
    "GET /api/runs/{run}/stream HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
)


def main(pairs: int) -> None:
    """Measure and print; with and without a crowd."""
    del pairs
    with TemporaryDirectory() as folder:
        wall = str(3600 * 10**9)
        bounds = {"VIEWERS_PER_CLIENT": str(VIEWERS), "LIMITS__WALL_NS": wall, "LIMITS__CPU_NS": wall, "BOXES": "1"}
        server = start_server(Path(folder) / "runs", **bounds)
        rows: list[tuple[str, ...]] = []
        alone: dict[str, float] = {}
        try:
            for viewers in (1, 100, VIEWERS):
                command = [sys.executable, "-m", "bench.viewers", server.url, str(server.process.pid), str(viewers)]
                found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
                alone = alone or found
                rows.append(row(found, alone))
        finally:
            server.stop()
    show(
        f"One live run, about 10 frames a second, {SECONDS} s, on {os.cpu_count()} cores",
        (
            "viewers",
            "frames",
            "p50",
            "p99",
            "most",
            "server CPU",
            "each frame more",
            "crowd CPU",
            "server rss",
            "complete",
        ),
        rows,
    )


def row(found: dict[str, float], alone: dict[str, float]) -> tuple[str, ...]:
    """One line of the table; what one viewer alone costs is the run's, not the frames'."""
    more = max(found["frames"] - alone["frames"], 1)
    return (
        f"{found['viewers']:.0f}",
        f"{found['frames']:.0f}",
        *(f"{found[name] * 1000:.1f} ms" for name in ("p50", "p99", "most")),
        f"{found['server_cpu'] / found['wall']:.0%} of a core",
        f"{(found['server_cpu'] - alone['server_cpu']) / more * 1e6:.0f} µs",
        f"{found['crowd_cpu'] / found['wall']:.0%} of a core",
        f"{found['rss_before']:.0f} → {found['rss']:.0f} MiB",
        f"{found['complete']:.0%}",
    )


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process, without those it started, has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mib(pid: int) -> float:
    """A process's resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


class Viewer(asyncio.Protocol):
    """Takes a stream as a browser does, compressed, but only counts its chunks: times[n] is when the n-th was there."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.times: list[float] = []
        self.greeted = asyncio.get_running_loop().create_future()
        self.ended = asyncio.get_running_loop().create_future()
        self.waiting = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        data = self.waiting + data
        at = 0
        if not self.greeted.done():
            head, found, _ = data.partition(b"\r\n\r\n")
            if found:
                assert b" 101 " in head, head
                self.greeted.set_result(None)
                at = len(head) + len(found)
        while self.greeted.done() and len(data) >= at + 2:
            size, start = data[at + 1], at + 2
            if size >= 126:
                start += 2 if size == 126 else 8
                size = int.from_bytes(data[at + 2 : start])
            if len(data) < start + size or (start > at + 2 and len(data) < start):
                break
            kind = data[at] & 15
            if kind == 2:
                self.times.append(now)
            elif kind == 9:
                self.transport.write(bytes([0x8A, 0x80 | size]) + bytes(4) + data[start : start + size])
            elif kind == 8:
                self.transport.close()
            at = start + size
        self.waiting = data[at:]

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set_result(None)


async def crowd(url: str, pid: int, viewers: int) -> dict[str, float]:
    """Watch a run together from its beginning to its end."""
    loop = asyncio.get_running_loop()
    rss_before = rss_mib(pid)
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        run = (await http.post("/api/runs", json={"source": PROGRAM})).raise_for_status().json()["id"]
        request = REQUEST.format(run=run, host=http.base_url.netloc.decode()).encode()
        watching = []
        for _ in range(0, viewers, AT_ONCE):
            more = [
                loop.create_connection(lambda: Viewer(request), http.base_url.host, http.base_url.port)
                for _ in range(min(AT_ONCE, viewers - len(watching)))
            ]
            watching += [viewer for _, viewer in await asyncio.gather(*more)]
            await asyncio.gather(*(viewer.greeted for viewer in watching[-len(more) :]))
        await asyncio.sleep(2)
        start, own, theirs = time.perf_counter(), time.process_time(), cpu_s(pid)
        await asyncio.sleep(SECONDS)
        end, crowd_cpu, server_cpu = time.perf_counter(), time.process_time() - own, cpu_s(pid) - theirs
        rss = rss_mib(pid)
        await http.post(f"/api/runs/{run}/stop")
        await asyncio.gather(*(viewer.ended for viewer in watching))
        stored = len(list(unpack_all((await http.get(f"/api/runs/{run}/chunks")).content)))
    complete = [np.array(viewer.times) for viewer in watching if len(viewer.times) == stored]
    times = np.array(complete)
    first = times.min(axis=0)
    inside = times[:, (first >= start) & (first <= end)]
    late = inside - inside.min(axis=0)
    return {
        "viewers": viewers,
        "frames": inside.size,
        "p50": float(np.percentile(late, 50)),
        "p99": float(np.percentile(late, 99)),
        "most": float(late.max()),
        "wall": end - start,
        "server_cpu": server_cpu,
        "crowd_cpu": crowd_cpu,
        "rss_before": rss_before,
        "rss": rss,
        "complete": len(complete) / viewers,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(crowd(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
