"""The picture for those who see no colour, no picture, no motion, or paper alone."""

from __future__ import annotations

import base64
import itertools
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.core.event import Chunk, events_of, pack
from app.tracer import wire

from .conftest import Playground, Visit, goes_past_axe, recorded
from .programs import THREADS

MS = 1_000_000
THREAD, TASK = wire.THREAD, wire.TASK
STATES: dict[str, tuple[int, int, int]] = {
    "running": (THREAD, wire.RUNNING, 0),
    "wants the GIL": (THREAD, wire.READY, 0),
    "blocked on a lock": (THREAD, wire.WAITING, wire.LOCK),
    "waits for a queue": (THREAD, wire.WAITING, wire.QUEUE),
    "waits for I/O": (THREAD, wire.WAITING, wire.IO),
    "sleeps": (THREAD, wire.WAITING, wire.SLEEP),
    "suspended at await": (TASK, wire.WAITING, wire.FUTURE),
    "wants the event loop": (TASK, wire.READY, 0),
}
"""What is drawn in a way of its own: kind of lane, state, kind of resource."""
TOP, BAND, THREAD_ROW, TASK_ROW = 82 + 4, 30, 30, 22
SIGHTS = ["none", "achromatopsia", "deuteranopia", "protanopia", "tritanopia"]

LUMINANCE = """async ([picture, rows, scale]) => {
  const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return rows.map((middle) => {
    const { data } = context.getImageData(400 * scale, (middle - 10) * scale, 64 * scale, 20 * scale);
    const found = [];
    for (let i = 0; i < data.length; i += 4) found.push(0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2]);
    return found;
  });
}"""


