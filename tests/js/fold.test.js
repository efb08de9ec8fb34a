import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../static/js/chunk.js";
import { Timeline } from "../../static/js/fold.js";
import { FUTURE, GIL, IO, KIND, LOCK, LOOK, PROCESS, READY, RUNNING, TASK, THREAD, WAITING } from "../../static/js/names.js";
import { encode } from "./encode.js";
import { GUARD, MAIN, MS, WORKER, laneOf, story } from "./story.js";

/**
 * A timeline of these chunks, brought up to date after each.
 * @param {...import("./encode.js").Event[]} chunks
 */
function fed(...chunks) {
  const timeline = new Timeline();
  chunks.forEach((events, index) => {
    timeline.apply(parse(encode(events, index + 1)));
    timeline.settle();
  });
  return timeline;
}

/**
 * @param {Timeline} timeline
 * @param {number} id
 */
function stays(timeline, id) {
  const { spans } = laneOf(timeline, id);
  return Array.from({ length: spans.n }, (_, i) => [spans.state[i], spans.t[i], timeline.endOf(laneOf(timeline, id), i)]);
}

const process = [
  { kind: KIND.LANE, t: 0, lane: 1, flags: PROCESS, text: "main process" },
  { kind: KIND.LANE, t: 0, lane: 2, flags: THREAD, obj: 1, text: "MainThread" },
  { kind: KIND.LANE, t: 0, lane: 3, flags: THREAD, obj: 1, text: "worker" },
];
const running = [2, 3].map((lane) => ({ kind: KIND.STATE, t: 0, lane, flags: RUNNING }));

test("an event that comes late goes to its place, and the links after it are found anew", () => {
  const timeline = fed(
    [...process, ...running, { kind: KIND.RESOURCE, t: 0, lane: 2, obj: 1, flags: LOCK }],
    [{ kind: KIND.STATE, t: 50, lane: 2, flags: WAITING, obj: 1 }, { kind: KIND.STATE, t: 90, lane: 2, flags: RUNNING }],
    [{ kind: KIND.STATE, t: 30, lane: 2, flags: WAITING }, { kind: KIND.STATE, t: 40, lane: 2, flags: RUNNING }],
    [{ kind: KIND.HOLD, t: 20, end: 89, lane: 3, obj: 1 }],
  );
  assert.deepEqual(stays(timeline, 2), [[RUNNING, 0, 30], [WAITING, 30, 40], [RUNNING, 40, 50], [WAITING, 50, 90], [RUNNING, 90, 90]]);
  const { links } = laneOf(timeline, 2);
  assert.deepEqual([links.n, links.kind[0], links.from[0], links.fromT[0], links.t[0]], [1, 4, 3, 89, 90]);
});

test("a thread that runs while another holds the GIL is shown ready, inferred, also if the GIL becomes known later", () => {
  const timeline = fed(
    [...process, ...running],
    [{ kind: KIND.RESOURCE, t: 0, lane: 1, obj: 1, flags: GIL }, { kind: KIND.HOLD, t: 10, end: 20, lane: 3, obj: 1, flags: 16 }],
    [{ kind: KIND.HOLD, t: 20, end: 40, lane: 2, obj: 1, flags: 16 }, { kind: KIND.STAT, t: 40, lane: 1, flags: 2 }],
  );
  assert.deepEqual(stays(timeline, 2), [[RUNNING, 0, 10], [READY, 10, 20], [RUNNING, 20, 40]]);
  assert.deepEqual(stays(timeline, 3).slice(0, 2), [[RUNNING, 0, 20], [READY, 20, 40]]);
  assert.deepEqual([...laneOf(timeline, 2).spans.inferred].slice(0, 3), [0, 1, 0]);
  assert.equal(laneOf(timeline, 2).spans.look[1], LOOK.WANTS_GIL);
});

