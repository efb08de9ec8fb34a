/**
 * The player: which time of a run is shown. It has no clock of its own: whoever draws tells it how much time went by.
 * @module
 */

/** Speeds: ns of the run per ns of the reader's. */
export const SPEEDS = [1, 1 / 2, 1 / 5, 1 / 10, 1 / 20, 1 / 50, 1 / 100, 1 / 200, 1 / 500, 1 / 1000];
/** How fast eased motion comes near: after so long, it has a third of its way to go, ns of the reader's. */
const EASE_NS = 55e6;
/** A step that is done to this share is done. */
const NEAR = 0.01;
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
  /** Steps glide, and a replay gets going softly. */
  eased = false;
  /** Where a step glides to, and how far it was. */
  #aim = NaN;
  #way = 0;
  /** The speed that a replay has by now. */
  #rate = 0;

  /**
   * Time went by.
   * @param {number} ns of the reader's
   * @returns {boolean} whether the playhead has moved
   */
  advance(ns) {
    const before = this.t;
    const share = this.eased ? 1 - Math.exp(-ns / EASE_NS) : 1;
    if (this.live) this.t = this.end;
    else if (this.gliding) {
      this.t += (this.#aim - this.t) * share;
      if (Math.abs(this.#aim - this.t) <= this.#way * NEAR) this.seek(this.#aim);
    } else if (this.playing) {
      this.#rate += (this.speed - this.#rate) * share;
      this.t = Math.min(this.end, this.t + ns * this.#rate);
      if (this.t >= this.end) this.playing = false;
    }
    return this.t !== before;
  }

  /** A step is on its way. */
  get gliding() {
    return this.#aim === this.#aim;
  }

  /** Where the playhead is, or will be when it has arrived. */
  get aim() {
    return this.gliding ? this.#aim : this.t;
  }

  /** Plays on, from the beginning if it is at the end; or pauses. */
  toggle() {
    if (this.playing) {
      this.playing = false;
      return;
    }
    this.t = this.aim;
    if (this.t >= this.end) this.t = 0;
    this.live = false;
    this.#aim = NaN;
    this.#rate = this.eased ? 0 : this.speed;
    this.playing = this.end > 0;
  }

  /**
   * Jumps to a time, and is not live any more.
   * @param {number} t
   */
  seek(t) {
    this.live = false;
    this.#aim = NaN;
    this.t = Math.max(0, Math.min(this.end, t));
  }

  /**
   * Goes to a time as a step does: eased, if motion is.
   * @param {number} t
   */
  glide(t) {
    this.live = this.playing = false;
    this.#aim = Math.max(0, Math.min(this.end, t));
    this.#way = Math.abs(this.#aim - this.t);
    if (!this.eased || !this.#way) this.seek(this.#aim);
  }

  /** Stays at the end of what is known from now on. */
  follow() {
    this.playing = false;
    this.live = true;
    this.#aim = NaN;
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
 * The next event on these lanes, or the previous one, and whose it is; null if there is none.
 * @param {Iterable<import("./store.js").Lane>} lanes
 * @param {number} t
 * @param {1 | -1} direction
 * @returns {{t: number, lane: import("./store.js").Lane} | null}
 */
export function neighbour(lanes, t, direction) {
  let best = /** @type {{t: number, lane: import("./store.js").Lane} | null} */ (null);
  for (const lane of lanes) {
    const { spans, end } = lane;
    let index = spans.find(t);
    if (direction < 0 && index >= 0 && spans.t[index] >= t) {
      while (index >= 0 && spans.t[index] >= t) index--;
    } else if (direction > 0) index++;
    const start = index >= 0 && index < spans.n ? spans.t[index] : NaN;
    for (const found of [start, end]) {
      const ahead = (found - t) * direction;
      if (ahead > 0 && (best === null || ahead < (best.t - t) * direction)) best = { t: found, lane };
    }
  }
  return best;
}
