/**
 * Layout: where everything is on the canvas, for one frame. Pure: from a timeline and a view to a model.
 * @module
 */
import { search } from "./columns.js";
import { CHILD, ENDINGS, JOIN, LOOK, QUEUE, RESOURCES, SEMAPHORE, TASK_WAIT } from "./names.js";
import { arrowsOf } from "./arrows.js";
import { cpuLanes, stretchAt } from "./cpu.js";
import { placesOf } from "./rows.js";
import { runningAt } from "./runs.js";
import { BLOCK } from "./store.js";
import { ngettext, number, percent, t as say } from "./text.js";
import { endingNote, holders, isWatched, kindWord, lookNote, nameOf, stayAt } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Model} Model */
/** @typedef {import("./view.js").Row} Row */
/** @typedef {import("./rows.js").Place} Place */

const MAP = 54, AXIS = 28, ABOVE = 4, NARROW = 600, LABELS = 200, NARROW_LABELS = 110;
/** Spans from this width on are drawn as they are, CSS px. */
const WIDE = 3;
/** Short spans that stand between wide ones are drawn as they are, too, if they are no more than this. */
const FEW = 4;
/** Least distance of ticks, CSS px. */
const TICK = 90;
const UNITS = /** @type {const} */ ([[1e9, "{n} s"], [1e6, "{n} ms"], [1e3, "{n} µs"], [1, "{n} ns"]]);

/**
 * @param {Lanes} timeline settled
 * @param {View} view
 * @returns {Model}
 */
export function layout(timeline, view) {
  const left = view.width < NARROW ? NARROW_LABELS : LABELS, top = MAP + AXIS;
  const scale = (view.width - left) / (view.to - view.from);
  // The run's zero is on a whole device pixel, so that panning moves the picture without redrawing it differently.
  const zero = Math.round((left - view.from * scale) * view.dpr) / view.dpr;
  const places = placesOf(timeline, view);
  /** @type {Model} */
  const model = {
    left, mapHeight: MAP, top, contentHeight: places.height + ABOVE, rows: [], rowCount: places.list.length, places, arrows: [],
    crowded: false, ticks: ticksOf(view, scale, zero), marks: [], scale, zero,
    rowsTop: top + ABOVE - Math.round(view.scrollTop * view.dpr) / view.dpr,
    x: (time) => zero + time * scale, t: (x) => (x - zero) / scale,
  };
  for (let i = firstBelow(places.list, top - model.rowsTop); i < places.list.length; i++) {
    const place = places.list[i];
    if (model.rowsTop + place.y > view.height) break;
    model.rows.push(rowOf(timeline, view, model, place));
  }
  arrowsOf(timeline, view, model);
  marksOf(timeline, view, model);
  return model;
}

/**
 * The first place that ends below y.
 * @param {Place[]} list
 * @param {number} y
 */
function firstBelow(list, y) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].y + list[middle].height <= y) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * @param {Lanes} timeline
 * @param {View} view
 * @param {Model} model
 * @param {Place} place
 * @returns {Row}
 */
function rowOf(timeline, view, model, { type, lane, resource, y, height, indent, open, count, key }) {
  /** @type {Row} */
  const row = {
    type, lane, resource, y: model.rowsTop + y, height, indent, label: "", note: "", look: 0, open, spans: [], dense: [],
  };
  const now = view.playhead;
  if (type === "process") {
    row.label = nameOf(lane);
    row.note = lane.number ? say("pid {n}", { n: lane.number }) : "";
  } else if (type === "group") {
    row.label = groupWord(key);
    row.note = ngettext("{n} lane", "{n} lanes", count);
  } else if (type === "internal") row.label = ngettext("{n} internal", "{n} internal", count);
  else if (type === "gil") {
    row.label = view.arranged && view.arranged.group !== "process" && timeline.gils.size > 1 ? `${say("GIL")} · ${nameOf(lane)}` : say("GIL");
    const holder = resource && holders(timeline, resource.id, now)[0];
    const there = now < lane.end || lane.end !== lane.end;
    row.note = holder ? `→ ${nameOf(holder)}` : !there || !resource ? "" : isWatched(timeline, resource.id, now) ? say("free") : say("not looked at");
  } else if (type === "runs") {
    row.label = say("running at once");
    row.note = number(runningAt(timeline, lane, now), 0);
  } else if (type === "cpu") {
    row.label = say("CPU");
    row.note = percent(cpuLanes(lane).reduce((sum, thread) => sum + (stretchAt(thread, now)?.share ?? 0), 0));
  } else if (type === "holds" && resource) {
    row.label = say("lock {name}", { name: resource.name });
    const holder = holders(timeline, resource.id, now)[0];
    row.note = holder ? `→ ${nameOf(holder)}` : say("free");
  } else if (type === "level" && resource?.levels) {
    const { levels, kind, name } = resource;
    row.label = kind === QUEUE ? say("queue {name}", { name }) : kind === SEMAPHORE ? say("semaphore {name}", { name }) : say("backlog of {name}", { name });
    const index = search(levels.t, levels.n, now) - 1;
    row.note = index < 0 ? "" : number(levels.what[index], 0);
  } else {
    const stay = stayAt(timeline, lane, now);
    row.label = nameOf(lane);
    row.look = stay?.look ?? 0;
    row.note = stay ? noteOf(timeline, stay) : now >= lane.end ? endingNote(ENDINGS[lane.ending]) : "";
    split(timeline, lane, view, model.scale, row);
  }
  return row;
}

