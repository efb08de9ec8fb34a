/**
 * What is drawn in a row: spans by the visual grammar, what a lane holds, who holds the GIL. Tracks are in tracks.js.
 * @module
 */
import { search } from "./columns.js";
import { LOOK, PROCESS, TASK } from "./names.js";
import { HEIGHT, PERIOD, UNSEEN } from "./palette.js";
import { created, ending } from "./glyphs.js";
import { endOf, jobAfter, jobAt, jobBefore } from "./jobs.js";
import { t as say } from "./text.js";
import { drawCpu, drawLevel, drawRunning } from "./tracks.js";
import { nameOf } from "./words.js";

/** @typedef {import("./view.js").Row} Row */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./store.js").Holds} Holds */

/**
 * What is needed to draw one frame.
 * @typedef {object} Frame
 * @property {CanvasRenderingContext2D} c
 * @property {import("./lanes.js").Lanes} timeline
 * @property {import("./view.js").View} view
 * @property {import("./view.js").Model} model
 * @property {import("./palette.js").Palette} p
 * @property {import("./tiles.js").Tiles} tiles
 */

/** What a row leaves free around its bar, CSS px. */
const AROUND = 10, LEAST = 7;
/** Under this size no patterns and no rounding. */
const PLAIN = 8;
const LABEL_LEAST = 34;
/** Width of an average letter of the labels' font. */
const LETTER = 6.1;
export const LABEL_FONT = "500 11.5px system-ui, sans-serif";
const STRIP_FONT = "500 9.5px system-ui, sans-serif";
/** Open holds that began before what is in view are sought among so many. */
const FAR = 400;

/**
 * The height of a row's bar.
 * @param {Row} row
 */
export function barOf(row) {
  return Math.max(LEAST, row.height - AROUND);
}

/**
 * Draws what is in a row.
 * @param {Frame} frame
 * @param {Row} row
 */
export function drawRow(frame, row) {
  const { lane } = row;
  if (!lane) return;
  if (row.type === "gil") return drawStrip(frame, row);
  if (row.type === "level") return drawLevel(frame, row);
  if (row.type === "holds") return drawStrip(frame, row);
  if (row.type === "runs") return drawRunning(frame, row, lane);
  if (row.type === "cpu") return drawCpu(frame, row, lane);
  if (row.type === "internal" || row.type === "group") return;
  if (row.type === "process") drawLife(frame, row, lane);
  else drawSpans(frame, row, lane);
  drawEnds(frame, row, lane);
}

/**
 * @param {Frame} frame
 * @param {Row} row
 * @param {Lane} lane
 */
function drawSpans({ c, timeline, view, model, p, tiles }, row, lane) {
  const { spans } = lane;
  const full = barOf(row), middle = row.y + row.height / 2;
  const round = lane.kind === TASK;
  drawJobs({ c, timeline, view, model, p, tiles }, row, lane);
  for (let i = 0; i < row.dense.length; i += 2) {
    tiles.paint(c, lane, model, row.dense[i], row.dense[i + 1], middle - full / 2, full);
  }
  // Patterns lie still on the lane while it moves: their zero is the run's, as near as their period allows.
  const phase = model.zero % PERIOD, high = middle - PERIOD / 2;
  c.save();
  c.translate(phase, high);
  const leftmost = model.left - 20, rightmost = view.width + 20;
  c.lineWidth = 1;
  for (let k = 0; k < row.spans.length; k++) {
    const first = row.spans[k], look = spans.look[first];
    let last = first;
    // A wait that goes on, only on something else, is one bar.
    while (look !== LOOK.RUNNING && row.spans[k + 1] === last + 1 && spans.look[last + 1] === look) last = row.spans[++k];
    const x0 = Math.max(model.x(spans.t[first]), leftmost), x1 = Math.min(model.x(timeline.endOf(lane, last)), rightmost);
    const width = x1 - x0 > 4 ? x1 - x0 - 0.6 : Math.max(x1 - x0, 0.8), height = Math.max(1.6, full * HEIGHT[look]);
    const x = x0 - phase, y = PERIOD / 2 - height / 2;
    const plain = width < PLAIN || height < PLAIN - 3;
    const patterned = look >= LOOK.WANTS_GIL && look <= LOOK.OTHER;
    if (look === LOOK.SLEEP || look === LOOK.CREATED) {
      c.fillStyle = width < PLAIN ? p.looks[look] : p.pattern(look, view.dpr);
      c.fillRect(x, width < PLAIN ? PERIOD / 2 - 1 : 0, width, width < PLAIN ? 2 : PERIOD);
    } else if (plain) {
      c.fillStyle = p.looks[look];
      c.fillRect(x, y, width, height);
    } else {
      c.fillStyle = patterned ? p.pattern(look, view.dpr) : p.looks[look];
      c.beginPath();
      c.roundRect(x, y, width, height, round ? height / 2 : look === LOOK.RUNNING ? 2 : look === LOOK.IO ? 3 : 4);
      c.fill();
      if (patterned) {
        c.strokeStyle = p.looks[look];
        c.stroke();
      }
    }
  }
  c.restore();
  c.font = LABEL_FONT;
  c.fillStyle = p.onRunning;
  for (const i of row.spans) {
    if (spans.look[i] !== LOOK.RUNNING) continue;
    const x0 = Math.max(model.x(spans.t[i]), model.left), x1 = Math.min(model.x(timeline.endOf(lane, i)), view.width);
    const place = timeline.places[spans.place[i]];
    if (x1 - x0 < LABEL_LEAST || !place) continue;
    label(c, textOf(place), x0 + 6, middle + 0.5, x1 - x0 - 11);
  }
  drawHolds({ c, timeline, view, model, p, tiles }, lane, middle, full);
}

