/**
 * Ways through a timeline: along arrows and from row to row.
 * @module
 */
import { search } from "./columns.js";
import { placesOf } from "./rows.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./view.js").Hit} Hit */

/** Spans or links that are looked at for one answer. */
const MOST_SEEN = 20000;

/**
 * A span as something to select.
 * @param {Lane} lane
 * @param {number} index
 * @param {number} [t] a time in it
 * @returns {Hit}
 */
export function spanHit(lane, index, t = lane.spans.t[index]) {
  return { part: "span", t, lane: lane.id, resource: 0, index, fold: false };
}

/**
 * The span of a lane at a time, or the nearest one; null if it has none.
 * @param {Lane | undefined} lane
 * @param {number} t
 * @returns {Hit | null}
 */
export function spanAt(lane, t) {
  if (!lane?.spans.n) return null;
  return spanHit(lane, Math.max(0, lane.spans.find(t)), t);
}

/**
 * The span of a lane that takes most of a stretch of time; null if it has none.
 * @param {Lanes} timeline
 * @param {Lane | undefined} lane
 * @param {number} from
 * @param {number} to
 * @returns {Hit | null}
 */
export function longestSpan(timeline, lane, from, to) {
  const first = spanAt(lane, from);
  if (!lane || !first) return null;
  let best = first.index, most = 0;
  for (let i = best; i < Math.min(lane.spans.n, first.index + MOST_SEEN) && lane.spans.t[i] < to; i++) {
    const length = Math.min(timeline.endOf(lane, i), to) - Math.max(lane.spans.t[i], from);
    if (length > most) [best, most] = [i, length];
  }
  return spanHit(lane, best, Math.max(from, lane.spans.t[best]));
}

/**
 * What made a span begin, or made its wait end: the span where the arrow comes from.
 * @param {Lanes} timeline
 * @param {Hit} hit on a span
 * @returns {Hit | null}
 */
export function causeOf(timeline, hit) {
  const lane = timeline.lanes[hit.lane];
  if (!lane || hit.index < 0) return null;
  const { links, spans } = lane;
  const from = spans.t[hit.index], to = timeline.endOf(lane, hit.index);
  let best = -1;
  for (let i = search(links.t, links.n, from, false); i < links.n && links.t[i] <= to; i++) {
    if (links.wait[i] === hit.index || links.t[i] === from) best = i;
  }
  return best < 0 ? null : spanAt(timeline.lanes[links.from[best]], links.fromT[best]);
}

/**
 * What a span caused: the first span where an arrow from it leads.
 * @param {Lanes} timeline
 * @param {Hit} hit on a span
 * @returns {Hit | null}
 */
export function effectOf(timeline, hit) {
  const lane = timeline.lanes[hit.lane];
  if (!lane || hit.index < 0) return null;
  const [first] = effectsOf(timeline, lane, lane.spans.t[hit.index], timeline.endOf(lane, hit.index), 1);
  return first ? spanAt(first.lane, first.t) : null;
}

/**
 * What a lane caused in a stretch of time: where its arrows lead, the first first.
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} from
 * @param {number} to
 * @param {number} most
 * @returns {{lane: Lane, t: number, kind: number}[]}
 */
export function effectsOf(timeline, lane, from, to, most) {
  /** @type {{lane: Lane, t: number, kind: number}[]} */
  const found = [];
  let seen = 0;
  for (const other of timeline.order) {
    const { links } = other;
    const latest = to + links.longest;
    for (let i = search(links.t, links.n, from, false); i < links.n && links.t[i] <= latest && seen < MOST_SEEN; i++, seen++) {
      if (found.length === most && links.t[i] >= found[most - 1].t) break;
      if (links.from[i] !== lane.id || links.fromT[i] < from || links.fromT[i] > to) continue;
      found.push({ lane: other, t: links.t[i], kind: links.kind[i] });
      found.sort((a, b) => a.t - b.t);
      found.length = Math.min(found.length, most);
    }
  }
  return found;
}

/**
 * The lanes as rows, each right below its parent, without what is folded.
 * @param {Lanes} timeline
 * @param {import("./rows.js").Shown} view
 * @returns {Lane[]}
 */
export function rowsOf(timeline, view) {
  return placesOf(timeline, view).list.filter(({ type }) => type === "process" || type === "lane").map(({ lane }) => lane);
}
