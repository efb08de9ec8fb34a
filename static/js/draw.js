/**
 * Drawing: a model on a canvas. It keeps no state; what was made for later frames is the tiles'.
 * @module
 */
import { barOf, drawRow } from "./bars.js";
import { drawAxis, drawLabels, drawMap, drawPlayhead } from "./furniture.js";
import { head, mark } from "./glyphs.js";
import { GIL, LINK_CANCEL, LINK_HANDOFF, LINK_ITEM, LINK_JOIN, LINK_START, LINK_WAKE, LOOK, PROCESS } from "./names.js";
import { moodOf } from "./palette.js";
import { heldBy, stayAt } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Model} Model */
/** @typedef {import("./view.js").Hit} Hit */
/** @typedef {import("./bars.js").Frame} Frame */

/** How far beyond the lanes a line is drawn, CSS px; and a length that all patterns of dashes go into. */
const BEYOND = 20, DASHES = 30;

/**
 * Draws one frame.
 * @param {CanvasRenderingContext2D} c
 * @param {Lanes} timeline settled
 * @param {View} view
 * @param {Model} model layout's, of this timeline and view
 * @param {import("./palette.js").Palette} p
 * @param {import("./tiles.js").Tiles} tiles of this canvas
 * @returns {boolean} whether another frame would be better, because not all tiles were ready
 */
export function draw(c, timeline, view, model, p, tiles) {
  /** @type {Frame} */
  const frame = { c, timeline, view, model, p, tiles };
  tiles.begin(timeline, p, view);
  c.setTransform(view.dpr, 0, 0, view.dpr, 0, 0);
  c.imageSmoothingEnabled = false;
  c.textBaseline = "middle";
  c.textAlign = "left";
  c.fillStyle = p.panel;
  c.fillRect(0, 0, view.width, view.height);
  drawGround(frame);
  c.save();
  c.beginPath();
  c.rect(model.left, model.top, view.width - model.left, view.height - model.top);
  c.clip();
  for (const row of model.rows) drawRow(frame, row);
  drawArrows(frame);
  for (const { x, y, index } of model.marks) mark(c, p, timeline.marks[index].kind, x, y);
  if (!view.live) {
    c.fillStyle = p.veil;
    c.fillRect(Math.max(model.left, model.x(view.playhead)), model.top, view.width, view.height);
  }
  if (view.hovered) outline(frame, view.hovered, p.soft, 1.5);
  if (view.finding) drawChosen(frame, view.finding);
  else if (view.selected) outline(frame, view.selected, p.ink, 2);
  c.restore();
  drawLabels(frame);
  drawMap(frame);
  drawAxis(frame);
  drawPlayhead(frame);
  drawDots(frame);
  tiles.end();
  return tiles.pending;
}

/**
 * Bands, lines between rows, and the grid of time.
 * @param {Frame} frame
 */
function drawGround({ c, view, model, p }) {
  const { findings, finding: chosen } = view;
  for (const row of model.rows) {
    if (row.type !== "process" && row.type !== "group") continue;
    c.fillStyle = p.band;
    c.fillRect(0, row.y, view.width, row.height);
  }
  for (const finding of findings) {
    const x0 = Math.max(model.x(finding.from_ns), model.left), x1 = Math.min(model.x(finding.to_ns), view.width);
    if (x1 < model.left || finding.kind === "contention" && finding !== chosen) continue;
    c.fillStyle = p.tints[moodOf(finding)];
    for (const row of model.rows) {
      if (row.type !== "lane" || !row.lane || !finding.lanes.includes(row.lane.id)) continue;
      c.fillRect(x0, row.y, Math.max(x1 - x0, 3), row.height - 1);
    }
  }
  c.fillStyle = p.grid;
  for (const { x } of model.ticks) c.fillRect(x, model.top, 1, view.height);
  c.fillStyle = p.line;
  for (const row of model.rows) if (row.type !== "gil") c.fillRect(0, row.y + row.height - 1, view.width, 1);
}

/**
 * @param {Frame} frame
 * @param {number} kind of a link
 */
function colourOf({ p }, kind) {
  if (kind === LINK_HANDOFF) return p.red;
  if (kind === LINK_ITEM) return p.purple;
  return kind === LINK_START || kind === LINK_CANCEL ? p.ink : p.soft;
}

