"""Programs are written, run, stopped, and end in every way; what one sees is what happened."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import start_server

from .conftest import PATIENCE_MS, Visit
from .programs import DEADLOCK, LONG, THREADS

ENDLESS = "import time\nprint('on', flush=True)\nwhile True:\n    time.sleep(0.01)\n"
RAISES = "def deep():\n    raise ValueError('too deep')\n\n\nprint('before')\ndeep()\n"


def test_a_first_visit_runs_the_example_that_is_there(visit: Visit) -> None:
    page = visit().open()
    expect(page.page.locator("#empty")).to_contain_text("Nothing has run yet")
    page.run()
    assert page.outcome.startswith("Completed in ")
    expect(page.page.locator("#empty")).to_be_hidden()
    page.shows_all()


def test_lanes_and_output_move_before_the_run_has_ended(visit: Visit) -> None:
    page = visit().open().write(LONG).run()
    expect(page.page.locator("#status")).to_contain_text("Running", timeout=PATIENCE_MS)
    expect(page.page.locator("#output .text").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.page.locator("#sentence")).to_contain_text("worker-", timeout=PATIENCE_MS)
    expect(page.page.locator(".chip").first).to_be_visible()
    expect(page.page.locator("#stop")).to_be_visible()
    first = page.page.locator("#clock").inner_text()
    expect(page.page.locator("#clock")).not_to_have_text(first)
    page.page.locator("#stop").click()
    assert page.outcome.startswith("Stopped")
    page.shows_all()


def test_a_syntax_error_is_marked_before_and_told_after_the_run(visit: Visit) -> None:
    page = visit().open().write("x = 1\ndef broken(:\n    pass\n")
    page.page.locator(".cm-lint-marker-error").first.wait_for()
    page.run()
    assert "SyntaxError" in page.outcome
    expect(page.page.locator(".here-raised")).to_contain_text("def broken(:")


def test_an_exception_is_told_and_its_line_is_marked(visit: Visit) -> None:
    page = visit().open().write(RAISES).run()
    assert "ValueError: too deep" in page.outcome
    expect(page.page.locator(".here-raised")).to_contain_text("raise ValueError")
    assert [line.strip() for line in page.output()][-1] == "ValueError: too deep"
    page.page.locator("#outcome .link").click()
    expect(page.page.locator(".cm-activeLine")).to_contain_text("raise ValueError")


def test_an_endless_loop_is_stopped_by_its_reader(visit: Visit) -> None:
    page = visit().open().write(ENDLESS).run()
    expect(page.page.locator("#output .text").first).to_have_text("on", timeout=PATIENCE_MS)
    page.page.locator("#stop").click()
    assert page.outcome.startswith("Stopped after ")
    expect(page.page.locator("#run")).to_be_enabled()


def test_a_deadlock_meets_the_time_limit_and_is_explained(visit: Visit, tmp_path: Path) -> None:
    server = start_server(tmp_path, LIMITS__WALL_NS="1500000000")
    page = visit(at=server.url).open().write(DEADLOCK).run()
    outcome = page.outcome
    assert outcome.startswith("Time limit of 1.50 s reached: ")
    assert re.search(r"left waits for lock \w+, held by right\.", outcome)
    assert re.search(r"right waits for lock \w+, held by left\.", outcome)
    server.stop()


def test_a_program_over_the_limit_is_refused_with_the_reason(visit: Visit) -> None:
    page = visit().open().write("#" * (65 * 1024))
    page.expected += ["413", "429"]
    page.page.locator("#run").click()
    expect(page.page.locator(".toast")).to_contain_text("The program is too large")
    expect(page.page.locator("#run")).to_be_enabled()
    assert page.page.url.endswith("/")


@pytest.mark.parametrize("source", ["print(input())\n"])
def test_a_program_that_reads_is_told_that_its_input_is_empty(visit: Visit, source: str) -> None:
    page = visit().open().write(source)
    expect(page.page.locator("#stdin")).to_be_visible()
    page.run()
    assert "EOFError" in page.outcome


def test_reload_in_mid_run_loses_and_doubles_nothing(visit: Visit) -> None:
    page = visit().open().write(THREADS).run()
    expect(page.page.locator("#output .text").first).to_be_visible(timeout=PATIENCE_MS)
    run = page.run_id
    page.page.reload()
    page.ready()
    assert page.run_id == run
    assert page.outcome.startswith("Completed in ")
    page.shows_all()


def test_two_tabs_show_one_live_run(visit: Visit) -> None:
    first = visit().open().write(THREADS).run()
    second = visit(tab_of=first).open(f"/r/{first.run_id}")
    assert second.outcome.split(" in ")[0] == first.outcome.split(" in ")[0] == "Completed"
    first.shows_all()
    second.shows_all()
    assert first.outline() == second.outline()


def test_a_server_that_restarts_under_an_open_page(visit: Visit, tmp_path: Path) -> None:
    server = start_server(tmp_path)
    page = visit(at=server.url).open().write(LONG)
    page.expected += ["WebSocket", "ERR_CONNECTION", "Failed to load resource"]
    page.run()
    expect(page.page.locator("#output .text").first).to_be_visible(timeout=PATIENCE_MS)
    server.stop()
    server = start_server(tmp_path, PORT=server.url.rsplit(":", 1)[1])
    assert page.outcome.split(" ")[0] in ("This", "Stopped")
    page.shows_all()
    page.write("print('again')\n").run()
    assert page.outcome.startswith("Completed in ")
    assert page.output() == ["again"]
    server.stop()
