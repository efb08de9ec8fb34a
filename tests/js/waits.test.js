import assert from "node:assert/strict";
import { test } from "node:test";
import { waitsAt } from "../../static/js/waits.js";
import { planOf } from "../../static/js/waits-plan.js";
import { stepsOf, verdictOf } from "../../static/js/waits-words.js";
import { named, recording } from "./golden.js";
import { MAIN, MS, WORKER, read, story } from "./story.js";

/** @typedef {import("../../static/js/fold.js").Timeline} Timeline */

/**
 * What the panel says.
 * @param {Timeline} timeline
 * @param {number} time
 * @param {number} [chosen]
 */
function told(timeline, time, chosen) {
  const waits = waitsAt(timeline, time, chosen);
  return [read(verdictOf(timeline, waits, time)), ...stepsOf(timeline, waits, time).map(({ parts }) => read(parts))];
}

/**
 * The graph's edges by name.
 * @param {Timeline} timeline
 * @param {import("../../static/js/waits.js").Waits} waits
 */
function edges(timeline, { knots }) {
  return [...knots.values()].map(({ lane, need }) => `${lane.name} ${need?.how ?? "goes on"} ${(need?.lanes ?? []).map((id) => timeline.lanes[id]?.name)}`.trim());
}

test("a deadlock is a circle, and who waits behind it leads into it", () => {
  const timeline = recording("deadlock");
  const waits = waitsAt(timeline, 3e9);
  assert.deepEqual(waits.circle.map((id) => timeline.lanes[id]?.name), ["worker-1", "worker-2"]);
  assert.deepEqual(edges(timeline, waits), ["MainThread ends worker-1", "worker-1 held worker-2", "worker-2 held worker-1"]);
  const [verdict, first, second, behind] = told(timeline, 3e9);
  assert.equal(verdict, "A deadlock: worker-1 and worker-2 wait for each other in a circle, so none of them can ever go on.");
  assert.match(first, /^worker-1 waits for lock lock_b, held by worker-2\. 2\.\d+ s so far\. line 1\d$/);
  assert.match(second, /^worker-2 waits for lock lock_a, held by worker-1\./);
  assert.match(behind, /^MainThread waits until worker-1 ends\./);
  assert.match(told(timeline, 3e9, named(timeline, "MainThread").id)[0], /^MainThread waits behind a circle\. A deadlock:/);
});

test("while a run is on, a circle is not said to be for ever", () => {
  const timeline = recording("deadlock", 3e9);
  assert.equal(told(timeline, timeline.end)[0], "worker-1 and worker-2 wait for each other in a circle, so none of them goes on.");
});

test("before the circle closes nobody is said to be stuck", () => {
  const timeline = recording("deadlock");
  const before = named(timeline, "worker-2").start + 100 * MS;
  assert.deepEqual(waitsAt(timeline, before).circle, []);
  assert.match(told(timeline, before)[0], /^worker-1 sleeps\. It went on \d+ ms later\.$/);
});

test("a wait for a lock leads to its holder, and to what that waits for", () => {
  const timeline = recording("lock");
  const [first, second] = [named(timeline, "worker-1"), named(timeline, "worker-2")];
  const time = first.end - 50 * MS;
  const waits = waitsAt(timeline, time, second.id);
  assert.deepEqual(edges(timeline, waits), ["worker-2 held worker-1", "worker-1 unknown"]);
  assert.equal(waits.root, first.id);
  const [verdict, , root] = told(timeline, time, second.id);
  assert.match(verdict, /^In the end worker-2 waits for worker-1\. worker-1 sleeps\. It went on \d+(\.\d+)? ms later\.$/);
  assert.match(root, /^worker-1 sleeps\./);
});

test("tasks wait for the tasks they have gathered", () => {
  const timeline = recording("article-asyncio");
  const waits = waitsAt(timeline, 700e6, named(timeline, "Task-1").id);
  assert.deepEqual(edges(timeline, waits), ["Task-1 children Task-2,Task-3,Task-4", "Task-2 unknown", "Task-3 unknown", "Task-4 unknown"]);
  assert.equal(told(timeline, 700e6)[0], "Task-2, Task-3 and Task-4 sleep.");
});

test("where every chain ends in one lane, that is said of all", () => {
  const timeline = recording("lock");
  const time = named(timeline, "worker-1").end - 50 * MS;
  assert.match(told(timeline, time)[0], /^In the end all wait for worker-1\. worker-1 sleeps\./);
});

test("a thread that blocks an event loop is what its tasks wait for", () => {
  const timeline = recording("sync-in-executor");
  const joined = named(timeline, "Thread-1").end - 2 * MS;
  assert.ok(edges(timeline, waitsAt(timeline, joined)).includes("Task-1 ends Thread-1"));
});

test("who does not wait is said to run, with who waits for it", () => {
  const timeline = story();
  assert.deepEqual(told(timeline, 6 * MS, WORKER), [
    "worker doesn't wait: it runs line 5. MainThread waits for it.", "worker doesn't wait: it runs line 5.", "MainThread waits for lock guard, held by worker. 1.00 ms so far. line 12",
  ]);
  assert.deepEqual(told(timeline, 6 * MS, MAIN)[0], "In the end MainThread waits for worker. worker doesn't wait: it runs line 5.");
  assert.deepEqual(told(timeline, 2.5 * MS), ["Nobody waits for another now."]);
  assert.deepEqual(told(timeline, 17.5 * MS), ["Nobody waits for another now."]);
});

for (const [name, time] of /** @type {const} */ ([["deadlock", 3e9], ["lock", 200e6], ["article-asyncio", 700e6]])) {
  for (const upright of [false, true]) {
    test(`the boxes of ${name} stand apart ${upright ? "on a phone" : "on a desktop"}, every arrow inside`, () => {
      const plan = planOf(waitsAt(recording(name), time), upright);
      assert.ok(plan.boxes.length > 1 && plan.arrows.length > 0);
      if (upright && name === "deadlock") assert.ok(plan.width <= 360, `${plan.width}`);
      plan.boxes.forEach((a, index) => {
        assert.ok(a.x >= 0 && a.y >= 0 && a.x + a.width <= plan.width && a.y + a.height <= plan.height);
        for (const b of plan.boxes.slice(index + 1)) {
          const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
          assert.ok(apart, `${a.key} and ${b.key}`);
        }
      });
      for (const { x, y } of plan.arrows) assert.ok(x >= 0 && y >= 0 && x <= plan.width && y <= plan.height);
    });
  }
}

test("many that wait for the same are one box, but for the chosen one", () => {
  const timeline = story();
  const waits = waitsAt(timeline, 6 * MS);
  const knot = waits.knots.get(MAIN);
  if (!knot) throw new Error("MainThread does not wait");
  for (let id = 100; id < 120; id++) waits.knots.set(id, { ...knot, lane: Object.assign(Object.create(knot.lane), { id }) });
  const plan = planOf({ ...waits, chosen: 119 }, false);
  assert.deepEqual(plan.boxes.flatMap(({ lane, count }) => (lane || count ? [`${lane} ${count}`] : [])), [`${MAIN} 0`, `${WORKER} 0`, "100 0", "101 0", "0 17", "119 0"]);
});
