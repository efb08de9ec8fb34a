"""Every key, and what pointers and fingers do to the view; what is in view is read from the panel of totals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, expect

from tests.conftest import start_server

from .conftest import FRAME, PHONE, Playground, Visit, recorded
from .programs import LONG, THREADS

FROM, TO = 300e6, 700e6
LABELS, AXIS, MAP = 200, 68, 20
"""Where lanes begin, and the middle of the axis and of the strip of the whole run, px."""
PHONE_LABELS = 110
MANY = """\
import threading

threads = [threading.Thread(target=threading.Event().wait, args=[0.3], name=f"lane-{n:02}") for n in range(40)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
SHOWS = """([from, to, near]) => {
  const said = document.querySelector("#totals .count b")?.textContent ?? "";
  const times = [...said.matchAll(/([\\d.]+) (ms|s)/g)].map(([, value, unit]) => Number(value) * (unit === "s" ? 1e9 : 1e6));
  window.view = said;
  return times.length === 2 && Math.abs(times[0] - from) < near && Math.abs(times[1] - to) < near;
}"""

STANDS = """([t, near]) => {
  const [, value, unit] = document.getElementById("clock").textContent.match(/([\\d.]+) (ms|s)/) ?? [];
  return Math.abs(Number(value) * (unit === "s" ? 1e9 : 1e6) - t) < near;
}"""


class Viewed(Playground):
    """A page of a recorded run that shows a part of it."""

    left = LABELS

    def shows(self, start: float, end: float) -> None:
        """Wait until this is in view, to a pixel or so."""
        near = 1.5 * (end - start) / (self.box["width"] - self.left) + 1e4
        self.page.wait_for_function(SHOWS, arg=[start, end, near])

    def stands(self, t: float, near: float) -> None:
        """Wait until the playhead is there."""
        self.page.wait_for_function(STANDS, arg=[t, near])

    @property
    def box(self) -> dict[str, float]:
        found = self.page.locator("#canvas").bounding_box()
        assert found
        return dict(found)

    def x(self, t: float, start: float = FROM, end: float = TO) -> float:
        """Where on the page a time is while this is in view."""
        return self.box["x"] + self.left + (self.box["width"] - self.left) * (t - start) / (end - start)

    def px(self, pixels: float) -> float:
        """So many pixels as time, in the view that a test begins with."""
        return pixels * (TO - FROM) / (self.box["width"] - self.left)

    def lane(self, name: str, x: float) -> float:
        """Where on the page a lane is: what is said of it beside the pointer tells."""
        for y in range(90, int(self.box["height"]), 8):
            self.page.mouse.move(x, self.box["y"] + y)
            self.page.evaluate(FRAME)
            if self.page.locator("#tip").inner_text().startswith(f"{name}:"):
                return self.box["y"] + y + 8
        raise AssertionError(name)


def viewed(visit: Visit, source: str = THREADS, start: float = FROM, end: float = TO, **options: Any) -> Viewed:
    run = recorded(visit, source)
    opened = visit(**options)
    opened.__class__ = Viewed
    assert isinstance(opened, Viewed)
    opened.open(f"/r/{run.run_id}#from={start:.0f}&to={end:.0f}")
    assert opened.outcome
    if options:
        opened.left = PHONE_LABELS
        opened.page.locator("#total").tap()
        opened.page.locator("#canvas").scroll_into_view_if_needed()
    else:
        opened.page.locator("#canvas").focus()
        opened.page.keyboard.press("t")
    opened.page.locator("#totals .count").wait_for()
    return opened


def test_keys_zoom_and_pan_and_show_the_whole_run(visit: Visit) -> None:
    page = viewed(visit)
    for key, start, end in (("w", 340, 660), ("s", 300, 700), ("a", 252, 652), ("d", 300, 700)):
        page.page.keyboard.press(key)
        page.shows(start * 1e6, end * 1e6)
    page.page.keyboard.press("f")
    expect(page.page.locator("#totals .count")).to_contain_text("The whole run")


def test_keys_go_by_their_place_and_not_by_what_is_on_them(visit: Visit) -> None:
    page = viewed(visit)
    devtools = page.page.context.new_cdp_session(page.page)
    devtools.send("Input.dispatchKeyEvent", {"type": "keyDown", "code": "KeyW", "key": "ц", "text": "ц"})
    page.shows(340e6, 660e6)


def test_the_wheel_scrolls_pans_and_zooms_at_the_pointer(visit: Visit) -> None:
    page = viewed(visit)
    mouse, keys = page.page.mouse, page.page.keyboard
    mouse.move(page.x(400e6), page.box["y"] + 150)
    keys.down("Control")
    mouse.wheel(0, -100)
    keys.up("Control")
    length = (TO - FROM) * 2.718281828 ** (-100 * 0.0022 * 2)
    page.shows(400e6 - length / 4, 400e6 + length * 3 / 4)
    keys.down("Control")
    mouse.wheel(0, 100)
    keys.up("Control")
    page.shows(FROM, TO)
    keys.down("Shift")
    mouse.wheel(0, 120)
    keys.up("Shift")
    page.shows(FROM + page.px(120), TO + page.px(120))
    mouse.wheel(-120, 0)
    page.shows(FROM, TO)


def test_a_wheel_or_a_drag_up_and_down_shows_other_lanes(visit: Visit) -> None:
    page = viewed(visit, MANY, 0, 1e9)
    expect(page.page.locator("#drawer")).to_be_visible()
    page.page.keyboard.press("t")
    x, y = page.box["x"] + 260, page.box["y"] + 300
    title = page.page.locator("#facts h2")
    page.page.mouse.click(x - 140, y)
    expect(title).to_contain_text("lane-")
    seen = [title.inner_text()]
    page.page.mouse.wheel(0, 60)
    page.page.mouse.click(x - 140, y)
    expect(title).not_to_have_text(seen[-1])
    seen.append(title.inner_text())
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x, y - 60, steps=5)
    page.page.mouse.up()
    page.page.mouse.click(x - 140, y)
    expect(title).not_to_have_text(seen[-1])
    seen.append(title.inner_text())
    numbers = [int(text.split("-")[1][:2]) for text in seen]
    assert numbers == sorted(numbers)


