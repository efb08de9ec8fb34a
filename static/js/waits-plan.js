/**
 * Where the boxes and arrows of a waits-for graph are. Pure: from a graph to a plan in CSS pixels.
 * @module
 */
import { LOOK } from "./names.js";

/** @typedef {import("./waits.js").Waits} Waits */
/** @typedef {"waits" | "held" | "ends" | "children" | "loop" | "turn"} Word what is written at an arrow */
/** @typedef {{key: string, lane: number, on: number, x: number, y: number, width: number, height: number, circle: boolean, count: number}} Box
 *   of a lane, or of a resource `on`, or (count > 0) of so many lanes that wait for the same */
/** @typedef {{path: string, x: number, y: number, word: Word, circle: boolean}} Arrow with the middle of its path */
/** @typedef {{boxes: Box[], arrows: Arrow[], width: number, height: number}} Plan */

/** Widths of a lane's box: as wide as it should be, as narrow as it may be beside others and at all; a thing's is a share of it. */
const LANE_WIDTH = 140, NARROW = 104, LEAST = 76, THING = 0.92;
const HEIGHT = 42, THING_HEIGHT = 30;
/** What is free between boxes: beside each other with an arrow between them or without, below each other, and between lines of a chain. */
const ARROW = 84, BESIDE = 12, BELOW = 36, UNDER = 16, LINES = 34;
/** A line of a long chain has no fewer columns. */
const LINE = 3;
/** Lanes that wait for the same thing are drawn one by one up to so many. */
const MOST_ALIKE = 3;

/** @typedef {{key: string, lane: number, on: number, count: number, circle: boolean, next: {key: string, word: Word}[], column: number, row: number}} Item */

/** @typedef {{upright: boolean, wide: number, line: number}} Shape upright: arrows lead down, not to the right · width of a lane's box · columns of a line */

/**
 * How a graph fits best: from left to right; else, if it is a chain, there and back line by line; else from top to bottom.
 * @param {Map<string, Item>} items settled
 * @param {boolean} ring there is a circle
 * @param {number} room CSS px
 * @returns {Shape}
 */
function shapeOf(items, ring, room) {
  const all = [...items.values()];
  const columns = Math.max(...all.map(({ column }) => column)) + 1, rows = Math.max(...all.map(({ row }) => row)) + 1;
  const side = Math.min(LANE_WIDTH, (room - (columns - 1) * ARROW) / columns);
  if (side >= NARROW) return { upright: false, wide: side, line: columns };
  const line = Math.floor((room + ARROW) / (NARROW + ARROW));
  if (!ring && rows === 1 && line >= LINE) return { upright: false, wide: Math.min(LANE_WIDTH, (room - (line - 1) * ARROW) / line), line };
  const down = Math.min(LANE_WIDTH, (room - (rows - 1) * BESIDE) / rows);
  return down < LEAST && side >= LEAST ? { upright: false, wide: side, line: columns } : { upright: true, wide: Math.max(down, LEAST), line: columns };
}

/**
 * @param {Waits} waits
 * @param {number} room how wide it may be, CSS px; it is wider only where boxes can't be narrower
 * @returns {Plan}
 */
