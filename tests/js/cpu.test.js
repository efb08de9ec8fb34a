import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../static/js/chunk.js";
import { cores, stretchAt } from "../../static/js/cpu.js";
import { factsOf } from "../../static/js/facts.js";
import { Timeline } from "../../static/js/fold.js";
import { INFERRED, KIND, PROCESS, RUNNING, THREAD } from "../../static/js/names.js";
import { insideOf } from "../../static/js/outline.js";
import { placesOf } from "../../static/js/rows.js";
import { stretches, usedBetween } from "../../static/js/used.js";
import { encode } from "./encode.js";
import { read } from "./story.js";

const MS = 1e6;
/** When one looked, and what threads 2 and 3 had used by then, ms; NaN: not told, because it was idle. */
const LOOKS = [[50, 50, 0], [100, 75, 25], [150, 75, 75], [400, 75, NaN], [450, 125, NaN]];

/** @param {boolean} watched */
function timeline(watched = true) {
  const lanes = /** @type {[number, number, number, string][]} */ ([[1, PROCESS, 0, "main process"], [2, THREAD, 1, "busy"], [3, THREAD, 1, "late"]]);
  const events = lanes.flatMap(([lane, flags, obj, text]) => [
    { kind: KIND.LANE, t: 0, lane, flags, obj, text }, { kind: KIND.STATE, t: 0, lane, flags: RUNNING },
  ]);
  const looks = LOOKS.flatMap(([t, ...used]) => used.map((ms, index) => ({ kind: KIND.CPU, t: t * MS, lane: 2 + index, end: ms * MS, flags: INFERRED })));
  const found = new Timeline();
  found.apply(parse(encode([...events, ...(watched ? looks.filter(({ end }) => end === end).reverse() : [])], 1, 500 * MS)));
  found.settle();
  found.finish(500 * MS);
  return found;
}

/** @param {number} id */
function lane(id) {
  const found = timeline().lanes[id];
  if (!found) throw new Error("no such lane");
  return found;
}

test("CPU time is used evenly between two looks, and not at all where a thread rested", () => {
  assert.deepEqual([25, 75, 125, 300, 425].map((t) => stretchAt(lane(2), t * MS)?.share), [1, 0.5, 0, 0, 1]);
  assert.equal(usedBetween(lane(2), 25 * MS, 75 * MS), 37.5 * MS);
  assert.equal(usedBetween(lane(2), 0, 500 * MS), 125 * MS);
  assert.equal(stretchAt(lane(2), 475 * MS), null);
  assert.equal(stretchAt(lane(2), -1), null);
});

test("stretches of one share are told as one, in the text twin too", () => {
  assert.deepEqual(stretches(lane(2), 10).map(({ from, to, share }) => [from / MS, to / MS, share]), [[0, 50, 1], [50, 100, 0.5], [100, 400, 0], [400, 450, 1]]);
  const said = insideOf(timeline(), lane(2)).filter(({ kind }) => kind === "cpu").map(({ parts }) => read(parts));
  assert.equal(said.length, 4);
  assert.match(said[1], /CPU 50%/);
});

test("a process uses what its threads do, step by step", () => {
  const whole = timeline();
  const process = whole.lanes[1];
  assert.ok(process);
  const counts = cores(whole, process, 50 * MS, 0);
  assert.deepEqual([...counts.slice(0, 10)], [1, 1, 1, 0, 0, 0, 0, 0, 1, 0]);
});

test("its track is there only if somebody looked, and says who used how much", () => {
  const view = { folded: new Set(), opened: new Set() };
  assert.ok(placesOf(timeline(), view).list.some(({ type }) => type === "cpu"));
  assert.ok(!placesOf(timeline(false), view).list.some(({ type }) => type === "cpu"));
  const facts = factsOf(timeline(), { part: "cpu", lane: 1, t: 75 * MS, resource: 0, index: -1, fold: false });
  assert.equal(facts?.title, "100% of a core");
  assert.deepEqual(facts?.rows.map(([label, parts]) => [label, read(parts).split(",")[0]]).slice(0, 2), [["50%", "busy"], ["50%", "late"]]);
});
