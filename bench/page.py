"""The page on real recorded runs, beside Perfetto's page with the same trace, in headless Chromium without a GPU.

Frames are the time from one to the next, while the view zooms, pans and scrolls by one wheel event a frame; scripts are
what of it the page's own code took. Both pages get the same events. Heap is what scripts reach after a collection, arrays
included; the renderer's memory is what the kernel says.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench import looks, perfetto, recordings
from bench.looks import OURS, Look, browsing, p
from bench.table import show
from tests.conftest import start_server

RATE = 50_000
COMPARED = ("100 threads", "500 tasks", "8 processes")
LIVE = """
import queue, sys, threading, time
print(time.time_ns())
sys.stdout.flush()
def work(there, back):
    while time.monotonic() < until:
        there.put(0)
        back.get()
def echo(there, back):
    while time.monotonic() < until + 1:
        try:
            back.put(there.get(timeout=0.5))
        except queue.Empty:
            return
until = time.monotonic() + 8
threads = []
for _ in range(4):
    there, back = queue.Queue(), queue.Queue()
    threads += [threading.Thread(target=each, args=(there, back)) for each in (work, echo)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
FOLLOW = """
bench.drawn = [];
addEventListener("drawn", ({ detail: { events, known, over } }) => {
  bench.over = over;
  requestAnimationFrame(() => bench.drawn.push([performance.timeOrigin + performance.now(), known, events]));
}, true);
"""
Row = tuple[str, ...]


def middle(found: list[Look], of: Callable[[Look], float]) -> float:
    """The median of a figure over all looks."""
    return statistics.median(of(look) for look in found)


def compared(title: str, mine: list[Look], other: list[Look]) -> list[Row]:
    """The rows of one trace: ours, theirs, how many times as much theirs is."""
    mib = 1 << 20
    figures: list[tuple[str, Callable[[Look], float], float, str]] = [
        ("first picture", lambda look: look.first, 1, "ms"),
        ("whole picture", lambda look: look.whole, 1, "ms"),
        ("CPU until then, renderer", lambda look: look.cpu, 1, "ms"),
        ("bytes, page", lambda look: look.sent.get("page", 0), 1024, "KiB"),
        ("bytes, trace", lambda look: look.sent.get("trace", 0), mib, "MiB"),
        ("heap of the page's thread", lambda look: look.heap, mib, "MiB"),
        ("renderer", lambda look: look.renderer, mib, "MiB"),
        ("renderer, at most", lambda look: look.peak, mib, "MiB"),
    ]
    rows = []
    for name, of, unit, said in figures:
        ours, theirs = middle(mine, of) / unit, middle(other, of) / unit
        rows.append((title, name, f"{ours:,.1f} {said}", f"{theirs:,.1f} {said}", f"{theirs / ours:.1f}x"))
        title = ""
    for name, which in (("frames", "frames"), ("scripts in a frame", "scripts")):
        ours, theirs = ([value for look in found for value in getattr(look, which)] for found in (mine, other))
        ratio = statistics.quantiles(theirs, n=20)[-1] / statistics.quantiles(ours, n=20)[-1]
        rows.append(
            (
                "",
                f"{name}, p50 / p95 / max",
                f"{p(ours, 50, 95, 100)} ms",
                f"{p(theirs, 50, 95, 100)} ms",
                f"{ratio:.1f}x",
            )
        )
    return rows


def live(url: str, source: str, zero: Callable[[dict[str, object], str], float]) -> Row:
    """Follow a run from its start to its end: frames, and how long events took to the screen."""
    with browsing(OURS, FOLLOW) as browsed:
        page = browsed.page
        page.goto(url)
        page.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(source)
        page.locator("#run").click()
        page.wait_for_function("() => bench.first")
        found = page.evaluate("bench.watch(6000)")
        page.wait_for_function("() => bench.over")
        drawn = page.evaluate("bench.drawn")
        run = page.url.split("/r/")[1].split("#")[0]
        told = httpx.get(f"{url}/api/runs/{run}").json()
        heap = browsed.heap() / (1 << 20)
    began = zero(told, f"{url}/api/runs/{run}")
    late, known = [], 0.0
    for shown, until, _ in drawn:
        if until > known:
            # Of what this frame shows for the first time, the oldest, the middle and the newest.
            late += [shown - (began + at) / 1e6 for at in (known, (known + until) / 2, until)]
            known = until
    rate = drawn[-1][2] / (known / 1e9)
    return (
        f"{rate:,.0f}",
        f"{p(found['frames'], 50, 95, 100)} ms",
        f"{p(found['scripts'], 50, 95)} ms",
        f"{p(late[9:-9], 50, 95)} ms",
        f"{heap:.0f} MiB",
    )


def printed(told: dict[str, object], address: str) -> float:
    """A program's zero, by its own clock."""
    del told
    said = httpx.get(f"{address}/timeline", timeout=300).json()["output"][0]
    return int(said["text"]) - int(said["t_ns"])


def measure(url: str, folder: Path, times: int) -> None:
    """Record, look at everything in turn, and print."""
    runs = {title: recordings.record(url, title) for title in recordings.PROGRAMS}
    rows: list[Row] = []
    for title in COMPARED:
        run = runs[title]
        trace = recordings.fetch(url, run["id"], "export/chrome.json")
        mine, other = [], []
        with perfetto.serving(trace) as peer:
            for _ in range(times):
                mine.append(looks.ours(f"{url}/r/{run['id']}"))
                peer.sent.clear()
                other.append(looks.theirs(peer.url, peer.sent))
        rows += compared(f"{title}, {run['events']:,} events", mine, other)
    new = [looks.empty(url) for _ in range(times)]
    show(
        "The page without a run",
        ("timeline ready", "editor ready", "heap"),
        [
            (
                f"{middle(new, lambda look: look.ready):.0f} ms",
                f"{middle(new, lambda look: look.editor):.0f} ms",
                f"{middle(new, lambda look: look.heap) / (1 << 20):.0f} MiB",
            )
        ],
    )
    weighed = {part: size for part, size in new[-1].sent.items() if part not in ("page", "trace")}
    show(
        "What the page weighs, gzipped as its limit is given; as it comes, in brotli and with the document, "
        f"{new[-1].sent['page'] / 1024:.1f} KiB",
        ("part", "KiB"),
        [(part, f"{size / 1024:.1f}") for part, size in (weighed | {"all": sum(weighed.values())}).items()],
    )
    many = [looks.ours(f"{url}/r/{runs['10,000 lanes']['id']}") for _ in range(times)]
    show(
        f"One trace in two pages, {times} times in turn: medians; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
        ("trace", "what", "Interleave", "Perfetto", "ratio"),
        rows,
    )
    show(
        "10,000 lanes",
        ("first picture", "whole picture", "frames, p50 / p95 / max", "scripts", "heap"),
        [
            (
                *(f"{middle(many, of):.0f} ms" for of in (lambda look: look.first, lambda look: look.whole)),
                *(
                    f"{p([value for look in many for value in values(look)], 50, 95, 100)} ms"
                    for values in (lambda look: look.frames, lambda look: look.scripts)
                ),
                f"{middle(many, lambda look: look.heap) / (1 << 20):.0f} MiB",
            )
        ],
    )
    rows = [("real programs", *live(url, LIVE, printed))]
    for title in COMPARED:
        chunks = folder / "fed.chunks"
        chunks.write_bytes(recordings.fetch(url, runs[title]["id"], "chunks"))
        feeder = start_server(folder / "fed", ("-m", "bench.feeder", str(chunks), str(RATE)))
        try:
            rows.append((f"{title}, fed", *live(feeder.url, "pass", lambda told, _: float(told["outcome"]["detail"]))))
        finally:
            feeder.stop()
    show(
        "Live",
        ("run", "events/s", "frames, p50 / p95 / max", "scripts, p50 / p95", "event → screen, p50 / p95", "heap"),
        rows,
    )


def main(pairs: int) -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        server = recordings.start(Path(folder) / "runs")
        try:
            measure(server.url, Path(folder), pairs)
        finally:
            server.stop()
