/**
 * Which rows there are, from top to bottom: a band for each process, in it the GIL, threads with their tasks, queues, and
 * one row for what is internal.
 * @module
 */
import { EXECUTOR, PROCESS, QUEUE, SEMAPHORE, TASK } from "./names.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./store.js").Resource} Resource */

/**
 * @typedef {object} Place where a row is, y from the top of all rows
 * @property {"process" | "lane" | "gil" | "level" | "internal"} type
 * @property {Lane} lane for gil, level and internal: their process
 * @property {Resource | null} resource
 * @property {number} y
 * @property {number} height
 * @property {number} indent
 * @property {boolean | null} open
 * @property {number} count of internal lanes
 */

/**
 * @typedef {object} Places
 * @property {Place[]} list
 * @property {Map<number, Place>} byLane
 * @property {number} height of all rows
 */

/** Heights of rows, CSS px. */
const BAND = 30, STRIP = 18, THREAD_ROW = 30, TASK_ROW = 22, LEVEL_ROW = 28, INTERNAL_ROW = 22, GAP = 10;
const MOST_LEVELS = 12;
const MOST_DEPTH = 16;

/** What was found for a timeline, for as long as it holds. @type {WeakMap<Lanes, {key: string, places: Places}>} */
const remembered = new WeakMap();

/**
 * @param {Lanes} timeline
 * @param {{folded: Set<number>, opened: Set<number>}} view
 * @returns {Places}
 */
export function placesOf(timeline, view) {
  const key = `${timeline.revision} ${[...view.folded]} ${[...view.opened]}`;
  const before = remembered.get(timeline);
  if (before?.key === key) return before.places;
  const places = walk(timeline, view);
  remembered.set(timeline, { key, places });
  return places;
}

/**
 * The place of a lane, or of what it is folded into.
 * @param {Lanes} timeline
 * @param {Places} places
 * @param {number} id
 * @returns {Place | null}
 */
export function placeOf(timeline, places, id) {
  for (let at = timeline.lanes[id], depth = 0; at && depth < MOST_DEPTH; at = timeline.lanes[at.parent], depth++) {
    const place = places.byLane.get(at.id);
    if (place) return place;
  }
  return null;
}

/**
 * @param {Lanes} timeline
 * @param {{folded: Set<number>, opened: Set<number>}} view
 * @returns {Places}
 */
function walk(timeline, view) {
  /** @type {Place[]} */
  const list = [];
  const byLane = new Map();
  const levels = levelsOf(timeline);
  let y = 0;

  /**
   * @param {Place["type"]} type
   * @param {Lane} lane
   * @param {number} height
   * @param {Partial<Place>} [more]
   */
  const add = (type, lane, height, more) => {
    const place = { type, lane, resource: null, y, height, indent: 0, open: null, count: 0, ...more };
    list.push(place);
    y += height;
    return place;
  };

  /**
   * @param {Lane} lane
   * @param {number} depth
   * @param {Lane[]} hidden takes internal lanes, which come last
   */
  const visit = (lane, depth, hidden) => {
    if (depth > MOST_DEPTH || byLane.has(lane.id)) return;
    const open = lane.children.length ? !view.folded.has(lane.id) : null;
    if (lane.kind === PROCESS) {
      if (list.length) y += GAP;
      byLane.set(lane.id, add("process", lane, BAND, { open }));
      if (open === false) return;
      const gil = timeline.resources[timeline.gils.get(lane.id) ?? 0];
      if (gil) add("gil", lane, STRIP, { resource: gil, indent: 14 });
      const mine = /** @type {Lane[]} */ ([]);
      children(lane, depth, mine);
      for (const resource of levels.get(lane.id) ?? []) add("level", lane, LEVEL_ROW, { resource, indent: 14 });
      if (mine.length) internals(lane, depth, mine);
      for (const child of sorted(lane)) if (child.kind === PROCESS && !child.internal) visit(child, depth + 1, mine);
      return;
    }
    const task = lane.kind === TASK;
    byLane.set(lane.id, add("lane", lane, task ? TASK_ROW : THREAD_ROW, { open, indent: task ? 32 : 14 }));
    if (open) children(lane, depth, hidden);
  };

  /**
   * @param {Lane} lane
   * @param {number} depth
   * @param {Lane[]} hidden
   */
  const children = (lane, depth, hidden) => {
    for (const child of sorted(lane)) {
      if (child.internal) hidden.push(child);
      else if (child.kind !== PROCESS) visit(child, depth + 1, hidden);
    }
  };

  /**
   * @param {Lane} process
   * @param {number} depth
   * @param {Lane[]} hidden
   */
  const internals = (process, depth, hidden) => {
    const open = view.opened.has(process.id);
    const place = add("internal", process, INTERNAL_ROW, { open, indent: 14, count: hidden.length });
    for (const lane of hidden) {
      if (open) visit(lane, depth + 1, hidden);
      else byLane.set(lane.id, place);
    }
  };

  for (const lane of timeline.order) if (lane.declared && !timeline.lanes[lane.parent]) visit(lane, 0, []);
  return { list, byLane, height: y };
}

/** @param {Lane} lane */
function sorted(lane) {
  return [...lane.children].sort((a, b) => a.start - b.start || a.id - b.id);
}

/**
 * Queues, semaphores and executors whose levels are known, by the process they were made in.
 * @param {Lanes} timeline
 */
function levelsOf(timeline) {
  /** @type {Map<number, Resource[]>} */
  const found = new Map();
  for (const resource of timeline.resources) {
    // What is private to another thing, or has no name, is no queue of the program's.
    if (!resource?.levels || !resource.name || resource.name.includes("._")) continue;
    if (resource.kind !== QUEUE && resource.kind !== SEMAPHORE && resource.kind !== EXECUTOR) continue;
    const maker = timeline.lanes[resource.lane || resource.levels.who[0]];
    if (!maker) continue;
    const process = timeline.processOf(maker).id;
    const list = found.get(process);
    if (!list) found.set(process, [resource]);
    else if (list.length < MOST_LEVELS) list.push(resource);
  }
  return found;
}
