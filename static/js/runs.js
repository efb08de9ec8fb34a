/**
 * How many threads of a process run at the same time: at a moment, and column by column. With a GIL it is never more than one.
 * @module
 */
import { COLUMNS, density } from "./density.js";
import { LOOK, LOOKS, THREAD } from "./names.js";
import { stayAt } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */

/** What was counted last for a process. @type {WeakMap<Lane, {key: string, counts: Float32Array}>} */
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
 * The mean number of threads that run in each of COLUMNS equal steps from a time on.
 * @param {Lanes} timeline
 * @param {Lane} process
 * @param {number} from
 * @param {number} step ns
 * @returns {Float32Array} good until the next call
 */
export function running(timeline, process, from, step) {
  const key = `${from} ${step} ${timeline.events} ${timeline.end}`;
  const before = counted.get(process);
  if (before?.key === key) return before.counts;
  const counts = before?.counts ?? new Float32Array(COLUMNS);
  shares.fill(0);
  for (const lane of threadsOf(process)) density(lane, lane.end === lane.end ? lane.end : timeline.end, from, step, shares);
  for (let column = 0; column < COLUMNS; column++) counts[column] = shares[column * LOOKS + LOOK.RUNNING];
  counted.set(process, { key, counts });
  return counts;
}
