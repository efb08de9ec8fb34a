/**
 * How the reader wants the lanes: hidden, pinned, moved, filtered, grouped. Pure; rows.js makes rows of it.
 * @module
 */
import { LOOK, LOOKS, PROCESS } from "./names.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */

/** Up to so many lanes none shrinks. */
const FEW = 24;
/** A lane is quiet that spends less of its life in doing something, or being kept from it. */
const QUIET = 0.02;
const BUSY = [LOOK.RUNNING, LOOK.WANTS_GIL, LOOK.WANTS_LOOP, LOOK.LOCK];

/** What the reader wants to see, and in which order. `version` grows with every change. */
export class Arrangement {
  version = 0;
  group = /** @type {"process" | "kind" | "name"} */ ("process");
  filter = "";
  /** Only these lanes. @type {Set<number> | null} */
  focus = null;
  /** Quiet lanes are low where there are many. */
  compact = true;
  /** Which tracks there are beside the lanes. */
  tracks = { runs: true, cpu: true, levels: true, locks: false };
  /** @type {Set<number>} lanes, with all that is inside */
  hidden = new Set();
  /** @type {Set<number>} lanes at the top, in this order */
  pinned = new Set();
  /** @type {Set<string>} groups whose lanes are not shown */
  closed = new Set();
  /** @type {Map<number, number>} places of lanes among their siblings, where the reader has moved them */
  #ranks = new Map();

  /**
   * @template {keyof Arrangement} K
   * @param {K} key
   * @param {this[K]} value
   */
  set(key, value) {
    if (this[key] === value) return;
    this[key] = value;
    this.version++;
  }

  /**
   * Puts something into a set, or takes it out.
   * @template T
   * @param {Set<T>} set of this arrangement
   * @param {T} item
   */
  toggle(set, item) {
    if (!set.delete(item)) set.add(item);
    this.version++;
  }

  /** @param {keyof Arrangement["tracks"]} name */
  toggleTrack(name) {
    this.tracks[name] = !this.tracks[name];
    this.version++;
  }

  /** Everything is there again, in its own order. */
  reset() {
    this.hidden.clear();
    this.pinned.clear();
    this.#ranks.clear();
    this.closed.clear();
    this.focus = null;
    this.filter = "";
    this.version++;
  }

  /** Whether anything is left out. */
  get partial() {
    return this.hidden.size > 0 || this.focus !== null || this.filter !== "";
  }

  /**
   * Siblings in the reader's order, else that of their start.
   * @param {Lane[]} lanes
   */
  sorted(lanes) {
    const rank = (/** @type {Lane} */ lane) => this.#ranks.get(lane.id) ?? -1;
    return [...lanes].sort((a, b) => rank(a) - rank(b) || a.start - b.start || a.id - b.id);
  }

  /**
   * Moves a lane among its siblings.
   * @param {Lane[]} siblings
   * @param {Lane} lane
   * @param {1 | -1} direction 1: down
   */
  move(siblings, lane, direction) {
    const order = this.sorted(siblings), at = order.indexOf(lane), to = at + direction;
    if (at < 0 || to < 0 || to >= order.length) return;
    [order[at], order[to]] = [order[to], order[at]];
    order.forEach(({ id }, index) => this.#ranks.set(id, index));
    this.version++;
  }

  /**
   * Whether a lane is wanted for itself.
   * @param {Lane} lane
   */
  wants(lane) {
    if (this.hidden.has(lane.id) || (this.focus && !this.focus.has(lane.id))) return false;
    return !this.filter || lane.name.toLowerCase().includes(this.filter.trim().toLowerCase());
  }
}

/** @type {WeakMap<Lane, {n: number, quiet: boolean}>} */
const known = new WeakMap();

/**
 * Which lanes are drawn low, because they do next to nothing while many others do something; of a run that is over.
 * @param {Lanes} timeline
 * @returns {(lane: Lane) => boolean}
 */
export function quietIn(timeline) {
  let lanes = 0;
  for (const { kind, internal } of timeline.order) if (kind !== PROCESS && !internal) lanes++;
  if (!timeline.over || lanes <= FEW) return () => false;
  return (lane) => {
    const before = known.get(lane);
    if (before?.n === lane.spans.n) return before.quiet;
    const spent = new Float64Array(LOOKS);
    lane.spans.summed();
    lane.spans.spent(Infinity, lane.end, spent, 1);
    const busy = BUSY.reduce((sum, look) => sum + spent[look], 0);
    const quiet = busy < QUIET * (lane.end - lane.start);
    known.set(lane, { n: lane.spans.n, quiet });
    return quiet;
  };
}

/** @param {string} name what a lane's name has in common with those of its siblings: its numbers left open */
export function stemOf(name) {
  return name.replace(/\d+/g, "#");
}
