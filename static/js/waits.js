/**
 * Who waits for whom at a time: a graph of lanes and of what stands between them, to the root of every wait. Pure.
 * `app/core/findings/waits.py` asks the same of a whole run.
 * @module
 */
import { CHILD, FUTURE, IO, JOIN, LOCK, LOOK, PROCESS, RLOCK, SEMAPHORE, TASK, TASK_WAIT, THREAD, WAITING } from "./names.js";
import { holders, isInternal, stayAt } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./words.js").Stay} Stay */

/**
 * What a lane needs to go on.
 * @typedef {object} Need
 * @property {"held" | "ends" | "children" | "loop" | "gil" | "turn" | "unknown"} how
 *   held: these let a lock go · ends: this one ends, or sets a future · children: tasks it has started end · loop: this one blocks
 *   their event loop · gil: this one holds the GIL · turn: this one runs in their event loop · unknown: no lane is known that must act
 * @property {number} on a resource, 0 if none
 * @property {number[]} lanes
 */

/** @typedef {{lane: Lane, stay: Stay | null, need: Need | null, circle: boolean}} Knot a lane in the graph; in a circle of waits or not */
/** @typedef {{knots: Map<number, Knot>, chosen: number, circle: number[], root: number, over: number}} Waits
 *   knots by lane; chosen: whose wait it is, 0 for everybody's · circle: lanes that wait for each other, the first one's need leads to the
 *   second · root: where the chain from the chosen lane ends, 0 where it ends in a circle or there are many · over: lanes left out */

const TOGETHER = ["gather", "TaskGroup", "wait"];
/** More lanes make no picture. */
const MOST = 40;

/** @param {import("./store.js").Resource | undefined} resource */
function isLock(resource) {
  return resource?.kind === LOCK || resource?.kind === RLOCK || resource?.kind === SEMAPHORE;
}

/**
 * The task that a thread's wait is in, or the thread itself.
 * @param {Lane} thread
 * @param {number} index of its wait
 */
function acting(thread, index) {
  for (const child of thread.children) {
    const own = child.kind === TASK ? child.spans.find(thread.spans.t[index]) : -1;
    if (own >= 0 && child.spans.state[own] === WAITING && child.spans.t[own] === thread.spans.t[index] && child.spans.on[own] === thread.spans.on[index]) {
      return child;
    }
  }
  return thread;
}

/**
 * The lane that blocks a task's event loop: another task of its thread, or the thread; null if none does.
 * @param {Lanes} timeline
 * @param {Lane} task
 * @param {number} time
 */
function blocker(timeline, task, time) {
  const thread = timeline.lanes[task.parent];
  const stay = thread && stayAt(timeline, thread, time);
  if (!thread || !stay || thread.spans.state[stay.index] !== WAITING) return null;
  const resource = timeline.resources[stay.on];
  if (resource?.kind === IO && resource.name === "event loop") return null;
  const who = acting(thread, stay.index);
  return who === task ? null : who;
}

/**
 * What a lane needs to go on at a time; null if it runs, has ended or has not begun.
 * @param {Lanes} timeline
 * @param {Stay} stay
 * @param {number} time
 * @returns {Need | null}
 */
export function needOf(timeline, { lane, look, on, index }, time) {
  const { spans } = lane;
  if (look === LOOK.WANTS_GIL) {
    const gil = timeline.gils.get(timeline.processOf(lane).id) ?? 0;
    return { how: "gil", on: gil, lanes: holders(timeline, gil, time, { but: lane.id }).map(({ id }) => id) };
  }
  if (look === LOOK.WANTS_LOOP) {
    const blocks = blocker(timeline, lane, time);
    const runs = timeline.lanes[lane.parent]?.children.filter((each) => each.kind === TASK && stayAt(timeline, each, time)?.look === LOOK.RUNNING);
    return blocks ? { how: "loop", on: 0, lanes: [blocks.id] } : { how: "turn", on: 0, lanes: runs?.map(({ id }) => id) ?? [] };
  }
  if (spans.state[index] !== WAITING) return null;
  const blocks = lane.kind === TASK ? blocker(timeline, lane, time) : null;
  if (blocks) return { how: "loop", on: 0, lanes: [blocks.id] };
  const resource = timeline.resources[on];
  if (isLock(resource)) {
    const holding = holders(timeline, on, time).map(({ id }) => id);
    return { how: holding.length ? "held" : "unknown", on, lanes: holding };
  }
  const target = resource && timeline.lanes[resource.target];
  if (target && [JOIN, TASK_WAIT, CHILD, FUTURE].includes(resource.kind)) {
    const stay = target.kind === THREAD && resource.kind === FUTURE ? stayAt(timeline, target, time) : null;
    const who = stay && target.spans.state[stay.index] === WAITING ? acting(target, stay.index) : target;
    return { how: "ends", on, lanes: [who.id] };
  }
  if (resource?.kind === FUTURE && TOGETHER.includes(resource.name)) {
    const from = spans.t[index];
    const children = timeline.order.filter((each) => each.kind === TASK && each.starter === lane.id && each.start <= from && !(each.end <= time));
    return { how: "children", on, lanes: children.map(({ id }) => id) };
  }
  return { how: "unknown", on, lanes: [] };
}