export function planOf(waits, room) {
  const items = itemsOf(waits);
  const ring = ringOf(waits, items);
  settle(items, ring);
  const { upright, wide, line } = shapeOf(items, ring.length > 0, room);
  const along = upright ? HEIGHT + BELOW : wide + ARROW, across = upright ? wide + BESIDE : HEIGHT + UNDER;
  /** @type {Map<string, Box>} */
  const boxes = new Map();
  let width = 0, height = 0;
  for (const { key, lane, on, count, circle, column, row } of items.values()) {
    const thing = on && !lane, w = Math.floor(thing ? wide * THING : wide), h = thing ? THING_HEIGHT : HEIGHT;
    const turn = Math.floor(column / line), at = turn % 2 ? line - 1 - (column % line) : column - turn * line;
    const x = (upright ? row * across : at * along) + (wide - w) / 2, y = (upright ? at * along : row * across + turn * (HEIGHT + LINES)) + (HEIGHT - h) / 2;
    boxes.set(key, { key, lane, on, x, y, width: w, height: h, circle, count });
    width = Math.max(width, x + w + (wide - w) / 2);
    height = Math.max(height, y + h + (HEIGHT - h) / 2);
  }
  const arrows = [...items.values()].flatMap((item) => item.next.flatMap(({ key, word }) => {
    const from = boxes.get(item.key), to = boxes.get(key), target = items.get(key);
    if (!from || !to || !target) return [];
    const back = target.column < item.column && target.next.some((each) => each.key === item.key);
    if (back) height = Math.max(height, Math.max(from.y + from.height, to.y + to.height) + (upright ? 0 : 30));
    return [arrowOf(from, to, word, { circle: item.circle && target.circle, back, upright })];
  }));
  return { boxes: [...boxes.values()], arrows, width, height };
}

/**
 * Lanes and things, each with where its arrows lead.
 * @param {Waits} waits
 */
function itemsOf({ knots, chosen, circle }) {
  /** @type {Map<string, Item>} */
  const items = new Map();
  const put = (/** @type {Partial<Item> & {key: string}} */ item) => {
    const found = items.get(item.key) ?? { lane: 0, on: 0, count: 0, circle: false, next: [], column: 0, row: 0, ...item };
    items.set(item.key, found);
    return found;
  };
  const needed = new Set([...knots.values()].flatMap(({ need }) => need?.lanes ?? []));
  /** @type {Map<string, number>} */
  const alike = new Map();
  for (const { lane, stay, need, circle: inside } of knots.values()) {
    const things = need && ["held", "gil", "unknown"].includes(need.how) && stay?.look !== LOOK.SLEEP;
    const thing = things ? need.on : 0;
    const same = need ? `${need.how} ${thing || need.lanes}` : "";
    const already = alike.get(same) ?? 0;
    alike.set(same, already + 1);
    // Many that nobody waits for and that wait for the same are one box.
    const many = need && already >= MOST_ALIKE && lane.id !== chosen && !inside && !needed.has(lane.id);
    const item = put(many ? { key: `more ${same}` } : { key: `lane ${lane.id}`, lane: lane.id, circle: inside });
    if (many) item.count++;
    if (!need || item.next.length) continue;
    const at = inside ? circle[(circle.indexOf(lane.id) + 1) % circle.length] : 0;
    if (thing) {
      const what = put({ key: `on ${thing}`, on: thing });
      what.circle ||= inside;
      item.next.push({ key: what.key, word: "waits" });
      if (!what.next.length) for (const id of need.lanes) if (knots.has(id)) what.next.push({ key: `lane ${id}`, word: "held" });
    } else {
      const word = /** @type {Word} */ (need.how === "unknown" ? "waits" : need.how);
      const lanes = need.lanes.filter((id) => knots.has(id));
      for (const id of at ? [at, ...lanes.filter((each) => each !== at)] : lanes) item.next.push({ key: `lane ${id}`, word });
    }
  }
  return items;
}

/**
 * The items of the circle, in its order.
 * @param {Waits} waits
 * @param {Map<string, Item>} items
 */
function ringOf({ circle, knots }, items) {
  return circle.flatMap((id) => {
    const found = [items.get(`lane ${id}`)];
    const thing = items.get(`on ${knots.get(id)?.need?.on ?? 0}`);
    if (thing && found[0]?.next.some(({ key }) => key === thing.key)) found.push(thing);
    return found.flatMap((item) => item ?? []);
  });
}

/**
 * Gives every item its cell: the ring in two rows, the rest in columns in front of what they wait for.
 * @param {Map<string, Item>} items
 * @param {Item[]} ring
 */
