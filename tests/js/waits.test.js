import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../static/js/chunk.js";
import { Timeline } from "../../static/js/fold.js";
import { KIND, LOCK, PROCESS, RUNNING, THREAD, WAITING } from "../../static/js/names.js";
import { waitsAt } from "../../static/js/waits.js";
import { planOf } from "../../static/js/waits-plan.js";
import { stepsOf, verdictOf } from "../../static/js/waits-words.js";
import { encode } from "./encode.js";
import { named, recording } from "./golden.js";
import { MAIN, MS, WORKER, read, story } from "./story.js";


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

/**
 * A chain of so many threads, each of which has a lock and waits for that of the next.
 * @param {number} length
 */
function chain(length) {
  /** @type {import("./encode.js").Event[]} */
  const events = [{ kind: KIND.LANE, t: 0, lane: 1, flags: PROCESS, end: 41, text: "main process" }];
  for (let n = 0; n < length; n++) {
    const lane = n + 2;
    events.push({ kind: KIND.RESOURCE, t: 0, lane: 1, obj: lane, flags: LOCK, text: `lock_${n}` }, { kind: KIND.LANE, t: 0, lane, flags: THREAD, obj: 1, text: `worker-${n}` });
    events.push({ kind: KIND.HOLD, t: MS, lane, obj: lane, end: 0 }, { kind: KIND.STATE, t: 2 * MS, lane, flags: n + 1 < length ? WAITING : RUNNING, obj: n + 1 < length ? lane + 1 : 0 });
  }
  const timeline = new Timeline();
  timeline.apply(parse(encode(events, 1, 10 * MS)));
  timeline.settle();
  return waitsAt(timeline, 5 * MS, 2);
}

/** @type {[string, import("../../static/js/waits.js").Waits][]} */
const GRAPHS = [
  ["deadlock", waitsAt(recording("deadlock"), 3e9)], ["lock", waitsAt(recording("lock"), 200e6)], ["article-asyncio", waitsAt(recording("article-asyncio"), 700e6)],
  ["a chain of three", chain(3)], ["a chain of twelve", chain(12)],
];
for (const [name, waits] of GRAPHS) {
  for (const room of [1300, 850, 600, 356]) {
    test(`the graph of ${name} fits into ${room} px, its boxes apart, every arrow inside`, () => {
      const plan = planOf(waits, room);
      assert.ok(plan.boxes.length > 1 && plan.arrows.length > 0);
      assert.ok(plan.width <= room, `${plan.width}`);
      plan.boxes.forEach((a, index) => {
        assert.ok(a.width >= 60 && a.x >= 0 && a.y >= 0 && a.x + a.width <= plan.width && a.y + a.height <= plan.height);
        for (const b of plan.boxes.slice(index + 1)) {
          const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
          assert.ok(apart, `${a.key} and ${b.key}`);
        }
      });
      for (const { x, y } of plan.arrows) {
        assert.ok(x >= 0 && y >= 0 && x <= plan.width && y <= plan.height);
        assert.ok(!plan.boxes.some((box) => x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height), "a word on a box");
      }
    });
  }
}

test("many that wait for the same are one box, but for the chosen one", () => {
  const timeline = story();
  const waits = waitsAt(timeline, 6 * MS);
  const knot = waits.knots.get(MAIN);
  if (!knot) throw new Error("MainThread does not wait");
  for (let id = 100; id < 120; id++) waits.knots.set(id, { ...knot, lane: Object.assign(Object.create(knot.lane), { id }) });
  const plan = planOf({ ...waits, chosen: 119 }, 1000);
  assert.deepEqual(plan.boxes.flatMap(({ lane, count }) => (lane || count ? [`${lane} ${count}`] : [])), [`${MAIN} 0`, `${WORKER} 0`, "100 0", "101 0", "0 17", "119 0"]);
});
