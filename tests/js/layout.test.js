import assert from "node:assert/strict";
import { test } from "node:test";
import { Arrangement } from "../../static/js/arrange.js";
import { parse } from "../../static/js/chunk.js";
import { factsOf } from "../../static/js/facts.js";
import { Timeline } from "../../static/js/fold.js";
import { hitAt } from "../../static/js/hit.js";
import { layout } from "../../static/js/layout.js";
import { GIL, INFERRED, INTERNAL, KIND, LOCK, PROCESS, QUEUE, RETURNED, RUNNING, TASK, THREAD, WAITING } from "../../static/js/names.js";
import { timeAt, zoom } from "../../static/js/viewport.js";
import { encode } from "./encode.js";
import { GUARD, MAIN, MS, WORKER, laneOf, story } from "./story.js";

/**
 * @param {Partial<import("../../static/js/view.js").View>} [changes]
 * @returns {import("../../static/js/view.js").View}
 */
function viewed(changes) {
  return {
    from: 0, to: 20 * MS, width: 1000, height: 600, dpr: 1, scrollTop: 0, playhead: 6 * MS, live: false, folded: new Set(),
    opened: new Set(), arranged: Object.assign(new Arrangement(), { compact: false, tracks: { runs: false, levels: true, locks: false } }), hovered: null, selected: null, findings: [], finding: null, ...changes,
  };
}

/**
 * @param {import("./encode.js").Event[]} events
 * @param {number} [end]
 */
function folded(events, end = 20 * MS) {
  const timeline = new Timeline();
  timeline.apply(parse(encode(events, 1, end)));
  timeline.finish(end);
  return timeline;
}

/** @param {import("../../static/js/view.js").Model} model */
function labels(model) {
  return model.rows.map(({ type, label }) => (type === "lane" ? label : `${type}: ${label}`));
}

const root = [
  { kind: KIND.LANE, t: 0, lane: 1, flags: PROCESS, end: 41, text: "main process" },
  { kind: KIND.LANE, t: 0, lane: 2, flags: THREAD, obj: 1, text: "MainThread" },
  { kind: KIND.STATE, t: 0, lane: 2, flags: RUNNING },
];

test("a row says what its lane does at the playhead, or that it is done", () => {
  const at = (/** @type {number} */ playhead) => layout(story(), viewed({ playhead })).rows.map(({ label, note }) => `${label} ${note}`);
  assert.deepEqual(at(6 * MS), ["main process pid 41", "MainThread blocked", "worker running"]);
  assert.deepEqual(at(13 * MS), ["main process pid 41", "MainThread join", "worker sleeps"]);
  assert.deepEqual(at(16.5 * MS), ["main process pid 41", "MainThread done", "worker done"]);
});

test("a process has its threads, their tasks, its queues, one row for what is internal, and then the processes it started", () => {
  const timeline = folded([
    ...root,
    { kind: KIND.LANE, t: 1, lane: 3, flags: PROCESS, obj: 1, by: 2, text: "child" },
    { kind: KIND.LANE, t: 2, lane: 4, flags: THREAD, obj: 3, text: "MainThread" },
    { kind: KIND.LANE, t: 4, lane: 5, flags: TASK, obj: 2, text: "second" },
    { kind: KIND.LANE, t: 3, lane: 6, flags: TASK, obj: 2, text: "first" },
    { kind: KIND.LANE, t: 5, lane: 7, flags: TASK | INTERNAL, obj: 2, text: "hidden" },
    { kind: KIND.LANE, t: 6, lane: 8, flags: THREAD, obj: 1, text: "worker" },
    { kind: KIND.RESOURCE, t: 6, lane: 2, obj: 1, flags: QUEUE, text: "jobs" },
    { kind: KIND.LEVEL, t: 7, lane: 2, obj: 1, end: 3 },
  ]);
  assert.deepEqual(labels(layout(timeline, viewed())), [
    "process: main process", "MainThread", "first", "second", "worker", "level: queue jobs", "internal: 1 internal", "process: child",
    "MainThread",
  ]);
  assert.deepEqual(labels(layout(timeline, viewed({ opened: new Set([1]) }))).slice(6, 8), ["internal: 1 internal", "hidden"]);
  assert.deepEqual(labels(layout(timeline, viewed({ folded: new Set([2]) }))).slice(1, 3), ["MainThread", "worker"]);
  assert.deepEqual(labels(layout(timeline, viewed({ folded: new Set([1]) }))), ["process: main process"]);
});

test("only rows in sight are laid out, and all of them count for scrolling", () => {
  const many = Array.from({ length: 500 }, (_, i) => ({ kind: KIND.LANE, t: i, lane: i + 3, flags: THREAD, obj: 1, text: `t${i}` }));
  const timeline = folded([...root, ...many]);
  const model = layout(timeline, viewed({ scrollTop: 6000 }));
  assert.ok(model.rows.length < 25);
  assert.ok(model.rows[0].y <= model.top && model.rows[0].y + model.rows[0].height > model.top);
  assert.equal(model.rowCount, 502);
  assert.ok(model.contentHeight > 500 * 30);
});

