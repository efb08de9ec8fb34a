/**
 * What is at a point of the canvas.
 * @module
 */
import { mapSpan } from "./map.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Model} Model */
/** @typedef {import("./view.js").Hit} Hit */

/** How near counts, CSS px. */
const NEAR = 7, NEAR_ARROW = 5;
/** Where the arrow that folds a row ends, from its indent on. */
const FOLD = 24;

/**
 * @param {Lanes} timeline
 * @param {View} view
 * @param {Model} model of this view
 * @param {number} x
 * @param {number} y
 * @returns {Hit}
 */
export function hitAt(timeline, view, model, x, y) {
  /** @type {Hit} */
  const hit = { part: "empty", t: model.t(x), lane: 0, resource: 0, index: -1, fold: false };
  if (y < model.mapHeight) {
    const { from, scale } = mapSpan(timeline, view, model);
    return { ...hit, part: "map", t: from + (x - model.left) / scale };
  }
  if (y < model.top) return { ...hit, part: "axis" };
  const row = model.rows.find((each) => y >= each.y && y < each.y + each.height);
  if (x < model.left) {
    if (!row?.lane) return hit;
    if (row.type === "internal") return { ...hit, part: "internal", lane: row.lane.id };
    if (row.type === "group") return { ...hit, part: "group", index: indexOf(model, row), fold: true };
    const part = row.type === "process" ? "lane" : row.type;
    return { ...hit, part, lane: row.lane.id, resource: row.resource?.id ?? 0, fold: row.open !== null && x < FOLD + row.indent };
  }
  const mark = model.marks.find((each) => Math.abs(each.x - x) < NEAR && y >= each.y && y < each.y + 2 * NEAR);
  if (mark) return { ...hit, part: "mark", t: timeline.marks[mark.index].t, lane: timeline.marks[mark.index].lane, index: mark.index };
  if (!row?.lane) return hit;
  const { lane } = row;
  const inRow = { ...hit, lane: lane.id, resource: row.resource?.id ?? 0 };
  if (row.type === "group") return { ...hit, part: "group", index: indexOf(model, row), fold: true };
  if (row.type !== "lane" && row.type !== "process") return { ...inRow, part: row.type };
  if (lane.ending && Math.abs(model.x(lane.end) + NEAR - x) < NEAR) return { ...inRow, part: "ending", t: lane.end };
  const arrow = model.arrows.find((each) => nearArrow(each, x, y));
  if (arrow) return { ...hit, part: "link", lane: arrow.lane, index: arrow.index };
  const index = lane.spans.find(hit.t);
  if (row.type === "lane" && index >= 0 && hit.t <= timeline.endOf(lane, index)) return { ...inRow, part: "span", index };
  return row.type === "process" ? { ...inRow, part: "lane" } : hit;
}

/**
 * @param {Model} model
 * @param {import("./view.js").Row} row
 */
function indexOf({ places, rowsTop }, row) {
  return places.list.findIndex(({ type, y }) => type === row.type && Math.abs(rowsTop + y - row.y) < 0.5);
}

/**
 * Whether a point is near an arrow, but not where that is inside its rows.
 * @param {import("./view.js").Arrow} arrow
 * @param {number} x
 * @param {number} y
 */
function nearArrow({ x0, y0, x1, y1 }, x, y) {
  if (y < Math.min(y0, y1) || y > Math.max(y0, y1)) return false;
  const share = (y - y0) / (y1 - y0 || 1);
  return Math.abs(x0 + share * (x1 - x0) - x) < NEAR_ARROW;
}
