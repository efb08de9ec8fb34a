"""A link leads to a run, a time, a stretch of it and a lane, and Back leads back."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import Visit, recorded
from .programs import THREADS


def test_a_link_leads_to_a_time_a_stretch_and_a_lane(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    told = page.timeline()
    [lane] = [each["id"] for each in told["lanes"] if each["name"] == "worker-1"]
    page.open(f"/r/{page.run_id}#t=300000000&from=200000000&to=400000000&lane={lane}")
    expect(page.page.locator("#clock")).to_have_text("300.000 ms")
    expect(page.page.locator("#facts h2")).to_contain_text("worker-1")
    page.page.locator("#total").click()
    expect(page.page.locator("#totals .count")).to_contain_text("200.00 ms – 400.00 ms")


def test_links_to_views_of_one_run_are_followed_in_place_and_back(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    page.open(f"/r/{page.run_id}#t=100000000")
    clock = page.page.locator("#clock")
    expect(clock).to_have_text("100.000 ms")
    page.page.evaluate("window.stays = true")
    page.page.evaluate("location.hash = '#t=250000000'")
    expect(clock).to_have_text("250.000 ms")
    page.page.evaluate("location.hash = '#t=1e999&from=-1e999&to=1e999&lane=-1'")
    expect(clock).not_to_have_text("250.000 ms")
    page.page.go_back()
    expect(clock).to_have_text("250.000 ms")
    page.page.go_back()
    expect(clock).to_have_text("100.000 ms")
    assert page.page.evaluate("window.stays") is True


def test_back_leads_from_a_run_to_the_one_before(visit: Visit) -> None:
    page = recorded(visit)
    first = page.run_id
    page.write("print('second')\n").run()
    assert page.outcome.startswith("Completed in ")
    assert page.run_id != first
    page.page.go_back()
    page.page.wait_for_url(f"**/r/{first}")
    assert page.ready().outcome.startswith("Completed in ")
    page.shows_all()
    page.page.go_forward()
    assert page.ready().outcome.startswith("Completed in ")
    assert page.output() == ["second"]
