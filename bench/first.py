"""From a click on Run to the first event, at a socket and on the screen, beside a bare interpreter."""

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
from bench import interpreter
from bench.table import milliseconds, ratio, show
from tests.conftest import start_server
from tests.e2e.conftest import CHROMIUM, SWITCHES

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


async def measure(url: str, socket_url: str, python: Path, pairs: int) -> list[tuple[str, ...]]:
    """A row for every program."""
    rows = []
    async with httpx.AsyncClient(base_url=url) as client:
        for title, source in PROGRAMS.items():
            ours, bare = [], []
            for _ in range(pairs + 1):
                ours.append(await first_event_s(client, socket_url, source))
                bare.append(await asyncio.to_thread(bare_s, python, source))
            rows.append((title, milliseconds(bare[1:]), milliseconds(ours[1:]), ratio(ours[1:], bare[1:])))
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
    with TemporaryDirectory() as folder:
        server = start_server(Path(folder) / "runs")
        try:
            python = interpreter.bare(Path(folder))
            rows = asyncio.run(measure(server.url, server.socket_url, python, pairs))
            rows += measure_screen(server.url, python, pairs)
        finally:
            server.stop()
    show(
        f"Click → first event, {pairs} pairs: median (least–most)",
        ("program", "bare, whole program", "Interleave, first event", "ratio"),
        rows,
    )
