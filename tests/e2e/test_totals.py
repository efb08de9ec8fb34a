"""What lanes did for how long, in all of a run or a part, and what that says of the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import start_server

from .conftest import Visit, goes_past_axe, recorded
from .programs import THREADS

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

PHASES = """\
import threading
import time


def work():
    until = time.thread_time() + 0.4
    while time.thread_time() < until:
        pass
    time.sleep(0.6)


thread = threading.Thread(target=work, name="worker")
thread.start()
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


def test_a_part_has_the_cpu_time_that_was_used_in_it(visit: Visit) -> None:
    page = recorded(visit, PHASES)
    told = page.timeline()
    [worker] = [lane["id"] for lane in told["lanes"] if lane["name"] == "worker"]
    [sleep] = [span for span in told["spans"] if span["lane"] == worker and span["state"] == "waiting"]
    looks = [look["t_ns"] for look in told["cpu"] if look["lane"] == worker]
    seen = next(t for t in looks if t > sleep["start_ns"])
    row = page.page.locator("#totals tr", has=page.page.locator("th", has_text="worker"))
    expect(page.page.locator("#honest")).to_contain_text(re.compile(r"CPU times were looked at \d+ times a second"))
    page.open(f"/r/{page.run_id}#from=0&to={seen}")
    page.page.locator("#total").click()
    used, unit = row.locator("td").last.inner_text().split(" · ")[0].split()
    assert unit == "ms"
    assert 380 < float(used) < 440
    page.open(f"/r/{page.run_id}#from={seen}&to={sleep['end_ns']}")
    page.page.locator("#total").click()
    expect(page.page.locator("#totals .count")).to_contain_text("estimated")
    expect(row.locator("td").last).to_have_text(re.compile(r"^–$|· [0-2]%$"))
    assert [words for lane in page.outline().values() for words in lane["cpu"] if words.endswith("CPU 0%")]


def test_without_looks_from_outside_there_is_no_cpu_track_and_it_is_said(visit: Visit, tmp_path: Path) -> None:
    server = start_server(tmp_path, SANDBOX="none")
    page = visit(at=server.url).open().write(PHASES).run()
    assert page.outcome.startswith("Completed in ")
    expect(page.page.locator("#honest")).to_contain_text("Nobody looked at CPU times.")
    expect(page.page.locator(".legend .of-cpu")).to_be_hidden()
    server.stop()