/** @param {import("./lanes.js").Place} place */
function textOf(place) {
  return place.function.startsWith("<") ? say("line {n}", { n: place.line }) : `${place.function}()`;
}

/**
 * Jobs: a frame around all that belongs to each, where there is room.
 * @param {Frame} frame
 * @param {Row} row
 * @param {Lane} lane
 */
function drawJobs({ c, timeline, view, model, p }, row, lane) {
  const chosen = view.selected?.part === "span" && view.selected.lane === lane.id ? jobAt(timeline, lane, lane.spans.t[view.selected.index]) : null;
  const left = model.left - 8, right = view.width + 8;
  c.font = STRIP_FONT;
  let job = jobBefore(lane, view.from) ?? lane.jobs[0];
  while (job && job.start < view.to) {
    const x0 = Math.max(model.x(job.start), left), x1 = Math.min(model.x(endOf(timeline, job).end), right);
    if (x1 - x0 >= PLAIN) {
      c.beginPath();
      c.roundRect(x0 - 0.5, row.y + 1.5, x1 - x0 + 0.4, row.height - 4, 4);
      c.fillStyle = p.job;
      c.fill();
      c.strokeStyle = job === chosen ? p.ink : p.jobEdge;
      c.lineWidth = job === chosen ? 1.5 : 1;
      c.stroke();
      const place = timeline.places[job.call.place];
      // Where the job runs at once for long, it is named there; else behind that, over what it waits for.
      const first = model.x(timeline.endOf(lane, lane.spans.find(job.start)));
      if (place && first - x0 < LABEL_LEAST && x1 - first >= LABEL_LEAST) {
        c.fillStyle = p.soft;
        label(c, textOf(place), Math.max(first, x0) + 4, row.y + 9, x1 - first - 6);
      }
    }
    job = jobAfter(lane, Math.max(job.start, model.t(x0 + 2)));
  }
}

/**
 * Text that is cut to a width.
 * @param {CanvasRenderingContext2D} c
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} room
 */
function label(c, text, x, y, room) {
  const letters = Math.floor(room / LETTER);
  if (letters < 2) return;
  c.fillText(text.length > letters ? `${text.slice(0, letters - 1)}…` : text, x, y, room);
}

/**
 * A red edge above for every lock, a gold one below for the GIL.
 * @param {Frame} frame
 * @param {Lane} lane
 * @param {number} middle
 * @param {number} full
 */
function drawHolds(frame, lane, middle, full) {
  const { c, p, model } = frame;
  // A sampler sees a thread before it has said that it is there, and after it has said that it ends.
  const first = model.x(lane.start), last = lane.end === lane.end ? model.x(lane.end) : Infinity;
  const edge = (/** @type {number} */ x0, /** @type {number} */ x1, /** @type {number} */ y, /** @type {number} */ height) => {
    const from = Math.max(x0, first), to = Math.min(x1, last);
    if (from < last && to > first) c.fillRect(from, y, Math.max(to - from, 1), height);
  };
  c.fillStyle = p.red;
  eachHold(frame, lane.holds, lane.id, (x0, x1) => edge(x0, x1, middle - full / 2 - 3, 2.5));
  c.fillStyle = p.gold;
  eachHold(frame, lane.gil, lane.id, (x0, x1) => edge(x0, x1, middle + full / 2 - 1.5, 3));
}

/**
 * Calls back for the holds in view, those that share a pixel together.
 * @param {Frame} frame
 * @param {Holds} holds
 * @param {number} owner the lane that has them, 0: `who` says it
 * @param {(x0: number, x1: number, who: number) => void} each who: 0 if it is more than one
 */
