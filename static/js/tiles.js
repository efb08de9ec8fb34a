/**
 * Tiles: pictures of what is too dense to be drawn span by span. A tile is one lane, COLUMNS steps of 2^level ns each. They are made
 * within a time per frame, kept within a number of bytes, and until one is made a coarser one or finer ones stand in for it.
 * @module
 */
import { COLUMNS, density } from "./density.js";
import { MiniMap, wholeOf } from "./map.js";
import { LOOKS } from "./names.js";
import { inksOf, raster } from "./raster.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./palette.js").Palette} Palette */

/**
 * @typedef {object} Tile
 * @property {Lane} lane
 * @property {number} key
 * @property {OffscreenCanvas} image
 * @property {number} height device pixels
 * @property {number} bytes
 * @property {number} used the frame it was last drawn in
 * @property {boolean} stale its lane has changed since
 */

/** Time to make tiles in one frame, ms, and for the minimap: while the view or the run moves, and while all is still. */
const MOVING = { tiles: 4, map: 1.5 }, STILL = { tiles: 7, map: 4 };
export const MOST_BYTES = 32 << 20;
/** How much coarser a tile may be that stands in. */
const COARSER = 10;
const LEVELS = 64;

/** The tiles of one canvas. */
export class Tiles {
  map = new MiniMap();
  /** Something was drawn from a coarser tile, or not at all: another frame will be better. */
  pending = false;
  /** @type {Map<Lane, Map<number, Tile>>} */
  #lanes = new Map();
  /** What the tiles take. */
  bytes = 0;
  #frame = 0;
  #budget = MOVING;
  #until = 0;
  #dpr = 0;
  /** What is looked at. */
  #from = 0;
  #to = 0;
  #seen = "";
  /** @type {Lanes | null} */
  #timeline = null;
  /** @type {Palette | null} */
  #palette = null;
  /** @type {import("./raster.js").Inks} */
  #inks = { solid: new Uint32Array(0), pale: new Uint32Array(0) };
  #shares = new Float32Array(COLUMNS * LOOKS);

