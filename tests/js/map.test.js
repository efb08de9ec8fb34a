import assert from "node:assert/strict";
import { before, test } from "node:test";
import { parse } from "../../static/js/chunk.js";
import { Timeline } from "../../static/js/fold.js";
import { MiniMap } from "../../static/js/map.js";
import { KIND, LOOKS, PROCESS, READY, RUNNING, THREAD, WAITING } from "../../static/js/names.js";
import { palette } from "../../static/js/palette.js";
import { inksOf, raster } from "../../static/js/raster.js";
import { encode } from "./encode.js";

/** A canvas that keeps its pixels. */
class Canvas {
  /**
   * @param {number} width
   * @param {number} height
   */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint32Array(width * height);
  }

  getContext() {
    return {
      clearRect: () => this.pixels.fill(0),
      putImageData: (/** @type {{pixels: Uint32Array, width: number, height: number}} */ image, /** @type {number} */ x, /** @type {number} */ y) => {
        for (let row = 0; row < image.height; row++) {
          for (let column = 0; column < image.width && x + column < this.width; column++) {
            this.pixels[(y + row) * this.width + x + column] = image.pixels[row * image.width + column];
          }
        }
      },
    };
  }
}

before(() => {
  Object.assign(globalThis, {
    OffscreenCanvas: Canvas,
    ImageData: class {
      /**
       * @param {Uint8ClampedArray} bytes
       * @param {number} width
       * @param {number} height
       */
      constructor(bytes, width, height) {
        this.pixels = new Uint32Array(bytes.buffer);
        this.width = width;
        this.height = height;
      }
    },
  });
});

const LENGTH = 3e6;
const inks = inksOf(palette(false));

/**
 * Lanes that do now this, now that, each at a pace of its own.
 * @param {number} lanes
 * @param {number} length
 */
function busy(lanes, length) {
  /** @type {import("./encode.js").Event[]} */
  const events = [{ kind: KIND.LANE, t: 0, lane: 1, flags: PROCESS, text: "main process" }];
  for (let lane = 2; lane < lanes + 2; lane++) {
    events.push({ kind: KIND.LANE, t: 0, lane, flags: THREAD, obj: 1, text: "t" });
    for (let t = lane * 13, i = lane; t < length; t += 40 + ((i * 7919) % 613) * lane, i++) {
      events.push({ kind: KIND.STATE, t, lane, flags: [RUNNING, WAITING, READY][i % 3] });
    }
  }
  const timeline = new Timeline();
  timeline.apply(parse(encode(events)));
  timeline.finish(length);
  return timeline;
}

/**
 * The map as it should be, time by time instead of by sums.
 * @param {Timeline} timeline
 * @param {number} width
 * @param {number} height
 */
function wanted(timeline, width, height) {
  const lanes = timeline.order.slice(1);
  const band = Math.max(2, Math.min(8, Math.floor(height / lanes.length)));
  const group = Math.max(1, Math.ceil(lanes.length / Math.floor(height / band)));
  const canvas = new Canvas(width, height), step = LENGTH / width;
  for (let row = 0; row * group < lanes.length; row++) {
    const some = lanes.slice(row * group, (row + 1) * group);
    const shares = new Float64Array(width * LOOKS);
    for (const { spans } of some) {
      for (let i = 0; i < spans.n; i++) {
        const end = i + 1 < spans.n ? spans.t[i + 1] : LENGTH;
        for (let column = Math.floor(spans.t[i] / step); column < width && column * step < end; column++) {
          const share = (Math.min(end, (column + 1) * step) - Math.max(spans.t[i], column * step)) / step;
          shares[column * LOOKS + spans.look[i]] += share / some.length;
        }
      }
    }
    raster(Float32Array.from(shares), width, band - 1, inks, canvas.pixels, row * band * width, width);
  }
  return canvas.pixels;
}

for (const [lanes, width, height] of [[3, 700, 46], [40, 700, 46], [40, 1600, 92], [300, 700, 46]]) {
  test(`the map of ${lanes} lanes on ${width} × ${height} pixels is what they did, pixel by pixel`, () => {
    const timeline = busy(lanes, LENGTH), map = new MiniMap();
    for (let i = 0; i < 10_000 && map.work(timeline, inks, width, height, 1); i++);
    const pixels = /** @type {Canvas} */ (/** @type {unknown} */ (map.shown?.canvas)).pixels, right = wanted(timeline, width, height);
    // A share that is half a pixel high may be rounded to either side.
    const wrong = pixels.filter((pixel, index) => pixel !== right[index]).length;
    assert.ok(wrong <= pixels.length * 0.002, `${wrong} of ${pixels.length} pixels`);
  });
}

test("a map is made a little at a time, and the one before is shown until it is ready", () => {
  const timeline = busy(300, LENGTH), map = new MiniMap();
  assert.equal(map.work(timeline, inks, 700, 46, 0), true);
  assert.equal(map.shown, null);
  for (let i = 0; i < 10_000 && map.work(timeline, inks, 700, 46, 0); i++);
  const { shown } = map;
  assert.ok(shown);
  map.stale = true;
  assert.equal(map.work(timeline, inks, 700, 46, 0), true);
  assert.equal(map.shown, shown);
});
