/**
 * Links: what made a lane go on.
 * @module
 */
import { search } from "./columns.js";
import {
  CANCEL, CHILD, GET, JOIN, LINK_CANCEL, LINK_HANDOFF, LINK_ITEM, LINK_JOIN, LINK_START, LINK_WAKE, LOCK, PIPE, PUT, QUEUE,
  READY, RLOCK, RUNNING, TASK_WAIT, WAITING,
} from "./names.js";
import { delivererOf, jobBefore } from "./jobs.js";

/** So many acts one looks back over for the one that ended a wait. */
const FAR = 256;

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */

/** @param {number} act */
function linkOf(act) {
  return act === PUT ? LINK_ITEM : act === CANCEL ? LINK_CANCEL : LINK_WAKE;
}

/**
 * Finds the links to a lane that have become known, and anew those that arrive at `from` or later.
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} from
 */
export function linkLane(timeline, lane, from) {
  const { spans, links } = lane;
  const first = Math.max(0, spans.find(from) - 2);
  if (first < lane.linked || from <= (links.n ? links.t[links.n - 1] : Infinity)) {
    links.drop(first, spans.n ? spans.t[first] : 0);
    lane.linked = Math.min(lane.linked, first);
  }
  if (lane.starter && lane.declared) startLink(lane, from);
  let i = lane.linked;
  for (; i + 1 < spans.n; i++) {
    if (spans.state[i] !== WAITING) continue;
    const going = goingAt(spans, i + 1, Math.min(i + 3, spans.n));
    if (going < 0 && i + 2 >= spans.n) break;
    if (going >= 0) linkWait(timeline, lane, i, spans.t[going]);
  }
  lane.linked = i;
}

/**
 * The first span between two indices that runs in the log, also where it was seen without the GIL; -1 for none.
 * @param {Lane["spans"]} spans
 * @param {number} from
 * @param {number} to
 */
function goingAt(spans, from, to) {
  for (let i = from; i < to; i++) if (spans.state[i] === RUNNING || spans.state[i] === READY && spans.inferred[i]) return i;
  return -1;
}

/**
 * @param {Lane} lane
 * @param {number} from
 */
function startLink(lane, from) {
  const { spans, links } = lane;
  if (lane.startedAt < from) return;
  links.drop(-1, lane.startedAt);
  lane.startedAt = NaN;
  const going = goingAt(spans, 0, spans.n);
  if (going < 0) return;
  lane.startedAt = spans.t[going];
  links.add(spans.t[going], LINK_START, lane.starter, lane.start, 0, -1);
}

/**
 * What the waiter itself did, last, before its wait was over: a put or a get; 0 if neither.
 * @param {import("./store.js").Facts} acts
 * @param {number} last
 * @param {number} lane
 * @param {number} first
 * @param {number} start
 */
function ownOf(acts, last, lane, first, start) {
  for (let i = last; i >= first && acts.t[i] >= start; i--) if (acts.who[i] === lane && (acts.what[i] === PUT || acts.what[i] === GET)) return acts.what[i];
  return 0;
}

/**
 * Whether such an act lets one go on who waits for a queue or a pipe: a put one who gets, a get one who puts.
 * Who has done neither waited in vain, or for all to be done.
 * @param {number} what
 * @param {number} own
 * @param {number} kind
 */
function letsGoOn(what, own, kind) {
  return own ? what !== own : kind !== QUEUE || what !== PUT && what !== GET;
}

/**
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} wait index of the span that ended
 * @param {number} to when the lane goes on
 */
function linkWait(timeline, lane, wait, to) {
  const { spans, links } = lane;
  const start = spans.t[wait], end = spans.t[wait + 1], on = spans.on[wait], by = spans.by[wait + 1];
  const resource = on ? timeline.resource(on) : null;
  if (resource) {
    if (end > resource.linkedTo) resource.linkedTo = end;
    resource.linked.add(lane);
  }
  if (jobBefore(lane, end)?.start === end) return; // its job has a link of its own
  if (resource && (resource.kind === JOIN || resource.kind === TASK_WAIT || resource.kind === CHILD)) {
    const target = timeline.lanes[resource.target];
    // It may have told its end before the wait began, and be gone only then.
    if (target && target.end <= end) return links.add(to, LINK_JOIN, target.id, target.end, on, wait);
    if (target && by === target.id) return links.add(to, LINK_JOIN, target.id, end, on, wait);
  }
  const acts = resource?.acts;
  let act = acts ? search(acts.t, acts.n, end) - 1 : -1;
  const first = Math.max(act - FAR, 0);
  const passed = !by && (resource?.kind === QUEUE || resource?.kind === PIPE) ? resource.kind : 0;
  const own = passed && acts ? ownOf(acts, act, lane.id, first, start) : 0;
  // Not the waiter's own acts, nor the cancelling of another that waited there, too.
  while (acts && act >= first && acts.t[act] >= start && (acts.who[act] === lane.id || acts.what[act] === CANCEL && by && acts.t[act] !== end
    || passed && !letsGoOn(acts.what[act], own, passed))) act--;
  const acted = acts && act >= first && acts.t[act] >= start ? { t: acts.t[act], who: acts.who[act], act: acts.what[act] } : null;
  if (by && by !== lane.id) {
    const held = resource?.kind === LOCK || resource?.kind === RLOCK;
    const kind = acted && acted.who === by ? linkOf(acted.act) : held ? LINK_HANDOFF : LINK_WAKE;
    const cause = kind === LINK_WAKE ? delivererOf(timeline, by, end, start) : { who: by, t: end };
    return links.add(to, kind, cause.who, cause.t, on, wait);
  }
  if (acted) {
    const kind = linkOf(acted.act), by = kind === LINK_WAKE ? delivererOf(timeline, acted.who, acted.t) : acted;
    return links.add(to, kind, by.who, by.t, on, wait);
  }
  const ends = resource?.ends;
  const last = ends ? search(ends.t, ends.n, end) - 1 : -1;
  if (!ends || last < 0 || ends.t[last] < start) return;
  let holder = 0;
  for (let i = last; i >= 0 && ends.t[i] === ends.t[last]; i--) holder = Math.max(holder, ends.who[i]);
  if (holder !== lane.id) links.add(to, LINK_HANDOFF, holder, ends.t[last], on, wait);
}
