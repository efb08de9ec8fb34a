/**
 * The minimap: the whole run in one picture, made bit by bit.
 * @module
 */
import { COLUMNS, density } from "./density.js";
import { LOOKS, PROCESS } from "./names.js";
import { raster } from "./raster.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */

/** While a run grows, its picture is made anew no more often, ms. */
const EVERY_MS = 250;
/** Heights of a lane in the minimap, device pixels. */
const LEAST = 2, MOST = 8;

/**
 * When the first lane begins and the last one ends: a run's own time also counts what its sandbox does around that.
 * @param {Lanes} timeline
 * @returns {{from: number, to: number}}
 */
export function wholeOf(timeline) {
  const from = timeline.order[0]?.start ?? 0;
  const to = timeline.over ? timeline.lasts : timeline.end;
  return { from, to: Math.max(to || timeline.end, from + 1) };
}

/**
 * The minimap's scale.
 * @param {Lanes} timeline
 * @param {import("./view.js").View} view
 * @param {import("./view.js").Model} model
 * @returns {{from: number, scale: number}}
 */
export function mapSpan(timeline, view, model) {
  const { from, to } = wholeOf(timeline);
  return { from, scale: (view.width - model.left) / (to - from) };
}

/**
 * A picture of the run between two times.
 * @typedef {{canvas: OffscreenCanvas, context: OffscreenCanvasRenderingContext2D, from: number, to: number, lanes: Lane[],
 *   band: number, next: number}} Chart
 */

/** The picture that is shown, and the next one that is being made. */
export class MiniMap {
  stale = true;
  /** @type {Chart | null} */
  shown = null;
  /** @type {Chart | null} */
  #making = null;
  /** The picture before the one that is shown: its canvas is used again. @type {Chart | null} */
  #spare = null;
  #began = -EVERY_MS;
  #sum = new Float32Array(COLUMNS * LOOKS);

  clear() {
    this.shown = this.#making = this.#spare = null;
    this.stale = true;
    this.#began = -EVERY_MS;
  }

  /**
   * @param {Lanes} timeline
   * @param {import("./raster.js").Inks} inks
   * @param {number} width device pixels
   * @param {number} height
   * @param {number} budget ms
   * @returns {boolean} whether there is more to do
   */
  work(timeline, inks, width, height, budget) {
    const size = this.#making ?? this.shown;
    if (size && (size.canvas.width !== width || size.canvas.height !== height)) this.clear();
    if (width < 1 || height < 1) return false;
    const now = performance.now();
    if (!this.#making) {
      if (!this.stale) return false;
      if (!timeline.over && now < this.#began + EVERY_MS) return true;
      this.stale = false;
      this.#began = now;
      this.#making = begun(timeline, width, height, this.#spare?.canvas);
      this.#spare = null;
    }
    const chart = this.#making;
    const until = now + budget;
    const columns = Math.ceil(width / COLUMNS);
    const rows = Math.ceil(chart.lanes.length / perRow(chart));
    while (chart.next < rows * columns) {
      this.#piece(timeline, chart, inks, Math.floor(chart.next / columns), chart.next % columns);
      chart.next++;
      if (performance.now() > until) return true;
    }
    this.#spare = this.shown;
    this.shown = chart;
    this.#making = null;
    return this.stale;
  }

  /**
   * @param {Lanes} timeline
   * @param {Chart} chart
   * @param {import("./raster.js").Inks} inks
   * @param {number} row
   * @param {number} column in COLUMNS
   */
  #piece(timeline, chart, inks, row, column) {
    const step = (chart.to - chart.from) / chart.canvas.width;
    const group = perRow(chart);
    const lanes = chart.lanes.slice(row * group, (row + 1) * group);
    this.#sum.fill(0);
    for (const lane of lanes) {
      const end = lane.end === lane.end ? lane.end : timeline.end;
      density(lane, end, chart.from + column * COLUMNS * step, step, this.#sum, 1 / lanes.length);
    }
    const high = Math.max(1, chart.band - 1);
    const pixels = new Uint32Array(COLUMNS * high);
    raster(this.#sum, COLUMNS, high, inks, pixels);
    const image = new ImageData(new Uint8ClampedArray(pixels.buffer), COLUMNS, high);
    chart.context.putImageData(image, column * COLUMNS, row * chart.band);
  }
}

/**
 * @param {Lanes} timeline
 * @param {number} width
 * @param {number} height
 * @param {OffscreenCanvas} [canvas] of that size
 * @returns {Chart}
 */
function begun(timeline, width, height, canvas = new OffscreenCanvas(width, height)) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser draws no canvas");
  context.clearRect(0, 0, width, height);
  const lanes = timeline.order.filter((lane) => lane.kind !== PROCESS && !lane.internal);
  const band = Math.max(LEAST, Math.min(MOST, Math.floor(height / Math.max(1, lanes.length))));
  return { canvas, context, ...wholeOf(timeline), lanes, band, next: 0 };
}

/** @param {Chart} chart */
function perRow({ canvas, lanes, band }) {
  return Math.max(1, Math.ceil(lanes.length / Math.floor(canvas.height / band)));
}
