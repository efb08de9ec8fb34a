/**
 * The player: which time of a run is shown. It has no clock of its own: whoever draws tells it how much time went by.
 * @module
 */

/** Speeds: ns of the run per ns of the reader's. */
export const SPEEDS = [1, 1 / 2, 1 / 5, 1 / 10, 1 / 20, 1 / 50, 1 / 100, 1 / 200, 1 / 500, 1 / 1000];
/** A replay should last about as long as one likes to watch. */
const PLEASANT_NS = 12e9;

/** Where the playhead is and how it moves. Times are ns since the run's zero. */
export class Player {
  t = 0;
  playing = false;
  speed = 1;
  /** The playhead stays at the end of what is known. */
  live = false;
  /** The end of the run, or of what is known. */
  end = 0;

  /**
   * Time went by.
   * @param {number} ns of the reader's
   * @returns {boolean} whether the playhead has moved
   */
  advance(ns) {
    const before = this.t;
    if (this.live) this.t = this.end;
    else if (this.playing) {
      this.t = Math.min(this.end, this.t + ns * this.speed);
      if (this.t >= this.end) this.playing = false;
    }
    return this.t !== before;
  }

  /** Plays on, from the beginning if it is at the end; or pauses. */
  toggle() {
    if (this.playing) {
      this.playing = false;
      return;
    }
    if (this.t >= this.end) this.t = 0;
    this.live = false;
    this.playing = this.end > 0;
  }

  /**
   * Jumps to a time, and is not live any more.
   * @param {number} t
   */
  seek(t) {
    this.live = false;
    this.t = Math.max(0, Math.min(this.end, t));
  }

  /** Stays at the end of what is known from now on. */
  follow() {
    this.playing = false;
    this.live = true;
    this.t = this.end;
  }
}

/**
 * The speed, of those to choose from, at which a run of this length is pleasant to watch.
 * @param {number} end ns
 */
export function pleasantSpeed(end) {
  return SPEEDS.find((speed) => end / speed >= PLEASANT_NS) ?? SPEEDS[SPEEDS.length - 1];
}

/**
 * The time of the next event on these lanes, or of the previous one; null if there is none.
 * @param {Iterable<import("./store.js").Lane>} lanes
 * @param {number} t
 * @param {1 | -1} direction
 * @returns {number | null}
 */
export function neighbour(lanes, t, direction) {
  let best = /** @type {number | null} */ (null);
  for (const { spans, end } of lanes) {
    let index = spans.find(t);
    if (direction < 0 && index >= 0 && spans.t[index] >= t) {
      while (index >= 0 && spans.t[index] >= t) index--;
    } else if (direction > 0) index++;
    const start = index >= 0 && index < spans.n ? spans.t[index] : NaN;
    for (const found of [start, end]) {
      const ahead = (found - t) * direction;
      if (ahead > 0 && (best === null || ahead < (best - t) * direction)) best = found;
    }
  }
  return best;
}
