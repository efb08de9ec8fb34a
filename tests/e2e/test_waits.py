"""Why a lane waits is drawn and said, by pointer, key and finger, in both languages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import Playground, Visit, goes_past_axe, recorded
from .programs import CIRCLE, THREADS


def in_the_circle(page: Playground) -> Playground:
    """Show a time at which left and right wait for each other."""
    told = page.timeline()
    [left] = [lane["id"] for lane in told["lanes"] if lane["name"] == "left"]
    wait = max((span for span in told["spans"] if span["lane"] == left and span["state"] == "waiting"), key=_length)
    middle = (wait["start_ns"] + wait["end_ns"]) // 2
    return page.open(f"/r/{page.run_id}#t={middle}")


def _length(span: dict[str, int]) -> int:
    return span["end_ns"] - span["start_ns"]


def test_a_circle_of_waits_is_drawn_and_leads_to_its_lanes(visit: Visit) -> None:
    page = in_the_circle(recorded(visit, CIRCLE))
    waits = page.page.locator("#waits")
    page.page.locator("#why").click()
    expect(waits.locator(".verdict")).to_contain_text(re.compile(r"left and right wait for each other in a circle\."))
    expect(waits.locator(".node.circle")).to_have_count(4)
    expect(waits.locator("path.circle:not(.head)")).to_have_count(4)
    expect(waits.locator(".steps")).to_contain_text("MainThread waits until left ends.")
    waits.locator("button.node", has_text="right").click()
    expect(waits.locator(".node.chosen")).to_contain_text("right")
    page.page.get_by_role("tab", name="Selected").click()
    expect(page.page.locator("#facts h2")).to_contain_text("right: blocked on a lock")
    facts = page.page.locator("#facts")
    expect(facts).to_contain_text(re.compile(r"held byleft since \d+\.\d+ ms, blocked on a lock, line 10, cross\(\)"))
    expect(facts).to_contain_text("holdslock b")


def test_the_key_opens_and_closes_it_and_escape_too(visit: Visit) -> None:
    page = in_the_circle(recorded(visit, CIRCLE))
    assert page.outcome
    waits, keys = page.page.locator("#waits"), page.page.keyboard
    page.page.locator("#canvas").focus()
    keys.press("y")
    expect(waits).to_be_visible()
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(waits.locator(".verdict")).to_contain_text("wait for each other")
    expect(page.page.get_by_role("tab", name="Why is it waiting?")).to_have_attribute("aria-selected", "true")
    keys.press("Escape")
    expect(page.page.locator("#drawer")).to_be_hidden()
    keys.press("y")
    expect(waits).to_be_visible()
    keys.press("y")
    expect(page.page.locator("#drawer")).to_be_hidden()


def test_where_a_lock_is_held_its_holder_is_the_root(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    told = page.timeline()
    locks = {each["id"] for each in told["resources"] if each["kind"] == "lock"}
    wait = max((span for span in told["spans"] if span["on"] in locks and span["state"] == "waiting"), key=_length)
    page.open(f"/r/{page.run_id}#t={wait['start_ns'] + 10**7}&lane={wait['lane']}")
    page.page.get_by_role("tab", name="Why is it waiting?").click()
    name = next(lane["name"] for lane in told["lanes"] if lane["id"] == wait["lane"])
    expect(page.page.locator(".verdict")).to_contain_text(
        re.compile(rf"In the end {name} waits for worker-\d\. worker-\d sleeps\.")
    )
    expect(page.page.locator(".node.thing")).to_have_text("lock")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_finger_opens_it_and_all_of_it_fits_a_phone(visit: Visit, scheme: str) -> None:
    run = recorded(visit, CIRCLE)
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "color_scheme": scheme}
    page = visit(**phone).open(f"/r/{run.run_id}")
    assert page.outcome
    page = in_the_circle(page)
    page.page.locator("#why").tap()
    expect(page.page.locator(".node.circle")).to_have_count(4)
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.page.evaluate(
        "(() => { const e = document.querySelector('.graph-frame'); return e.scrollWidth <= e.clientWidth; })()"
    )
    goes_past_axe(page)


def test_arrows_lead_to_the_cause_and_back(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    locks = {each["id"] for each in page.timeline()["resources"] if each["kind"] == "lock"}
    wait = next(span for span in page.timeline()["spans"] if span["on"] in locks and span["state"] == "waiting")
    page.open(f"/r/{page.run_id}#t={wait['start_ns'] + 1000}&lane={wait['lane']}")
    title, facts = page.page.locator("#facts h2"), page.page.locator("#facts")
    expect(title).to_contain_text("blocked on a lock")
    blocked = title.inner_text()
    facts.get_by_role("button", name="its cause").click()
    expect(title).not_to_have_text(blocked)
    came = title.inner_text()
    facts.get_by_role("button", name="its effect").click()
    expect(title).not_to_have_text(came)
    page.page.locator("#canvas").focus()
    page.page.keyboard.press("BracketLeft")
    expect(title).to_have_text(came)


def test_it_speaks_russian(visit: Visit) -> None:
    run = recorded(visit, CIRCLE)
    page = in_the_circle(visit(locale="ru-RU").open(f"/r/{run.run_id}"))
    page.page.locator("#why").click()
    expect(page.page.locator(".verdict")).to_contain_text("ждут друг друга по кругу")
    assert not re.search(r"[A-Za-z]{4,} [a-z]{3,} [a-z]{3,}", page.page.locator("#drawer").inner_text())
