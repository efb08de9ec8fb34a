import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../static/js/chunk.js";
import { Timeline } from "../../static/js/fold.js";
import { GIL, INFERRED, KIND, LOOK, PROCESS, RUNNING, THREAD } from "../../static/js/names.js";
import { ranOf, readyOf, totalsOf, totalsWords, waitedOf } from "../../static/js/totals.js";
import { encode } from "./encode.js";
import { recording } from "./golden.js";
import { MAIN, MS, WORKER, read, story } from "./story.js";

/** @param {import("../../static/js/totals.js").Totals} totals */
function brief({ totals }) {
  return totals.map((total) => [total.lane.name, ranOf(total) / MS, readyOf(total) / MS, waitedOf(total) / MS, total.on, total.onTime / MS]);
}

test("a lane's time is parted into what it ran, was ready and waited, and on what longest", () => {
  assert.deepEqual(brief(totalsOf(story(), 0, 18 * MS)), [["MainThread", 7.5, 0, 7.5, 1, 4], ["worker", 8, 0, 4, 2, 4]]);
});

test("a part of the run has totals of its own", () => {
  assert.deepEqual(brief(totalsOf(story(), 6 * MS, 11 * MS)), [["MainThread", 2, 0, 3, 1, 3], ["worker", 4, 0, 1, 2, 1]]);
  assert.deepEqual(brief(totalsOf(story(), 17 * MS, 18 * MS)), []);
});

for (const name of ["deadlock", "lock", "article-asyncio", "article-pool", "sync-in-executor"]) {
  test(`in ${name} what lanes did is all the time that they were there, and parts add up to it`, () => {
    const timeline = recording(name);
    const whole = totalsOf(timeline, 0, timeline.end), half = timeline.end * 0.4;
    const parts = [...totalsOf(timeline, 0, half).totals, ...totalsOf(timeline, half, timeline.end).totals];
    for (const { lane, looks, whole: life } of whole.totals) {
      const sum = looks.reduce((all, each) => all + each, 0);
      assert.ok(Math.abs(sum - life) < 2, `${lane.name}: ${sum} of ${life}`);
      const ran = parts.filter((part) => part.lane === lane).reduce((all, part) => all + part.looks[LOOK.RUNNING], 0);
      assert.ok(Math.abs(ran - looks[LOOK.RUNNING]) < 2, lane.name);
    }
  });
}

/** Two threads that compute and take turns of 5 ms with the GIL. */
function turns() {
  /** @type {import("./encode.js").Event[]} */
  const events = [
    { kind: KIND.LANE, t: 0, lane: 1, flags: PROCESS, end: 41, text: "main process" },
    { kind: KIND.RESOURCE, t: 0, lane: 1, obj: 1, flags: GIL },
  ];
  for (const lane of [2, 3]) {
    events.push({ kind: KIND.LANE, t: 0, lane, flags: THREAD, obj: 1, text: `cruncher-${lane}` }, { kind: KIND.STATE, t: 0, lane, flags: RUNNING });
    events.push({ kind: KIND.END, t: 100 * MS, lane, flags: 1 });
  }
  for (let turn = 0; turn < 20; turn++) {
    events.push({ kind: KIND.HOLD, t: turn * 5 * MS, end: (turn + 1) * 5 * MS, lane: 2 + (turn % 2), obj: 1, flags: INFERRED });
  }
  const timeline = new Timeline();
  timeline.apply(parse(encode(events.sort((a, b) => a.t - b.t), 1, 100 * MS)));
  timeline.finish(100 * MS);
  return timeline;
}

test("it says why threads that compute are no faster than one", () => {
  const timeline = turns();
  const totals = totalsOf(timeline, 0, 100 * MS);
  assert.deepEqual(brief(totals).map(([name, ran, ready]) => [name, ran, ready]), [["cruncher-2", 50, 50], ["cruncher-3", 50, 50]]);
  assert.deepEqual(totalsWords(timeline, totals, false).map(read), [
    "2 threads took turns, because only one at a time may hold the GIL: together they ran 100 ms in 100 ms, no more than one could have done alone, and for 100 ms they were ready and had to wait.",
  ]);
});

test("it says what was waited for longest, and that nothing waited for the GIL", () => {
  const timeline = story();
  assert.deepEqual(totalsWords(timeline, totalsOf(timeline, 0, 18 * MS), false).map(read), ["What was waited for longest: lock guard, 4.00 ms in all."]);
  const [, worker] = totalsOf(timeline, 3 * MS, 9 * MS).totals;
  assert.deepEqual([worker.lane.id, totalsOf(timeline, 0, 2 * MS).totals[0].lane.id], [WORKER, MAIN]);
});
