"""What was noticed is shown beside the timeline and on it, while a run is on and afterwards, in words that lead there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import Server, start_server

from .conftest import PATIENCE_MS, PHONE, Playground, Visit, goes_past_axe, recorded
from .programs import DEADLOCK

BLOCKED = """\
import asyncio
import time


async def blocks():
    time.sleep(0.2)


async def waits():
    pass


async def main():
    await asyncio.gather(blocks(), waits())


asyncio.run(main())
"""


MANY = """\
import threading


def fail(number):
    raise ValueError(number)


for number in range(12):
    thread = threading.Thread(target=fail, args=[number], name=f"thread-{number}")
    thread.start()
    thread.join()
threading.Event().wait(2)
"""


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose runs may take some seconds: long enough for a look while they are on."""
    server = start_server(tmp_path_factory.mktemp("brief"), LIMITS__WALL_NS="6000000000")
    yield server
    server.stop()


def is_marked(page: Playground, line: str) -> None:
    expect(page.page.locator(".cm-activeLine")).to_contain_text(line)


def test_a_deadlock_is_shown_while_the_run_is_on_and_afterwards(visit: Visit, brief: Server) -> None:
    page = visit(at=brief.url).open().write(DEADLOCK).run()
    card = page.page.locator(".notice-card")
    expect(card).to_contain_text("Deadlock", timeout=PATIENCE_MS)
    expect(page.page.locator("#stop")).to_be_visible()
    expect(card).to_contain_text(
        re.compile(r"left waits for lock \w+, held by right\. right waits for lock \w+, held by left\.")
    )
    expect(page.page.locator("#noticed-said")).to_have_text("1 finding")
    assert page.outcome.startswith("Time limit of 6.00 s reached")
    expect(card).to_contain_text("Waiting behind that: MainThread.")
    assert [found["kind"] for found in page.timeline()["findings"]] == ["deadlock"]


def test_a_click_or_enter_goes_to_what_was_noticed(visit: Visit) -> None:
    page = visit().open().write(BLOCKED).run()
    assert page.outcome.startswith("Completed in ")
    [found] = page.timeline()["findings"]
    card, pin, clock = (page.page.locator(name) for name in (".notice-card", ".pin", "#clock"))
    card.click()
    expect(clock).to_have_text(f"{found['from_ns'] / 1e6:.3f} ms")
    expect(page.page.locator("#facts h2")).to_contain_text("Task-2")
    is_marked(page, "time.sleep(0.2)")
    for each in (card, pin):
        expect(each).to_have_attribute("aria-pressed", "true")
    page.page.locator("#canvas").focus()
    page.page.keyboard.press("Escape")
    expect(card).to_have_attribute("aria-pressed", "false")
    page.page.keyboard.press("End")
    pin.focus()
    page.page.keyboard.press("Enter")
    expect(clock).to_have_text(f"{found['from_ns'] / 1e6:.3f} ms")
    expect(card).to_have_attribute("aria-pressed", "true")
    card.focus()
    page.page.keyboard.press("Enter")
    expect(page.page.locator("#facts")).to_be_hidden()


def test_the_text_twin_says_it_too_and_leads_there(visit: Visit) -> None:
    run = visit().open().write(BLOCKED).run()
    assert run.outcome
    page = visit().open(f"/r/{run.run_id}")
    assert page.outcome
    expect(page.page.locator(".notice-card")).to_be_visible()
    page.outline()
    item = page.page.locator("#outline li[data-kind='finding']")
    expect(item).to_contain_text("Event loop blocked, observed. Task-2 kept the event loop busy for")
    item.get_by_role("button", name="line 6").click()
    is_marked(page, "time.sleep(0.2)")


