"""A real browser. Every page that a test opens must stay free of errors and of reports of the content security policy."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.conftest import ROOT, Server

from .programs import QUICK

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE_MS = 60_000
AXE = ROOT / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]

OPEN_ALL = """async () => {
  const outline = document.getElementById("outline");
  outline.open = true;
  const pause = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  for (let closed = [null]; closed.length;) {
    await pause();
    closed = [...outline.querySelectorAll("[aria-expanded='false']")];
    for (const each of closed) each.firstElementChild.click();
    if (!outline.querySelector("li")) closed = [null];
  }
  const count = {};
  for (const lane of outline.querySelectorAll("li[data-lane]")) {
    const items = [...lane.querySelector("[role='group']").children];
    const of = (kind) => items.filter((item) => item.dataset.kind === kind).map((item) => item.textContent);
    const name = lane.querySelector("b").textContent;
    count[lane.dataset.lane] = { name, spans: of("span"), links: of("link"), cpu: of("cpu") };
  }
  return count;
}"""


class Playground:
    """One page, as somebody uses it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.problems: list[str] = []
        self.expected: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    def check(self) -> None:
        """No error but the expected ones."""
        assert [each for each in self.problems if not any(known in each for known in self.expected)] == []

    def open(self, path: str = "/") -> Playground:
        self.page.goto(self.url + path)
        return self.ready()

    def ready(self) -> Playground:
        """Wait until the editor is there."""
        self.page.locator(".cm-content").wait_for()
        return self

    def write(self, source: str) -> Playground:
        """Replace the program, as with a paste."""
        self.page.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        return self

    @property
    def source(self) -> str:
        """The first lines of the program, as far as the editor shows it."""
        return "\n".join(self.page.locator(".cm-line").all_inner_texts())

    def run(self) -> Playground:
        before = self.page.url
        self.page.locator("#run").click()
        self.page.wait_for_function("before => location.href !== before", arg=before)
        return self

    @property
    def run_id(self) -> str:
        return self.page.url.split("/r/")[1].split("#")[0]

    @property
    def outcome(self) -> str:
        """How the run ended, once it has."""
        words = self.page.locator(f"#outcome[data-run='{self.run_id}'] .words")
        words.wait_for()
        return words.inner_text()

    @property
    def clock(self) -> str:
        """The playhead's time, once all that was done is drawn."""
        self.page.evaluate(FRAME)
        return self.page.locator("#clock").inner_text()

    def output(self) -> list[str]:
        return self.page.locator("#output .text").all_inner_texts()

    def outline(self) -> dict[str, dict[str, Any]]:
        """The text twin: by lane its name, spans, links and CPU time."""
        found: dict[str, dict[str, Any]] = self.page.evaluate(OPEN_ALL)
        return found

    def timeline(self) -> dict[str, Any]:
        """The same run from the interface."""
        with urllib.request.urlopen(f"{self.url}/api/runs/{self.run_id}/timeline") as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def shows_all(self) -> None:
        """Nothing is lost, nothing is doubled: the page shows what the interface tells."""
        told, shown = self.timeline(), self.outline()
        assert {lane["name"] for lane in told["lanes"]} == {lane["name"] for lane in shown.values()}
        for lane in told["lanes"]:
            spans = [span for span in told["spans"] if span["lane"] == lane["id"]]
            links = [link for link in told["links"] if link["to_lane"] == lane["id"]]
            here = shown[str(lane["id"])]
            assert (len(here["spans"]), len(here["links"])) == (len(spans), len(links)), lane["name"]
        written = "".join(each["text"] for each in told["output"])
        assert sorted(self.output()) == sorted(written.splitlines())


STILL = """() => new Promise((still) => {
  let rest = setTimeout(still, 300);
  new MutationObserver(() => {
    clearTimeout(rest);
    rest = setTimeout(still, 300);
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
})"""
"""Kept when the page has changed nothing for a while: axe can't tell of what is taken away while it looks."""


def goes_past_axe(playground: Playground) -> None:
    """Nothing on the page stands in the way of assistive technology."""
    playground.page.evaluate(STILL)
    playground.page.evaluate(AXE.read_text("utf-8"))
    found = playground.page.evaluate("rules => axe.run({ runOnly: rules })", RULES)
    places = [(each["id"], node["target"]) for each in found["violations"] for node in each["nodes"]]
    # The editor scrolls with its caret.
    assert [place for place in places if place[1] != [".cm-scroller"]] == []


# Playwright keeps an event loop running on this thread, where the tests that are coroutines need one of their own:
# it must be gone before those of another folder begin.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


Visit = Callable[..., Playground]
FRAME = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def recorded(visit: Visit, source: str = QUICK) -> Playground:
    """A page on which this program has run to its end."""
    page = visit().open().write(source).run()
    assert page.outcome.startswith("Completed in ")
    return page


def milliseconds(text: str) -> float:
    """A time as the page says it."""
    value, unit = text.split()
    return float(value) * {"ms": 1, "s": 1000}[unit]


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    """Opens playgrounds: each in a new context, or as another tab of one; `at` is another server's address.

    On the first visit of a new reader there is a tour.
    """
    contexts: list[BrowserContext] = []
    opened: list[Playground] = []

    def visit(
        tab_of: Playground | None = None, at: str = server.url, first: bool = False, **options: Any
    ) -> Playground:
        if tab_of is None:
            settings = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", "reduced_motion": "reduce"}
            contexts.append(browser.new_context(**(settings | options)))
            context = contexts[-1]
            if not first:
                context.add_init_script("try { localStorage.setItem('interleave.toured', 'true') } catch {}")
        else:
            context = tab_of.page.context
        opened.append(Playground(context.new_page(), at))
        return opened[-1]

    yield visit
    for playground in opened:
        playground.check()
    for context in contexts:
        context.close()
