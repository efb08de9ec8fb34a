/**
 * How much CPU time a lane used, for words and totals: what the picture does not need. Pure.
 * @module
 */
import { search } from "./columns.js";
import { stretchOf } from "./cpu.js";

/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./cpu.js").Stretch} Stretch */

/** Shares this near to each other are told as one. */
const NEAR = 0.05;

/**
 * The CPU time that a lane used in a stretch of time, ns.
 * @param {Lane} lane
 * @param {number} from
 * @param {number} to
 */
export function usedBetween(lane, from, to) {
  return until(lane, to) - until(lane, from);
}

/**
 * @param {Lane} lane
 * @param {number} t
 */
function until(lane, t) {
  const { used } = lane;
  if (!used || t <= lane.start) return 0;
  const index = search(used.t, used.n, t);
  const before = index ? used.what[index - 1] : 0;
  if (index === used.n) return before;
  const since = index ? used.t[index - 1] : lane.start;
  return t > since ? before + ((t - since) / (used.t[index] - since)) * Math.max(0, used.what[index] - before) : before;
}

/**
 * A lane's CPU time from its start on, as few stretches: of those with nearly the same share, one.
 * @param {Lane} lane
 * @param {number} most
 * @returns {Stretch[]}
 */
export function stretches(lane, most) {
  /** @type {Stretch[]} */
  const found = [];
  for (let index = 0; index < (lane.used?.n ?? 0); index++) {
    const next = stretchOf(lane, index), last = found.at(-1);
    if (!next) continue;
    if (last && Math.abs(last.share - next.share) < NEAR) {
      last.share = (last.share * (last.to - last.from) + next.share * (next.to - next.from)) / (next.to - last.from);
      last.to = next.to;
    } else if (found.push(next) > most) return found;
  }
  return found;
}
