/**
 * Panes that can be resized and folded, and light or dark: all remembered.
 * @module
 */
import { byId, memory } from "./dom.js";

/**
 * @typedef {object} Splitter
 * @property {string} id of the separator
 * @property {HTMLElement} pane whose size it changes
 * @property {string} property of the pane's style
 * @property {"width" | "height"} axis
 * @property {(event: PointerEvent, whole: DOMRect) => number} at the pane's share of the whole in percent where the pointer is
 * @property {HTMLElement} whole
 */

const LEAST = 12;
const MOST = 75;
const KEY_STEP = 3;

/**
 * Makes all panes of the page adjustable.
 * @param {() => void} changed sizes have changed
 */
export function panes(changed) {
  const work = byId("work"), output = byId("output-pane"), code = byId("code");
  splitter({
    id: "split-code", pane: work, property: "--code-width", axis: "width", whole: work,
    at: (event, whole) => (100 * (event.clientX - whole.left)) / whole.width,
  }, changed);
  splitter({
    id: "split-output", pane: output, property: "--output-height", axis: "height", whole: code,
    at: (event, whole) => (100 * (whole.bottom - event.clientY)) / whole.height,
  }, changed);
  fold("fold-code", work, changed);
  fold("fold-output", output, changed);
}

/**
 * @param {Splitter} splitter
 * @param {() => void} changed
 */
function splitter({ id, pane, property, axis, at, whole }, changed) {
  const handle = byId(id);
  let share = Number(memory.get(id)) || 0;
  const measured = () => {
    const sized = axis === "width" ? byId("code") : pane;
    return (100 * sized.getBoundingClientRect()[axis]) / whole.getBoundingClientRect()[axis];
  };
  const apply = () => {
    if (share) pane.style.setProperty(property, `${share}%`);
    else pane.style.removeProperty(property);
    handle.setAttribute("aria-valuenow", String(Math.round(share || measured())));
    changed();
  };
  const set = (/** @type {number} */ wanted) => {
    share = Math.max(LEAST, Math.min(MOST, wanted));
    memory.set(id, share);
    apply();
  };
  handle.setAttribute("aria-valuemin", String(LEAST));
  handle.setAttribute("aria-valuemax", String(MOST));
  apply();
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    handle.dataset.dragging = "";
    const move = (/** @type {PointerEvent} */ moved) => set(at(moved, whole.getBoundingClientRect()));
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", () => {
      handle.removeEventListener("pointermove", move);
      delete handle.dataset.dragging;
    }, { once: true });
  });
  handle.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 1, ArrowDown: -1 }[event.code];
    if (!step) return;
    event.preventDefault();
    set(measured() + step * KEY_STEP);
  });
  handle.addEventListener("dblclick", () => {
    share = 0;
    memory.set(id, null);
    apply();
  });
}

/**
 * @param {string} id of the button
 * @param {HTMLElement} pane
 * @param {() => void} changed
 */
function fold(id, pane, changed) {
  const handle = byId(id);
  const set = (/** @type {boolean} */ folded) => {
    pane.toggleAttribute("data-folded", folded);
    handle.setAttribute("aria-expanded", String(!folded));
    memory.set(id, folded || null);
    changed();
  };
  if (memory.get(id)) set(true);
  handle.addEventListener("click", () => set(!pane.hasAttribute("data-folded")));
}

/** Whether the page is dark now. */
export function isDark() {
  // Paper is white.
  if (matchMedia("print").matches) return false;
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/**
 * The switch from light to dark and back; what the system wants needs no memory.
 * @param {() => void} changed
 */
export function theme(changed) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  for (const media of [system, matchMedia("print")]) media.addEventListener("change", changed);
  byId("theme").addEventListener("click", () => {
    const dark = !isDark();
    const { dataset } = document.documentElement;
    if (dark === system.matches) delete dataset.theme;
    else dataset.theme = dark ? "dark" : "light";
    memory.set("theme", dataset.theme ?? null);
    changed();
  });
}
