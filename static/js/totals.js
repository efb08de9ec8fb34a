/**
 * How long each lane did what in a stretch of time, and what that says of the program. Pure.
 * @module
 */
import { CHILD, GIL, JOIN, LOOK, LOOKS, PROCESS, SLEEP, TASK, THREAD, WAITING } from "./names.js";
import { duration, ngettext, number, rich, t } from "./text.js";
import { usedBetween } from "./used.js";
import { isInternal, resourceOf } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./text.js").Part} Part */

/**
 * @typedef {object} Total of one lane, ns
 * @property {Lane} lane
 * @property {number} whole how long it was there
 * @property {Float64Array} looks by look
 * @property {number} on what it waited on longest, a resource; 0 if none
 * @property {number} onTime how long that was
 */
/** @typedef {{totals: Total[], from: number, to: number, partial: boolean}} Totals partial: not all spans were looked at for what was waited on */

/** The GIL is worth a word where its waiters lost this share of their time, and where somebody ran for that one of the whole. */
const SHARE = 0.1, BUSY = 0.3;
/** Threads that share a GIL seem to run for more than all of the time where nobody looked at it; beyond this they did without it. */
const UNSEEN = 1.5;
/** Waits on these say little of what the program lacks. */
const PLAIN = [GIL, SLEEP, JOIN, CHILD];
/** More than this many running at once, on average, are parallel. */
const PARALLEL = 1.15;
/** Threads that had the processor for less of the time in which they are shown running lacked it. */
const STARVED = 0.7;
const MOST_SEEN = 3_000_000;

/**
 * @param {Lanes} timeline
 * @param {number} from
 * @param {number} to
 * @returns {Totals}
 */
export function totalsOf(timeline, from, to) {
  /** @type {Total[]} */
  const totals = [];
  let seen = 0;
  for (const lane of timeline.order) {
    if (lane.kind === PROCESS || isInternal(timeline, lane) || !lane.spans.n) continue;
    const end = lane.end === lane.end ? lane.end : timeline.end;
    const whole = Math.min(end, to) - Math.max(lane.spans.t[0], from);
    if (whole <= 0) continue;
    const looks = new Float64Array(LOOKS);
    lane.spans.summed();
    lane.spans.spent(Math.min(to, end), end, looks, 1);
    lane.spans.spent(Math.max(from, lane.spans.t[0]), end, looks, -1);
    for (let look = 0; look < LOOKS; look++) looks[look] = Math.max(0, looks[look]);
    /** @type {Map<number, number>} */
    const waited = new Map();
    const { t: starts, n, on, state } = lane.spans;
    for (let i = Math.max(0, lane.spans.find(from)); i < n && starts[i] < to && seen < MOST_SEEN; i++, seen++) {
      if (state[i] !== WAITING || !on[i]) continue;
      const length = Math.min(timeline.endOf(lane, i), to) - Math.max(starts[i], from);
      waited.set(on[i], (waited.get(on[i]) ?? 0) + length);
    }
    const [most, onTime] = [...waited].reduce((best, each) => (each[1] > best[1] ? each : best), [0, 0]);
    totals.push({ lane, whole, looks, on: most, onTime });
  }
  return { totals, from, to, partial: seen >= MOST_SEEN };
}

/** @param {Total} total */
export function ranOf({ looks }) {
  return looks[LOOK.RUNNING];
}

/** @param {Total} total */
export function readyOf({ looks }) {
  return looks[LOOK.WANTS_GIL] + looks[LOOK.WANTS_LOOP];
}

/** @param {Total} total */
export function waitedOf({ looks }) {
  return looks[LOOK.LOCK] + looks[LOOK.OTHER] + looks[LOOK.IO] + looks[LOOK.SLEEP] + looks[LOOK.AWAIT];
}

/**
 * What the totals say: whether lanes ran at once, what kept them from it, and what was waited for longest.
 * @param {Lanes} timeline
 * @param {Totals} totals
 * @param {boolean} free there is no GIL
 * @returns {Part[][]}
 */
export function totalsWords(timeline, { totals, from, to }, free) {
  /** @type {Part[][]} */
  const said = [];
  const threads = totals.filter(({ lane }) => lane.kind === THREAD);
  /** @type {Map<Lane, Total[]>} */
  const byProcess = new Map();
  for (const total of threads) {
    const process = timeline.processOf(total.lane);
    byProcess.set(process, [...(byProcess.get(process) ?? []), total]);
  }
  for (const [process, mine] of byProcess) {
    const ran = sum(mine, ranOf), wanted = sum(mine, ({ looks }) => looks[LOOK.WANTS_GIL]);
    const rivals = mine.filter(({ looks, whole }) => looks[LOOK.WANTS_GIL] > SHARE * whole).length;
    if (free || rivals < 2 || wanted < SHARE * ran || ran < BUSY * (to - from) || ran > UNSEEN * (to - from)) continue;
    const values = { time: duration(Math.min(ran, to - from)), wall: duration(to - from), waited: duration(wanted), n: number(rivals, 0) };
    const text = ngettext(
      "{n} thread took turns with others, because only one at a time may hold the GIL: together they ran {time} in {wall}, no more than one could have done alone, and for {waited} it was ready and had to wait.",
      "{n} threads took turns, because only one at a time may hold the GIL: together they ran {time} in {wall}, no more than one could have done alone, and for {waited} they were ready and had to wait.", rivals, values);
    said.push(byProcess.size > 1 ? [`${process.name}: `, text] : [text]);
  }
  const busy = threads.filter(({ lane }) => lane.used);
  const shown = [...byProcess.values()].reduce((all, mine) => all + Math.min(sum(mine.filter(({ lane }) => lane.used), ranOf), free ? Infinity : to - from), 0);
  const used = sum(busy, ({ lane }) => usedBetween(lane, from, to));
  if (timeline.watched && shown > BUSY * (to - from) && used < STARVED * shown) {
    said.push([t("Of {ran} in which threads are shown running, the processor worked on them for about {used}: it had other things to do, or they waited for something that is not watched.", { ran: duration(shown), used: duration(used) })]);
  }
  const at = sum(threads, ranOf) / Math.max(1, to - from);
  if (at > PARALLEL) said.push([t("On average {n} ran at the same time.", { n: number(at, 1) })]);
  const waits = new Map();
  for (const { on, onTime, lane } of totals) {
    const kind = timeline.resources[on]?.kind ?? 0;
    if (on && !PLAIN.includes(kind) && lane.kind !== TASK) waits.set(on, (waits.get(on) ?? 0) + onTime);
  }
  const [most, time] = [...waits].reduce((best, each) => (each[1] > best[1] ? each : best), [0, 0]);
  if (most) said.push(rich(t("What was waited for longest: {what}, {time} in all."), { what: resourceOf(timeline, most), time: duration(time) }));
  return said;
}

/**
 * @param {Total[]} totals
 * @param {(total: Total) => number} of
 */
function sum(totals, of) {
  return totals.reduce((all, total) => all + of(total), 0);
}
