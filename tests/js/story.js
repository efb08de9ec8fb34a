/**
 * A small made-up run: the main thread starts a worker, waits for its lock, then for its end.
 * @module
 */
import { parse } from "../../static/js/chunk.js";
import { Timeline } from "../../static/js/fold.js";
import { CREATED, JOIN, KIND, LOCK, PROCESS, RETURNED, RUNNING, SLEEP, THREAD, WAITING } from "../../static/js/names.js";
import { encode } from "./encode.js";

export const MS = 1e6;
export const MAIN = 2, WORKER = 3;
export const GUARD = 1, NAP = 2, END = 3;

/** @type {import("./encode.js").Event[]} */
const events = [
  { kind: KIND.PLACE, t: 0, obj: 1, end: 10, flags: 1, text: "<module>" },
  { kind: KIND.PLACE, t: 0, obj: 2, end: 5, flags: 1, text: "work" },
  { kind: KIND.PLACE, t: 0, obj: 3, end: 12, flags: 1, text: "<module>" },
  { kind: KIND.RESOURCE, t: 0, obj: GUARD, flags: LOCK, text: "guard" },
  { kind: KIND.RESOURCE, t: 0, obj: NAP, flags: SLEEP },
  { kind: KIND.RESOURCE, t: 0, obj: END, flags: JOIN, by: WORKER },
  { kind: KIND.LANE, t: 0, lane: 1, flags: PROCESS, end: 41, text: "main process" },
  { kind: KIND.STATE, t: 0, lane: 1, flags: RUNNING },
  { kind: KIND.LANE, t: 1 * MS, lane: MAIN, flags: THREAD, obj: 1, text: "MainThread" },
  { kind: KIND.STATE, t: 1 * MS, lane: MAIN, flags: RUNNING, place: 1 },
  { kind: KIND.LANE, t: 2 * MS, lane: WORKER, flags: THREAD, obj: 1, by: MAIN, text: "worker" },
  { kind: KIND.STATE, t: 2 * MS, lane: WORKER, flags: CREATED },
  { kind: KIND.STATE, t: 3 * MS, lane: WORKER, flags: RUNNING, place: 2 },
  { kind: KIND.HOLD, t: 4 * MS, end: 9 * MS, lane: WORKER, obj: GUARD },
  { kind: KIND.STATE, t: 5 * MS, lane: MAIN, flags: WAITING, obj: GUARD, place: 3 },
  { kind: KIND.STATE, t: 9 * MS, lane: MAIN, flags: RUNNING, place: 3 },
  { kind: KIND.HOLD, t: 9 * MS, end: 11 * MS, lane: MAIN, obj: GUARD },
  { kind: KIND.STATE, t: 10 * MS, lane: WORKER, flags: WAITING, obj: NAP, place: 2 },
  { kind: KIND.STATE, t: 12 * MS, lane: MAIN, flags: WAITING, obj: END, place: 3 },
  { kind: KIND.STATE, t: 14 * MS, lane: WORKER, flags: RUNNING, place: 2 },
  { kind: KIND.END, t: 15 * MS, lane: WORKER, flags: RETURNED },
  { kind: KIND.STATE, t: 15.5 * MS, lane: MAIN, flags: RUNNING, place: 1 },
  { kind: KIND.END, t: 16 * MS, lane: MAIN, flags: RETURNED },
  { kind: KIND.END, t: 17 * MS, lane: 1, flags: RETURNED },
];

/**
 * The run's timeline.
 * @param {number} [until] ns: as far as it is known then, still running
 */
export function story(until = Infinity) {
  const timeline = new Timeline();
  timeline.apply(parse(encode(events.filter(({ t }) => t <= until), 1, Math.min(until, 17 * MS))));
  timeline.settle();
  if (until === Infinity) timeline.finish(18 * MS);
  return timeline;
}

/**
 * A lane of the story.
 * @param {Timeline} timeline
 * @param {number} id
 */
export function laneOf(timeline, id) {
  const lane = timeline.lanes[id];
  if (!lane) throw new Error(`there is no lane ${id}`);
  return lane;
}

/**
 * Parts of a sentence as one would read them.
 * @param {import("../../static/js/text.js").Part[]} parts
 */
export function read(parts) {
  return parts.map((part) => {
    if (typeof part === "string") return part;
    return "lane" in part ? part.name : "line" in part ? `line ${part.line}` : `${part.t / MS} ms`;
  }).join("");
}
