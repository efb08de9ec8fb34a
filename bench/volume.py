"""A million events in one run: what the server's process spends on each, and how much memory it takes meanwhile."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.server import cpu_ns, finished, peak_bytes, reset_peak
from bench.table import show, spread
from tests.conftest import start_server

EVENTS = 1_000_000
PROGRAMS = {
    "one lock, taken a million times": f"""
import threading
lock = threading.Lock()
for _ in range({EVENTS}):
    with lock:
        pass
""",
    "1000 tasks × 1000 sleep(0)": f"""
import asyncio
async def work():
    for _ in range({EVENTS} // 1000):
        await asyncio.sleep(0)
async def main():
    await asyncio.gather(*(work() for _ in range(1000)))
asyncio.run(main())
""",
    "2 processes × 2 threads, queues": f"""
import multiprocessing, queue, threading
def work():
    there, back = queue.Queue(), queue.Queue()
    def echo():
        while (item := there.get()) is not None:
            back.put(item)
    thread = threading.Thread(target=echo)
    thread.start()
    for item in range({EVENTS} // 20):
        there.put(item)
        back.get()
    there.put(None)
    thread.join()
if __name__ == "__main__":
    children = [multiprocessing.Process(target=work) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
""",
}
LIMITS = {"LIMITS__EVENTS": "4000000", "LIMITS__WALL_NS": "120000000000", "LIMITS__CPU_NS": "120000000000"}


def measure(client: httpx.Client, pid: int, title: str, source: str, times: int) -> tuple[str, ...]:
    """The row of one program."""
    recorded, folded, grown, more = [], [], [], []
    for _ in range(times):
        before, cpu = reset_peak(pid), cpu_ns(pid)
        run = finished(client, source)
        recorded.append((cpu_ns(pid) - cpu) / run["events"] / 1000)
        grown.append((peak_bytes(pid) - before) / (1 << 20))
        before, cpu = reset_peak(pid), cpu_ns(pid)
        client.get(f"/api/runs/{run['id']}/timeline", timeout=300).raise_for_status()
        folded.append((cpu_ns(pid) - cpu) / run["events"] / 1000)
        more.append((peak_bytes(pid) - before) / (1 << 20))
    dropped = f"{run['events']:,} / {run['dropped']['events']:,}"
    return (
        title,
        dropped,
        spread(recorded, 1, "µs"),
        spread(grown, 1, "MiB"),
        spread(folded, 1, "µs"),
        spread(more, 1, "MiB"),
    )


def main(times: int) -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        server = start_server(Path(folder) / "runs", **LIMITS)
        try:
            with httpx.Client(base_url=server.url) as client:
                finished(client, "pass")
                pid = server.process.pid
                rows = [measure(client, pid, title, source, times) for title, source in PROGRAMS.items()]
        finally:
            server.stop()
    show(
        f"A million events, {times} runs: median (least–most)",
        ("program", "events / dropped", "recording, CPU an event", "memory", "GET timeline, CPU an event", "memory"),
        rows,
    )
