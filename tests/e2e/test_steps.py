"""Stepping like a debugger: forwards and back, on all lanes or on one, with the editor following."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from .conftest import FRAME, Visit, recorded
from .programs import THREADS

LONG_WAY = THREADS + "\n" * 80 + "print('far below')\n"


def test_steps_stay_on_the_selected_lane_if_asked(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    told = page.timeline()
    [lane] = [each["id"] for each in told["lanes"] if each["name"] == "worker-1"]
    starts = [span["start_ns"] for span in told["spans"] if span["lane"] == lane]
    page.open(f"/r/{page.run_id}#t={starts[0]}&lane={lane}")
    clock, keys, alone = page.page.locator("#clock"), page.page.keyboard, page.page.locator("#alone")
    expect(page.page.locator("#facts h2")).to_contain_text("worker-1")
    page.page.locator("#canvas").focus()
    keys.press("o")
    expect(alone).to_have_attribute("aria-pressed", "true")
    for start in (*starts[1:4], *starts[2:0:-1]):
        keys.press("ArrowRight" if start > _ns(page.clock) else "ArrowLeft")
        expect(clock).to_have_text(f"{start / 1e6:.3f} ms")
    alone.click()
    before = page.clock
    page.page.locator("#next").click()
    expect(clock).not_to_have_text(before)
    every = sorted({span["start_ns"] for span in told["spans"]})
    expect(clock).to_have_text(f"{min(each for each in every if each > starts[1]) / 1e6:.3f} ms")


def test_the_editor_follows_every_step(visit: Visit) -> None:
    page = recorded(visit, LONG_WAY)
    keys = page.page.keyboard
    page.page.locator("#canvas").focus()
    keys.press("Home")
    shown = page.page.locator(".here-shown")
    seen = set()
    for _ in range(40):
        keys.press("ArrowRight")
        page.page.evaluate(FRAME)
        if shown.count():
            expect(shown).to_be_in_viewport()
            seen.add(shown.inner_text().split("worker")[0].strip())
    assert any(text.startswith("with lock:") for text in seen), seen
    keys.press("End")
    for _ in range(6):
        keys.press("ArrowLeft")
    expect(page.page.locator(".here-shown")).to_have_count(1)
    expect(page.page.locator(".here-shown")).to_be_in_viewport()


def test_slower_and_faster_by_key(visit: Visit) -> None:
    page = recorded(visit)
    speed = page.page.locator("#speed")
    page.page.locator("#canvas").focus()
    before = speed.input_value()
    page.page.keyboard.press("Period")
    expect(speed).not_to_have_value(before)
    assert float(speed.input_value()) > float(before)
    page.page.keyboard.press("Comma")
    expect(speed).to_have_value(before)


def test_with_motion_a_step_arrives_where_it_leads(visit: Visit) -> None:
    run = recorded(visit, THREADS)
    page = visit(reduced_motion="no-preference").open(f"/r/{run.run_id}")
    assert page.outcome
    page.page.locator("#canvas").focus()
    page.page.keyboard.press("Home")
    for _ in range(5):
        page.page.keyboard.press("ArrowRight")
    fifth = sorted({span["start_ns"] for span in page.timeline()["spans"]} - {0})[4]
    expect(page.page.locator("#clock")).to_have_text(re.compile(rf"^{fifth / 1e6:.3f} ms$"))


def _ns(clock: str) -> float:
    value, unit = clock.split()
    return float(value) * {"ms": 1e6, "s": 1e9}[unit]