/** @param {string} key of a group */
function groupWord(key) {
  switch (key) {
    case "pinned": return say("pinned");
    case "processes": return say("processes");
    case "threads": return say("threads");
    case "tasks": return say("tasks");
    default: return key;
  }
}

/**
 * What a lane does, in a word: for a wait, on what.
 * @param {Lanes} timeline
 * @param {import("./words.js").Stay} stay
 */
function noteOf(timeline, { look, on }) {
  const kind = timeline.resources[on]?.kind ?? 0;
  if (look !== LOOK.OTHER || !kind) return lookNote(look);
  return kind === JOIN || kind === CHILD || kind === TASK_WAIT ? say("join") : kindWord(RESOURCES[kind]);
}

/**
 * Spans that are wide enough are drawn as they are; what is between them, as density.
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {View} view
 * @param {number} scale
 * @param {Row} row
 */
function split(timeline, lane, view, scale, row) {
  const { spans } = lane;
  spans.summed();
  const { t, n, longest, blocks } = spans;
  const least = WIDE / scale;
  const first = Math.max(0, spans.find(view.from)), last = search(t, n, view.to, false);
  // Some more on both sides are looked at: how a span is drawn must not depend on where the view ends.
  const end = Math.min(n, last + FEW + 1);
  const add = (/** @type {number} */ i) => i >= first && i < last && row.spans.push(i);
  /** The first of the short spans since the last wide one. */
  let short = -1;
  const flush = (/** @type {number} */ until) => {
    if (short < 0) return;
    if (until - short <= FEW) for (let i = short; i < until; i++) add(i);
    else if (until > first && short < last) row.dense.push(t[short], until < n ? t[until] : timeline.endOf(lane, n - 1));
    short = -1;
  };
  let i = Math.max(0, first - FEW - 1);
  while (i < end) {
    const block = i % BLOCK ? blocks : i / BLOCK;
    if (block < blocks && longest[block] < least) {
      if (short < 0) short = i;
      i += BLOCK;
      continue;
    }
    const length = (i + 1 < n ? t[i + 1] : timeline.endOf(lane, i)) - t[i];
    if (length >= least) {
      flush(i);
      add(i);
    } else if (short < 0) short = i;
    i++;
  }
  flush(Math.min(i, n));
}

/**
 * Round times in view, all in one unit, with as many digits as their distance needs.
 * @param {View} view
 * @param {number} scale
 * @param {number} zero
 */
function ticksOf(view, scale, zero) {
  const least = TICK / scale;
  const decade = 10 ** Math.floor(Math.log10(least));
  const step = decade * ([1, 2, 5].find((each) => each * decade >= least) ?? 10);
  const [size, unit] = UNITS.find(([each]) => view.to >= each) ?? [1, "{n} ns"];
  const digits = Math.max(0, Math.ceil(Math.log10(size / step) - 1e-9));
  const ticks = [];
  for (let i = Math.max(0, Math.ceil(view.from / step)); i * step <= view.to; i++) {
    ticks.push({ x: zero + i * step * scale, label: i ? say(unit, { n: number((i * step) / size, digits) }) : "0" });
  }
  return ticks;
}

/**
 * @param {Lanes} timeline
 * @param {View} view
 * @param {Model} model
 */
function marksOf(timeline, view, model) {
  const { marks } = timeline;
  const rows = new Map(model.rows.map((row) => [row.type === "lane" || row.type === "process" ? row.lane?.id : -1, row]));
  for (let index = 0; index < marks.length && marks[index].t <= view.to; index++) {
    if (marks[index].t < view.from) continue;
    const row = rows.get(marks[index].lane);
    if (row) model.marks.push({ x: model.x(marks[index].t), y: row.y, index });
  }
}

