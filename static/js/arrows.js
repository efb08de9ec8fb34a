/**
 * Arrows: the links that are in view. Where there are too many, those of the lane that the reader looks at.
 * @module
 */
import { search } from "./columns.js";
import { QUEUED, jobAt } from "./jobs.js";
import { LINK_START } from "./names.js";
import { placeOf } from "./rows.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Model} Model */

/** More are not drawn, but for those of one lane. */
const MOST = 90;
const MOST_BRIGHT = 300;
/** Links that are looked at for one frame. */
const MOST_SEEN = 20000;

/**
 * When the job began that a span belongs to.
 * @param {Lanes} timeline
 * @param {import("./view.js").Hit | null} hit
 */
function startOf(timeline, hit) {
  const lane = hit?.part === "span" ? timeline.lanes[hit.lane] : undefined;
  return lane && hit && hit.index < lane.spans.n ? jobAt(timeline, lane, lane.spans.t[hit.index])?.start : undefined;
}

/**
 * Adds the arrows to the model.
 * @param {Lanes} timeline
 * @param {View} view
 * @param {Model} model
 */
export function arrowsOf(timeline, view, model) {
  const wanted = [view.hovered?.lane ?? 0, view.selected?.lane ?? 0].filter((id) => id > 0);
  const pointed = [view.hovered, view.selected].map((hit) => startOf(timeline, hit));
  const { arrows } = model;
  let seen = 0, total = 0, bright = 0;
  for (const lane of timeline.order) {
    const { links } = lane;
    const latest = view.to + links.longest;
    if (!links.n || links.t[0] > latest || links.t[links.n - 1] < view.from) continue;
    const to = placeOf(timeline, model.places, lane.id);
    if (!to) continue;
    if (total > MOST && !wanted.length) break;
    for (let i = search(links.t, links.n, view.from, false); i < links.n && links.t[i] <= latest && seen < MOST_SEEN; i++) {
      if (links.fromT[i] > view.to) continue;
      seen++;
      // Those of jobs that stood in a queue would come from one point, and say little.
      if (links.wait[i] === QUEUED && !pointed.includes(links.t[i])) continue;
      const mine = wanted.includes(lane.id) || wanted.includes(links.from[i]);
      if (mine ? bright >= MOST_BRIGHT : total > MOST) continue;
      const from = placeOf(timeline, model.places, links.from[i]);
      if (!from || from === to) continue;
      const y0 = model.rowsTop + from.y + from.height / 2, y1 = model.rowsTop + to.y + to.height / 2;
      if (Math.max(y0, y1) < model.top || Math.min(y0, y1) > view.height) continue;
      const reach = (/** @type {number} */ height, /** @type {number} */ way) => Math.sign(way) * (height / 2 - 5);
      total++;
      bright += Number(mine);
      // A start leads to where the lane was created, not to where it first ran: that is on the lane.
      const arrives = links.kind[i] === LINK_START ? links.fromT[i] : links.t[i];
      arrows.push({
        kind: links.kind[i], x0: model.x(links.fromT[i]), y0: y0 + reach(from.height, y1 - y0), x1: model.x(arrives),
        y1: y1 - reach(to.height, y1 - y0), lane: lane.id, index: i, bright: mine,
      });
    }
  }
  model.crowded = total > MOST || seen >= MOST_SEEN;
  if (model.crowded) model.arrows = arrows.filter((arrow) => arrow.bright);
}