def test_a_drag_pans_and_a_double_click_zooms_to_a_span(visit: Visit) -> None:
    page = viewed(visit)
    mouse, y = page.page.mouse, page.box["y"] + 150
    mouse.move(page.x(400e6), y)
    mouse.down()
    mouse.move(page.x(400e6) + 90, y, steps=5)
    mouse.up()
    page.shows(FROM - page.px(90), TO - page.px(90))
    page.page.reload()
    page.ready()
    assert page.outcome
    page.page.locator("#total").click()
    span, name = _longest(page.timeline())
    middle, length = (span["start_ns"] + span["end_ns"]) / 2, span["end_ns"] - span["start_ns"]
    mouse.dblclick(page.x(middle), page.lane(name, page.x(middle)))
    page.shows(*_closer(page, middle, length))


def test_the_strip_of_the_whole_run_leads_to_a_place_and_the_axis_to_a_time(visit: Visit) -> None:
    page = viewed(visit)
    start, end = _life(page)
    mouse = page.page.mouse
    mouse.click(page.x(500e6), page.box["y"] + AXIS)
    page.stands(500e6, 1e6)
    mouse.down()
    mouse.move(page.x(600e6), page.box["y"] + AXIS, steps=4)
    mouse.up()
    page.stands(600e6, 1e6)
    # The playhead itself, in the midst of the lanes.
    mouse.move(page.x(600e6), page.box["y"] + 150)
    mouse.down()
    mouse.move(page.x(450e6), page.box["y"] + 150, steps=4)
    mouse.up()
    page.stands(450e6, 1e6)
    page.shows(FROM, TO)
    middle = (start + end) / 2
    mouse.click(page.x(middle, start, end), page.box["y"] + MAP)
    page.shows(middle - (TO - FROM) / 2, middle + (TO - FROM) / 2)