/**
 * The graph from one lane's wait to its roots, with who waits for that lane if it does not wait itself; or of everybody's waits.
 * @param {Lanes} timeline
 * @param {number} time
 * @param {number} [chosen] lane, 0 for everybody
 * @returns {Waits}
 */
export function waitsAt(timeline, time, chosen = 0) {
  /** @type {Map<number, Knot>} */
  const all = new Map();
  const knotOf = (/** @type {Lane} */ lane) => {
    let knot = all.get(lane.id);
    if (!knot) {
      // A process does what its main thread does.
      const acts = lane.kind === PROCESS ? mainOf(lane) : lane;
      const stay = stayAt(timeline, acts, time);
      knot = { lane: acts, stay, need: stay && needOf(timeline, stay, time), circle: false };
      all.set(lane.id, knot);
      if (acts !== lane) all.set(acts.id, knot);
      if (knot.need) knot.need.lanes = knot.need.lanes.map((id) => (timeline.lanes[id]?.kind === PROCESS ? mainOf(/** @type {Lane} */ (timeline.lanes[id])).id : id));
    }
    return knot;
  };
  const start = timeline.lanes[chosen];
  const begin = start ? [knotOf(start)] : waiting(timeline, time).map(knotOf);
  if (start && !begin[0].need) for (const lane of waiting(timeline, time)) if (knotOf(lane).need?.lanes.includes(begin[0].lane.id)) begin.push(knotOf(lane));
  /** @type {Map<number, Knot>} */
  const knots = new Map();
  let over = 0;
  for (let queue = begin; queue.length;) {
    const next = /** @type {Knot[]} */ ([]);
    for (const knot of queue) {
      if (knots.has(knot.lane.id)) continue;
      if (knots.size >= MOST) {
        over++;
        continue;
      }
      knots.set(knot.lane.id, knot);
      for (const id of knot.need?.lanes ?? []) {
        const lane = timeline.lanes[id];
        if (lane) next.push(knotOf(lane));
      }
    }
    queue = next;
  }
  const circle = circleIn(knots, begin.map(({ lane }) => lane.id));
  for (const id of circle) /** @type {Knot} */ (knots.get(id)).circle = true;
  return { knots, chosen: start ? begin[0].lane.id : 0, circle, root: start && !circle.length ? rootFrom(knots, begin[0].lane.id) : 0, over };
}

/** @param {Lane} process */
function mainOf(process) {
  return process.children.find(({ kind, name }) => kind === THREAD && name === "MainThread") ?? process;
}

/**
 * The lanes that wait for another at a time: not those that sleep, nor threads whose task waits.
 * @param {Lanes} timeline
 * @param {number} time
 */
function waiting(timeline, time) {
  return timeline.order.filter((lane) => {
    if (lane.kind === PROCESS || isInternal(timeline, lane)) return false;
    const stay = stayAt(timeline, lane, time);
    const need = stay && needOf(timeline, stay, time);
    if (!stay || !need || stay.look === LOOK.SLEEP || stay.look === LOOK.IO) return false;
    return lane.kind !== THREAD || stay.look === LOOK.WANTS_GIL || acting(lane, stay.index) === lane;
  });
}

/**
 * The first circle that one comes to, going from these lanes where their needs lead.
 * @param {Map<number, Knot>} knots
 * @param {number[]} from
 * @returns {number[]}
 */
function circleIn(knots, from) {
  const done = new Set();
  /** @type {number[]} */
  const path = [];
  /** @type {(id: number) => number[] | null} */
  const walk = (id) => {
    const at = path.indexOf(id);
    if (at >= 0) return path.slice(at);
    if (done.has(id)) return null;
    done.add(id);
    path.push(id);
    const need = knots.get(id)?.need;
    // Of the GIL and of a turn in the event loop one knows that they go round.
    if (need && need.how !== "gil" && need.how !== "turn") {
      for (const next of need.lanes) {
        const found = knots.has(next) ? walk(next) : null;
        if (found) return found;
      }
    }
    path.pop();
    return null;
  };
  for (const id of from) {
    const found = walk(id);
    if (found) return found;
  }
  return [];
}

/**
 * Where a chain ends that does not part; 0 if it does.
 * @param {Map<number, Knot>} knots
 * @param {number} from
 */
function rootFrom(knots, from) {
  let at = from;
  for (let steps = 0; steps < MOST; steps++) {
    const lanes = knots.get(at)?.need?.lanes ?? [];
    if (!lanes.length) return at;
    if (lanes.length > 1) return 0;
    at = lanes[0];
  }
  return 0;
}
