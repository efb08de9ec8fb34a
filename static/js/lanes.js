/**
 * What a timeline knows, and the questions that drawing and telling ask it. Times are ns since the run's zero.
 * @module
 */
import { PROCESS } from "./names.js";
import { Facts, Lane, Resource } from "./store.js";

/** @typedef {{line: number, function: string, user: boolean}} Place */
/** @typedef {{t: number, lane: number, kind: number, text: string, place: number}} Mark */
/** @typedef {{t: number, lane: number, stream: number, text: string, inferred: boolean}} Output */

/** Lanes, resources and the rest, by their numbers. */
export class Lanes {
  /** Somebody looked at CPU times from outside. */
  watched = false;
  /** The run is known up to here. */
  known = 0;
  /** The end of what is drawn: the run's end, or while it runs as far as it is known. */
  end = 0;
  /** No more chunks will come. */
  over = false;
  /** When the last lane ended, once the run is over. */
  lasts = 0;
  /** @type {(Lane | undefined)[]} by number */
  lanes = [];
  /** @type {Lane[]} in order of first sight */
  order = [];
  /** @type {(Resource | undefined)[]} by number */
  resources = [];
  /** @type {(Place | undefined)[]} by number */
  places = [];
  /** @type {import("./jobs.js").Job[]} in order of first sight */
  jobs = [];
  /** @type {Map<number, Map<number, import("./jobs.js").Call>>} by executor and number */
  calls = new Map();
  /** @type {Map<number, import("./jobs.js").Deliveries>} by lane */
  deliveries = new Map();
  /** @type {Mark[]} ascending by t */
  marks = [];
  /** @type {Output[]} ascending by t */
  output = [];
  /** Sums by number of the statistic. */
  stats = new Float64Array(256);
  /** How many events were applied, and how many had impossible numbers. */
  events = 0;
  refused = 0;
  /** Grows when a lane, its parent, its name or a resource with a row of its own changes. */
  revision = 0;
  /** The earliest change of each lane since this was last emptied; who caches pictures of lanes empties it. @type {Map<Lane, number>} */
  edits = new Map();

  /** @type {Map<number, number>} process lane → its resource of kind gil */
  gils = new Map();
  /** @type {Set<Lane>} */
  changed = new Set();
  /** @type {Map<number, Resource[]>} lane → resources that wait for its end */
  targets = new Map();
  /** The latest time of any state. */
  latest = 0;

  /**
   * @param {number} known up to here
   * @param {number} latest a state may begin a little later, here
   */
  reach(known, latest) {
    if (known > this.known) this.known = known;
    if (latest > this.latest) this.latest = latest;
    this.end = Math.max(this.known, this.latest);
  }

  /**
   * A lane's CPU time is told.
   * @param {Lane} lane
   * @param {number} inferred by somebody who looks from outside
   */
  watch(lane, inferred) {
    if (!lane.used || inferred && !this.watched) this.revision++;
    if (inferred) this.watched = true;
    return (lane.used ??= new Facts());
  }

  /**
   * Something that may have ended waits happened at t: links that were found without it are found anew.
   * @param {number} t
   * @param {Iterable<Lane>} lanes those that may have waited for it
   */
  relink(t, lanes) {
    for (const lane of lanes) {
      if (!lane.linked || lane.spans.t[lane.linked - 1] < t && lane.linked < lane.spans.n && lane.spans.t[lane.linked] < t) continue;
      lane.linkFrom = Math.min(lane.linkFrom, t);
      this.changed.add(lane);
    }
  }

  /**
   * Where span `index` of a lane ends.
   * @param {Lane} lane
   * @param {number} index
   */
  endOf(lane, index) {
    const { spans } = lane;
    if (index + 1 < spans.n) return spans.t[index + 1];
    return lane.end === lane.end ? lane.end : this.end;
  }

  /**
   * Where a hold ends that began at `start`: an open one ends with its lane.
   * @param {number} laneId
   * @param {number} start
   * @param {number} end NaN if it is open
   */
  holdEnd(laneId, start, end) {
    if (end === end) return end;
    const lane = this.lanes[laneId];
    return lane && lane.end >= start ? lane.end : this.end;
  }

  /**
   * The process lane around a lane, or itself.
   * @param {Lane} lane
   * @returns {Lane}
   */
  processOf(lane) {
    let at = lane;
    for (let depth = 0; at.kind !== PROCESS && depth < 8; depth++) {
      const parent = this.lanes[at.parent];
      if (!parent) break;
      at = parent;
    }
    return at;
  }

  /**
   * @param {number} id
   * @returns {Lane}
   */
  lane(id) {
    let lane = this.lanes[id];
    if (!lane) {
      lane = this.lanes[id] = new Lane(id);
      this.order.push(lane);
      this.revision++;
    }
    return lane;
  }

  /**
   * @param {number} id
   * @returns {Resource}
   */
  resource(id) {
    return (this.resources[id] ??= new Resource(id));
  }
}

/**
 * Puts an item into its place.
 * @template {{t: number}} T
 * @param {T[]} list ascending by t
 * @param {T} item
 */
export function insert(list, item) {
  let index = list.length;
  while (index && list[index - 1].t > item.t) index--;
  list.splice(index, 0, item);
}
