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
/** What was counted for a process, all at one step. @type {WeakMap<Lane, {state: string, step: number, tiles: Map<number, Float32Array>}>} */
const counted = new WeakMap();
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
  const state = timeline.over ? `${timeline.events}` : `${Math.floor(timeline.end / LIVE_NS)}`;
  let known = counted.get(process);
  if (known?.state !== state || known.step !== step || known.tiles.size > MOST_TILES) counted.set(process, (known = { state, step, tiles: new Map() }));
  const before = known.tiles.get(tile);
  if (before) return before;
  shares.fill(0);
  for (const lane of threadsOf(process)) density(lane, lane.end === lane.end ? lane.end : timeline.end, tile * COLUMNS * step, step, shares);
  const counts = Float32Array.from({ length: COLUMNS }, (_, column) => shares[column * LOOKS + LOOK.RUNNING]);
  known.tiles.set(tile, counts);
  return counts;
}
