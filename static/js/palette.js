/**
 * Colours, light and dark, and the patterns that keep states apart without colour.
 * @module
 */
import { LOOK } from "./names.js";

/** Heights of the looks as shares of a lane's bar: what holds is high, what idles is thin. */
export const HEIGHT = [0, 0.16, 1, 0.62, 0.62, 0.62, 0.46, 0.34, 0.1, 0.16];
/** Where nobody looked at the GIL: drawn like a look, though no lane has it. */
export const UNSEEN = 10;
/** Findings of these kinds are a matter of time lost; in the others something is wrong. */
const COSTLY = ["contention", "daemon_cut_off", "loop_blocked", "never_awaited"];

/** @param {import("./findings.js").Finding} finding */
export function moodOf({ kind }) {
  return COSTLY.includes(kind) ? "warn" : "bad";
}

/** Size of every pattern's tile, CSS px. */
export const PERIOD = 8;

const LIGHT = {
  panel: "#ffffff", band: "#edf0f5", line: "#e2e6ed", grid: "#eef1f5", ink: "#17202e", soft: "#566172", onInk: "#ffffff",
  onRunning: "#ffffff", onGold: "#2b1d00", gold: "#b87f00", red: "#c8401a", purple: "#9b4dbb", halo: "rgba(184,127,0,0.28)", veil: "rgba(255,255,255,0.64)",
  cpu: "#8a97a8", job: "rgba(42,102,200,0.08)", jobEdge: "rgba(42,102,200,0.42)",
  tints: { bad: "rgba(200,64,26,0.09)", warn: "rgba(184,127,0,0.12)" },
  looks: ["", "#7b8696", "#2a66c8", "#a87100", "#7a76c9", "#c8401a", "#9b4dbb", "#0b8f7e", "#6f7b8a", "#7a76c9", "#8893a3"],
  pale: ["", "", "", "#f8ecd2", "#e9e8f8", "#fae3dc", "#f3e6f8", "", "", ""],
  words: ["", "#566172", "#2a66c8", "#865a00", "#5d58b5", "#b23514", "#8b3dab", "#08705f", "#566172", "#5d58b5"],
};

const DARK = {
  panel: "#10151e", band: "#182030", line: "#222b39", grid: "#19212d", ink: "#e9edf4", soft: "#9aa6b8", onInk: "#10151e",
  onRunning: "#07101f", onGold: "#2b1d00", gold: "#ffc945", red: "#ff7d55", purple: "#d391f2", halo: "rgba(255,201,69,0.3)", veil: "rgba(16,21,30,0.62)",
  cpu: "#6d7b90", job: "rgba(90,155,255,0.12)", jobEdge: "rgba(90,155,255,0.5)",
  tints: { bad: "rgba(255,125,85,0.13)", warn: "rgba(255,201,69,0.12)" },
  looks: ["", "#7c8899", "#5a9bff", "#ffc145", "#a5a1f3", "#ff7d55", "#d391f2", "#38c8b2", "#8b98aa", "#a5a1f3", "#8593a6"],
  pale: ["", "", "", "#3a2f14", "#262741", "#43231c", "#33243d", "", "", ""],
  words: ["", "#9aa6b8", "#7eb1ff", "#ffc145", "#b7b4f6", "#ff9070", "#dba5f5", "#4fd3be", "#9aa6b8", "#b7b4f6"],
};

/** @type {Record<number, ((ink: OffscreenCanvasRenderingContext2D) => void) | undefined>} drawn on a tile of PERIOD × PERIOD */
const PATTERNS = {
  [LOOK.WANTS_GIL]: (ink) => slant(ink, 3, false),
  [LOOK.WANTS_LOOP]: (ink) => slant(ink, 2.2, false),
  [LOOK.LOCK]: (ink) => {
    slant(ink, 1.4, false);
    slant(ink, 1.4, true);
  },
  [UNSEEN]: (ink) => slant(ink, 1, true),
  [LOOK.OTHER]: (ink) => {
    ink.beginPath();
    ink.arc(PERIOD / 2, PERIOD / 2, 1.5, 0, 7);
    ink.fill();
  },
  [LOOK.SLEEP]: (ink) => ink.fillRect(1, PERIOD / 2 - 1, 5, 2),
  [LOOK.CREATED]: (ink) => {
    ink.fillRect(1, PERIOD / 2 - 1, 2, 2);
    ink.fillRect(5, PERIOD / 2 - 1, 2, 2);
  },
};

/**
 * Slanted lines that go on from tile to tile.
 * @param {OffscreenCanvasRenderingContext2D} ink
 * @param {number} width
 * @param {boolean} falling
 */
function slant(ink, width, falling) {
  ink.lineWidth = width;
  ink.beginPath();
  for (let x = -PERIOD; x <= PERIOD; x += PERIOD) {
    ink.moveTo(x - 2, falling ? -2 : PERIOD + 2);
    ink.lineTo(x + PERIOD + 2, falling ? PERIOD + 2 : -2);
  }
  ink.stroke();
}

/**
 * Everything that draw needs to know about colours.
 * @typedef {typeof LIGHT & {dark: boolean, pattern: (look: number, dpr: number) => CanvasPattern | string}} Palette
 */

/**
 * @param {boolean} dark
 * @returns {Palette} whose patterns are made when they are first asked for
 */
export function palette(dark) {
  const colours = dark ? DARK : LIGHT;
  /** @type {Map<string, CanvasPattern>} */
  const made = new Map();
  const pattern = (/** @type {number} */ look, /** @type {number} */ dpr) => {
    const key = `${look} ${dpr}`;
    const known = made.get(key);
    if (known) return known;
    const draw = PATTERNS[look], size = Math.round(PERIOD * dpr);
    const ink = new OffscreenCanvas(size, size).getContext("2d");
    if (!ink || !draw) return colours.looks[look];
    ink.scale(size / PERIOD, size / PERIOD);
    if (colours.pale[look]) {
      ink.fillStyle = colours.pale[look];
      ink.fillRect(0, 0, PERIOD, PERIOD);
    }
    ink.fillStyle = ink.strokeStyle = colours.looks[look];
    draw(ink);
    const found = /** @type {CanvasPattern} */ (ink.createPattern(ink.canvas, "repeat"));
    found.setTransform(new DOMMatrix().scale(PERIOD / size));
    made.set(key, found);
    return found;
  };
  return { ...colours, dark, pattern };
}