test("wide spans are drawn as they are; many narrow ones, as density between their times", () => {
  const short = Array.from({ length: 400 }, (_, i) => (
    { kind: KIND.STATE, t: 10 * MS + i * 1000, lane: 2, flags: i % 2 ? RUNNING : WAITING, obj: 0 }
  ));
  const timeline = folded([...root, ...short, { kind: KIND.STATE, t: 10.4 * MS, lane: 2, flags: RUNNING }]);
  const [, row] = layout(timeline, viewed()).rows;
  assert.deepEqual(row.spans, [0, 401]);
  assert.deepEqual(row.dense, [10 * MS, 10.4 * MS]);
  const closer = layout(timeline, viewed({ from: 10.1 * MS, to: 10.2 * MS })).rows[1];
  assert.deepEqual(closer.dense, []);
  assert.equal(closer.spans.length, 100);
});

test("a short span between long ones is not lost", () => {
  const timeline = folded([
    ...root, { kind: KIND.STATE, t: 5 * MS, lane: 2, flags: WAITING }, { kind: KIND.STATE, t: 5 * MS + 1, lane: 2, flags: RUNNING },
  ]);
  assert.deepEqual(layout(timeline, viewed()).rows[1].spans, [0, 1, 2]);
});

test("panning moves everything by whole device pixels", () => {
  const parts = [0, 0.3, 0.77, 1.9].map((by) => {
    const shift = by * (20 * MS) / 800;
    const model = layout(story(), viewed({ from: shift, to: 20 * MS + shift, dpr: 2 }));
    const x = 2 * model.x(7.123 * MS);
    return Math.round((x - Math.floor(x)) * 1000);
  });
  assert.equal(new Set(parts).size, 1);
});

test("ticks are round, at least 90 px apart and in one unit, from seconds to nanoseconds", () => {
  const ticks = (/** @type {number} */ from, /** @type {number} */ to) => layout(story(), viewed({ from, to })).ticks.map(({ label }) => label);
  assert.deepEqual(ticks(0, 20 * MS).slice(0, 3), ["0", "5 ms", "10 ms"]);
  assert.deepEqual(ticks(-MS, 8e9).slice(0, 3), ["0", "1 s", "2 s"]);
  assert.deepEqual(ticks(31e6, 31.001e6).slice(0, 2), ["31.0000 ms", "31.0002 ms"]);
  assert.deepEqual(ticks(0, 900).slice(0, 2), ["0", "200 ns"]);
  const { ticks: all } = layout(story(), viewed());
  assert.ok(all.every(({ x }, index) => !index || x - all[index - 1].x >= 90));
});

test("arrows lead from the cause to the effect, a start to where the lane was created", () => {
  const model = layout(story(), viewed());
  const [main, worker] = [model.rows[1], model.rows[2]];
  const middle = (/** @type {import("../../static/js/view.js").Row} */ row) => row.y + row.height / 2;
  const start = model.arrows.find(({ kind }) => kind === 1), handoff = model.arrows.find(({ kind }) => kind === 4);
  assert.ok(start && handoff);
  assert.equal(start.x0, start.x1);
  assert.ok(start.y0 >= middle(main) && start.y1 <= middle(worker) && start.y0 < start.y1);
  assert.deepEqual([handoff.x0, handoff.x1], [model.x(9 * MS), model.x(9 * MS)]);
  assert.ok(handoff.y0 > handoff.y1);
});

test("above 90 links in view only those of the hovered or selected lane are shown", () => {
  /** @type {import("./encode.js").Event[]} */
  const busy = [...root, { kind: KIND.RESOURCE, t: 0, obj: 1, flags: LOCK, lane: 2 }];
  for (let i = 0; i < 100; i++) busy.push({ kind: KIND.LANE, t: i * 1000, lane: i + 3, flags: THREAD, obj: 1, by: i < 60 ? 2 : 3, text: "t" });
  for (let i = 0; i < 100; i++) busy.push({ kind: KIND.STATE, t: 1 * MS, lane: i + 3, flags: RUNNING });
  const timeline = folded(busy);
  const hovered = { part: /** @type {const} */ ("lane"), t: 0, lane: 3, resource: 0, index: -1, fold: false };
  const crowded = layout(timeline, viewed({ height: 4000 }));
  assert.deepEqual([crowded.crowded, crowded.arrows.length], [true, 0]);
  const mine = layout(timeline, viewed({ height: 4000, hovered }));
  assert.deepEqual([mine.crowded, mine.arrows.length], [true, 41]);
  assert.equal(layout(timeline, viewed({ from: 0, to: 30_000, height: 4000 })).crowded, false);
});