test("states that come before their lane is told are laid under its process's GIL, too", () => {
  const timeline = fed(
    [running[0], { kind: KIND.RESOURCE, t: 0, lane: 1, obj: 1, flags: GIL }, { kind: KIND.HOLD, t: 10, end: 20, lane: 3, obj: 1 }],
    [{ kind: KIND.STATE, t: 30, lane: 2, flags: WAITING }],
    process,
  );
  assert.deepEqual(stays(timeline, 2).slice(0, 4), [[RUNNING, 0, 10], [READY, 10, 20], [RUNNING, 20, 30], [WAITING, 30, 30]]);
});

test("what a lane waits on gives its look, also if that becomes known later", () => {
  const timeline = fed(
    [...process, { kind: KIND.STATE, t: 5, lane: 2, flags: WAITING, obj: 1 }], [{ kind: KIND.RESOURCE, t: 6, lane: 2, obj: 1, flags: IO }],
  );
  const { spans } = laneOf(timeline, 2);
  assert.equal(spans.look[spans.n - 1], LOOK.IO);
});

test("while a run goes on, the last span lasts as long as the run is known", () => {
  const timeline = story(6 * MS);
  assert.deepEqual(stays(timeline, MAIN).at(-1), [WAITING, 5 * MS, 6 * MS]);
  const hold = laneOf(timeline, WORKER).holds;
  assert.deepEqual([hold.n, hold.who[0]], [1, GUARD]);
});

test("lanes that are changed are told to whoever keeps pictures of them, from when on", () => {
  const timeline = fed([...process, ...running]);
  timeline.edits.clear();
  timeline.apply(parse(encode([{ kind: KIND.STATE, t: 70, lane: 3, flags: WAITING }], 2)));
  timeline.settle();
  assert.deepEqual([...timeline.edits].map(([{ id }, t]) => [id, t]), [[3, 70]]);
});

test("impossible numbers are refused and counted", () => {
  const timeline = fed([...process, { kind: KIND.STATE, t: 1, lane: 4e9, flags: RUNNING }, { kind: KIND.HOLD, t: 1, lane: 2, obj: 4e9 }, { kind: 99, t: 1 }]);
  assert.equal(timeline.refused, 3);
  assert.equal(timeline.order.length, 3);
});

test("what becomes known of one resource costs no look at the lanes that have nothing to do with it", () => {
  const looked = (/** @type {number} */ tasks) => {
    const timeline = new Timeline();
    let touched = 0;
    const touch = timeline.touch.bind(timeline);
    timeline.touch = (lane, t) => (touched++, touch(lane, t));
    const each = (/** @type {(i: number) => import("./encode.js").Event[]} */ events) => Array.from({ length: tasks }, (_, i) => events(i)).flat();
    const waits = each((i) => [
      { kind: KIND.LANE, t: i, lane: i + 4, flags: TASK, obj: 2 },
      { kind: KIND.STATE, t: i, lane: i + 4, flags: RUNNING },
      { kind: KIND.STATE, t: i + 1, lane: i + 4, flags: WAITING, obj: i + 1 },
    ]);
    const named = each((i) => [{ kind: KIND.RESOURCE, t: i + 2, lane: i + 4, obj: i + 1, flags: FUTURE }]);
    const woken = each((i) => [{ kind: KIND.STATE, t: tasks + i, lane: i + 4, flags: RUNNING }]);
    const acts = each((i) => [{ kind: KIND.ACT, t: i + 3, lane: 2, obj: i + 1, flags: 1 }]);
    for (const events of [process, waits, named, woken, acts]) {
      timeline.apply(parse(encode(events)));
      touched += timeline.changed.size;
      timeline.settle();
    }
    assert.equal(laneOf(timeline, 4).spans.look[1], LOOK.AWAIT);
    assert.equal(laneOf(timeline, 4).links.n, 1);
    return touched;
  };
  assert.ok(looked(400) < 4.1 * looked(100));
});
