"""From a click on Run to the first event, at a socket and on the screen, beside a bare interpreter; and boxes alone."""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from playwright.sync_api import Browser, sync_playwright
from websockets.asyncio.client import connect

from app.core.event import unpack
from app.core.run import Limits, Program
from app.sandbox import Sandbox
from app.sandbox.bubblewrap import Bubblewrap
from app.sandbox.pythons import default_python, find_pythons
from app.tracer.warm import MODULES
from bench import interpreter
from bench.cost import ARTICLE, EXAMPLES
from bench.table import milliseconds, ratio, show
from tests.conftest import Server, start_server
from tests.e2e.conftest import CHROMIUM, SWITCHES

PYTHON = default_python(find_pythons())
PROGRAMS = {
    "print": "print('hello')\n",
    "a thread": "import threading\nthread = threading.Thread(target=print)\nthread.start()\nthread.join()\n",
    "asyncio": "import asyncio\nasyncio.run(asyncio.sleep(0))\n",
}


async def first_event_s(client: httpx.AsyncClient, url: str, source: str) -> float:
    """Seconds from the request to the first event at a viewer; then waits for the run's end."""
    start = time.perf_counter()
    run = (await client.post("/api/runs", json={"source": source})).raise_for_status().json()["id"]
    first = 0.0
    async with connect(f"{url}/api/runs/{run}/stream") as socket:
        async for frame in socket:
            if not first and isinstance(frame, bytes) and len(unpack(frame)[0].events):
                first = time.perf_counter() - start
    return first


ON_SCREEN = """() => new Promise((resolve) => {
  const start = performance.now();
  document.getElementById("run").click();
  const look = () => requestAnimationFrame(() => {
    if (document.getElementById("empty").hidden) requestAnimationFrame(() => resolve(performance.now() - start));
    else look();
  });
  look();
})"""


def on_screen_s(browser: Browser, url: str, source: str) -> float:
    """Seconds from a click to the frame after the one that drew the first lane, in a page that was just opened."""
    with browser.new_page(viewport={"width": 1440, "height": 900}) as page:
        page.goto(url)
        page.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(source)
        took = float(page.evaluate(ON_SCREEN)) / 1000
        page.locator("#outcome").get_by_text("Completed").wait_for()
    return took


