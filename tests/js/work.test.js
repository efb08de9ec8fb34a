// What a frame costs, counted: calls of the canvas and tiles made. Times depend on the machine, these do not.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { parse } from "../../static/js/chunk.js";
import { draw } from "../../static/js/draw.js";
import { Timeline } from "../../static/js/fold.js";
import { layout } from "../../static/js/layout.js";
import { KIND, PROCESS, QUEUE, RUNNING, THREAD, WAITING } from "../../static/js/names.js";
import { palette } from "../../static/js/palette.js";
import { Tiles } from "../../static/js/tiles.js";
import { pan, zoom } from "../../static/js/viewport.js";
import { encode } from "./encode.js";

const LANES = 200, LENGTH = 1e9;
let calls = 0, made = 0, reach = 0;

/** A context that counts what it is called to do. @returns {any} */
function counting() {
  return new Proxy({}, {
    get: (values, name) => {
      if (name === "measureText") return (/** @type {string} */ text) => ({ width: 6 * text.length });
      if (name in values) return Reflect.get(values, name);
      return (/** @type {number} */ x) => {
        calls++;
        if (name === "lineTo") reach = Math.max(reach, Math.abs(x));
      };
    },
  });
}

before(() => {
  Object.assign(globalThis, {
    OffscreenCanvas: class {
      /**
       * @param {number} width
       * @param {number} height
       */
      constructor(width, height) {
        Object.assign(this, { width, height });
      }

      getContext() {
        return { putImageData: () => made++, clearRect() {}, scale() {}, fillRect() {}, beginPath() {}, arc() {}, fill() {}, moveTo() {}, lineTo() {},
          stroke() {}, createPattern: () => ({ setTransform() {} }) };
      }
    },
    ImageData: class {},
    DOMMatrix: class {
      scale() {}
    },
  });
});

/** @param {number} each spans of a lane */
function busy(each) {
  const timeline = new Timeline();
  /** @type {import("./encode.js").Event[]} */
  const declared = [
    { kind: KIND.LANE, t: 0, lane: 1, flags: PROCESS, text: "main process" },
    { kind: KIND.RESOURCE, t: 0, lane: 2, obj: 1, flags: QUEUE, text: "jobs" },
  ];
  for (let lane = 2; lane < LANES + 2; lane++) declared.push({ kind: KIND.LANE, t: 0, lane, flags: THREAD, obj: 1, by: 2, text: `worker ${lane}` });
  timeline.apply(parse(encode(declared)));
  for (let lane = 2; lane < LANES + 2; lane++) {
    const events = Array.from({ length: each }, (_, i) => ({
      kind: KIND.STATE, t: ((i + 1 + (lane % 7) / 10) * LENGTH) / (each + 2), lane, flags: i % 2 ? RUNNING : WAITING, obj: i % 2 ? 0 : 1,
      by: i % 2 ? 2 + ((lane * 31 + i) % LANES) : 0,
    }));
    timeline.apply(parse(encode(events, lane)));
  }
  timeline.finish(LENGTH);
  return timeline;
}

/** @returns {import("../../static/js/view.js").View} */
function whole() {
  return {
    from: 0, to: LENGTH, width: 1200, height: 700, dpr: 2, scrollTop: 0, playhead: LENGTH / 2, live: false, folded: new Set(), opened: new Set(),
    hovered: null, selected: null, findings: [], finding: null,
  };
}

/**
 * The calls and the tiles of each frame while the view zooms in, pans there and back, and zooms out.
 * @param {Timeline} timeline
 */
function tour(timeline) {
  const view = whole(), tiles = new Tiles(), context = counting(), p = palette(false);
  const frames = /** @type {{calls: number, made: number}[]} */ ([]);
  const frame = () => {
    calls = made = 0;
    draw(context, timeline, view, layout(timeline, view), p, tiles);
    frames.push({ calls, made });
  };
  for (let i = 0; i < 60; i++) frame();
  for (let i = 0; i < 40; i++, frame()) zoom(view, LENGTH, 0.87, LENGTH / 3);
  for (let i = 0; i < 40; i++, frame()) pan(view, LENGTH, (view.to - view.from) / 40);
  for (let i = 0; i < 200; i++) frame();
  const there = frames.length;
  for (let i = 0; i < 40; i++, frame()) pan(view, LENGTH, -(view.to - view.from) / 40);
  const back = frames.slice(there);
  for (let i = 0; i < 40; i++, frame()) zoom(view, LENGTH, 1 / 0.87, LENGTH / 3);
  return { frames, back };
}

test("a frame takes as many calls as there are pixels to fill, however many spans there are", () => {
  const most = [100, 1000, 10_000].map((each) => Math.max(...tour(busy(each)).frames.map((frame) => frame.calls)));
  // A row is 1000 px wide: a span that is drawn by itself is 3 px or more.
  const rows = layout(busy(1), whole()).rows.length;
  for (const calls of most) assert.ok(calls < rows * (1000 / 3) * 1.5, `${calls} calls for ${rows} rows`);
  assert.ok(most[2] < 1.5 * most[1], `${most}`);
});

test("no line is longer than the canvas, however far away what it comes from is", () => {
  const timeline = new Timeline(), view = { ...whole(), from: 0.5 * LENGTH, to: 0.5 * LENGTH + 1000 };
  timeline.apply(parse(encode([
    { kind: KIND.LANE, t: 0, lane: 1, flags: PROCESS, text: "main process" },
    ...[2, 3].map((lane) => ({ kind: KIND.LANE, t: 0, lane, flags: THREAD, obj: 1, text: `worker ${lane}` })),
    { kind: KIND.RESOURCE, t: 0, lane: 2, obj: 1, flags: QUEUE, text: "jobs" },
    { kind: KIND.STATE, t: 0, lane: 2, flags: WAITING, obj: 1 },
    { kind: KIND.ACT, t: 1000, lane: 3, obj: 1, flags: 1 },
    { kind: KIND.STATE, t: LENGTH, lane: 2, flags: RUNNING },
  ])));
  timeline.finish(LENGTH + 1);
  const model = layout(timeline, view);
  assert.ok(model.arrows.some(({ x0, x1 }) => x1 - x0 > 1e8));
  reach = 0;
  draw(counting(), timeline, view, model, palette(false), new Tiles());
  assert.ok(reach > 0 && reach < 2 * view.width, `${reach} px`);
});

test("a frame that shows what was shown before makes no tile", () => {
  const { frames, back } = tour(busy(3000));
  assert.ok(frames.some((frame) => frame.made > 0));
  assert.deepEqual(back.filter((frame) => frame.made > 0), []);
});
