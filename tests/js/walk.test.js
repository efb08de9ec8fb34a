import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf, lineOf } from "../../static/js/output.js";
import { fit, grow, range, reveal, zoom } from "../../static/js/viewport.js";
import { causeOf, effectOf, rowsOf, spanAt } from "../../static/js/walk.js";
import { MAIN, MS, WORKER, laneOf, story } from "./story.js";

/** @param {Partial<import("../../static/js/view.js").Hit> | null} hit */
const brief = (hit) => hit && [hit.lane, hit.index];

test("arrows lead back to the cause and on to the effect", () => {
  const timeline = story();
  const blocked = spanAt(laneOf(timeline, MAIN), 6 * MS);
  if (!blocked) throw new Error("no span");
  const cause = causeOf(timeline, blocked);
  assert.deepEqual(brief(cause), [WORKER, 1]);
  assert.deepEqual(cause && brief(effectOf(timeline, cause)), [MAIN, 2]);
  const first = spanAt(laneOf(timeline, MAIN), 2 * MS);
  assert.equal(first && causeOf(timeline, first), null);
});

test("rows are lanes below their parents, without what is folded", () => {
  const timeline = story();
  const ids = (/** @type {number[]} */ folded) => rowsOf(timeline, { folded: new Set(folded), opened: new Set() }).map(({ id }) => id);
  assert.deepEqual(ids([]), [1, MAIN, WORKER]);
  assert.deepEqual(ids([1]), [1]);
});

test("zooming keeps the time under the pointer, and stays within the run", () => {
  const view = { from: 0, to: 100 * MS };
  zoom(view, 100 * MS, 0.5, 40 * MS);
  assert.deepEqual(view, { from: 20 * MS, to: 70 * MS });
  zoom(view, 100 * MS, 1e9, 40 * MS);
  assert.deepEqual(view, { from: -2 * MS, to: 102 * MS });
  zoom(view, 100 * MS, 1e-12, 40 * MS);
  assert.equal(Math.round(view.to - view.from), 1000);
});

test("the view follows what it must show", () => {
  const view = { from: 0, to: 10 * MS };
  reveal(view, 100 * MS, 50 * MS, 0.5);
  assert.deepEqual(view, { from: 45 * MS, to: 55 * MS });
  reveal(view, 100 * MS, 50 * MS, 0.9);
  assert.deepEqual(view, { from: 45 * MS, to: 55 * MS });
  range(view, 100 * MS, 95 * MS, 115 * MS);
  assert.deepEqual(view, { from: 82 * MS, to: 102 * MS });
  fit(view, 60 * MS, 10 * MS);
  assert.deepEqual(view, { from: 9 * MS, to: 61 * MS });
});

test("a growing run is always in view, in few steps", () => {
  const view = { from: 0, to: 0 };
  const seen = new Set();
  for (let end = 0; end < 10e9; end += 20 * MS) {
    grow(view, end, 0);
    assert.ok(view.to > end);
    seen.add(view.to);
  }
  assert.ok(seen.size < 30, `${seen.size}`);
});

test("output becomes lines, each with its writer", () => {
  const line = (/** @type {string} */ text, lane = 1, stream = 1) => ({ t: 1, lane, kind: 0, stream, text, inferred: false });
  assert.deepEqual(linesOf([line("a\nb\n"), line("c"), line("d\n"), line("e"), line("f", 2), line("\n\n")]).map(({ text }) => text), [
    "a", "b", "cd", "e", "f", "", "",
  ]);
});

test("a line of a traceback leads to the program's line", () => {
  assert.equal(lineOf('  File "/home/sandbox/main.py", line 14, in <module>'), 14);
  assert.equal(lineOf('  File "/usr/lib/python3.13/queue.py", line 200, in get'), 0);
  assert.equal(lineOf("ValueError: no"), 0);
});
