/**
 * CPU time of lanes over time: a line through looks from outside, so that in between it counts as used evenly. Pure.
 * @module
 */
import { search } from "./columns.js";
import { COLUMNS } from "./density.js";
import { THREAD } from "./names.js";
import { counted } from "./runs.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {{from: number, to: number, share: number}} Stretch between two looks; share of one core */

/**
 * The threads of a process whose CPU time was looked at, or a lane itself.
 * @param {Lane} lane
 */
export function cpuLanes(lane) {
  return lane.kind === THREAD ? [lane] : lane.children.filter(({ kind, used }) => kind === THREAD && used);
}

/**
 * The stretch between looks that a time is in; null if none is known.
 * @param {Lane} lane
 * @param {number} t
 * @returns {Stretch | null}
 */
export function stretchAt(lane, t) {
  return lane.used && t >= lane.start ? stretchOf(lane, search(lane.used.t, lane.used.n, t)) : null;
}

/**
 * The stretch that ends with a look; the first begins with the lane. The kernel counts in ticks, so that a share
 * may seem to be more than one.
 * @param {Lane} lane
 * @param {number} index
 * @returns {Stretch | null}
 */
export function stretchOf(lane, index) {
  const { used } = lane;
  if (!used || index >= used.n) return null;
  const from = index ? used.t[index - 1] : lane.start, to = used.t[index];
  if (!(to > from)) return null;
  return { from, to, share: Math.min(1, Math.max(0, (used.what[index] - (index ? used.what[index - 1] : 0)) / (to - from))) };
}

/**
 * How many cores a process, or a thread, used, in COLUMNS equal steps of time.
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} step ns
 * @param {number} tile which COLUMNS steps, from the run's zero
 * @returns {Float32Array}
 */
export function cores(timeline, lane, step, tile) {
  return counted(tiles, timeline, lane, step, tile, () => {
    const shares = new Float32Array(COLUMNS), zero = tile * COLUMNS * step;
    for (const thread of cpuLanes(lane)) {
      const { used } = thread;
      for (let index = used ? search(used.t, used.n, zero) : 0; used && index < used.n; index++) {
        const stretch = stretchOf(thread, index);
        if (!stretch) continue;
        if (stretch.from >= zero + COLUMNS * step) break;
        if (stretch.share) spread(shares, zero, step, stretch);
      }
    }
    return shares;
  });
}

/** @type {import("./runs.js").Counted} */
const tiles = new WeakMap();

/**
 * @param {Float32Array} shares
 * @param {number} zero
 * @param {number} step
 * @param {Stretch} stretch
 */
function spread(shares, zero, step, { from, to, share }) {
  const first = Math.max(0, (from - zero) / step), last = Math.min(COLUMNS, (to - zero) / step);
  for (let column = Math.floor(first); column < last; column++) {
    shares[column] += share * (Math.min(last, column + 1) - Math.max(first, column));
  }
}
