/**
 * Which rows there are, from top to bottom: a band for each process, in it the GIL, who runs, CPU, threads with their tasks, queues, and
 * one row for what is internal; or lanes by kind or by name.
 * @module
 */
import { Arrangement, quietIn, stemOf } from "./arrange.js";
import { cpuLanes } from "./cpu.js";
import { EXECUTOR, LOCK, PROCESS, QUEUE, RLOCK, SEMAPHORE, TASK, THREAD } from "./names.js";
import { isInternal } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./store.js").Resource} Resource */

/**
 * @typedef {object} Place where a row is, y from the top of all rows
 * @property {"process" | "lane" | "gil" | "runs" | "cpu" | "level" | "holds" | "internal" | "group"} type
 *   runs: how many lanes run · cpu: how many cores they use · level: of a queue or the like · holds: who has a lock · internal: opens internal lanes · group: a heading
 * @property {Lane} lane for gil, runs, cpu, level, holds and internal: their process; for group: its first
 * @property {Resource | null} resource
 * @property {number} y
 * @property {number} height
 * @property {number} indent
 * @property {boolean | null} open
 * @property {number} count of internal lanes, or of a group's
 * @property {string} key of a group
 */

/** @typedef {{folded: Set<number>, opened: Set<number>, arranged?: Arrangement}} Shown */

/**
 * @typedef {object} Places
 * @property {Place[]} list
 * @property {Map<number, Place>} byLane
 * @property {number} height of all rows
 */

/** Heights of rows, CSS px. */
const BAND = 30, STRIP = 18, THREAD_ROW = 30, TASK_ROW = 22, LEVEL_ROW = 28, INTERNAL_ROW = 22, QUIET_ROW = 12, GAP = 10;
const MOST_LEVELS = 12;
const MOST_DEPTH = 16;
/** More threads are not counted anew for every frame. */
const MOST_RUNNING = 64;
const KINDS = ["processes", "threads", "tasks"];
const PLAIN = new Arrangement();

/** What was found for a timeline, for as long as it holds. @type {WeakMap<Lanes, {key: string, arranged: Arrangement | undefined, places: Places}>} */
const remembered = new WeakMap();

/**
 * @param {Lanes} timeline
 * @param {Shown} view
 * @returns {Places}
 */
