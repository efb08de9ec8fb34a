"""Permalinks, drafts, themes, languages, keys and small screens."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import PATIENCE_MS, PHONE, Visit, goes_past_axe, recorded
from .programs import QUICK, THREADS


def test_a_permalink_replays_and_runs_nothing(visit: Visit) -> None:
    run = recorded(visit).run_id
    page = visit()
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    page.open(f"/r/{run}")
    assert page.outcome.startswith("Completed in ")
    expect(page.page.locator("#outcome")).to_contain_text("Python 3.")
    assert page.source.startswith("import threading")
    page.shows_all()
    assert [each for each in asked if each.startswith("POST") and "/api/runs" in each] == []


def test_edit_and_rerun_knows_its_parent(visit: Visit) -> None:
    run = recorded(visit).run_id
    page = visit().open(f"/r/{run}")
    page.page.get_by_role("button", name="Edit and rerun").click()
    page.write(QUICK.replace("'hi'", "'changed'")).run()
    assert page.outcome.startswith("Completed in ")
    assert page.output() == ["changed"]
    assert page.run_id != run
    assert page.timeline()["run"]["parent"] == run


def test_a_draft_survives_a_reload_and_a_permalink(visit: Visit) -> None:
    run = recorded(visit).run_id
    page = visit().open().write("print('my draft')\n")
    page.page.wait_for_function("() => localStorage.getItem('interleave.drafts')?.includes('my draft')")
    page.page.reload()
    assert page.ready().source.startswith("print('my draft')")
    assert page.open(f"/r/{run}").source.startswith("import threading")
    assert page.open().source.startswith("print('my draft')")
    page.page.locator("#revert").click()
    assert "my draft" not in page.source


def test_the_link_is_shared_also_without_a_clipboard(visit: Visit) -> None:
    page = recorded(visit)
    page.page.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.page.locator("#share").click()
    field = page.page.locator("#shared-link")
    expect(field).to_be_visible()
    assert page.run_id in field.input_value()
    with_clipboard = visit(permissions=["clipboard-write", "clipboard-read"]).open(f"/r/{page.run_id}")
    assert with_clipboard.outcome
    with_clipboard.page.locator("#share").click()
    expect(with_clipboard.page.locator(".toast")).to_contain_text(page.run_id)


def test_an_example_is_chosen_from_the_menu(visit: Visit) -> None:
    page = visit().open()
    page.page.locator("#open-examples").click()
    dialog = page.page.locator("#examples")
    expect(dialog.get_by_role("heading", name="Hazards")).to_be_visible()
    dialog.locator("a[href='/?example=deadlock']").click()
    page.page.wait_for_url("**/?example=deadlock")
    expect(page.ready().page.locator("#lesson")).to_be_visible()


def test_a_phone_shows_the_timeline_first(visit: Visit) -> None:
    page = visit(**PHONE, device_scale_factor=2)
    page.open().page.locator("#run").tap()
    page.page.wait_for_url("**/r/*")
    assert page.outcome.startswith("Completed in ")
    time, code = page.page.locator("#time").bounding_box(), page.page.locator("#code").bounding_box()
    assert time
    assert code
    assert time["y"] < code["y"]
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_dark_is_the_systems_or_chosen_and_remembered(visit: Visit) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light, dark = "rgb(244, 246, 249)", "rgb(10, 13, 19)"
    assert visit(color_scheme="dark").open().page.evaluate(ground) == dark
    page = visit(color_scheme="light").open()
    assert page.page.evaluate(ground) == light
    page.page.locator("#theme").click()
    assert page.page.evaluate(ground) == dark
    page.page.reload()
    assert page.ready().page.evaluate(ground) == dark
    page.page.locator("#theme").click()
    assert page.page.evaluate(ground) == light


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_assistive_technology(visit: Visit, scheme: str) -> None:
    page = visit(color_scheme=scheme).open().write(QUICK).run()
    assert page.outcome
    page.page.locator("#canvas").focus()
    page.page.keyboard.press("ArrowDown")
    page.page.locator("#outline > summary").click()
    for opener in (None, "#open-help", "#open-examples"):
        if opener is not None:
            page.page.locator(opener).click()
            page.page.locator("dialog[open] h3").first.wait_for()
        goes_past_axe(page)
        page.page.keyboard.press("Escape")


def test_another_program_than_the_example_is_not_taken_for_it(visit: Visit) -> None:
    page = visit().open("/?example=lock")
    lesson, title = page.page.locator("#lesson"), page.page.locator("#bar-title")
    expect(lesson).to_be_visible()
    expect(title).not_to_be_empty()
    page.write(QUICK)
    expect(lesson).to_be_hidden()
    expect(title).to_be_empty()
    page.run()
    assert page.outcome.startswith("Completed in ")
    assert page.timeline()["run"]["example"] is None
    page.page.locator(".cm-content").click()
    page.page.keyboard.press("Control+z")
    expect(lesson).to_be_visible()


def test_the_language_is_switched_in_place(visit: Visit) -> None:
    page = visit().open("/?example=lock")
    page.page.locator(".language").click()
    page.page.wait_for_url("**/?example=lock&lang=ru")
    expect(page.ready().page.locator("#run")).to_have_text(re.compile("Запустить"))


def test_it_speaks_russian(visit: Visit) -> None:
    page = visit(locale="ru-RU").open()
    expect(page.page.locator("#run")).to_have_text(re.compile("Запустить"))
    page.run()
    assert page.outcome.startswith("Завершено за ")
    untranslated = re.compile(r"[A-Za-z]{4,} [a-z]{3,} [a-z]{3,}")
    for part in ("#status", "#outcome .words", ".transport", ".legend", "#empty", ".head"):
        for text in page.page.locator(part).all_inner_texts():
            assert not untranslated.search(text), text


def test_the_keyboard_alone_is_enough(visit: Visit) -> None:
    page = visit().open()
    keys = page.page.keyboard
    page.page.locator(".cm-content").focus()
    keys.press("Control+a")
    keys.insert_text(QUICK)
    keys.press("Control+Enter")
    page.page.wait_for_url("**/r/*")
    assert page.outcome.startswith("Completed in ")
    clock = page.page.locator("#clock")
    page.page.locator("#canvas").focus()
    end = page.clock
    keys.press("ArrowLeft")
    expect(clock).not_to_have_text(end)
    keys.press("End")
    expect(clock).to_have_text(end)
    keys.press("Home")
    expect(clock).to_have_text("0.000 ms")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(page.page.locator("#facts")).to_contain_text("MainThread")
    keys.press("Escape")
    expect(page.page.locator("#facts")).to_be_hidden()
    keys.press("Slash")
    keys.insert_text("helper")
    keys.press("Enter")
    expect(page.page.locator("#found [aria-current]")).to_contain_text("helper")
    page.page.locator("#canvas").focus()
    keys.press("Escape")
    keys.press("Space")
    expect(page.page.locator("#play")).to_have_attribute("data-playing", "true")
    keys.press("Space")
    expect(page.page.locator("#play")).to_have_attribute("data-playing", "false")
    keys.press("?")
    expect(page.page.locator("#help")).to_be_visible()
    keys.press("Escape")
    expect(page.page.locator("#help")).to_be_hidden()


def test_a_line_of_output_moves_the_playhead(visit: Visit) -> None:
    page = recorded(visit, THREADS)
    first = page.page.locator("#output button").first
    at, unit = first.locator("time").inner_text().split()
    first.click()
    expect(page.page.locator("#output button").first).to_have_class("now")
    exact, of = page.clock.split()
    assert (abs(float(exact) - float(at)) < 0.006, of) == (True, unit)
    expect(page.page.locator("#output button.future").last).to_be_visible(timeout=PATIENCE_MS)


def test_panes_are_folded_and_remembered(visit: Visit) -> None:
    page = visit().open()
    page.page.locator("#fold-code").click()
    expect(page.page.locator("#code")).to_be_hidden()
    page.page.reload()
    page.page.locator("#fold-code[aria-expanded='false']").click()
    expect(page.page.locator("#code")).to_be_visible()


def test_an_unknown_run_is_a_page_that_says_so(visit: Visit) -> None:
    page = visit()
    page.expected += ["404"]
    page.page.goto(page.url + "/r/000000000000")
    expect(page.page.get_by_role("heading")).to_have_text("There is no such run")
