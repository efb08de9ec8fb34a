/**
 * What lanes, looks and resources are called on the page, and who does what at a time.
 * @module
 */
import { search } from "./columns.js";
import { GIL, LOOK, RESOURCES, RUNNING, TASK } from "./names.js";
import { t } from "./text.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./text.js").Part} Part */

/**
 * What a lane does at a time.
 * @typedef {object} Stay
 * @property {Lane} lane
 * @property {number} index of the span
 * @property {number} look
 * @property {number} on
 * @property {number} line 0 if it is not known
 * @property {string} function
 */

/** Holds that one looks back over to find who holds something. */
const FAR = 400;

/**
 * A lane's name, or its number.
 * @param {Lane} lane
 */
export function nameOf(lane) {
  return lane.name || t("lane {n}", { n: lane.id });
}

/**
 * A lane's name that can't be mistaken for one of another process: a child's main thread goes by its process's name.
 * @param {Lanes} timeline
 * @param {Lane} lane
 */
export function fullName(timeline, lane) {
  const process = timeline.processOf(lane);
  const root = process === lane || !timeline.lanes[process.parent];
  return root ? nameOf(lane) : lane.name === "MainThread" ? nameOf(process) : `${nameOf(process)}/${nameOf(lane)}`;
}

/**
 * A lane as part of a sentence.
 * @param {Lanes} timeline
 * @param {Lane} lane
 */
export function who(timeline, lane) {
  return { lane, name: fullName(timeline, lane) };
}

/**
 * Whether a reader has to open internals to see a lane.
 * @param {Lanes} timeline
 * @param {Lane | undefined} lane
 */
export function isInternal(timeline, lane) {
  for (let at = lane, depth = 0; at && depth < 16; at = timeline.lanes[at.parent], depth++) if (at.internal) return true;
  return false;
}

/**
 * What a lane does at a time; null before its start and after its end.
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} time
 * @returns {Stay | null}
 */
export function stayAt(timeline, lane, time) {
  const index = lane.spans.find(time);
  return index < 0 || time > timeline.endOf(lane, index) || time >= lane.end ? null : stayOf(timeline, lane, index);
}

/**
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} index of the span
 * @returns {Stay}
 */
export function stayOf(timeline, lane, index) {
  const { spans } = lane;
  const place = timeline.places[spans.place[index]];
  return { lane, index, look: spans.look[index], on: spans.on[index], line: place?.line ?? 0, function: place?.function ?? "" };
}

/**
 * The lanes that hold a resource at a time, or some time until `to`; the first first, without `but`.
 * @param {Lanes} timeline
 * @param {number} id
 * @param {number} time
 * @param {{to?: number, but?: number}} [options]
 * @returns {Lane[]}
 */
export function holders(timeline, id, time, { to = time, but = 0 } = {}) {
  const holds = timeline.resources[id]?.holds;
  /** @type {Lane[]} */
  const found = [];
  if (!holds) return found;
  const last = search(holds.t, holds.n, to, to === time) - 1;
  for (let i = last; i >= 0 && i > last - FAR && (holds.opened || holds.t[i] + holds.longest >= time); i--) {
    const lane = timeline.lanes[holds.who[i]];
    if (lane && lane.id !== but && lasts(timeline, lane, holds, i, time) && !found.includes(lane)) found.unshift(lane);
  }
  return found;
}

/**
 * Whether a hold that had begun lasts at a time; one that is open lasts as long as its lane.
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {import("./store.js").Holds} holds
 * @param {number} index
 * @param {number} time
 */
function lasts(timeline, lane, holds, index, time) {
  const end = timeline.holdEnd(lane.id, holds.t[index], holds.end[index]);
  return end > time || (end === time && holds.end[index] !== holds.end[index] && lane.end !== lane.end);
}

/**
 * Whether somebody looked at a GIL at a time; traces that do not say so are taken to have been looked at all along.
 * @param {Lanes} timeline
 * @param {number} id
 * @param {number} time
 */
