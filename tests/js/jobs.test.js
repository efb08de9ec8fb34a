import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseAll } from "../../static/js/chunk.js";
import { factsOf } from "../../static/js/facts.js";
import { Timeline } from "../../static/js/fold.js";
import { insideOf } from "../../static/js/outline.js";
import { spanAt } from "../../static/js/walk.js";
import { MS, laneOf, read } from "./story.js";

const MAIN = 2, WORKER = 3, CHILD_MAIN = 6;

function pool() {
  const timeline = new Timeline();
  for (const chunk of parseAll(readFileSync(fileURLToPath(new URL("../golden/jobs.chunks", import.meta.url))))) timeline.apply(chunk);
  timeline.finish(6 * MS);
  return timeline;
}

/**
 * @param {number} lane
 * @param {number} t
 */
function told(lane, t) {
  const timeline = pool();
  const hit = spanAt(laneOf(timeline, lane), t);
  return (hit && factsOf(timeline, hit)?.rows.map(([label, parts]) => `${label} ${read(parts)}`)) ?? [];
}

test("a stay inside a job says which, whose, how long it waited and ran, and whose wait it ended", () => {
  const job = [
    "job work(), job 1 of executor pool", "submitted by MainThread, 1 ms, line 20", "in the queue 300 µs",
    "ran 700 µs, ended by an exception", "result to MainThread",
  ];
  assert.deepEqual(told(WORKER, 1.4 * MS).slice(-5), job);
  assert.deepEqual(told(WORKER, 1.7 * MS).slice(-5), job);
  assert.ok(!told(WORKER, 2.1 * MS).some((fact) => fact.startsWith("job")));
});

test("a part of a call says so, with its items, and one that was cut off that it was", () => {
  assert.deepEqual(told(CHILD_MAIN, 3.5 * MS).slice(-5), [
    "job work(), part 1 of job 4 of executor pool, 5 items", "submitted by MainThread, 3 ms, line 20", "in the queue 200 µs",
    "ran 800 µs", "result to MainThread",
  ]);
  assert.equal(told(CHILD_MAIN, 4.5 * MS).at(-1), "ran 900 µs, killed");
});

test("a result that a helper brought comes from the job", () => {
  assert.ok(told(MAIN, 4.45 * MS).includes("woken by PoolWorker-1, 4 ms"));
});

test("the outline has every job of a lane", () => {
  const timeline = pool();
  const jobs = insideOf(timeline, laneOf(timeline, WORKER)).filter(({ kind }) => kind === "job").map(({ parts }) => read(parts));
  assert.deepEqual(jobs, [
    "1.3 ms: work(), job 1 of executor pool · submitted by MainThread, 1 ms, line 20 · in the queue 300 µs · " +
    "ran 700 µs, ended by an exception · result to MainThread",
  ]);
});
