"""The canvas as it looks: made-up traces on the real page, compared with the pictures in `pictures/`.

Other machines have other fonts and smooth edges otherwise: what is compared are means of 8 × 8 pixels. With
`PICTURES=write` in the environment the pictures are made anew: look at them before you keep them.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from app.core.event import Chunk, events_of, pack, unpack_all
from app.core.run import Dropped, Kind, Limits, Outcome, Program, Python
from app.store import Submission
from app.store.sqlite import SqliteStore
from app.tracer import wire
from app.web.api import timestamp
from tests.conftest import Server, start_server
from tests.golden.handmade import row

from .conftest import Playground, Visit

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
HANDMADE = HERE.parent / "golden" / "handmade.chunks"
LANES, SPANS, LENGTH_MS = 24, 3000, 40.0
DIFFERENT = 20
"""Of 255: a mean that differs by more is another one."""
MOST_DIFFERENT = 0.02

MEANS = """async (encoded) => {
  const { width, height, data } = await (async () => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${encoded}`)).blob());
    const ink = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    ink.drawImage(bitmap, 0, 0);
    return ink.getImageData(0, 0, bitmap.width, bitmap.height);
  })();
  const across = width >> 3, down = height >> 3, means = new Float64Array(across * down * 3);
  for (let y = 0; y < down * 8; y++) {
    for (let x = 0; x < across * 8; x++) {
      for (let c = 0; c < 3; c++) means[((y >> 3) * across + (x >> 3)) * 3 + c] += data[(y * width + x) * 4 + c] / 64;
    }
  }
  return [down, across, [...means].map(Math.round)];
}"""
ALONE = """() => {
  const stage = document.getElementById("stage");
  for (const other of stage.children) if (other.id !== "canvas") other.style.visibility = "hidden";
  const wide = innerWidth > 760;
  Object.assign(stage.style, {
    position: "fixed", inset: "0 auto auto 0", width: wide ? "900px" : `${innerWidth}px`, height: wide ? "560px" : "420px", flex: "none", zIndex: 9,
  });
}"""
EXACT = """() => new Promise((resolve) => {
  const canvas = document.getElementById("canvas");
  const look = ({ detail: { over, exact } }) => {
    if (!over || !exact) return;
    canvas.removeEventListener("drawn", look);
    resolve();
  };
  canvas.addEventListener("drawn", look);
  canvas.dispatchEvent(new PointerEvent("pointerleave"));
})"""
KEEP = """() => {
  const canvas = document.getElementById("canvas");
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  window.kept = window.shown;
  window.shown = { pixels: new Uint32Array(data.buffer), width };
}"""
MOVED = """([by, scale]) => {
  const { pixels, width } = shown, left = 260 * scale, right = 20 * scale;
  let all = 0, other = 0;
  for (let y = 120 * scale; y < pixels.length / width; y++) {
    for (let x = left + Math.max(0, -by); x < width - right - Math.max(0, by); x++) {
      all++;
      if (pixels[y * width + x] !== kept.pixels[y * width + x + by]) other++;
    }
  }
  return other / all;
}"""


def dense() -> bytes:
    """A trace whose spans are mostly too short to be drawn one by one; the same whenever it is made."""
    chance = random.Random(5)
    states = [(wire.RUNNING, 0), (wire.WAITING, 1), (wire.WAITING, 2), (wire.WAITING, 3), (wire.READY, 0)]
    rows = [
        row(wire.LANE, 0, 1, flags=wire.PROCESS, end=2, text="main process"),
        row(wire.STATE, 0, 1, flags=wire.RUNNING),
        row(wire.RESOURCE, 0, 1, flags=wire.LOCK, obj=1, text="gate"),
        row(wire.RESOURCE, 0, 1, flags=wire.QUEUE, obj=2, text="jobs"),
        row(wire.RESOURCE, 0, 1, flags=wire.SLEEP, obj=3),
    ]
    for lane in range(2, LANES + 2):
        rows.append(row(wire.LANE, 0, lane, flags=wire.THREAD, obj=1, by=1, text=f"worker-{lane}"))
        times = sorted(chance.uniform(0, LENGTH_MS) for _ in range(SPANS))
        for index, t in enumerate(times):
            state, on = states[(index + int(t / 5)) % len(states)] if lane % 3 else states[index % 2]
            rows.append(row(wire.STATE, t, lane, flags=state, obj=on))
        rows.append(row(wire.END, LENGTH_MS, lane, flags=wire.RETURNED))
    rows.append(row(wire.END, LENGTH_MS, 1, flags=wire.RETURNED))
    return pack(Chunk(1, LENGTH_MS * 1e6, 0, events_of(sorted(rows))))


async def store(folder: Path, traces: dict[str, bytes]) -> None:
    """Put runs of these ids and traces where a server will find them."""
    python = Python("3.13", "3.13.0", free_threaded=False, executable="/nowhere/python3.13")
    now = timestamp(datetime.now(UTC))
    found = await SqliteStore.open(folder)
    for run, trace in traces.items():
        program = Program("".join(f"step({line})\n" for line in range(30)))
        await found.submit(Submission(program, python, Limits(), "local", owner=""), run, "", now)
        lease = await found.claim()
        assert lease is not None
        events = 0
        for chunk in unpack_all(trace):
            events += len(chunk.events)
            await found.append(lease, chunk.seq, pack(chunk), len(chunk.events))
        outcome = Outcome(Kind.completed, exit_code=0)
        wall = round(max(chunk.known for chunk in unpack_all(trace)))
        await found.finish(lease, outcome, wall_ns=wall, cpu_ns=wall, dropped=Dropped(), events=events)
    await found.close()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the two traces."""
    folder = tmp_path_factory.mktemp("pictured")
    with ThreadPoolExecutor(1) as elsewhere:  # this thread has Playwright's event loop
        elsewhere.submit(asyncio.run, store(folder, {"handmade": HANDMADE.read_bytes(), "dense": dense()})).result()
    server = start_server(folder)
    yield server
    server.stop()


def opened(playground: Playground, path: str) -> Page:
    """The page, once it is as exact as it gets."""
    page = playground.open(path).page
    page.wait_for_load_state("networkidle")
    page.evaluate(ALONE)
    page.evaluate(EXACT)
    return page


def means(browser: Browser, png: bytes) -> Any:
    """The means of 8 × 8 pixels, each of (r, g, b)."""
    with browser.new_page() as page:
        down, across, found = page.evaluate(MEANS, base64.b64encode(png).decode())
    return np.array(found, dtype=float).reshape(down, across, 3)


def different(one: Any, other: Any) -> float:
    """The share of the means that differ."""
    if one.shape != other.shape:
        return 1.0
    return float((np.abs(one - other).max(axis=2) > DIFFERENT).mean())


LOOKS = {
    "light": ("/r/handmade#t=14000000&from=0&to=50000000", {}, False),
    "dark": ("/r/dense#t=20000000&from=5000000&to=30000000", {"color_scheme": "dark"}, False),
    "phone": (
        "/r/handmade#t=14000000&from=0&to=50000000",
        {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
        False,
    ),
    "greyscale": ("/r/handmade#t=14000000&from=0&to=30000000", {"device_scale_factor": 2}, True),
}


@pytest.mark.parametrize("name", LOOKS)
def test_it_looks_as_it_did(visit: Visit, browser: Browser, recorded: Server, name: str) -> None:
    path, options, grey = LOOKS[name]
    playground = visit(at=recorded.url, **options)
    if grey:
        session = playground.page.context.new_cdp_session(playground.page)
        session.send("Emulation.setEmulatedVisionDeficiency", {"type": "achromatopsia"})
    page = opened(playground, path)
    found = page.locator("#canvas").screenshot()
    kept = PICTURES / f"{name}.png"
    if os.environ.get("PICTURES") == "write":
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(found)
    share = different(means(browser, found), means(browser, kept.read_bytes()))
    assert share <= MOST_DIFFERENT, f"{share:.1%} of the picture differs"
    if grey:
        colours = means(browser, found)
        assert np.abs(colours - colours.mean(axis=2, keepdims=True)).max() < 3


def test_another_picture_is_seen_to_be_another(visit: Visit, browser: Browser, recorded: Server) -> None:
    playground = visit(at=recorded.url)
    path = LOOKS["light"][0]
    page = opened(playground, path)
    before = means(browser, page.locator("#canvas").screenshot())
    page.locator("#zoom-in").click()
    page.evaluate(EXACT)
    assert different(before, means(browser, page.locator("#canvas").screenshot())) > MOST_DIFFERENT


@pytest.mark.parametrize("scale", [1, 2])
def test_panning_moves_the_picture_and_changes_no_pixel_of_it(visit: Visit, recorded: Server, scale: int) -> None:
    playground = visit(at=recorded.url, device_scale_factor=scale)
    playground.expected.append("Canvas2D")  # it would rather not have its pixels read
    page = opened(playground, "/r/dense#t=0&from=10000000&to=20000000")
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    page.evaluate(KEEP)
    for by in (7, 40, -13):
        page.mouse.move(box["x"] + 600, box["y"] + 300)
        page.mouse.wheel(by, 0)
        page.mouse.move(5, 5)
        page.evaluate(EXACT)
        page.evaluate(KEEP)
        # The browser's wheel turns by device pixels here.
        assert page.evaluate(MOVED, [by, scale]) < 0.001
