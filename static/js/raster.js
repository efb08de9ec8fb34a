/**
 * From shares of time to pixels: each column a stack of colours, as high as what they stand for is drawn elsewhere.
 * @module
 */
import { LOOK, LOOKS } from "./names.js";
import { HEIGHT } from "./palette.js";

/** From top to bottom. */
const STACK = [
  LOOK.RUNNING, LOOK.WANTS_GIL, LOOK.WANTS_LOOP, LOOK.LOCK, LOOK.OTHER, LOOK.IO, LOOK.AWAIT, LOOK.SLEEP, LOOK.CREATED,
];
/** Looks whose pixels are thinned out, so that they differ from running without colour: one row in so many is pale. */
const PALE_ROW = [0, 0, 0, 3, 3, 2, 2, 0, 0, 0];

/**
 * Colours as pixels, for the looks and their pale rows.
 * @typedef {{solid: Uint32Array, pale: Uint32Array}} Inks
 */

/**
 * @param {import("./palette.js").Palette} palette
 * @returns {Inks}
 */
export function inksOf(palette) {
  const pixel = (/** @type {string} */ colour) => {
    const value = parseInt(colour.slice(1), 16);
    return (0xff000000 | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
  };
  const solid = Uint32Array.from(palette.looks, (colour) => (colour ? pixel(colour) : 0));
  const pale = Uint32Array.from(palette.pale, (colour) => (colour ? pixel(colour) : 0));
  return { solid, pale };
}

/**
 * @param {Float32Array} shares columns × LOOKS
 * @param {number} columns
 * @param {number} height pixels
 * @param {Inks} inks
 * @param {Uint32Array} pixels RGBA in memory, cleared; the columns begin at `at`, a row is `stride` long
 * @param {number} [at]
 * @param {number} [stride]
 */
export function raster(shares, columns, height, inks, pixels, at = 0, stride = columns) {
  for (let column = 0; column < columns; column++) {
    const base = column * LOOKS;
    let total = 0, most = 0, main = 0;
    for (let look = 1; look < LOOKS; look++) {
      const share = shares[base + look];
      total += share * HEIGHT[look];
      if (share > most) [most, main] = [share, look];
    }
    if (!main) continue;
    const high = Math.max(1, Math.round(total * height));
    let row = (height - high) >> 1, reached = 0;
    const top = row;
    for (const look of STACK) {
      const share = shares[base + look];
      if (!share) continue;
      reached += share * HEIGHT[look];
      const until = Math.min(height, top + Math.round((reached / total) * high));
      for (; row < until; row++) {
        const pale = PALE_ROW[look] && height > 6 && row % PALE_ROW[look] === 0;
        pixels[at + row * stride + column] = pale ? inks.pale[look] : inks.solid[look];
      }
    }
  }
}