function eachHold({ timeline, view, model }, holds, owner, each) {
  const { t, n } = holds;
  const left = model.left - 4, right = view.width + 4, pixel = 1 / view.dpr;
  let i = search(t, n, view.from - holds.longest, false);
  if (holds.opened) i = Math.max(0, i - FAR);
  let from = NaN, to = 0, who = 0;
  while (i < n && t[i] < view.to) {
    const mine = owner ? 1 : holds.who[i];
    const x0 = Math.max(model.x(t[i]), left), x1 = Math.min(model.x(timeline.holdEnd(owner || mine, t[i], holds.end[i])), right);
    if (x1 >= left) {
      if (x0 <= to + pixel && from === from && (who === mine || x1 - x0 < 2 * pixel || to - from < 2 * pixel)) {
        if (who !== mine) who = x1 - x0 > to - from ? mine : who;
        to = Math.max(to, x1);
      } else {
        if (from === from) each(from, to, who);
        [from, to, who] = [x0, x1, mine];
      }
    }
    i++;
    // Of many that begin within one pixel only the last can reach beyond it.
    if (i + 8 < n && model.x(t[i + 8]) < to + pixel) i = Math.max(i, search(t, n, model.t(to + pixel), false) - 1);
  }
  if (from === from) each(from, to, who);
}

/**
 * The GIL, or a lock: a strip in its colour named after its holder.
 * @param {Frame} frame
 * @param {Row} row
 */
function drawStrip(frame, row) {
  const { c, timeline, model, p } = frame;
  if (!row.resource?.holds) return;
  const y = row.y + row.height / 2 - 4.5;
  const gil = row.type === "gil";
  if (gil) drawUnseen(frame, row, y);
  c.font = STRIP_FONT;
  eachHold(frame, row.resource.holds, 0, (x0, x1, who) => {
    c.fillStyle = gil ? p.gold : p.red;
    c.beginPath();
    if (x1 - x0 < PLAIN) c.rect(x0, y, Math.max(x1 - x0 - 0.8, 0.7), 9);
    else c.roundRect(x0, y, x1 - x0 - 0.8, 9, 2);
    c.fill();
    const start = Math.max(x0, model.left), lane = timeline.lanes[who];
    if (x1 - start < LABEL_LEAST || !lane) return;
    c.fillStyle = gil ? p.onGold : p.onRunning;
    label(c, nameOf(lane), start + 4, y + 5, x1 - start - 8);
  });
}

/**
 * Where nobody looked at the GIL, so that it may have been anybody's: thin lines.
 * @param {Frame} frame
 * @param {Row} row
 * @param {number} y
 */
function drawUnseen({ c, timeline, view, model, p }, { lane, resource }, y) {
  const levels = resource?.levels;
  if (!levels || !lane) return;
  const { t, n, what } = levels;
  const end = lane.end === lane.end ? lane.end : timeline.end;
  c.fillStyle = p.pattern(UNSEEN, view.dpr);
  for (let i = -1; i < n; i++) {
    if (i >= 0 && what[i]) continue;
    const x0 = Math.max(model.x(i < 0 ? lane.start : t[i]), model.left), x1 = Math.min(model.x(i + 1 < n ? Math.min(t[i + 1], end) : end), view.width);
    if (x1 - x0 > 0.5) c.fillRect(x0, y, x1 - x0, 9);
  }
}

/**
 * A process: a line from its start to its end.
 * @param {Frame} frame
 * @param {Row} row
 * @param {Lane} lane
 */
function drawLife({ c, timeline, view, model, p }, row, lane) {
  const x0 = Math.max(model.x(lane.start), model.left - 4), y = row.y + row.height / 2;
  const x1 = Math.min(model.x(lane.end === lane.end ? lane.end : timeline.end), view.width + 4);
  c.fillStyle = p.soft;
  if (x1 > x0) c.fillRect(x0, y - 0.5, x1 - x0, 1);
}

/**
 * Where a lane began and how it ended.
 * @param {Frame} frame
 * @param {Row} row
 * @param {Lane} lane
 */
function drawEnds({ c, view, model, p }, row, lane) {
  const y = row.y + row.height / 2;
  const { state, n } = lane.spans;
  if (lane.kind === PROCESS || (n && state[0] === 1)) {
    const x = model.x(lane.start);
    if (x > model.left - 6 && x < view.width + 6) created(c, p, x, y);
  }
  const x = model.x(lane.end);
  if (lane.ending && x > model.left - 16 && x < view.width) ending(c, p, lane.ending, x, y);
}