def test_a_healthy_run_has_none(visit: Visit) -> None:
    page = visit().open().run()
    assert page.outcome.startswith("Completed in ")
    page.page.wait_for_load_state("networkidle")
    assert page.timeline()["findings"] == []
    expect(page.page.locator("#noticed")).to_be_hidden()
    expect(page.page.locator(".pin")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_findings_stand_in_nobodys_way(visit: Visit, scheme: str, phone: bool) -> None:
    small = PHONE if phone else {}
    page = visit(color_scheme=scheme, **small).open().write(BLOCKED).run()
    assert page.outcome
    page.page.locator(".notice-card").click()
    goes_past_axe(page)
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    time, noticed, code = (page.page.locator(name).bounding_box() for name in ("#time", "#noticed", "#code"))
    assert time
    assert noticed
    assert code
    if phone:
        assert time["y"] < noticed["y"] < code["y"]
        assert page.page.locator("#canvas").bounding_box()["y"] >= 48
    else:
        assert code["y"] < noticed["y"]
        assert noticed["x"] + noticed["width"] <= time["x"]


def test_many_that_begin_together_are_one_badge_that_leads_through_them(visit: Visit) -> None:
    page = recorded(visit, MANY)
    found = page.timeline()["findings"]
    assert len(found) >= 12
    bunch, facts = page.page.locator(".pin.bunch").first, page.page.locator("#facts h2")
    expect(page.page.locator(".notice-card")).to_have_count(8)
    expect(bunch).to_have_text(re.compile(r"^×\d+$"))
    page.page.locator("#total").click()
    expect(page.page.locator("#totals .count")).to_contain_text("The whole run")
    bunch.focus()
    page.page.keyboard.press("Enter")
    expect(page.page.locator("#totals .count")).not_to_contain_text("The whole run")
    page.page.get_by_role("tab", name="Selected").click()
    expect(facts).to_contain_text("thread-0")
    bunch.click()
    expect(facts).to_contain_text("thread-1")
    expect(bunch).to_have_attribute("aria-pressed", "true")
    page.page.get_by_role("button", name=re.compile(r"\d+ more finding")).click()
    expect(page.page.locator(".notice-card")).to_have_count(len(found))
    boxes = [pin.bounding_box() or {} for pin in page.page.locator(".pin:visible").all()]
    pins = sorted((box["x"], box["x"] + box["width"]) for box in boxes)
    assert len(pins) < len(found)
    assert all(one[1] <= other[0] for one, other in pairwise(pins)), pins
    goes_past_axe(page)


def test_it_speaks_russian(visit: Visit) -> None:
    page = visit(locale="ru-RU").open().write(BLOCKED).run()
    assert page.outcome
    expect(page.page.locator(".notice-card")).to_contain_text("Task-2 не отпускает цикл событий")
    for part in ("#noticed", "#honest"):
        assert not re.search(r"[A-Za-z]{4,} [a-z]{3,} [a-z]{3,}", page.page.locator(part).inner_text())


def test_what_watching_cost_and_missed_is_always_said(visit: Visit) -> None:
    page = visit().open().write("import time\ntime.sleep(1)\n").run()
    honest = page.page.locator("#honest")
    expect(honest).to_contain_text("told when the run has ended")
    assert page.outcome
    expect(honest).to_contain_text("The GIL was looked at")
    expect(honest).to_contain_text("Nothing was dropped.")
    expect(honest).not_to_have_attribute("data-lost", "")


def test_what_was_dropped_is_said_where_it_can_be_seen(visit: Visit, tmp_path: Path) -> None:
    server = start_server(tmp_path, LIMITS__EVENTS="200")
    page = visit(at=server.url).open().write("import time\nfor _ in range(300): time.sleep(0.0005)\n").run()
    assert page.outcome
    expect(page.page.locator("#honest[data-lost]")).to_contain_text(re.compile(r"\d+ events were dropped\."))
    server.stop()


CLOSED = """\
import sys
from app import __main__, main
from app.core.errors import NoSandbox

def refuse(*arguments):
    raise NoSandbox("bubblewrap is missing: install it")

main._sandbox = refuse
sys.exit(__main__.main(["serve"]))
"""


def test_a_server_that_can_run_nothing_does_not_ask_to_press_run(visit: Visit, tmp_path: Path) -> None:
    server = start_server(tmp_path, ("-c", CLOSED))
    page = visit(at=server.url).open()
    expect(page.page.locator(".banner")).to_contain_text("bubblewrap is missing: install it")
    expect(page.page.locator("#empty")).to_contain_text("Programs can't be run here")
    expect(page.page.locator("#empty")).not_to_contain_text("Press Run")
    expect(page.page.locator("#run")).to_be_disabled()
    server.stop()