def test_a_click_selects_again_deselects_and_folds(visit: Visit) -> None:
    page = viewed(visit)
    mouse, title = page.page.mouse, page.page.locator("#facts h2")
    page.page.keyboard.press("t")
    x = page.x(500e6)
    worker = page.lane("worker-2", x)
    mouse.click(x, worker)
    expect(title).to_contain_text("worker-2")
    mouse.click(x, worker)
    expect(page.page.locator("#drawer")).to_be_hidden()
    arrow = page.box["x"] + 16, page.box["y"] + 82 + 4 + 15
    mouse.click(*arrow)
    page.page.evaluate(FRAME)
    mouse.move(x, worker)
    expect(page.page.locator("#tip")).to_be_hidden()
    mouse.click(*arrow)
    page.page.evaluate(FRAME)
    assert page.lane("worker-2", x) == worker


def test_a_mark_is_set_found_again_and_removed(visit: Visit) -> None:
    page = viewed(visit)
    keys, clock, flags = page.page.keyboard, page.page.locator("#clock"), page.page.locator(".flag")
    page.page.mouse.click(page.x(500e6), page.box["y"] + AXIS)
    marked = page.clock
    keys.press("m")
    expect(flags).to_have_count(1)
    keys.press("Home")
    expect(clock).to_have_text("0.000 ms")
    keys.press("f")
    flags.first.click()
    expect(clock).to_have_text(marked)
    page.page.locator("#canvas").focus()
    keys.press("m")
    expect(flags).to_have_count(0)


def test_arrows_of_causes_are_followed_on_and_lanes_collapsed_by_key(visit: Visit) -> None:
    page = viewed(visit)
    keys, title = page.page.keyboard, page.page.locator("#facts h2")
    keys.press("t")
    told = page.timeline()
    main = next(lane["id"] for lane in told["lanes"] if lane["name"] == "MainThread")
    begin = next(link for link in told["links"] if link["kind"] == "start" and link["from_lane"] == main)
    page.page.goto(page.page.url.split("#")[0] + f"#t={begin['from_ns'] + 1}&lane={main}")
    expect(title).to_contain_text("MainThread")
    page.page.locator("#canvas").focus()
    keys.press("BracketRight")
    expect(title).to_contain_text("worker-")
    keys.press("BracketLeft")
    expect(title).to_contain_text("MainThread")
    keys.press("ArrowUp")
    expect(title).to_contain_text("main process")
    keys.press("c")
    keys.press("ArrowDown")
    expect(title).to_contain_text("main process")
    keys.press("c")
    keys.press("ArrowDown")
    expect(title).to_contain_text("MainThread")
    keys.press("Shift+ArrowDown")
    keys.press("ArrowUp")
    expect(title).to_contain_text("worker-0")


def test_a_key_follows_live_again(visit: Visit, tmp_path: Path) -> None:
    server = start_server(tmp_path, LIMITS__WALL_NS="120000000000")
    page = visit(at=server.url).open().write(LONG).run()
    live = page.page.locator("#live")
    expect(page.page.locator("#sentence")).to_contain_text("worker-")
    expect(live).to_have_attribute("aria-pressed", "true")
    page.page.locator("#canvas").focus()
    page.page.keyboard.press("ArrowLeft")
    expect(live).to_have_attribute("aria-pressed", "false")
    before = page.clock
    page.page.keyboard.press("l")
    expect(live).to_have_attribute("aria-pressed", "true")
    expect(page.page.locator("#clock")).not_to_have_text(before)
    page.page.keyboard.press("ArrowLeft")
    page.page.keyboard.press("End")
    expect(live).to_have_attribute("aria-pressed", "true")
    page.page.locator("#stop").click()
    assert page.outcome.startswith("Stopped")
    server.stop()