/** @param {Frame} frame */
function drawArrows(frame) {
  const { c, view, model } = frame;
  const chosen = view.selected?.part === "link" ? view.selected : null;
  const some = model.arrows.some((arrow) => arrow.bright);
  for (const arrow of model.arrows) {
    const { kind, x0, y0, x1, y1 } = arrow;
    const picked = chosen?.lane === arrow.lane && chosen.index === arrow.index;
    c.strokeStyle = c.fillStyle = colourOf(frame, kind);
    c.globalAlpha = some && !arrow.bright ? 0.3 : kind === LINK_START && !arrow.bright ? 0.55 : 0.85;
    c.lineWidth = picked ? 2.5 : arrow.bright ? 1.8 : 1.2;
    c.setLineDash(kind === LINK_JOIN || kind === LINK_WAKE ? [3, 3] : kind === LINK_CANCEL ? [7, 3] : []);
    // Only what is in sight: the dashes of a line that is a million pixels long are all made, wherever they are.
    const along = (/** @type {number} */ x) => (x1 > x0 ? Math.min(1, Math.max(0, (x - x0) / (x1 - x0))) : 0);
    const from = along(model.left - BEYOND), to = x1 > x0 ? along(view.width + BEYOND) : 1;
    c.lineDashOffset = (from * Math.hypot(x1 - x0, y1 - y0)) % DASHES;
    c.beginPath();
    c.moveTo(x0 + from * (x1 - x0), y0 + from * (y1 - y0));
    c.lineTo(x0 + to * (x1 - x0), y0 + to * (y1 - y0));
    c.stroke();
    c.setLineDash([]);
    if (to === 1) head(c, x0, y0, x1, y1);
    if (from > 0) continue;
    c.beginPath();
    c.arc(x0, y0, 2, 0, 7);
    c.fill();
  }
  c.globalAlpha = 1;
}

/**
 * A line around each lane that is in a finding, for as long as it is.
 * @param {Frame} frame
 * @param {import("./findings.js").Finding} finding
 */
function drawChosen({ c, view, model, p }, finding) {
  const x0 = Math.max(model.x(finding.from_ns), model.left - 10), x1 = Math.min(model.x(finding.to_ns), view.width + 10);
  c.strokeStyle = moodOf(finding) === "bad" ? p.red : p.gold;
  c.lineWidth = 2;
  for (const row of model.rows) {
    if (row.type !== "lane" || !row.lane || !finding.lanes.includes(row.lane.id)) continue;
    c.beginPath();
    c.roundRect(x0 - 2, row.y + 1, Math.max(x1 - x0, 2) + 4, row.height - 3, 5);
    c.stroke();
  }
}

/**
 * A line around what the reader points at or has selected.
 * @param {Frame} frame
 * @param {Hit} hit
 * @param {string} colour
 * @param {number} width
 */
function outline({ c, timeline, view, model }, hit, colour, width) {
  const row = model.rows.find((each) => each.lane?.id === hit.lane && each.type === "lane");
  const lane = row?.lane;
  if (!row || !lane || hit.part !== "span" || hit.index < 0 || hit.index >= lane.spans.n) return;
  const x0 = Math.max(model.x(lane.spans.t[hit.index]), model.left - 10);
  const x1 = Math.min(model.x(timeline.endOf(lane, hit.index)), view.width + 10);
  const bar = barOf(row) + 5;
  c.strokeStyle = colour;
  c.lineWidth = width;
  c.beginPath();
  c.roundRect(x0 - 1, row.y + (row.height - bar) / 2, Math.max(x1 - x0, 2) + 2, bar, 4);
  c.stroke();
}

/**
 * What each lane does at the playhead: a dot in its colour, larger while it runs, in a halo while it holds the GIL.
 * @param {Frame} frame
 */
function drawDots({ c, timeline, view, model, p }) {
  const x = model.x(view.playhead);
  if (x < model.left || x > view.width) return;
  c.save();
  c.beginPath();
  c.rect(0, model.top, view.width, view.height - model.top);
  c.clip();
  for (const row of model.rows) {
    if (row.type !== "lane" || !row.lane || row.lane.kind === PROCESS) continue;
    const stay = stayAt(timeline, row.lane, view.playhead);
    if (!stay) continue;
    const y = row.y + row.height / 2, runs = stay.look === LOOK.RUNNING;
    const gold = runs && stay.lane.gil.n > 0 && heldBy(timeline, stay.lane, view.playhead).some((id) => timeline.resources[id]?.kind === GIL);
    if (gold) {
      c.fillStyle = p.halo;
      c.beginPath();
      c.arc(x, y, row.height / 2 - 2, 0, 7);
      c.fill();
    }
    c.fillStyle = gold ? p.gold : p.looks[stay.look];
    c.strokeStyle = runs ? p.ink : p.panel;
    c.lineWidth = 1.5;
    c.beginPath();
    c.arc(x, y, runs ? 5 : 3.5, 0, 7);
    c.fill();
    c.stroke();
  }
  c.restore();
}