export function placesOf(timeline, view) {
  const key = `${timeline.revision} ${view.arranged?.version} ${[...view.folded]} ${[...view.opened]}`;
  const before = remembered.get(timeline);
  if (before?.key === key && before.arranged === view.arranged) return before.places;
  const places = walk(timeline, view);
  remembered.set(timeline, { key, arranged: view.arranged, places });
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
 * @param {Shown} view
 * @returns {Places}
 */
function walk(timeline, { folded, opened, arranged = PLAIN }) {
  /** @type {Place[]} */
  const list = [];
  const byLane = new Map();
  const quiet = arranged.compact ? quietIn(timeline) : () => false;
  const levels = tracksOf(timeline, arranged);
  /** @type {Map<number, boolean>} */
  const wanted = new Map();
  let y = 0;

  /**
   * @param {Place["type"]} type
   * @param {Lane} lane
   * @param {number} height
   * @param {Partial<Place>} [more]
   */
  const add = (type, lane, height, more) => {
    const place = { type, lane, resource: null, y, height, indent: 0, open: null, count: 0, key: "", ...more };
    list.push(place);
    y += height;
    return place;
  };

  /**
   * Whether a lane is wanted, or one inside it.
   * @param {Lane} lane
   * @param {number} depth
   * @returns {boolean}
   */
  const wants = (lane, depth) => {
    let answer = wanted.get(lane.id);
    if (answer === undefined) {
      answer = arranged.wants(lane) || (!arranged.hidden.has(lane.id) && depth < MOST_DEPTH && lane.children.some((child) => wants(child, depth + 1)));
      wanted.set(lane.id, answer);
    }
    return answer;
  };

  /**
   * @param {Lane} lane
   * @param {number} depth
   * @param {Lane[]} hidden takes internal lanes, which come last
   * @param {boolean} inside something that is wanted by its name is wanted whole
   */
  const visit = (lane, depth, hidden, inside) => {
    if (depth > MOST_DEPTH || byLane.has(lane.id) || (inside ? arranged.hidden.has(lane.id) : !wants(lane, depth))) return;
    const whole = inside || (arranged.filter !== "" && arranged.wants(lane));
    const open = lane.children.length ? !folded.has(lane.id) : null;
    if (lane.kind === PROCESS) {
      if (list.length) y += GAP;
      byLane.set(lane.id, add("process", lane, BAND, { open }));
      if (open === false) return;
      strips(lane);
      const mine = /** @type {Lane[]} */ ([]);
      children(lane, depth, mine, whole);
      for (const resource of levels.get(lane.id) ?? []) add(resource.levels && resource.kind !== LOCK ? "level" : "holds", lane, LEVEL_ROW, { resource, indent: 14 });
      if (mine.length && !arranged.partial) internals(lane, depth, mine);
      for (const child of arranged.sorted(lane.children)) if (child.kind === PROCESS && !child.internal) visit(child, depth + 1, mine, whole);
      return;
    }
    const task = lane.kind === TASK;
    const height = quiet(lane) && !open ? QUIET_ROW : task ? TASK_ROW : THREAD_ROW;
    byLane.set(lane.id, add("lane", lane, height, { open, indent: task && depth ? 32 : 14 }));
    if (open) children(lane, depth, hidden, whole);
  };

  /** @param {Lane} process */
  const strips = (process) => {
    const gil = timeline.resources[timeline.gils.get(process.id) ?? 0];
    if (gil) add("gil", process, STRIP, { resource: gil, indent: 14 });
    const threads = process.children.filter(({ kind }) => kind === THREAD).length;
    if (arranged.tracks.runs && threads > 1 && threads <= MOST_RUNNING) add("runs", process, LEVEL_ROW, { indent: 14 });
    if (arranged.tracks.cpu && timeline.watched && threads <= MOST_RUNNING && cpuLanes(process).length) add("cpu", process, threads > 1 ? LEVEL_ROW : STRIP, { indent: 14 });
  };

  /**
   * @param {Lane} lane
   * @param {number} depth
   * @param {Lane[]} hidden
   * @param {boolean} inside
   */
  const children = (lane, depth, hidden, inside) => {
    for (const child of arranged.sorted(lane.children)) {
      if (child.internal) hidden.push(child);
      else if (child.kind !== PROCESS) visit(child, depth + 1, hidden, inside);
    }
  };

  /**
   * @param {Lane} process
   * @param {number} depth
   * @param {Lane[]} hidden
   */
  const internals = (process, depth, hidden) => {
    const open = opened.has(process.id);
    const place = add("internal", process, INTERNAL_ROW, { open, indent: 14, count: hidden.length });
    for (const lane of hidden) {
      if (open) visit(lane, depth + 1, hidden, true);
      else byLane.set(lane.id, place);
    }
  };

  /**
   * Lanes under a heading.
   * @param {string} key
   * @param {Lane[]} lanes
   */
  const group = (key, lanes) => {
    if (!lanes.length) return;
    if (list.length) y += GAP;
    const open = !arranged.closed.has(key);
    const place = add("group", lanes[0], BAND, { open, key, count: lanes.length });
    for (const lane of lanes) {
      if (!open) byLane.set(lane.id, place);
      else if (lane.kind === PROCESS) byLane.set(lane.id, add("process", lane, BAND, {}));
      else byLane.set(lane.id, add("lane", lane, quiet(lane) ? QUIET_ROW : lane.kind === TASK ? TASK_ROW : THREAD_ROW, { indent: 14 }));
    }
  };

  group("pinned", [...arranged.pinned].flatMap((id) => timeline.lanes[id] ?? []).filter(({ id }) => !arranged.hidden.has(id)));
  if (arranged.group === "process") {
    for (const lane of arranged.sorted(timeline.order)) if (lane.declared && !timeline.lanes[lane.parent]) visit(lane, 0, [], false);
    return { list, byLane, height: y };
  }
  for (const lane of timeline.order) if (lane.kind === PROCESS) strips(lane);
  /** @type {Map<string, Lane[]>} */
  const groups = new Map();
  for (const lane of arranged.sorted(timeline.order)) {
    if (!lane.declared || byLane.has(lane.id) || isInternal(timeline, lane) || !arranged.wants(lane)) continue;
    const key = arranged.group === "kind" ? KINDS[lane.kind] : lane.kind === PROCESS ? KINDS[PROCESS] : stemOf(lane.name);
    const mine = groups.get(key);
    if (mine) mine.push(lane);
    else groups.set(key, [lane]);
  }
  for (const [key, lanes] of groups) group(key, lanes);
  return { list, byLane, height: y };
}

/**
 * Tracks beside the lanes, by the process they were made in: queues, semaphores and backlogs whose levels are known, and locks
 * that were held.
 * @param {Lanes} timeline
 * @param {Arrangement} arranged
 */
function tracksOf(timeline, { tracks }) {
  /** @type {Map<number, Resource[]>} */
  const found = new Map();
  for (const resource of timeline.resources) {
    // What is private to another thing, or has no name, is none of the program's.
    if (!resource?.name || resource.name.includes("._")) continue;
    const level = resource.levels && (resource.kind === QUEUE || resource.kind === SEMAPHORE || resource.kind === EXECUTOR);
    const lock = resource.holds && (resource.kind === LOCK || resource.kind === RLOCK);
    if (!(level && tracks.levels) && !(lock && tracks.locks)) continue;
    const maker = timeline.lanes[resource.lane || (resource.levels ?? resource.holds)?.who[0] || 0];
    if (!maker) continue;
    const process = timeline.processOf(maker).id;
    const list = found.get(process);
    if (!list) found.set(process, [resource]);
    else if (list.length < MOST_LEVELS) list.push(resource);
  }
  return found;
}
