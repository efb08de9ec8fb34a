/**
 * What stands around the lanes: their labels, the axis, the minimap and the playhead.
 * @module
 */
import { LABEL_FONT } from "./bars.js";
import { wholeOf } from "./map.js";
import { LOOK, TASK } from "./names.js";
import { moodOf } from "./palette.js";
import { lastNumber, moment, t as say } from "./text.js";

/** @typedef {import("./bars.js").Frame} Frame */
/** @typedef {import("./view.js").Row} Row */

const NAME_FONT = "13px system-ui, sans-serif";
const BOLD_FONT = "600 13px system-ui, sans-serif";
const CLOCK_FONT = "600 11.5px system-ui, sans-serif";
const SMALL_FONT = "12px system-ui, sans-serif";
/** Rows that are lower have a font of their own, and smaller signs. */
const LOW = 16;
const LOW_FONT = "9.5px system-ui, sans-serif";
/** What the label's sign takes, CSS px. */
const SIGN = 14;

/**
 * The names of the rows, with what they are and do.
 * @param {Frame} frame
 */
export function drawLabels(frame) {
  const { c, view, model, p } = frame;
  c.save();
  c.beginPath();
  c.rect(0, model.top, view.width, view.height);
  c.clip();
  for (const row of model.rows) {
    c.fillStyle = row.type === "process" || row.type === "group" ? p.band : p.panel;
    c.fillRect(0, row.y, model.left - 1, row.height - 1);
    if (row.type === "lane" && row.lane && (view.selected?.lane === row.lane.id || view.finding?.lanes.includes(row.lane.id))) {
      c.fillStyle = p.band;
      c.fillRect(0, row.y, model.left - 1, row.height - 1);
    }
    drawLabel(frame, row);
  }
  c.restore();
  c.fillStyle = p.line;
  c.fillRect(model.left - 1, 0, 1, view.height);
}

/**
 * @param {Frame} frame
 * @param {Row} row
 */
function drawLabel({ c, model, p }, row) {
  const y = row.y + row.height / 2, narrow = model.left < 150;
  let x = narrow ? 6 + row.indent * 0.6 : 10 + row.indent;
  if (row.open !== null) {
    c.fillStyle = p.soft;
    c.beginPath();
    if (row.open) {
      c.moveTo(x - 1, y - 2.5);
      c.lineTo(x + 7, y - 2.5);
      c.lineTo(x + 3, y + 3);
    } else {
      c.moveTo(x, y - 4);
      c.lineTo(x + 6, y);
      c.lineTo(x, y + 4);
    }
    c.fill();
  } else sign(c, p, row, x, y);
  x += narrow ? SIGN : SIGN + 4;
  c.font = row.height < LOW ? LOW_FONT : row.type === "process" || row.type === "group" ? BOLD_FONT : row.type === "lane" && row.lane?.kind !== TASK ? NAME_FONT : SMALL_FONT;
  const room = model.left - 10 - x;
  const name = cut(c, row.label, room);
  c.fillStyle = row.type === "lane" || row.type === "process" || row.type === "group" ? p.ink : p.soft;
  c.fillText(name, x, y + 0.5);
  const used = c.measureText(name).width;
  if (row.height >= LOW) c.font = SMALL_FONT;
  c.fillStyle = row.type === "lane" && row.look ? p.words[row.look] : p.soft;
  const left = room - used - 8;
  const note = narrow || left < 24 ? "" : cut(c, row.note, left);
  c.textAlign = "right";
  c.fillText(note, model.left - 10, y + 0.5);
  c.textAlign = "left";
}

/**
 * What kind of row it is: a square for a thread, a pill for a task, a strip for the GIL, steps for a queue.
 * @param {CanvasRenderingContext2D} c
 * @param {import("./palette.js").Palette} p
 * @param {Row} row
 * @param {number} x
 * @param {number} y
 */
function sign(c, p, row, x, y) {
  c.beginPath();
  if (row.height < LOW) {
    c.fillStyle = p.soft;
    c.roundRect(x + 2, y - 2, 5, 4, 1);
  } else if (row.type === "runs") {
    c.fillStyle = p.looks[LOOK.RUNNING];
    for (const [at, high] of [[0, 4], [3.5, 9], [7, 6]]) c.rect(x + at, y + 4.5 - high, 2.5, high);
  } else if (row.type === "cpu") {
    c.fillStyle = p.cpu;
    c.rect(x, y - 5, 10, 10);
  } else if (row.type === "holds") {
    c.fillStyle = p.red;
    c.rect(x, y - 1.5, 10, 3);
  } else if (row.type === "gil") {
    c.fillStyle = p.gold;
    c.roundRect(x, y - 2.5, 10, 5, 1);
  } else if (row.type === "level") {
    c.fillStyle = p.purple;
    for (const line of [-4, -1, 2]) c.rect(x, y + line, 10, 1.8);
  } else if (row.lane?.kind === TASK) {
    c.fillStyle = p.words[LOOK.AWAIT];
    c.roundRect(x, y - 3, 10, 6, 3);
  } else {
    c.fillStyle = p.looks[LOOK.RUNNING];
    c.roundRect(x, y - 5, 10, 10, 2);
  }
  c.fill();
}

