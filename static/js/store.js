/**
 * What a timeline keeps, in columns. A lane is a step function of time.
 * @module
 */
/** @typedef {import("./jobs.js").Job} Job */
import { NO_F64, NO_I32, NO_U32, NO_U8, ROOM, Rows, grown, search } from "./columns.js";
import { LOOKS } from "./names.js";

/** Spans per block of the index of sums. */
export const BLOCK = 64;
const NO_SUMS = new Float64Array(LOOKS);

/** A lane's stays, one after the other: span i lasts from t[i] to t[i + 1]; the last, to the end of its lane. */
export class Spans extends Rows {
  state = NO_U8;
  look = NO_U8;
  /** 1: inferred. */
  inferred = NO_U8;
  on = NO_U32;
  place = NO_U32;
  by = NO_U32;
  /** Time spent in each look before block b: sums[b * LOOKS + look]. */
  sums = NO_SUMS;
  /** The longest span of each finished block. */
  longest = NO_F64;
  blocks = 0;

  /** @override */
  columns() {
    return ["t", "state", "look", "inferred", "on", "place", "by"];
  }

  /**
   * @param {number} index
   * @param {number} t
   * @param {number} state
   * @param {number} look
   * @param {number} on
   * @param {number} place
   * @param {number} by
   * @param {number} inferred
   */
  put(index, t, state, look, on, place, by, inferred) {
    this.open(index);
    this.set(index, t, state, look, on, place, by, inferred);
  }

  /**
   * @param {number} index
   * @param {number} t
   * @param {number} state
   * @param {number} look
   * @param {number} on
   * @param {number} place
   * @param {number} by
   * @param {number} inferred
   */
  set(index, t, state, look, on, place, by, inferred) {
    this.t[index] = t;
    this.state[index] = state;
    this.look[index] = look;
    this.on[index] = on;
    this.place[index] = place;
    this.by[index] = by;
    this.inferred[index] = inferred;
    this.stale(index);
  }

  /**
   * Keeps the first `n` only.
   * @param {number} n
   */
  cut(n) {
    this.keep(n);
    this.stale(n);
  }

  /** @param {number} index the first span that has changed */
  stale(index) {
    this.blocks = Math.min(this.blocks, Math.max(0, Math.floor((index - 1) / BLOCK)));
  }

  /**
   * The index of the span that covers t, -1 before the first.
   * @param {number} t
   */
  find(t) {
    return search(this.t, this.n, t) - 1;
  }

  /** Brings the index of sums up to date: every block whose end is known. */
  summed() {
    const { t, look } = this;
    for (; (this.blocks + 1) * BLOCK < this.n; this.blocks++) {
      const b = this.blocks;
      if (b + 1 >= this.longest.length) {
        this.longest = grown(this.longest, Math.max(ROOM, this.longest.length * 2));
        this.sums = grown(this.sums, this.longest.length * LOOKS);
      }
      this.sums.copyWithin((b + 1) * LOOKS, b * LOOKS, (b + 1) * LOOKS);
      let longest = 0;
      for (let i = b * BLOCK; i < (b + 1) * BLOCK; i++) {
        const length = t[i + 1] - t[i];
        this.sums[(b + 1) * LOOKS + look[i]] += length;
        if (length > longest) longest = length;
      }
      this.longest[b] = longest;
    }
  }

  /**
   * The time spent in each look before t, added into `into`.
   * @param {number} t
   * @param {number} end where the last span ends
   * @param {Float64Array} into LOOKS long
   * @param {number} sign 1 to add, -1 to take away
   */
  spent(t, end, into, sign) {
    const index = this.find(Math.min(t, end));
    if (index < 0) return;
    const block = Math.min(this.blocks, Math.floor(index / BLOCK));
    for (let look = 0; look < LOOKS; look++) into[look] += sign * this.sums[block * LOOKS + look];
    for (let i = block * BLOCK; i < index; i++) into[this.look[i]] += sign * (this.t[i + 1] - this.t[i]);
    into[this.look[index]] += sign * (Math.min(t, end) - this.t[index]);
  }
}

/** Holds, ascending by their start; `end` is NaN while a hold is open; `who` is the lane, or in a lane's list the resource. */
export class Holds extends Rows {
  end = NO_F64;
  who = NO_U32;
  inferred = NO_U8;
  /** How many are open, and the longest of the others. */
  opened = 0;
  longest = 0;

  /** @override */
  columns() {
    return ["t", "end", "who", "inferred"];
  }

  /**
   * A hold; one that was open since the same t is completed, and one that is complete already stays so.
   * @param {number} t
   * @param {number} end NaN: still held
   * @param {number} who
   * @param {number} inferred
   * @returns {boolean} whether that was news
   */
  add(t, end, who, inferred) {
    const index = search(this.t, this.n, t);
    for (let i = index - 1; i >= 0 && this.t[i] === t; i--) {
      if (this.who[i] !== who) continue;
      if (end !== end) return false;
      if (this.end[i] === this.end[i]) continue;
      this.end[i] = end;
      this.opened--;
      this.longest = Math.max(this.longest, end - t);
      return true;
    }
    this.open(index);
    this.t[index] = t;
    this.end[index] = end;
    this.who[index] = who;
    this.inferred[index] = inferred;
    if (end === end) this.longest = Math.max(this.longest, end - t);
    else this.opened++;
    return true;
  }
}

