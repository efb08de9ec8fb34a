import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf } from "../../static/js/facts.js";
import { insideOf, outlineOf } from "../../static/js/outline.js";
import { spanAt } from "../../static/js/walk.js";
import { MAIN, MS, WORKER, laneOf, read, story } from "./story.js";

const NOWHERE = { t: 0, lane: 0, resource: 0, index: -1, fold: false };

/** @param {import("../../static/js/view.js").Hit | null} hit */
function told(hit, timeline = story()) {
  const facts = hit && factsOf(timeline, hit);
  return facts && [facts.title, ...facts.rows.map(([label, parts]) => `${label} ${read(parts)}`)];
}

test("a wait says what for, how long, who held it and who handed it over", () => {
  const timeline = story();
  assert.deepEqual(told(spanAt(laneOf(timeline, MAIN), 6 * MS)), [
    "MainThread: blocked on a lock", "lasted 4.00 ms", "when 5 ms – 9 ms", "where line 12", "waits for lock guard", "held by worker since 4 ms, running, line 5, work()",
    "lock handed over by worker, 9 ms",
  ]);
});

test("a stay on the processor says where, and what was held", () => {
  const timeline = story();
  assert.deepEqual(told(spanAt(laneOf(timeline, WORKER), 6 * MS)), [
    "worker: running", "lasted 7.00 ms", "when 3 ms – 10 ms", "where line 5, work()", "holds lock guard", "started by MainThread, 2 ms",
    "led to MainThread: got the lock, 9 ms",
  ]);
});

test("a stay says all that came of it, the first first", () => {
  const timeline = story();
  assert.equal(told(spanAt(laneOf(timeline, MAIN), 2 * MS))?.at(-1), "led to worker: started, 3 ms");
  assert.equal(told(spanAt(laneOf(timeline, WORKER), 14.5 * MS))?.at(-1), "led to MainThread: went on when this ended, 15.5 ms");
});

test("a lane says who started it and how it ended", () => {
  assert.deepEqual(told({ ...NOWHERE, part: "lane", lane: WORKER }), [
    "worker · thread", "lasted 13.0 ms", "when 2 ms – 15 ms", "started by MainThread", "ended returned", "states 4 spans",
  ]);
});

test("where there is nothing, nothing is told", () => {
  assert.equal(told({ ...NOWHERE, part: "empty" }), null);
  assert.equal(told({ ...NOWHERE, part: "span", lane: 99, index: 0 }), null);
  assert.equal(told({ ...NOWHERE, part: "mark", index: 7 }), null);
});

test("a span that is not over yet says so", () => {
  const timeline = story(6 * MS);
  assert.equal(told(spanAt(laneOf(timeline, WORKER), 6 * MS), timeline)?.[1], "so far 3.00 ms");
});

test("the outline is a tree of lanes with every span and link in words", () => {
  const timeline = story();
  assert.deepEqual(outlineOf(timeline, []).map(({ parts }) => read(parts)), ["main process · process · 0 ms – 17 ms · returned"]);
  assert.deepEqual(insideOf(timeline, laneOf(timeline, 1)).map(({ parts }) => read(parts)), [
    "0 ms: running, 17.0 ms", "MainThread · thread · 1 ms – 16 ms · returned", "worker · thread · 2 ms – 15 ms · returned",
  ]);
  assert.deepEqual(insideOf(timeline, laneOf(timeline, MAIN)).map(({ parts }) => read(parts)), [
    "1 ms: running, 4.00 ms, line 10",
    "5 ms: blocked on a lock, 4.00 ms, lock guard, held by worker, line 12",
    "9 ms: running, 3.00 ms, line 12",
    "12 ms: waiting for another, 3.50 ms, worker, line 12",
    "15.5 ms: running, 500 µs, line 10",
    "9 ms: lock handed over by worker, lock guard",
    "15.5 ms: went on when this ended: worker, worker",
  ]);
});
