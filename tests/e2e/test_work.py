"""What the page does for a frame, counted: writes to the document, and pictures made anew. Times would be the machine's."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from .conftest import Visit

COUNT = """() => {
  const work = { writes: 0, at: [], frames: 0 };
  new MutationObserver((records) => {
    // Canvas and style of the stage are the picture itself.
    const seen = records.filter(({ target }) => !document.getElementById("stage").contains(target));
    work.writes += seen.length;
    if (seen.length && !document.getElementById("stop").hidden) work.at.push(performance.now());
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  document.getElementById("canvas").addEventListener("drawn", () => work.frames++);
  window.work = work;
}"""
MOVE = """() => new Promise((resolve) => {
  const canvas = document.getElementById("canvas"), box = canvas.getBoundingClientRect();
  const [clientX, clientY] = [box.x + box.width * 0.6, box.y + box.height * 0.6];
  const ways = [{ deltaY: -60, ctrlKey: true }, { deltaX: 50 }, { deltaX: -30 }, { deltaY: 40 }, { deltaY: 50, ctrlKey: true }];
  const steps = ways.flatMap((way) => Array(12).fill(way));
  const step = () => {
    const way = steps.shift();
    if (!way) return requestAnimationFrame(() => requestAnimationFrame(resolve));
    canvas.dispatchEvent(new WheelEvent("wheel", { ...way, clientX, clientY, bubbles: true, cancelable: true }));
    requestAnimationFrame(step);
  };
  step();
})"""
BUSY = """
import queue, threading, time
until = time.monotonic() + {seconds}
def echo(there, back):
    while (item := there.get()) is not None:
        back.put(item)
def ask(there, back):
    while time.monotonic() < until:
        there.put(1)
        back.get()
        time.sleep(0.001)
    there.put(None)
threads = []
for _ in range(10):
    there, back = queue.Queue(), queue.Queue()
    threads += [threading.Thread(target=work, args=(there, back)) for work in (echo, ask)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_moving_the_view_writes_nothing_to_the_document(visit: Visit) -> None:
    playground = visit().open().write(BUSY.format(seconds=0.5)).run()
    assert playground.outcome
    page = playground.open(f"/r/{playground.run_id}").page
    page.wait_for_load_state("networkidle")
    page.evaluate(COUNT)
    page.evaluate(MOVE)
    work: dict[str, Any] = page.evaluate("work")
    assert work["frames"] >= 50
    assert work["writes"] == 0


def test_a_live_run_writes_to_the_document_five_times_a_second(visit: Visit) -> None:
    playground = visit().open().write(BUSY.format(seconds=4))
    playground.expected.append("409 (Conflict)")  # too much to look for findings in while it is on
    page = playground.page
    page.evaluate(COUNT)
    # All of its time counts: that it runs is said for as long as it does, which a busy machine may not show at all.
    playground.run()
    assert playground.outcome
    work: dict[str, Any] = page.evaluate("work")
    times = work["at"]
    # What the editor does in the frame after belongs to the same write.
    apart = [after for before, after in pairwise(times) if after - before > 50]
    assert 1 <= len(apart) <= (times[-1] - times[0]) / 200 + 1
    assert work["frames"] > len(apart)