class Fingers:
    """Fingers on a screen, as the browser gets them."""

    def __init__(self, page: Viewed) -> None:
        self.devtools: CDPSession = page.page.context.new_cdp_session(page.page)

    def _send(self, kind: str, points: list[tuple[float, float]]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def down(self, *points: tuple[float, float]) -> None:
        for count in range(1, len(points) + 1):
            self._send("touchStart", list(points[:count]))

    def up(self) -> None:
        self._send("touchEnd", [])

    def tap(self, at: tuple[float, float], times: int = 1, ms: int = 50) -> None:
        """Let the browser itself tap, so that it is as quick, or as long, as it should be on any machine."""
        how = {"x": at[0], "y": at[1], "tapCount": times, "duration": ms, "gestureSourceType": "touch"}
        self.devtools.send("Input.synthesizeTapGesture", how)

    def move(self, before: list[tuple[float, float]], after: list[tuple[float, float]], steps: int = 8) -> None:
        """From one place to another, with all fingers at once."""
        self.down(*before)
        for step in range(1, steps + 1):
            share = step / steps
            pairs = zip(before, after, strict=True)
            self._send("touchMove", [(x0 + share * (x1 - x0), y0 + share * (y1 - y0)) for (x0, y0), (x1, y1) in pairs])
        self.up()


def test_two_fingers_zoom_at_what_is_between_them(visit: Visit) -> None:
    page = viewed(visit, **PHONE)
    y = page.box["y"] + 160
    apart = [(page.x(450e6), y), (page.x(550e6), y + 30)]
    wide = [(page.x(400e6), y), (page.x(600e6), y + 30)]
    Fingers(page).move(apart, wide)
    page.shows(400e6, 600e6)
    Fingers(page).move(wide, apart)
    page.shows(FROM, TO)


def test_one_finger_pans_and_lifting_one_of_two_goes_on(visit: Visit) -> None:
    page = viewed(visit, **PHONE)
    y = page.box["y"] + 160
    Fingers(page).move([(page.x(500e6), y)], [(page.x(400e6), y)])
    page.shows(FROM + 100e6, TO + 100e6)


def test_a_tap_and_a_long_press_select_and_two_taps_zoom(visit: Visit) -> None:
    page = viewed(visit, **PHONE)
    told = page.timeline()
    at = (page.box["x"] + 40, page.box["y"] + 82 + 4 + 30 + 18 + 28 + 28 + 15)
    title = page.page.locator("#facts h2")
    page.page.touchscreen.tap(*at)
    page.page.get_by_role("tab", name="Selected").tap()
    expect(title).to_contain_text("MainThread")
    page.page.locator("#close-drawer").tap()
    expect(page.page.locator("#drawer")).to_be_hidden()
    Fingers(page).tap(at, ms=700)
    expect(title).to_contain_text("MainThread")
    page.page.locator("#total").tap()
    span, name = _longest(told)
    middle = (span["start_ns"] + span["end_ns"]) / 2
    row = (page.x(middle), at[1] + 30 * (1 + int(name[-1])))
    Fingers(page).tap(row, times=2)
    page.shows(*_closer(page, middle, span["end_ns"] - span["start_ns"]))


def test_a_finger_on_the_strip_chooses_a_part_and_on_the_axis_a_time(visit: Visit) -> None:
    page = viewed(visit, **PHONE)
    start, end = _life(page)
    page.page.touchscreen.tap(page.x(500e6), page.box["y"] + AXIS)
    page.stands(500e6, 3e6)
    y = page.box["y"] + MAP
    Fingers(page).move([(page.x(400e6, start, end), y)], [(page.x(800e6, start, end), y)])
    page.shows(400e6, 800e6)


def _life(page: Playground) -> tuple[float, float]:
    """What the strip of the whole run shows."""
    lanes = page.timeline()["lanes"]
    return min(lane["start_ns"] for lane in lanes), max(lane["end_ns"] for lane in lanes)


def _longest(told: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The longest span of a worker amid what a test sees first, so that all of it is there closer, too; and whose it is."""
    names = {lane["id"]: lane["name"] for lane in told["lanes"] if lane["name"].startswith("worker")}
    spans = [
        span
        for span in told["spans"]
        if span["lane"] in names
        and FROM < span["start_ns"] < span["end_ns"] < TO
        and abs(span["start_ns"] + span["end_ns"] - FROM - TO) / 2 < (TO - FROM) / 5
    ]
    span: dict[str, Any] = max(spans, key=lambda each: int(each["end_ns"]) - int(each["start_ns"]))
    return span, names[span["lane"]]


def _closer(page: Playground, middle: float, length: float) -> tuple[float, float]:
    """What is in view after a double click on such a span: its middle stays where it was."""
    first, last = _life(page)
    start = middle - 2.2 * length * (middle - FROM) / (TO - FROM)
    return max(first, start), min(last, start + 2.2 * length)