function settle(items, ring) {
  const top = ring.length ? Math.floor(ring.length / 2) + 1 : 0, bottom = ring.length - top;
  const inRing = new Set(ring.map(({ key }) => key));
  /** How far each is from the ring, or from where its chain ends. @type {Map<string, number>} */
  const far = new Map();
  const reach = (/** @type {string} */ key, /** @type {Set<string>} */ path) => {
    if (inRing.has(key)) return 0;
    const known = far.get(key);
    if (known !== undefined || path.has(key)) return known ?? 0;
    path.add(key);
    let most = ring.length ? 1 : 0;
    for (const { key: next } of items.get(key)?.next ?? []) most = Math.max(most, reach(next, path) + 1);
    path.delete(key);
    far.set(key, most);
    return most;
  };
  for (const key of items.keys()) reach(key, new Set());
  const before = Math.max(0, ...far.values());
  ring.forEach((item, index) => {
    const under = index - top;
    item.column = before + (under < 0 ? index : (top - 1) * (1 - (under + 1) / (bottom + 1)));
    item.row = under < 0 ? 0 : 1.35;
  });
  /** @type {Map<number, number>} */
  const rows = new Map();
  for (const item of items.values()) {
    if (inRing.has(item.key)) continue;
    item.column = before - (far.get(item.key) ?? 0);
    item.row = rows.get(item.column) ?? 0;
    rows.set(item.column, item.row + 1);
  }
  // Columns of few stand in the middle of those of many.
  const most = Math.max(ring.length ? 1 : 0, ...rows.values());
  for (const item of items.values()) if (!inRing.has(item.key) && !ring.length) item.row += (most - (rows.get(item.column) ?? 0)) / 2;
}

/** @typedef {{along: number, across: number}} Point */

/**
 * @param {Box} from
 * @param {Box} to
 * @param {Word} word
 * @param {{circle: boolean, back: boolean, upright: boolean}} how back: another arrow leads the other way, beside this one
 * @returns {Arrow}
 */
function arrowOf(from, to, word, { circle, back, upright }) {
  const turned = (/** @type {number} */ x, /** @type {number} */ y) => (upright ? { along: y, across: x } : { along: x, across: y });
  const middle = (/** @type {Box} */ box) => turned(box.x + box.width / 2, box.y + box.height / 2);
  const half = (/** @type {Box} */ box) => turned(box.width / 2, box.height / 2);
  const start = middle(from), end = middle(to), own = half(from), its = half(to);
  const on = end.along - start.along, over = end.across - start.across;
  const apart = Math.abs(on) > own.along + its.along + 8, beside = Math.abs(over) > own.across + its.across + 8;
  /** @type {Point} */
  let one, two;
  if (back) {
    // Around, below the boxes.
    start.across += own.across;
    end.across += its.across + 2;
    [one, two] = [start, end].map(({ along }) => ({ along, across: Math.max(start.across, end.across) + 26 }));
  } else if (circle && apart && beside && on < 0) {
    // The corners of a ring.
    if (over > 0) {
      start.across += own.across;
      end.along += its.along + 2;
      one = two = { along: start.along, across: end.across };
    } else {
      start.along -= own.along;
      end.across += its.across + 2;
      one = two = { along: end.along, across: start.across };
    }
  } else if (apart) {
    start.along += Math.sign(on) * own.along;
    end.along -= Math.sign(on) * (its.along + 2);
    const half = (start.along + end.along) / 2;
    [one, two] = [start, end].map(({ across }) => ({ along: half, across }));
  } else {
    start.across += Math.sign(over) * own.across;
    end.across -= Math.sign(over) * (its.across + 2);
    const half = (start.across + end.across) / 2;
    [one, two] = [start, end].map(({ along }) => ({ along, across: half }));
  }
  const mean = (/** @type {keyof Point} */ axis) => (start[axis] + 3 * one[axis] + 3 * two[axis] + end[axis]) / 8;
  const said = ({ along, across } = start) => (upright ? `${Math.round(across)} ${Math.round(along)}` : `${Math.round(along)} ${Math.round(across)}`);
  const [x, y] = upright ? [mean("across"), mean("along")] : [mean("along"), mean("across")];
  return { path: `M${said(start)}C${said(one)} ${said(two)} ${said(end)}`, x, y, word, circle };
}