  /**
   * Begins a frame.
   * @param {Lanes} timeline settled
   * @param {Palette} palette
   * @param {import("./view.js").View} view
   */
  begin(timeline, palette, { from, to, scrollTop, dpr, live }) {
    if (timeline !== this.#timeline || palette !== this.#palette || dpr !== this.#dpr) {
      this.#lanes.clear();
      this.bytes = 0;
      this.map.clear();
      if (palette !== this.#palette) this.#inks = inksOf(palette);
      this.#timeline = timeline;
      this.#palette = palette;
      this.#dpr = dpr;
    }
    for (const [lane, since] of timeline.edits) {
      for (const tile of this.#lanes.get(lane)?.values() ?? []) {
        if ((Math.floor(tile.key / LEVELS) + 1) * COLUMNS * 2 ** (tile.key % LEVELS) > since) tile.stale = true;
      }
    }
    // What goes on grows with the run, also while nothing happens.
    if (timeline.edits.size || wholeOf(timeline).to !== this.map.shown?.to) this.map.stale = true;
    timeline.edits.clear();
    const seen = `${from} ${to} ${scrollTop}`;
    [this.#from, this.#to] = [from, to];
    this.#budget = live || seen !== this.#seen ? MOVING : STILL;
    this.#seen = seen;
    this.#frame++;
    this.#until = performance.now() + this.#budget.tiles;
    this.pending = false;
  }

  /** Ends a frame: what has not been drawn for longest makes room. */
  end() {
    if (this.bytes <= MOST_BYTES) return;
    const tiles = [...this.#lanes.values()].flatMap((tiles) => [...tiles.values()]).sort((a, b) => a.used - b.used);
    for (const tile of tiles) {
      if (this.bytes <= MOST_BYTES * 0.75 || tile.used === this.#frame) return;
      this.#lanes.get(tile.lane)?.delete(tile.key);
      this.bytes -= tile.bytes;
    }
  }

  /**
   * Draws what is in view of a lane's density between two times. Tiles are drawn whole, so that they look the same wherever they are.
   * @param {CanvasRenderingContext2D} context whose unit is a CSS pixel
   * @param {Lane} lane
   * @param {import("./view.js").Model} model
   * @param {number} from
   * @param {number} to
   * @param {number} y top of the bar
   * @param {number} height of the bar
   */
  paint(context, lane, model, from, to, y, height) {
    const level = Math.max(0, Math.ceil(Math.log2(1 / (model.scale * this.#dpr))));
    const length = COLUMNS * 2 ** level;
    const snap = (/** @type {number} */ t) => Math.round(model.x(t) * this.#dpr) / this.#dpr;
    const put = (/** @type {Tile} */ tile, /** @type {number} */ start, /** @type {number} */ end) => {
      const step = 2 ** (tile.key % LEVELS), zero = Math.floor(tile.key / LEVELS) * COLUMNS * step;
      const x0 = snap(start), x1 = Math.max(snap(end), x0 + 1 / this.#dpr);
      const source = (start - zero) / step;
      const wide = Math.max(Math.min((end - start) / step, COLUMNS - source), 0.01);
      context.drawImage(tile.image, source, 0, wide, tile.height, x0, y, x1 - x0, height);
      tile.used = this.#frame;
    };
    const last = Math.min(to, this.#to);
    for (let index = Math.floor(Math.max(from, this.#from) / length); index * length < last; index++) {
      const start = Math.max(from, index * length), end = Math.min(to, (index + 1) * length);
      const tile = this.#tile(lane, level, index, Math.round(height * this.#dpr));
      if (tile) put(tile, start, end);
      else {
        const middle = (index + 0.5) * length;
        const before = this.#made(lane, level - 1, 2 * index), after = this.#made(lane, level - 1, 2 * index + 1);
        if (before && start < middle) put(before, start, Math.min(end, middle));
        if (after && end > middle) put(after, Math.max(start, middle), end);
      }
    }
  }

  /**
   * A tile, if it was made.
   * @param {Lane} lane
   * @param {number} level
   * @param {number} index
   */
  #made(lane, level, index) {
    return this.#lanes.get(lane)?.get(index * LEVELS + level) ?? null;
  }

  /**
   * A tile, or a coarser one that has it in it; null if there is none yet.
   * @param {Lane} lane
   * @param {number} level
   * @param {number} index
   * @param {number} height device pixels
   * @returns {Tile | null}
   */
  #tile(lane, level, index, height) {
    let tiles = this.#lanes.get(lane);
    if (!tiles) this.#lanes.set(lane, (tiles = new Map()));
    const key = index * LEVELS + level;
    let tile = tiles.get(key) ?? null;
    if (!tile || tile.stale || tile.height !== height) {
      if (performance.now() < this.#until) {
        if (tile) this.bytes -= tile.bytes;
        tile = this.#make(lane, key, height, tile?.height === height ? tile.image : undefined);
        tiles.set(key, tile);
      } else this.pending = true;
    }
    for (let up = 1; !tile && up <= COARSER; up++) tile = this.#made(lane, level + up, Math.floor(index / 2 ** up));
    return tile;
  }

  /**
   * @param {Lane} lane
   * @param {number} key
   * @param {number} height
   * @param {OffscreenCanvas} [image] to draw on, of the same size
   * @returns {Tile}
   */
  #make(lane, key, height, image = new OffscreenCanvas(COLUMNS, height)) {
    const step = 2 ** (key % LEVELS);
    const timeline = /** @type {Lanes} */ (this.#timeline);
    const end = lane.end === lane.end ? lane.end : timeline.end;
    this.#shares.fill(0);
    density(lane, end, Math.floor(key / LEVELS) * COLUMNS * step, step, this.#shares);
    const pixels = new Uint32Array(COLUMNS * height);
    raster(this.#shares, COLUMNS, height, this.#inks, pixels);
    image.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), COLUMNS, height), 0, 0);
    this.bytes += pixels.byteLength;
    return { lane, key, image, height, bytes: pixels.byteLength, used: this.#frame, stale: false };
  }

  /**
   * Goes on with the minimap, if it is not up to date.
   * @param {number} width CSS px
   * @param {number} height CSS px
   */
  charted(width, height) {
    const timeline = /** @type {Lanes} */ (this.#timeline);
    if (this.map.work(timeline, this.#inks, Math.round(width * this.#dpr), Math.round(height * this.#dpr), this.#budget.map)) this.pending = true;
    return this.map;
  }
}
