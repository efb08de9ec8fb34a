/**
 * How many threads of a process run at the same time: at a moment, and column by column. With a GIL it is never more than one.
 * @module
 */
import { COLUMNS, density } from "./density.js";
import { LOOK, LOOKS, THREAD } from "./names.js";
import { stayAt } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */

/** While a run is on, it is counted anew once in so much of its time. */
const LIVE_NS = 2e8;
const MOST_TILES = 16;
/** @typedef {WeakMap<Lane, {state: string, step: number, tiles: Map<number, Float32Array>}>} Counted for a lane, all at one step */

/** @type {Counted} */
const known = new WeakMap();
const shares = new Float32Array(COLUMNS * LOOKS);

/** @param {Lane} process */
function threadsOf(process) {
  return process.children.filter(({ kind }) => kind === THREAD);
}

/**
 * @param {Lanes} timeline
 * @param {Lane} process
 * @param {number} time
 */
export function runningAt(timeline, process, time) {
  return threadsOf(process).filter((lane) => stayAt(timeline, lane, time)?.look === LOOK.RUNNING).length;
}

/**
 * The mean number of threads that run, in COLUMNS equal steps of time.
 * @param {Lanes} timeline
 * @param {Lane} process
 * @param {number} step ns
 * @param {number} tile which COLUMNS steps, from the run's zero
 * @returns {Float32Array}
 */
export function running(timeline, process, step, tile) {
  return counted(known, timeline, process, step, tile, () => {
    shares.fill(0);
    for (const lane of threadsOf(process)) density(lane, lane.end === lane.end ? lane.end : timeline.end, tile * COLUMNS * step, step, shares);
    return Float32Array.from({ length: COLUMNS }, (_, column) => shares[column * LOOKS + LOOK.RUNNING]);
  });
}

/**
 * What was counted for a lane, or is now.
 * @param {Counted} before
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} step ns
 * @param {number} tile
 * @param {() => Float32Array} count
 * @returns {Float32Array} COLUMNS long
 */
export function counted(before, timeline, lane, step, tile, count) {
  const state = timeline.over ? `${timeline.events}` : `${Math.floor(timeline.end / LIVE_NS)}`;
  let mine = before.get(lane);
  if (mine?.state !== state || mine.step !== step || mine.tiles.size > MOST_TILES) before.set(lane, (mine = { state, step, tiles: new Map() }));
  const found = mine.tiles.get(tile) ?? count();
  mine.tiles.set(tile, found);
  return found;
}