def every_state() -> bytes:
    """A chunk of a run in which every lane is in a state of its own from beginning to end."""

    def row(kind: int, lane: int, *, flags: int = 0, obj: int = 0, end: float = 0, text: str = "") -> tuple[Any, ...]:
        return (0.0, end, lane, obj, 0, 0, text, kind, flags)

    rows = [row(wire.LANE, 1, flags=wire.PROCESS, end=2, text="main process"), row(wire.STATE, 1, flags=wire.RUNNING)]
    rows += [row(wire.LANE, 2, flags=THREAD, obj=1, text="MainThread"), row(wire.STATE, 2, flags=wire.RUNNING)]
    for number, (name, (kind, state, resource)) in enumerate(STATES.items(), start=3):
        rows.append(row(wire.LANE, number, flags=kind, obj=2 if kind == TASK else 1, text=name))
        if resource:
            rows.append(row(wire.RESOURCE, number, flags=resource, obj=number))
        rows.append(row(wire.STATE, number, flags=state, obj=number if resource else 0))
    return pack(Chunk(seq=1, known=100.0 * MS, late=0, events=events_of(rows)))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_states_stay_apart_without_colour(visit: Visit, scheme: str) -> None:
    run = recorded(visit).run_id
    page = visit(color_scheme=scheme)
    chunk = every_state()
    page.page.route(
        re.compile(r"/chunks\?after=\d+$"),
        lambda route: route.fulfill(body=chunk if route.request.url.endswith("=0") else b""),
    )
    page.open(f"/r/{run}")
    assert page.outcome
    page.page.locator("#open-lanes").click()
    page.page.get_by_label("running at once").uncheck()
    page.page.keyboard.press("Escape")
    expect(page.page.locator("#lanes")).to_be_hidden()
    page.page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    tasks = [name for name, (kind, *_) in STATES.items() if kind == TASK]
    threads = [name for name in STATES if name not in tasks]
    below = TOP + BAND + THREAD_ROW
    middles = [below + TASK_ROW * index + TASK_ROW // 2 for index in range(len(tasks))]
    below += TASK_ROW * len(tasks)
    middles += [below + THREAD_ROW * index + THREAD_ROW // 2 for index in range(len(threads))]
    for sight in SIGHTS:
        rows = dict(zip(tasks + threads, _luminance(page.page, sight, middles), strict=True))
        for (one, a), (other, b) in itertools.combinations(rows.items(), 2):
            apart = sum(abs(x - y) for x, y in zip(a, b, strict=True)) / (_ink(a) + _ink(b))
            assert apart > 0.15, f"{one} and {other} look alike with {sight}: {apart:.2f}"


def _ink(row: list[float]) -> float:
    """How much a row differs from its ground."""
    return sum(abs(pixel - row[0]) for pixel in row)


def _luminance(page: Page, sight: str, middles: list[int]) -> list[list[float]]:
    """How bright each row is, pixel by pixel, as somebody with such eyes sees the canvas."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setEmulatedVisionDeficiency", {"type": sight})
    picture = base64.b64encode(page.locator("#canvas").screenshot()).decode()
    found: list[list[float]] = page.evaluate(LUMINANCE, [picture, middles, 1])
    return found


def test_the_text_twin_is_a_tree_for_keys(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    page.page.locator("#outline > summary").focus()
    keys = page.page.keyboard
    keys.press("Enter")
    first = page.page.get_by_role("treeitem").first
    expect(first).to_be_visible()
    keys.press("Tab")
    expect(first).to_be_focused()
    focused = page.page.locator("[role='treeitem']:focus")
    for name in ("main process", "worker-1"):
        while not page.page.evaluate("document.activeElement.ariaLabel").startswith(name):
            keys.press("ArrowDown")
        expect(focused).to_have_attribute("aria-expanded", "false")
        keys.press("ArrowRight")
        expect(focused).to_have_attribute("aria-expanded", "true")
    expect(focused).to_have_attribute("aria-label", re.compile(r"^worker-1 · thread"))
    keys.press("ArrowRight")
    expect(focused).to_have_attribute("data-kind", "span")
    keys.press("ArrowDown")
    said = focused.get_attribute("aria-label") or ""
    keys.press("Enter")
    expect(page.page.locator("#clock")).to_contain_text(said.split(".")[0])
    expect(page.page.locator("#facts h2")).to_contain_text("worker-1")
    keys.press("ArrowLeft")
    expect(focused).to_have_attribute("aria-label", re.compile(r"^worker-1 · thread"))
    keys.press("ArrowLeft")
    expect(focused).to_have_attribute("aria-expanded", "false")
    keys.press("End")
    keys.press("Home")
    expect(first).to_be_focused()
    goes_past_axe(page)


def test_steps_and_pauses_are_announced_and_nothing_else(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    said, keys = page.page.locator("#said"), page.page.keyboard
    expect(said).to_be_empty()
    for region in page.page.locator("[aria-live], [role='status'], [role='log']").all():
        assert region.get_attribute("id") not in ("sentence", "clock", "facts")
    page.page.locator("#canvas").focus()
    keys.press("Home")
    page.page.locator("#output button").first.click()
    expect(said).to_be_empty()
    page.page.locator("#canvas").focus()
    keys.press("ArrowRight")
    expect(said).to_have_text(re.compile(r"^[\d.]+ m?s\. [\w -]+: .+\. .*\.$"))
    stepped = said.inner_text()
    keys.press("Space")
    expect(page.page.locator("#play")).to_have_attribute("data-playing", "true")
    assert said.inner_text() == stepped
    keys.press("Space")
    expect(said).not_to_have_text(stepped)


def test_paper_has_the_run_and_no_controls(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    page.page.locator("#total").click()
    expect(page.page.locator("#totals tbody tr")).to_have_count(4)
    page.page.emulate_media(media="print")
    for gone in ("#run", ".transport", "#tabs", ".splitter >> nth=0"):
        expect(page.page.locator(gone)).to_be_hidden()
    for there in ("#canvas", "#sentence", "#outcome .words", "#totals", ".cm-content"):
        expect(page.page.locator(there)).to_be_visible()
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_dark_page_prints_on_white(visit: Visit) -> None:
    run = recorded(visit).run_id
    page: Playground = visit(color_scheme="dark").open(f"/r/{run}")
    assert page.outcome
    page.expected += ["willReadFrequently"]
    drawn = """colour => String([...document.getElementById("canvas").getContext("2d").getImageData(4, 4, 1, 1).data].slice(0, 3)) === colour"""
    page.page.wait_for_function(drawn, arg="16,21,30")
    page.page.emulate_media(media="print")
    page.page.wait_for_function(drawn, arg="255,255,255")