/** Acts on a resource, levels of it, ends of its holds, or looks at a lane's CPU time: (t, who, what). */
export class Facts extends Rows {
  who = NO_U32;
  what = NO_F64;

  /** @override */
  columns() {
    return ["t", "who", "what"];
  }

  /**
   * @param {number} t
   * @param {number} who
   * @param {number} what
   */
  add(t, who, what) {
    const index = search(this.t, this.n, t);
    this.open(index);
    this.t[index] = t;
    this.who[index] = who;
    this.what[index] = what;
  }
}

/** The links that lead to one lane, ascending by the time they arrive, `t`. */
export class Links extends Rows {
  kind = NO_U8;
  from = NO_U32;
  fromT = NO_F64;
  on = NO_U32;
  /** The index of the wait that ended, -1 for the lane's start, less for a job's (jobs.js). */
  wait = NO_I32;
  /** The longest time from cause to effect. */
  longest = 0;

  /** @override */
  columns() {
    return ["t", "kind", "from", "fromT", "on", "wait"];
  }

  /**
   * Forgets the links that arrive at t or later and belong to this wait or one after it (or to a lane's start, if it is -1).
   * @param {number} wait
   * @param {number} t
   */
  drop(wait, t) {
    let kept = search(this.t, this.n, t, false);
    for (let i = kept; i < this.n; i++) {
      if (wait < 0 ? this.wait[i] !== wait : this.wait[i] < wait) {
        this.copy(i, kept++);
      }
    }
    this.keep(kept);
  }

  /**
   * @param {number} t
   * @param {number} kind
   * @param {number} from
   * @param {number} fromT
   * @param {number} on
   * @param {number} wait
   */
  add(t, kind, from, fromT, on, wait) {
    const index = search(this.t, this.n, t);
    this.open(index);
    this.t[index] = t;
    this.wait[index] = wait;
    this.kind[index] = kind;
    this.from[index] = from;
    this.fromT[index] = fromT;
    this.on[index] = on;
    this.longest = Math.max(this.longest, t - fromT);
  }
}

/** One row of the timeline. */
export class Lane {
  kind = 1;
  name = "";
  parent = 0;
  starter = 0;
  /** pid of a process, tid of a thread, inside the box. */
  number = 0;
  internal = false;
  declared = false;
  start = 0;
  /** NaN while it is open. */
  end = NaN;
  ending = 0;
  error = "";
  /** @type {number | null} */
  exitCode = null;
  /** Looks at its CPU time: (t, 0, used until then). @type {Facts | null} */
  used = null;
  /** @type {Lane[]} in order of first sight */
  children = [];
  /** Stays as the log says them. */
  log = new Spans();
  /** Stays as they are shown: the log's, unless a GIL that was sampled says more. */
  spans = this.log;
  /** What it held, but for the GIL, and when it held that. */
  holds = new Holds();
  gil = new Holds();
  links = new Links();
  /** @type {Job[]} that it has begun, in order */
  jobs = [];

  // What the fold remembers to apply events that come late.
  told = false;
  /** When LANE made it `created`: that counts unless an earlier state comes. */
  createdAt = NaN;
  nameAt = -1;
  /** When it was closed by its own END or by that of its process. */
  endedAt = Infinity;
  /** When it first ran, if that has a link. */
  startedAt = NaN;
  /** Spans before this index have their links; links to arrive from this time on are to be found anew. */
  linked = 0;
  linkFrom = Infinity;
  /** The earliest change since spans and links were last brought up to date. */
  changedFrom = Infinity;

  /** @param {number} id */
  constructor(id) {
    this.id = id;
  }

  /** The CPU time it has used, as far as that is known. */
  get cpu() {
    return this.used ? this.used.what[this.used.n - 1] : null;
  }
}

/** What lanes hold or wait on. */
export class Resource {
  kind = 0;
  name = "";
  place = 0;
  /** The lane that made it. */
  lane = 0;
  /** The lane that a join, future, task or process resource waits for. */
  target = 0;
  /** @type {Holds | null} */
  holds = null;
  /** Ends of its holds: (end, lane). @type {Facts | null} */
  ends = null;
  /** Acts on it: (t, lane, act). @type {Facts | null} */
  acts = null;
  /** Its levels: (t, lane, level). @type {Facts | null} */
  levels = null;
  /** Lanes that waited on it before its kind was known, and since when. @type {Map<Lane, number> | null} */
  early = null;
  /** The latest end of a wait on it that has its link, and whose waits those are. */
  linkedTo = -1;
  /** @type {Set<Lane>} */
  linked = new Set();

  /** @param {number} id */
  constructor(id) {
    this.id = id;
  }
}