test("what is at a point: minimap, axis, a row's fold, its label, a span, how a lane ended", () => {
  const timeline = story(), view = viewed(), model = layout(timeline, view);
  const at = (/** @type {number} */ x, /** @type {number} */ y) => hitAt(timeline, view, model, x, y);
  const [band, main, worker] = model.rows.map((row) => row.y + row.height / 2);
  assert.equal(at(model.left, 10).part, "map");
  assert.ok(Math.abs(at(view.width, 10).t - 17 * MS) < 1);
  assert.equal(at(500, model.top - 5).part, "axis");
  assert.deepEqual([at(12, band).part, at(12, band).fold, at(90, band).fold], ["lane", true, false]);
  assert.deepEqual([at(90, main).part, at(90, main).lane], ["lane", MAIN]);
  const wait = at(model.x(6 * MS), main);
  assert.deepEqual([wait.part, wait.lane, laneOf(timeline, MAIN).spans.on[wait.index]], ["span", MAIN, GUARD]);
  assert.deepEqual([at(model.x(15 * MS) + 6, worker).part, laneOf(timeline, WORKER).ending], ["ending", RETURNED]);
  assert.equal(at(model.x(19 * MS), main).part, "empty");
  assert.equal(at(500, 590).part, "empty");
});

test("a link can be pointed at between rows", () => {
  const timeline = story(), view = viewed(), model = layout(timeline, view);
  const handoff = model.arrows.find(({ kind }) => kind === 4);
  assert.ok(handoff);
  const hit = hitAt(timeline, view, model, handoff.x0 + 1, (handoff.y0 + handoff.y1) / 2);
  assert.deepEqual([hit.part, hit.lane, laneOf(timeline, hit.lane).links.kind[hit.index]], ["link", MAIN, 4]);
});

test("a GIL that nobody has is free only where somebody looked", () => {
  const gil = 5;
  const timeline = folded([
    { kind: KIND.LANE, t: 0, lane: 1, flags: PROCESS, text: "main process" },
    { kind: KIND.LANE, t: 0, lane: MAIN, flags: THREAD, obj: 1, text: "MainThread" },
    { kind: KIND.STATE, t: 0, lane: MAIN, flags: RUNNING },
    { kind: KIND.RESOURCE, t: 1 * MS, lane: 1, obj: gil, flags: GIL, text: "GIL" },
    { kind: KIND.LEVEL, t: 1 * MS, lane: 1, obj: gil, end: 1 },
    { kind: KIND.HOLD, t: 1 * MS, end: 4 * MS, lane: MAIN, obj: gil, flags: INFERRED },
    { kind: KIND.LEVEL, t: 6 * MS, lane: 1, obj: gil, end: 0 },
    { kind: KIND.LEVEL, t: 9 * MS, lane: 1, obj: gil, end: 1 },
  ]);
  const note = (/** @type {number} */ t) => {
    const view = viewed({ playhead: t * MS });
    const row = layout(timeline, view).rows.find(({ type }) => type === "gil");
    return [row?.note, factsOf(timeline, { part: "gil", t: t * MS, lane: 1, resource: gil, index: -1, fold: false })?.title];
  };
  assert.deepEqual(note(0.5), ["not looked at", "Nobody looked at the GIL then"]);
  assert.deepEqual(note(2), ["→ MainThread", "MainThread holds the GIL"]);
  assert.deepEqual(note(5), ["free", "Nobody holds the GIL"]);
  assert.deepEqual(note(7), ["not looked at", "Nobody looked at the GIL then"]);
  assert.deepEqual(note(10), ["free", "Nobody holds the GIL"]);
});

test("how a span is drawn does not depend on where the view ends", () => {
  const steps = Array.from({ length: 600 }, (_, i) => ({
    kind: KIND.STATE, t: 10 * MS + Math.floor(i / 12) * 2e5 + (i % 12) * (i % 12 < 8 ? 900 : 9000),
    lane: 2, flags: i % 2 ? RUNNING : WAITING, obj: 0,
  }));
  const timeline = folded([...root, ...steps]);
  const { spans } = laneOf(timeline, 2);
  const dense = new Map();
  for (let from = 10 * MS; from < 12 * MS; from += 997) {
    const [, row] = layout(timeline, viewed({ from, to: from + MS })).rows;
    for (let i = spans.find(from); i < spans.find(from + MS); i++) {
      const is = !row.spans.includes(i);
      assert.equal(is, dense.get(i) ?? is, `span ${i} from ${from}`);
      dense.set(i, is);
      if (is) assert.ok(row.dense.some((t, k) => k % 2 === 0 && t <= spans.t[i] && row.dense[k + 1] > spans.t[i]));
    }
  }
  assert.equal(new Set(dense.values()).size, 2);
});

test("zooming keeps the point under the pointer, however many steps it takes", () => {
  const timeline = story(), view = viewed({ to: 1e10 }), x = 613;
  const end = 1e10, at = timeAt(view, 200, x);
  for (const factor of [0.93, 1 / 0.93]) {
    for (let step = 0; step < 160; step++) {
      zoom(view, end, factor, timeAt(view, 200, x));
      assert.ok(Math.abs(layout(timeline, view).x(at) - x) <= 0.5, `step ${step} of ${factor}`);
    }
  }
});