/**
 * A text that is not wider than this; a number at its end tells it from its siblings and stays.
 * @param {CanvasRenderingContext2D} c
 * @param {string} text
 * @param {number} room
 */
function cut(c, text, room) {
  const width = c.measureText(text).width;
  if (width <= room) return text;
  const end = `…${lastNumber(text)}`;
  let letters = Math.floor((text.length * room) / width);
  while (letters > 0 && c.measureText(text.slice(0, letters) + end).width > room) letters--;
  return letters > 0 ? text.slice(0, letters) + end : "";
}

/**
 * Where the playhead's time stands on the axis; null if it is out of sight.
 * @param {Frame} frame
 */
function clock({ c, timeline, view, model }) {
  const x = model.x(view.playhead);
  if (!timeline.order.length || x < model.left - 1 || x > view.width + 1) return null;
  c.font = CLOCK_FONT;
  const text = moment(view.playhead), width = c.measureText(text).width + 14;
  return { x, text, width, at: Math.max(model.left, Math.min(view.width - width - 1, x - width / 2)) };
}

/** @param {Frame} frame */
export function drawAxis(frame) {
  const { c, view, model, p } = frame;
  const hand = clock(frame);
  const { top, mapHeight, left } = model;
  c.fillStyle = p.panel;
  c.fillRect(0, mapHeight, view.width, top - mapHeight);
  c.font = LABEL_FONT;
  let free = left;
  for (const { x, label } of model.ticks) {
    if (x < left) continue;
    c.fillStyle = p.soft;
    c.fillRect(x, top - 6, 1, 5);
    const width = c.measureText(label).width;
    const covered = x < free || hand && x + width + 8 > hand.at && x < hand.at + hand.width;
    if (covered || x + width + 5 >= view.width) continue;
    c.fillText(label, x + 4, mapHeight + 12);
    free = x + width + 8;
  }
  for (const finding of view.findings) {
    const x0 = Math.max(model.x(finding.from_ns), left), x1 = Math.min(model.x(finding.to_ns), view.width);
    c.fillStyle = moodOf(finding) === "bad" ? p.red : p.gold;
    if (x1 >= left && x0 <= view.width) c.fillRect(x0, top - 4, Math.max(x1 - x0, 2), finding === view.finding ? 4 : 2);
  }
  c.fillStyle = p.line;
  c.fillRect(0, mapHeight, view.width, 1);
  c.fillRect(0, top - 1, view.width, 1);
  c.fillRect(left - 1, 0, 1, top);
}

/**
 * The whole run, with a frame around what is in view.
 * @param {Frame} frame
 */
export function drawMap({ c, timeline, view, model, p, tiles }) {
  const { left, mapHeight } = model;
  c.fillStyle = p.panel;
  c.fillRect(0, 0, view.width, mapHeight);
  c.font = SMALL_FONT;
  c.fillStyle = p.soft;
  c.fillText(cut(c, say("whole run"), left - 20), 14, mapHeight / 2);
  if (!timeline.order.length) return;
  const { from, to } = wholeOf(timeline);
  const scale = (view.width - left) / (to - from);
  const x = (/** @type {number} */ time) => left + (time - from) * scale;
  const { shown } = tiles.charted(view.width - left, mapHeight - 8);
  if (shown) {
    c.drawImage(shown.canvas, x(shown.from), 4, (shown.to - shown.from) * scale, mapHeight - 8);
  }
  if (!view.live) {
    c.fillStyle = p.veil;
    const now = Math.max(left, x(view.playhead));
    c.fillRect(now, 0, view.width - now, mapHeight);
  }
  c.fillStyle = c.strokeStyle = p.ink;
  c.fillRect(x(view.playhead) - 0.75, 2, 1.5, mapHeight - 4);
  const x0 = Math.max(left + 1, x(view.from)), x1 = Math.min(view.width - 2, x(view.to));
  c.lineWidth = 1.5;
  c.beginPath();
  c.roundRect(x0, 1.5, Math.max(x1 - x0, 4), mapHeight - 3, 4);
  c.stroke();
}

/**
 * The playhead with its time.
 * @param {Frame} frame
 */
export function drawPlayhead(frame) {
  const hand = clock(frame);
  if (!hand) return;
  const { c, view, model, p } = frame;
  const { x, text, width, at } = hand;
  c.fillStyle = p.ink;
  c.fillRect(x - 0.75, model.top - 8, 1.5, view.height);
  c.beginPath();
  c.roundRect(at, model.mapHeight + 3, width, 18, 4);
  c.moveTo(x - 5, model.mapHeight + 21);
  c.lineTo(x + 5, model.mapHeight + 21);
  c.lineTo(x, model.mapHeight + 26);
  c.fill();
  c.font = CLOCK_FONT;
  c.fillStyle = p.onInk;
  c.fillText(text, at + 7, model.mapHeight + 12.5);
}
