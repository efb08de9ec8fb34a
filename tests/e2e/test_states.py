"""What a reader meets beside the usual: the first visit, no connection, too many runs; and how light the page is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import start_server

from .conftest import PATIENCE_MS, PHONE, Visit, goes_past_axe, recorded
from .weight import weights

PAGE_BYTES, SHELL_BYTES = 200 << 10, 45 << 10
DRAWN = """addEventListener("drawn", ({ detail: { events } }) => {
  if (events) window.early ??= performance.getEntriesByType("resource").map(({ name }) => name);
}, true)"""
"""Keeps what was fetched, or is on its way, when there are events in the picture for the first time."""


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_tour_of_four_steps_on_the_first_visit_alone(visit: Visit, phone: bool) -> None:
    small = PHONE if phone else {}
    page = visit(first=True, **small).open()
    tour = page.page.locator(".tour")
    expect(tour).to_contain_text("1 of 4")
    goes_past_axe(page)
    for step in (2, 3, 4):
        tour.get_by_role("button", name="Next", exact=True).click()
        expect(tour).to_contain_text(f"{step} of 4")
        expect(page.page.locator("[data-toured]")).to_have_count(1)
        box = tour.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= (390 if phone else 1440)
    tour.get_by_role("button", name="Done").click()
    expect(tour).to_have_count(0)
    page.page.reload()
    page.ready().page.wait_for_load_state("networkidle")
    expect(tour).to_have_count(0)


def test_the_tour_is_skipped_and_found_again_by_keyboard(visit: Visit) -> None:
    page = visit(first=True).open()
    tour, keys = page.page.locator(".tour"), page.page.keyboard
    tour.get_by_role("button", name="Skip").click()
    expect(tour).to_have_count(0)
    page.page.locator("#canvas").focus()
    keys.press("?")
    page.page.locator("#tour").focus()
    keys.press("Enter")
    expect(tour.get_by_role("button", name="Next", exact=True)).to_be_focused()
    keys.press("Enter")
    expect(tour).to_contain_text("2 of 4")
    keys.press("Escape")
    expect(tour).to_have_count(0)


def test_the_tour_stands_in_nobodys_way(visit: Visit) -> None:
    page = visit(first=True).open()
    expect(page.page.locator(".tour")).to_be_visible()
    page.run()
    assert page.outcome.startswith("Completed in ")


def test_offline_is_said_and_the_run_stays(visit: Visit) -> None:
    page = recorded(visit)
    page.expected += ["ERR_INTERNET_DISCONNECTED", "Failed to fetch dynamically imported module"]
    context = page.page.context
    context.set_offline(True)
    expect(page.page.locator("#connection")).to_contain_text(
        "You are offline. What has come of this run can be looked at."
    )
    page.page.locator("#canvas").focus()
    page.page.keyboard.press("ArrowLeft")
    expect(page.page.locator("#sentence")).not_to_be_empty()
    page.page.keyboard.press("t")
    expect(page.page.locator(".toast.bad")).to_contain_text("The server can't be reached.")
    context.set_offline(False)
    expect(page.page.locator("#connection")).to_be_hidden()


def test_too_many_runs_are_told_with_the_time_to_wait(visit: Visit, tmp_path: Path) -> None:
    server = start_server(tmp_path, QUOTA_RUNS="1")
    page = visit(at=server.url).open().write("print('once')\n").run()
    assert page.outcome.startswith("Completed in ")
    page.expected += ["429"]
    page.page.locator("#run").click()
    refusal = page.page.locator("#refusal")
    expect(refusal).to_contain_text(re.compile(r"Too many requests.*Try again in \d+ s\."))
    first = refusal.inner_text()
    expect(refusal).not_to_have_text(first, timeout=PATIENCE_MS)
    expect(page.page.locator("#run")).to_be_enabled()
    server.stop()


def test_an_empty_page_says_what_to_do_and_does_it(visit: Visit) -> None:
    page = visit().open()
    empty = page.page.locator("#empty")
    empty.get_by_role("button", name="Examples").click()
    expect(page.page.locator("#examples")).to_be_visible()
    page.page.keyboard.press("Escape")
    empty.get_by_role("button", name="Run").click()
    page.page.wait_for_url("**/r/*")
    assert page.outcome.startswith("Completed in ")


def test_the_page_is_light(visit: Visit) -> None:
    run = recorded(visit).run_id
    page = visit(first=True)
    loaded: set[str] = set()
    page.page.on("request", lambda request: loaded.add(request.url.rsplit("/", 1)[-1].split("?")[0]))
    page.open(f"/r/{run}")
    assert page.outcome
    expect(page.page.locator(".tour")).to_be_visible()
    found = weights(loaded)
    assert all(found.values()), found
    assert sum(found.values()) <= PAGE_BYTES, found
    assert found["shell and timeline"] <= SHELL_BYTES, found


def test_nothing_stands_in_the_way_of_the_first_picture(visit: Visit) -> None:
    run = recorded(visit).run_id
    page = visit()
    page.page.add_init_script(DRAWN)
    page.open(f"/r/{run}")
    assert page.outcome
    early: list[str] = page.page.evaluate("early")
    assert any("/main-" in name for name in early)
    assert [name for name in early if re.search(r"/(later|asked|tour|editor|htmx)-\w+\.js", name)] == []
