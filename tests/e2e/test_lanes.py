"""Lanes are searched, hidden, pinned, moved, filtered, grouped and focused, by keys, menu and finger."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from .conftest import FRAME, PATIENCE_MS, PHONE, Playground, Visit, goes_past_axe, milliseconds, recorded
from .programs import THREADS

NAMES = ["main process", "MainThread", "worker-0", "worker-1", "worker-2"]


def rows(page: Playground) -> list[str]:
    """The rows from top to bottom, as the arrow keys go through them."""
    keys, title = page.page.keyboard, page.page.locator("#facts h2")
    page.page.locator("#canvas").focus()
    keys.press("Escape")
    expect(page.page.locator("#drawer")).to_be_hidden()
    found: list[str] = []
    while True:
        keys.press("ArrowDown")
        page.page.evaluate(FRAME)
        name = re.split(r":| · ", title.inner_text())[0]
        if found[-1:] == [name]:
            return found
        found.append(name)


def chosen(page: Playground, name: str) -> None:
    """Select a lane by searching it."""
    page.page.keyboard.press("Escape")
    page.page.keyboard.press("Slash")
    page.page.keyboard.insert_text(name)
    page.page.keyboard.press("Enter")
    expect(page.page.locator("#found [aria-current] b")).to_have_text(name)
    page.page.locator("#canvas").focus()


def test_everything_is_found_and_gone_through(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    page.page.locator("#canvas").focus()
    keys, found = page.page.keyboard, page.page.locator("#found")
    keys.press("Slash")
    keys.insert_text("turn 2")
    expect(found.locator(".count")).to_have_text("3 places")
    expect(found.locator("li")).to_have_text([re.compile(r"worker \d turn 2")] * 3)
    times = [milliseconds(text) for text in found.locator("time").all_inner_texts()]
    assert times == sorted(times)
    current = found.locator("[aria-current]")
    keys.press("Enter")
    expect(current).to_have_count(1)
    first = current.inner_text()
    keys.press("Enter")
    expect(current).not_to_have_text(first.replace("\n", ""))
    keys.press("Shift+Enter")
    expect(current).to_have_text(first.replace("\n", ""))
    assert abs(milliseconds(page.clock) - times[0]) < 1
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(found.locator("li").nth(1).locator("button")).to_have_attribute("aria-current", "true")
    page.page.locator("#canvas").focus()
    keys.press("n")
    expect(found.locator("li").nth(2).locator("button")).to_have_attribute("aria-current", "true")
    keys.press("Shift+n")
    expect(found.locator("li").nth(1).locator("button")).to_have_attribute("aria-current", "true")
    for query, what in (("worker-1", "worker-1thread"), ("line 10", "line 10"), ("work", "work()")):
        page.page.locator("#find").fill(query)
        expect(found.locator("li", has_text=what).first).to_be_visible()
    page.page.locator("#find").fill("no such thing")
    expect(found.locator(".count")).to_have_text("Nothing found")
    page.page.locator("#find").press("Escape")
    expect(found).to_be_hidden()


def test_lanes_are_moved_pinned_hidden_and_come_back(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    keys = page.page.keyboard
    assert rows(page) == NAMES
    chosen(page, "worker-1")
    keys.press("Shift+ArrowUp")
    assert rows(page) == ["main process", "MainThread", "worker-1", "worker-0", "worker-2"]
    chosen(page, "worker-2")
    keys.press("p")
    assert rows(page) == ["worker-2", "main process", "MainThread", "worker-1", "worker-0"]
    chosen(page, "worker-0")
    keys.press("h")
    assert rows(page) == ["worker-2", "main process", "MainThread", "worker-1"]
    page.page.locator("#open-lanes").click()
    expect(page.page.locator("#lanes-note")).to_have_text("1 lane is hidden")
    page.page.locator("#lanes-reset").click()
    keys.press("Escape")
    assert rows(page) == NAMES


def test_the_menu_filters_groups_and_remembers(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    page.page.locator("#open-lanes").click()
    goes_past_axe(page)
    page.page.locator("#lane-filter").fill("worker-2")
    page.page.keyboard.press("Escape")
    expect(page.page.locator("#open-lanes[data-partial]")).to_be_visible()
    assert rows(page) == ["main process", "worker-2"]
    page.page.locator("#open-lanes").click()
    page.page.locator("#lanes-reset").click()
    page.page.get_by_label("name", exact=True).check()
    page.page.keyboard.press("Escape")
    page.page.reload()
    page.ready()
    assert page.outcome
    page.page.locator("#open-lanes").click()
    expect(page.page.get_by_label("name", exact=True)).to_be_checked()
    page.page.get_by_label("kind", exact=True).check()
    page.page.keyboard.press("Escape")
    assert rows(page) == NAMES


def test_the_focus_leaves_what_relates_to_the_selection(visit: Visit) -> None:
    source = "import threading\n" + "".join(
        f"t{number} = threading.Thread(target=threading.Event().wait, args=[0.2], name='alone-{number}')\nt{number}.start()\n"
        for number in range(3)
    )
    page = recorded(visit, source)
    chosen(page, "alone-1")
    page.page.keyboard.press("v")
    assert rows(page) == ["main process", "MainThread", "alone-1"]
    page.page.keyboard.press("v")
    assert rows(page) == ["main process", "MainThread", "alone-0", "alone-1", "alone-2"]


def test_a_finger_does_the_same(visit: Visit) -> None:
    run = recorded(visit, THREADS)
    page = visit(**PHONE).open(f"/r/{run.run_id}")
    assert page.outcome
    page.page.locator("#find").tap()
    page.page.keyboard.insert_text("worker-2")
    page.page.locator("#found li button").first.tap()
    page.page.get_by_role("tab", name="Selected").tap()
    page.page.locator("#facts").get_by_role("button", name="hide").tap()
    page.page.locator("#open-lanes").tap()
    expect(page.page.locator("#lanes-note")).to_have_text("1 lane is hidden", timeout=PATIENCE_MS)
    box = page.page.locator("#lanes").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
