import assert from "node:assert/strict";
import { before, test } from "node:test";
import { parse } from "../../static/js/chunk.js";
import { Timeline } from "../../static/js/fold.js";
import { layout } from "../../static/js/layout.js";
import { KIND, PROCESS, RUNNING, THREAD, WAITING } from "../../static/js/names.js";
import { palette } from "../../static/js/palette.js";
import { MOST_BYTES, Tiles } from "../../static/js/tiles.js";
import { encode } from "./encode.js";

/** What is drawn: [source x, source width, x, width]. @type {number[][]} */
let drawn = [];
/** How many tiles were made. */
let made = 0;
/** @type {any} */
const context = {
  drawImage: (/** @type {any[]} */ ...given) => drawn.push([1, 3, 5, 7].map((index) => given[index])),
};

before(() => {
  // As much of a canvas as tiles need.
  Object.assign(globalThis, {
    OffscreenCanvas: class {
      getContext() {
        return { putImageData: () => made++ };
      }
    },
    ImageData: class {},
  });
});

/** @param {number} lanes */
function busy(lanes) {
  const timeline = new Timeline();
  /** @type {import("./encode.js").Event[]} */
  const events = [{ kind: KIND.LANE, t: 0, lane: 1, flags: PROCESS, text: "main process" }];
  for (let lane = 2; lane < lanes + 2; lane++) {
    events.push({ kind: KIND.LANE, t: 0, lane, flags: THREAD, obj: 1, text: "t" });
    for (let i = 0; i < 50; i++) events.push({ kind: KIND.STATE, t: i * 1000, lane, flags: i % 2 ? RUNNING : WAITING });
  }
  timeline.apply(parse(encode(events)));
  timeline.settle();
  return timeline;
}

const view = {
  from: 0, to: 50_000, width: 1000, height: 600, dpr: 1, scrollTop: 0, playhead: 0, live: false, folded: new Set(), opened: new Set(),
  hovered: null, selected: null, findings: [], finding: null,
};
const colours = palette(false);

/**
 * One frame in which so many lanes are painted.
 * @param {Tiles} tiles
 * @param {Timeline} timeline
 * @param {{now?: () => number, view?: typeof view, lanes?: number, height?: number}} [how]
 */
function frame(tiles, timeline, { now = () => 0, view: seen = view, lanes = 1, height = 20 } = {}) {
  const clock = performance.now;
  performance.now = now;
  try {
    drawn = [];
    tiles.begin(timeline, colours, seen);
    for (const lane of timeline.order.slice(1, 1 + lanes)) tiles.paint(context, lane, layout(timeline, seen), seen.from, seen.to, 0, height);
    tiles.end();
    return tiles.pending;
  } finally {
    performance.now = clock;
  }
}

test("tiles cover the time that they stand for without a gap", () => {
  assert.equal(frame(new Tiles(), busy(1)), false);
  assert.ok(drawn.length > 1);
  drawn.forEach(([, , x], index) => assert.equal(x, index ? drawn[index - 1][2] + drawn[index - 1][3] : 200));
  assert.equal(drawn.reduce((sum, [, , , width]) => sum + width, 0), 800);
});

test("when the time of a frame is used up, tiles are missing, and the next frame has them", () => {
  const tiles = new Tiles(), timeline = busy(4);
  let now = 0;
  assert.equal(frame(tiles, timeline, { now: () => (now += 1), lanes: 4 }), true);
  const some = drawn.length;
  for (let i = 0; i < 50 && frame(tiles, timeline, { now: () => (now += 1), lanes: 4 }); i++);
  assert.ok(some < drawn.length);
  assert.equal(tiles.pending, false);
});

test("until a tile is ready a coarser one stands in", () => {
  const tiles = new Tiles(), timeline = busy(1);
  frame(tiles, timeline);
  let now = 0;
  const closer = { ...view, from: 10_000, to: 15_000 };
  assert.equal(frame(tiles, timeline, { view: closer, now: () => (now += 100) }), true);
  assert.ok(drawn.length > 0);
  assert.ok(drawn.every(([, source, , width]) => width > 4 * source));
});

test("until a tile is ready finer ones stand in, too", () => {
  const tiles = new Tiles(), timeline = busy(1);
  frame(tiles, timeline, { view: { ...view, to: 25_000 } });
  frame(tiles, timeline, { view: { ...view, from: 25_000 } });
  let now = 0;
  assert.equal(frame(tiles, timeline, { now: () => (now += 100) }), true);
  assert.equal(drawn.reduce((sum, [, , , width]) => sum + width, 0), 800);
});

test("what was made once is not made again while the view moves over it and back", () => {
  const tiles = new Tiles(), timeline = busy(4);
  const pan = () => {
    const before = made;
    for (let from = 0; from <= 40_000; from += 500) frame(tiles, timeline, { lanes: 4, view: { ...view, from, to: from + 10_000 } });
    return made - before;
  };
  assert.ok(pan() > 0);
  assert.equal(pan(), 0);
});

test("a row that has become higher has its tiles made anew, and until then the old ones stand in", () => {
  const tiles = new Tiles(), timeline = busy(1);
  frame(tiles, timeline);
  let now = 0;
  assert.equal(frame(tiles, timeline, { now: () => (now += 100), height: 12 }), true);
  assert.ok(drawn.length > 0);
  const before = made;
  assert.equal(frame(tiles, timeline, { height: 12 }), false);
  assert.equal(made - before, drawn.length);
});

test("a lane that changes has its tiles made anew from there on", () => {
  const tiles = new Tiles(), timeline = busy(1);
  frame(tiles, timeline);
  const bytes = tiles.bytes;
  timeline.apply(parse(encode([{ kind: KIND.STATE, t: 49_500, lane: 2, flags: WAITING }], 2)));
  timeline.settle();
  let now = 0;
  assert.equal(frame(tiles, timeline, { now: () => (now += 100) }), true);
  assert.equal(frame(tiles, timeline), false);
  assert.equal(tiles.bytes, bytes);
});

test("tiles that have not been drawn for longest are given up before there are too many bytes of them", () => {
  const tiles = new Tiles(), timeline = busy(40);
  for (let i = 0; i < 200; i++) {
    frame(tiles, timeline, { lanes: 40, view: { ...view, from: i * 400, to: i * 400 + 1000 } });
    assert.ok(tiles.bytes <= MOST_BYTES);
  }
  assert.ok(tiles.bytes > MOST_BYTES / 4);
});
