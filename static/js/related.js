/**
 * What has to do with a lane. Pure.
 * @module
 */

import { GIL } from "./names.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */

const MOST_LINKS = 50000;

/**
 * The lanes that have to do with one: around it and inside it, who started it and whom it started, who woke it or was woken by it,
 * and who holds what it ever waits for. All want the GIL, so that relates nobody.
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @returns {Set<number>}
 */
export function relatedTo(timeline, lane) {
  const found = new Set([lane.id, lane.starter, lane.parent, timeline.processOf(lane).id, ...lane.children.map(({ id }) => id)]);
  let seen = 0;
  for (const other of timeline.order) {
    if (other.starter === lane.id) found.add(other.id);
    for (let i = 0; i < other.links.n && seen < MOST_LINKS; i++, seen++) {
      if (other === lane) found.add(other.links.from[i]);
      else if (other.links.from[i] === lane.id) found.add(other.id);
    }
  }
  const waited = new Set(lane.spans.on.subarray(0, lane.spans.n));
  for (const id of waited) {
    const resource = timeline.resources[id];
    if (resource?.kind === GIL) continue;
    if (resource?.target) found.add(resource.target);
    for (let i = 0; resource?.holds && i < resource.holds.n && seen < MOST_LINKS; i++, seen++) found.add(resource.holds.who[i]);
  }
  found.delete(0);
  return found;
}
