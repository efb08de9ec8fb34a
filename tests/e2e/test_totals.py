"""What lanes did for how long, in all of a run or a part, and what that says of the program."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import Visit, goes_past_axe
from .test_page import recorded
from .test_runs import THREADS

CRUNCHERS = """\
import threading


def crunch():
    total = 0
    for number in range(2_000_000):
        total += number


threads = [threading.Thread(target=crunch, name=f"cruncher-{number}") for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_it_says_why_four_threads_are_no_faster_than_one(visit: Visit) -> None:
    page = recorded(visit, CRUNCHERS)
    page.page.locator("#total").click()
    totals = page.page.locator("#totals")
    expect(totals).to_contain_text(re.compile(r"[45] threads took turns, because only one at a time may hold the GIL"))
    expect(totals).to_contain_text("no more than one could have done alone")
    for number in range(4):
        row = totals.locator("tr", has=page.page.locator("th", has_text=f"cruncher-{number}"))
        expect(row.locator(".look.runs")).to_have_count(1)
        expect(row.locator(".look.gil")).to_have_count(1)
    goes_past_axe(page)


def test_a_part_has_totals_of_its_own_and_rows_lead_to_lanes(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    page.page.locator("#canvas").focus()
    page.page.keyboard.press("t")
    totals = page.page.locator("#totals")
    expect(totals).to_contain_text("The whole run")
    expect(totals).to_contain_text("What was waited for longest: lock")
    row = totals.locator("tr", has=page.page.locator("th", has_text="worker-0"))
    whole = row.inner_text()
    canvas = page.page.locator("#canvas").bounding_box()
    assert canvas
    y = canvas["y"] + 20
    page.page.mouse.move(canvas["x"] + 400, y)
    page.page.mouse.down()
    page.page.mouse.move(canvas["x"] + 500, y, steps=4)
    page.page.mouse.up()
    expect(totals.locator(".count")).to_contain_text(re.compile(r"\d+\.\d\d ms – \d+\.\d\d ms"))
    expect(row).not_to_have_text(whole)
    totals.locator("th").get_by_role("button", name="worker-1").click()
    page.page.get_by_role("tab", name="Selected").click()
    expect(page.page.locator("#facts h2")).to_have_text("worker-1 · thread")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_totals_fit_a_phone(visit: Visit, scheme: str) -> None:
    run = recorded(visit, THREADS)
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "color_scheme": scheme}
    page = visit(**phone).open(f"/r/{run.run_id}")
    assert page.outcome
    page.page.locator("#total").tap()
    expect(page.page.locator("#totals tbody tr")).to_have_count(4)
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    goes_past_axe(page)
