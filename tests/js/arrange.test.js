import assert from "node:assert/strict";
import { test } from "node:test";
import { Arrangement, quietIn, stemOf } from "../../static/js/arrange.js";
import { parse } from "../../static/js/chunk.js";
import { Timeline } from "../../static/js/fold.js";
import { CREATED, KIND, PROCESS, RUNNING, TASK, THREAD, WAITING } from "../../static/js/names.js";
import { relatedTo } from "../../static/js/related.js";
import { placesOf } from "../../static/js/rows.js";
import { running, runningAt } from "../../static/js/runs.js";
import { encode } from "./encode.js";
import { named, recording } from "./golden.js";
import { MAIN, MS, WORKER, laneOf, story } from "./story.js";

/** @typedef {import("../../static/js/store.js").Lane} Lane */

/**
 * The rows as one reads them.
 * @param {Timeline} timeline
 * @param {(arranged: Arrangement) => void} [change]
 */
function rows(timeline, change) {
  const arranged = new Arrangement();
  arranged.tracks.runs = false;
  change?.(arranged);
  const { list } = placesOf(timeline, { folded: new Set(), opened: new Set(), arranged });
  return list.map(({ type, lane, key, resource, count }) => (type === "group" ? `${key}: ${count}` : type === "holds" ? `lock ${resource?.name}` : ["runs", "cpu", "gil"].includes(type) ? type : lane.name));
}

/** Many threads of which one works. */
function crowd() {
  /** @type {import("./encode.js").Event[]} */
  const events = [{ kind: KIND.LANE, t: 0, lane: 1, flags: PROCESS, end: 41, text: "main process" }];
  for (let lane = 2; lane < 42; lane++) {
    events.push({ kind: KIND.LANE, t: 0, lane, flags: lane < 40 ? THREAD : TASK, obj: lane < 40 ? 1 : 2, end: lane, text: lane < 40 ? `worker-${lane}` : `fetch-${lane}` });
    events.push({ kind: KIND.STATE, t: MS, lane, flags: lane < 4 ? RUNNING : lane < 6 ? CREATED : WAITING });
  }
  const timeline = new Timeline();
  timeline.apply(parse(encode(events, 1, 10 * MS)));
  timeline.finish(10 * MS);
  return timeline;
}

test("lanes stand as they were started until the reader moves them", () => {
  const timeline = story();
  assert.deepEqual(rows(timeline), ["main process", "MainThread", "worker"]);
  const worker = laneOf(timeline, WORKER), siblings = laneOf(timeline, 1).children;
  assert.deepEqual(rows(timeline, (arranged) => arranged.move(siblings, worker, -1)), ["main process", "worker", "MainThread"]);
  assert.deepEqual(rows(timeline, (arranged) => {
    arranged.move(siblings, worker, -1);
    arranged.move(siblings, worker, -1);
    arranged.move(siblings, worker, 1);
  }), ["main process", "MainThread", "worker"]);
});

test("lanes are hidden, pinned, filtered and come back", () => {
  const timeline = story();
  assert.deepEqual(rows(timeline, (arranged) => arranged.toggle(arranged.hidden, MAIN)), ["main process", "worker"]);
  assert.deepEqual(rows(timeline, (arranged) => arranged.toggle(arranged.pinned, WORKER)), ["pinned: 1", "worker", "main process", "MainThread"]);
  assert.deepEqual(rows(timeline, (arranged) => arranged.set("filter", "WORK")), ["main process", "worker"]);
  assert.deepEqual(rows(timeline, (arranged) => arranged.set("filter", "main proc")), ["main process", "MainThread", "worker"]);
  assert.deepEqual(rows(timeline, (arranged) => {
    arranged.toggle(arranged.hidden, MAIN);
    arranged.set("filter", "nothing");
    arranged.reset();
  }), ["main process", "MainThread", "worker"]);
});

test("lanes are grouped by kind and by name, and a group closes", () => {
  const timeline = crowd();
  const kinds = rows(timeline, (arranged) => arranged.set("group", "kind"));
  assert.deepEqual(kinds.filter((row) => row.includes(": ")), ["processes: 1", "threads: 38", "tasks: 2"]);
  const names = rows(timeline, (arranged) => {
    arranged.set("group", "name");
    arranged.toggle(arranged.closed, "worker-#");
  });
  assert.deepEqual(names, ["processes: 1", "main process", "worker-#: 38", "fetch-#: 2", "fetch-40", "fetch-41"]);
  assert.deepEqual([stemOf("worker-12"), stemOf("Thread-3 (work)"), stemOf("main")], ["worker-#", "Thread-# (work)", "main"]);
});

test("where there are many lanes, quiet ones are low and busy ones stay", () => {
  const timeline = crowd();
  const high = (/** @type {(arranged: Arrangement) => void} */ change) => {
    const arranged = new Arrangement();
    change(arranged);
    const { byLane } = placesOf(timeline, { folded: new Set(), opened: new Set(), arranged });
    return [3, 30].map((id) => byLane.get(id)?.height);
  };
  const [busy, quiet] = high(() => undefined);
  assert.ok(Number(busy) > 2 * Number(quiet), `${busy} ${quiet}`);
  assert.deepEqual(high((arranged) => arranged.set("compact", false)), [busy, busy]);
  assert.equal(quietIn(story())(laneOf(story(), WORKER)), false);
});

test("what relates to a lane are those around it, those that woke it, and who holds what it waits for", () => {
  const timeline = recording("deadlock");
  const names = (/** @type {string} */ name) => [...relatedTo(timeline, named(timeline, name))].map((id) => timeline.lanes[id]?.name).sort();
  assert.deepEqual(names("worker-1"), ["MainThread", "main process", "worker-1", "worker-2"]);
  const asyncio = recording("article-asyncio");
  const related = relatedTo(asyncio, named(asyncio, "Task-2"));
  assert.ok(related.has(named(asyncio, "Task-1").id));
  assert.ok(!related.has(named(asyncio, "Task-3").id));
  const threads = recording("article-threading"), wanted = named(threads, "Thread-4 (worker)");
  assert.ok(wanted.spans.on.includes(threads.gils.values().next().value ?? -1));
  assert.deepEqual([...relatedTo(threads, wanted)].map((id) => threads.lanes[id]?.name).sort(), ["MainThread", "Thread-4 (worker)", "main process"]);
  assert.deepEqual(rows(asyncio, (arranged) => arranged.set("focus", related)), ["main process", "gil", "cpu", "MainThread", "Task-1", "Task-2"]);
});

test("locks have tracks if the reader wants them", () => {
  assert.deepEqual(rows(story(), (arranged) => arranged.toggleTrack("locks")), ["main process", "MainThread", "worker", "lock guard"]);
});

test("how many threads run at once is counted, and is never more than one with a GIL", () => {
  const timeline = story();
  const process = laneOf(timeline, 1);
  assert.deepEqual([0.5, 6, 9.5, 13].map((t) => runningAt(timeline, process, t * MS)), [0, 1, 2, 0]);
  const counts = running(timeline, process, MS, 0);
  assert.deepEqual([...counts.slice(0, 14)].map((count) => Math.round(count * 10) / 10), [0, 1, 1, 2, 2, 1, 1, 1, 1, 2, 1, 1, 0, 0]);
});
