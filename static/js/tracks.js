/**
 * Tracks beside the lanes: how many threads run, how many cores they use, how full a queue is.
 * @module
 */
import { search } from "./columns.js";
import { cores } from "./cpu.js";
import { COLUMNS } from "./density.js";
import { LOOK, THREAD } from "./names.js";
import { running } from "./runs.js";

/** @typedef {import("./bars.js").Frame} Frame */
/** @typedef {import("./view.js").Row} Row */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {(timeline: import("./lanes.js").Lanes, lane: Lane, step: number, tile: number) => Float32Array} Count in COLUMNS equal steps */

/**
 * How many threads run at once: columns on a line for each thread that could.
 * @param {Frame} frame
 * @param {Row} row
 * @param {Lane} lane a process
 */
export function drawRunning(frame, row, lane) {
  drawColumns(frame, row, lane, running, { least: 2, colour: frame.p.looks[LOOK.RUNNING], line: frame.p.line });
}

/**
 * How many cores a process uses, below a line for each; in front of it, how many the selected lane does.
 * @param {Frame} frame
 * @param {Row} row
 * @param {Lane} lane a process
 */
export function drawCpu(frame, row, lane) {
  const { timeline, view, p } = frame;
  const chosen = timeline.lanes[view.selected?.lane ?? 0];
  const most = drawColumns(frame, row, lane, cores, { least: 1, colour: p.cpu, line: p.line });
  if (chosen?.kind === THREAD && chosen.parent === lane.id) drawColumns(frame, row, chosen, cores, { least: most, colour: p.looks[LOOK.RUNNING] });
}

/**
 * @param {Frame} frame
 * @param {Row} row
 * @param {Lane} lane
 * @param {Count} count
 * @param {{least: number, colour: string, line?: string}} options the least that the row is high for · of what is counted · of each whole number
 * @returns {number} what it is high for
 */
function drawColumns({ c, timeline, view, model }, { y, height }, lane, count, { least, colour, line = "" }) {
  // Columns lie still on the run while it moves, and are counted by tiles.
  const step = 2 ** Math.ceil(Math.log2((view.to - view.from) / COLUMNS)), length = step * COLUMNS;
  const first = Math.floor(view.from / length), last = Math.floor(view.to / length);
  const tiles = Array.from({ length: last - first + 1 }, (_, index) => count(timeline, lane, step, first + index));
  const most = Math.max(least, ...tiles.map((counts) => Math.ceil(Math.max(...counts) - 0.05)));
  const bottom = y + height - 4, unit = (height - 8) / most;
  const whole = (/** @type {number} */ px) => Math.round(px * view.dpr) / view.dpr;
  c.fillStyle = line;
  for (let level = 1; line && level <= most; level++) if (unit > 4 || level === most || level === 1) c.fillRect(model.left, whole(bottom - level * unit), view.width, 1);
  c.fillStyle = colour;
  let from = first * COLUMNS, high = 0;
  // Columns of one height are one rectangle.
  for (let column = from; column <= (last + 1) * COLUMNS; column++) {
    const tile = tiles[Math.floor(column / COLUMNS) - first];
    const next = tile ? whole(Math.min(tile[column - Math.floor(column / COLUMNS) * COLUMNS], most) * unit) : 0;
    if (next === high && tile) continue;
    if (high > 0) c.fillRect(whole(model.x(from * step)), whole(bottom) - high, whole(model.x(column * step)) - whole(model.x(from * step)), high);
    [from, high] = [column, next];
  }
  return most;
}

/** The greatest level of each resource so far. @type {WeakMap<import("./store.js").Facts, {n: number, most: number}>} */
const peaks = new WeakMap();

/** @param {import("./store.js").Facts} levels */
function peakOf(levels) {
  let peak = peaks.get(levels);
  if (!peak) peaks.set(levels, (peak = { n: 0, most: 1 }));
  for (; peak.n < levels.n; peak.n++) peak.most = Math.max(peak.most, levels.what[peak.n]);
  return peak.most;
}

/**
 * A queue's depth as a staircase.
 * @param {Frame} frame
 * @param {Row} row
 */
export function drawLevel({ c, timeline, view, model, p }, row) {
  const levels = row.resource?.levels;
  if (!levels?.n || !row.lane) return;
  const { t, n, what } = levels;
  const { dpr } = view;
  const bottom = row.y + row.height - 4, unit = (row.height - 9) / peakOf(levels);
  const columnOf = (/** @type {number} */ x) => Math.floor(x * dpr);
  const end = columnOf(Math.min(view.width + 4, model.x(row.lane.end === row.lane.end ? row.lane.end : timeline.end)));
  let i = Math.max(0, search(t, n, view.from) - 1);
  let column = columnOf(Math.max(model.x(t[i]), model.left - 4)), from = column, level = what[i], before = bottom;
  // Rectangles on whole pixels, as few as there can be: where nothing helps to draw, each costs as much as its corners.
  const stair = (/** @type {number} */ until) => {
    const x = from / dpr, width = (until - from) / dpr, y = Math.round((bottom - level * unit) * dpr) / dpr;
    c.fillStyle = p.pale[LOOK.OTHER];
    c.fillRect(x, y, width, bottom - y);
    c.fillStyle = p.purple;
    c.fillRect(x, y - 1, width, 2);
    if (y !== before) c.fillRect(x, Math.min(y, before) - 1, 1, Math.abs(y - before) + 2);
    [from, before] = [until, y];
  };
  while (column < end) {
    // Levels that share a pixel are drawn as their highest.
    const until = model.t((column + 1) / dpr), first = i;
    let most = what[i];
    while (i + 1 < n && t[i + 1] < until) most = Math.max(most, what[++i]);
    if (most !== level) {
      if (column > from) stair(column);
      level = most;
    }
    column = i > first ? column + 1 : i + 1 < n ? Math.max(column + 1, columnOf(model.x(t[i + 1]))) : end;
  }
  if (end > from) stair(end);
}
