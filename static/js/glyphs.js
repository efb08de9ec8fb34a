/**
 * Small signs: how a lane began and ended, what happened on it, and the heads of arrows. Each has a shape of its own.
 * @module
 */
import { ENDINGS, MARKS } from "./names.js";

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {import("./palette.js").Palette} Palette */

/** Half of a sign's size, CSS px. */
const SIZE = 4.5;

/**
 * A lane was created here: a small ring.
 * @param {Context} c
 * @param {Palette} p
 * @param {number} x
 * @param {number} y
 */
export function created(c, p, x, y) {
  c.lineWidth = 1.5;
  c.strokeStyle = p.soft;
  c.fillStyle = p.panel;
  c.beginPath();
  c.arc(x, y, 3, 0, 7);
  c.fill();
  c.stroke();
}

/**
 * How a lane ended: returned, a bar · raised, a filled diamond · cancelled, a ring struck through · exited, an open square · killed,
 * a cross · unfinished, three dots.
 * @param {Context} c
 * @param {Palette} p
 * @param {number} kind number of names.ENDINGS
 * @param {number} x where the lane ends
 * @param {number} y its middle
 */
export function ending(c, p, kind, x, y) {
  const name = ENDINGS[kind];
  const at = x + SIZE + 2;
  c.lineWidth = 1.8;
  c.strokeStyle = c.fillStyle = name === "raised" || name === "killed" ? p.red : p.soft;
  c.beginPath();
  if (name === "returned") c.rect(x + 1, y - SIZE - 1, 2, 2 * SIZE + 2);
  else if (name === "raised") diamond(c, at, y, SIZE + 1);
  else if (name === "unfinished") for (const step of [0, 4, 8]) c.rect(x + 2 + step, y - 1, 2, 2);
  else if (name === "exited") c.rect(at - SIZE + 1, y - SIZE + 1, 2 * SIZE - 2, 2 * SIZE - 2);
  else if (name === "killed") cross(c, at, y, SIZE - 0.5);
  else if (name === "cancelled") {
    c.arc(at, y, SIZE - 0.5, 0, 7);
    c.moveTo(at - SIZE * 0.66, y + SIZE * 0.66);
    c.lineTo(at + SIZE * 0.66, y - SIZE * 0.66);
  }
  if (name === "returned" || name === "raised" || name === "unfinished") c.fill();
  else c.stroke();
}

/**
 * What happened on a lane: a flag at the top of its row, an exception's red with a stroke in it, a warning's gold, one that nobody
 * ever fetched hollow.
 * @param {Context} c
 * @param {Palette} p
 * @param {number} kind number of names.MARKS
 * @param {number} x
 * @param {number} y top of the row
 */
export function mark(c, p, kind, x, y) {
  const name = MARKS[kind];
  const colour = name === "warning" ? p.gold : p.red;
  c.beginPath();
  c.moveTo(x, y + 11);
  c.lineTo(x - 5.5, y + 1.5);
  c.lineTo(x + 5.5, y + 1.5);
  c.closePath();
  c.lineWidth = 1.6;
  c.lineJoin = "round";
  c.strokeStyle = colour;
  c.fillStyle = name === "never_retrieved" || name === "never_awaited" ? p.panel : colour;
  c.fill();
  c.stroke();
  c.fillStyle = c.fillStyle === p.panel ? colour : p.panel;
  c.fillRect(x - 0.75, y + 3, 1.5, 3.5);
}

/**
 * @param {Context} c
 * @param {number} x
 * @param {number} y
 * @param {number} size
 */
export function diamond(c, x, y, size) {
  c.moveTo(x, y - size);
  c.lineTo(x + size, y);
  c.lineTo(x, y + size);
  c.lineTo(x - size, y);
  c.closePath();
}

/**
 * @param {Context} c
 * @param {number} x
 * @param {number} y
 * @param {number} size
 */
export function cross(c, x, y, size) {
  c.moveTo(x - size, y - size);
  c.lineTo(x + size, y + size);
  c.moveTo(x + size, y - size);
  c.lineTo(x - size, y + size);
}

/**
 * The head of an arrow that comes from (fromX, fromY).
 * @param {Context} c
 * @param {number} fromX
 * @param {number} fromY
 * @param {number} x
 * @param {number} y
 */
export function head(c, fromX, fromY, x, y) {
  const angle = Math.atan2(y - fromY, x - fromX);
  c.beginPath();
  c.moveTo(x, y);
  for (const side of [-0.45, 0.45]) c.lineTo(x - 7 * Math.cos(angle + side), y - 7 * Math.sin(angle + side));
  c.closePath();
  c.fill();
}
