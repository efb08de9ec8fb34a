"""One page in a browser of its own: how soon it shows a picture, how it moves, and what it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from playwright.sync_api import CDPSession, Page, sync_playwright

from tests.e2e.conftest import CHROMIUM, SWITCHES
from tests.e2e.weight import weights

PATIENCE_MS = 300_000
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
DRIVE = (Path(__file__).parent / "drive.js").read_text()
OURS = """
addEventListener("drawn", ({ detail: { events, over, exact } }) => {
  const now = performance.now();
  bench.ready ??= now;
  if (events) bench.first ??= now;
  if (events && over && exact) bench.whole ??= now;
}, true);
new MutationObserver(() => {
  if (document.querySelector(".cm-content")) bench.editor ??= performance.now();
}).observe(document, { childList: true, subtree: true });
"""
THEIRS = """
const look = () => {
  if (document.querySelector(".pf-track")) {
    bench.first ??= performance.now();
    if (!document.querySelector(".pf-linear-progress--anim")) bench.whole ??= performance.now();
  }
  if (!bench.whole) requestAnimationFrame(look);
};
look();
"""


@dataclass
class Look:
    """What one look at a page took; times in ms, sizes in bytes."""

    ready: float = 0
    editor: float = 0
    first: float = 0
    whole: float = 0
    frames: list[float] = field(default_factory=list)
    scripts: list[float] = field(default_factory=list)
    heap: float = 0
    cpu: float = 0
    renderer: float = 0
    peak: float = 0
    sent: dict[str, int] = field(default_factory=dict)


@dataclass
class Browsed:
    """A page that is open, and the bytes that came for each of its requests by address."""

    page: Page
    session: CDPSession
    sent: dict[str, float]
    browser: CDPSession

    def heap(self) -> float:
        """Bytes of objects and arrays that scripts still reach."""
        self.session.send("HeapProfiler.collectGarbage")
        usage = self.session.send("Runtime.getHeapUsage")
        return float(usage["usedSize"] + usage["backingStorageSize"])

    def cpu(self) -> float:
        """CPU time of the renderer so far, ms: what a busy machine does not make longer."""
        found = self.browser.send("SystemInfo.getProcessInfo")["processInfo"]
        return max(float(process["cpuTime"]) for process in found if process["type"] == "renderer") * 1000

    def memory(self, name: str) -> float:
        """VmRSS or VmHWM of the renderer: of more than one, that of the page is the largest."""
        processes = self.browser.send("SystemInfo.getProcessInfo")["processInfo"]
        return max(_status(process["id"], name) for process in processes if process["type"] == "renderer")


def _status(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024


@contextmanager
def browsing(*scripts: str, width: int = 1440, height: int = 900) -> Iterator[Browsed]:
    """An empty page in a new browser, with these scripts in whatever it opens."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*SWITCHES, ALONE])
        page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
        page.set_default_timeout(PATIENCE_MS)
        for script in (DRIVE, *scripts):
            page.add_init_script(script)
        session = page.context.new_cdp_session(page)
        sent: dict[str, float] = {}
        addresses: dict[str, str] = {}
        session.on(
            "Network.requestWillBeSent", lambda event: addresses.update({event["requestId"]: event["request"]["url"]})
        )

        def finished(event: dict[str, object]) -> None:
            url = addresses.get(str(event["requestId"]), "")
            sent[url] = sent.get(url, 0) + float(str(event["encodedDataLength"]))

        session.on("Network.loadingFinished", finished)
        session.send("Network.enable")
        yield Browsed(page, session, sent, browser.new_browser_cdp_session())
        browser.close()


def moved(browsed: Browsed, look: Look, x: float, y: float) -> None:
    """Zoom, pan and scroll at this point."""
    found = browsed.page.evaluate("([x, y]) => bench.move(x, y)", [x, y])
    look.frames += found["frames"]
    look.scripts += found["scripts"]


def ours(url: str) -> Look:
    """Look at a run."""
    look = Look()
    with browsing(OURS) as browsed:
        page = browsed.page
        page.goto(url)
        page.wait_for_function("() => bench.whole && bench.editor")
        look.first, look.whole = page.evaluate("[bench.first, bench.whole]")
        look.cpu = browsed.cpu()
        look.heap, look.renderer, look.peak = browsed.heap(), browsed.memory("VmRSS"), browsed.memory("VmHWM")
        box = page.locator("#canvas").bounding_box()
        assert box
        moved(browsed, look, box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6)
        look.sent = _sorted(browsed.sent)
    return look


def empty(url: str) -> Look:
    """Look at the page as a newcomer finds it: no run yet, only a program."""
    look = Look()
    with browsing(OURS) as browsed:
        browsed.page.goto(url)
        browsed.page.wait_for_function("() => bench.ready && bench.editor")
        look.ready, look.editor = browsed.page.evaluate("[bench.ready, bench.editor]")
        browsed.page.wait_for_load_state("networkidle")
        look.heap = browsed.heap()
        look.sent = _sorted(browsed.sent) | weights({address.rsplit("/", 1)[-1] for address in browsed.sent})
    return look


def _sorted(sent: dict[str, float]) -> dict[str, int]:
    """Bytes that came, of the trace and of all else."""
    found = {"trace": 0, "page": 0}
    for address, size in sent.items():
        found["trace" if "/chunks" in address else "page"] += round(size)
    return found


def theirs(url: str, sent: dict[str, int]) -> Look:
    """Look at the same in Perfetto's page; its own server counts what it has `sent`."""
    look = Look()
    with browsing(THEIRS) as browsed:
        browsed.page.goto(url)
        browsed.page.wait_for_function("() => bench.whole")
        look.first, look.whole = browsed.page.evaluate("[bench.first, bench.whole]")
        look.cpu = browsed.cpu()
        look.heap, look.renderer, look.peak = browsed.heap(), browsed.memory("VmRSS"), browsed.memory("VmHWM")
        moved(browsed, look, 900, 500)
        look.sent = dict(sent)
    return look


def p(values: list[float], *which: float) -> str:
    """Percentiles as text, ms."""
    return " / ".join(f"{value:.1f}" for value in np.percentile(values, which))