def bare_s(python: Path, source: str) -> float:
    """Seconds that a bare interpreter takes for the whole program."""
    start = time.perf_counter()
    subprocess.run([python, "-c", source], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


async def warmed(client: httpx.AsyncClient) -> None:
    """Return when a box waits for a program."""
    metrics = ""
    while "interleave_warm_boxes" not in metrics or "interleave_warm_boxes 0.0" in metrics:
        await asyncio.sleep(0.1)
        metrics = (await client.get("/metrics")).text


async def measure(server: Server, python: Path, pairs: int, *, warm: bool) -> list[tuple[str, ...]]:
    """A row for every program."""
    rows = []
    async with httpx.AsyncClient(base_url=server.url) as client:
        for title, source in PROGRAMS.items():
            ours, bare = [], []
            for _ in range(pairs + 1):
                if warm:
                    await warmed(client)
                ours.append(await first_event_s(client, server.socket_url, source))
                bare.append(await asyncio.to_thread(bare_s, python, source))
            name = f"{title}, {'warm' if warm else 'cold'}"
            rows.append((name, milliseconds(bare[1:]), milliseconds(ours[1:]), ratio(ours[1:], bare[1:])))
    return rows


async def measure_article(server: Server, python: Path, pairs: int) -> list[tuple[str, ...]]:
    """The article's programs from begin to end, in a warm box and bare."""
    rows = []
    async with httpx.AsyncClient(base_url=server.url) as client:
        for name in ARTICLE:
            source = (EXAMPLES / f"{name}.py").read_text()
            ours, bare = [], []
            for _ in range(pairs + 1):
                await warmed(client)
                ours.append(await wall_s(client, source))
                bare.append(await asyncio.to_thread(bare_s, python, source))
            rows.append((name, milliseconds(bare[1:]), milliseconds(ours[1:]), ratio(ours[1:], bare[1:])))
    return rows


async def wall_s(client: httpx.AsyncClient, source: str) -> float:
    """Seconds from a run's zero to the end of its root process."""
    run = (await client.post("/api/runs", json={"source": source})).raise_for_status().json()
    while run["state"] != "finished":
        await asyncio.sleep(0.05)
        run = (await client.get(f"/api/runs/{run['id']}")).json()
    return float(run["wall_ns"]) / 1e9


async def first_line_s(sandbox: Sandbox, source: str, *, warm: bool) -> float:
    """Seconds from the wish for a box, or from the hand-over to one that is warm, to the first line of the program."""
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    box = await sandbox.prepare(PYTHON, Limits(), warm=warm)
    if warm:
        start = time.perf_counter()
    line = loop.create_future()
    loop.add_reader(box.stdout, lambda: line.done() or line.set_result(time.perf_counter()))
    await box.run(Program(source))
    took = await line - start
    loop.remove_reader(box.stdout)
    await box.close()
    return float(took)


async def measure_boxes(folder: Path, python: Path, pairs: int) -> list[tuple[str, ...]]:
    """A warm box beside an interpreter that does nothing, and a cold one beside one that imports the same."""
    sandbox = Bubblewrap([PYTHON], folder)
    imports = f"import {', '.join(MODULES)}\nprint()\n"
    rows = []
    for warm, title, source, theirs in (
        (True, "what warm boxes import, warm; bare: pass", imports, "pass"),
        (False, "what warm boxes import, cold", imports, imports),
        (False, "print, cold", PROGRAMS["print"], PROGRAMS["print"]),
    ):
        ours, bare = [], []
        for _ in range(pairs + 1):
            ours.append(await first_line_s(sandbox, source, warm=warm))
            bare.append(await asyncio.to_thread(bare_s, python, theirs))
        rows.append((title, milliseconds(bare[1:]), milliseconds(ours[1:]), ratio(ours[1:], bare[1:])))
    await sandbox.close()
    return rows


def measure_screen(url: str, python: Path, pairs: int) -> list[tuple[str, ...]]:
    """A row for every program, as a reader sees it."""
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        for title, source in PROGRAMS.items():
            ours, bare = [], []
            for _ in range(pairs + 1):
                ours.append(on_screen_s(browser, url, source))
                bare.append(bare_s(python, source))
            name = f"{title}, on the screen"
            rows.append((name, milliseconds(bare[1:]), milliseconds(ours[1:]), ratio(ours[1:], bare[1:])))
        browser.close()
    return rows


def main(pairs: int) -> None:
    """Measure and print."""
    head = ("program", "bare, whole program", "Interleave, first event", "ratio")
    with TemporaryDirectory() as name:
        folder = Path(name)
        python = interpreter.bare(folder, PYTHON.executable)
        rows = []
        for warm in (True, False):
            server = start_server(folder / "runs", **({} if warm else {"WARM": "0"}))
            try:
                rows += asyncio.run(measure(server, python, pairs, warm=warm))
                if warm:
                    rows += measure_screen(server.url, python, pairs)
                    article = asyncio.run(measure_article(server, python, pairs))
            finally:
                server.stop()
        show(f"Click → first event, {pairs} pairs: median (least–most)", head, rows)
        head = ("program", "bare", "in a warm box", "ratio")
        show(f"Begin → end, {pairs} pairs: median (least–most)", head, article)
        rows = asyncio.run(measure_boxes(folder / "boxes", python, pairs))
        head = ("program", "bare, whole program", "box, first line", "ratio")
        show(f"Box → first line, without a server, {pairs} pairs: median (least–most)", head, rows)