export function isWatched(timeline, id, time) {
  const levels = timeline.resources[id]?.levels;
  const index = levels ? search(levels.t, levels.n, time) - 1 : 0;
  return !levels || (index >= 0 && levels.what[index] > 0);
}

/**
 * What a lane holds at a time.
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} time
 * @returns {number[]} resources, the GIL first
 */
export function heldBy(timeline, lane, time) {
  /** @type {number[]} */
  const found = [];
  for (const holds of [lane.gil, lane.holds]) {
    const last = search(holds.t, holds.n, time) - 1;
    for (let i = last; i >= 0 && i > last - FAR && (holds.opened || holds.t[i] + holds.longest >= time); i--) {
      if (lasts(timeline, lane, holds, i, time) && !found.includes(holds.who[i])) found.push(holds.who[i]);
    }
  }
  return found;
}

/**
 * What somebody waits for or holds: "lock a", as it stands behind such a verb.
 * @param {Lanes} timeline
 * @param {number} id
 * @returns {Part[]}
 */
export function resourceOf(timeline, id) {
  const resource = timeline.resources[id];
  const target = resource && timeline.lanes[resource.target];
  if (target) return [who(timeline, target)];
  if (!resource?.kind) return [t("something")];
  if (resource.kind === GIL) return [t("the GIL")];
  const word = kindWord(RESOURCES[resource.kind]);
  const line = timeline.places[resource.place]?.line;
  return resource.name === word || resource.name === RESOURCES[resource.kind] ? [word] : resource.name ? [`${word} ${resource.name}`] : line ? [`${word} (`, { line }, ")"] : [word];
}

/** @param {string} kind of a resource */
export function kindWord(kind) {
  switch (kind) {
    case "lock": return t("lock");
    case "rlock": return t("reentrant lock");
    case "condition": return t("condition");
    case "semaphore": return t("semaphore");
    case "event": return t("event");
    case "barrier": return t("barrier");
    case "queue": return t("queue");
    case "pipe": return t("pipe");
    case "future": return t("future");
    case "executor": return t("executor");
    case "io": return t("I/O");
    case "sleep": return t("a sleep");
    case "process": return t("process");
    case "join": return t("a thread's end");
    default: return t("a task's end");
  }
}

/**
 * The same in a word, for a lane's label.
 * @param {number} look
 */
export function lookNote(look) {
  switch (look) {
    case LOOK.CREATED: return t("created");
    case LOOK.RUNNING: return t("running");
    case LOOK.WANTS_GIL: return t("wants GIL");
    case LOOK.WANTS_LOOP: return t("ready");
    case LOOK.LOCK: return t("blocked");
    case LOOK.OTHER: return t("waits");
    case LOOK.IO: return t("I/O");
    case LOOK.SLEEP: return t("sleeps");
    case LOOK.AWAIT: return t("await");
    default: return "";
  }
}

/**
 * How a lane ended.
 * @param {string} ending
 */
export function endingWord(ending) {
  switch (ending) {
    case "returned": return t("returned");
    case "raised": return t("ended by an exception");
    case "cancelled": return t("cancelled");
    case "exited": return t("exited");
    case "killed": return t("killed");
    case "unfinished": return t("unfinished when the run was ended");
    default: return "";
  }
}

/**
 * The same in a word, for a lane's label.
 * @param {string} ending
 */
export function endingNote(ending) {
  switch (ending) {
    case "returned": return t("done");
    case "raised": return t("exception");
    case "unfinished": return t("cut off");
    default: return endingWord(ending);
  }
}

/**
 * Whether a running thread only lends itself to a task that runs at that time.
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} time
 */
export function runsTask(timeline, lane, time) {
  return lane.children.some((child) => {
    const index = child.kind === TASK ? child.spans.find(time) : -1;
    return index >= 0 && child.spans.state[index] === RUNNING && time < timeline.endOf(child, index);
  });
}
