/**
 * What hands do: wheel, drag, pinch, click and keys on the timeline. It turns them into the stage's verbs.
 * @module
 */
import { pan, range, timeAt, zoom } from "./viewport.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./view.js").Hit} Hit */

/**
 * @typedef {object} Verbs
 * @property {(hit: Hit | null) => void} hover
 * @property {(hit: Hit, x: number, y: number) => void} click
 * @property {(hit: Hit) => void} open a double click
 * @property {(t: number) => void} seek
 * @property {() => void} moved the reader has moved the view
 */

const CLICK_PX = 4;
const PLAYHEAD_PX = 6;
const WHEEL_ZOOM = 0.0022;
const LINE_PX = 16;
/** Two taps of a finger are one double tap within this. */
const TWICE_MS = 350, TWICE_PX = 24;

/**
 * @param {Stage} stage
 * @param {Verbs} verbs
 */
export function pointers(stage, verbs) {
  const { canvas, view } = stage;
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let gesture = /** @type {"none" | "pan" | "seek" | "map" | "pinch"} */ ("none");
  let began = { x: 0, y: 0 }, moved = false, mapFrom = 0;
  let finger = false, tapped = { x: 0, y: 0, at: -TWICE_MS };

  const at = (/** @type {MouseEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { x } = at(event);
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const dx = event.deltaX * unit, dy = event.deltaY * unit;
    if (event.ctrlKey || event.metaKey) zoom(view, stage.end, Math.exp(dy * WHEEL_ZOOM * (event.deltaMode ? 1 : 2)), timeAt(view, stage.left, x));
    else if (event.shiftKey) pan(view, stage.end, (dx || dy) / stage.scale);
    else {
      if (Math.abs(dx) > Math.abs(dy)) pan(view, stage.end, dx / stage.scale);
      else stage.scroll(view.scrollTop + dy);
      if (!dx) return;
    }
    verbs.moved();
  }, { passive: false });

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const point = at(event);
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, point);
    moved = false;
    began = point;
    finger = event.pointerType === "touch";
    const hit = stage.hit(point.x, point.y);
    if (down.size === 2) gesture = "pinch";
    else if (hit.part === "map") {
      gesture = "map";
      mapFrom = hit.t;
    } else if (hit.part === "axis" || nearPlayhead(point.x)) {
      gesture = "seek";
      if (hit.part === "axis") verbs.seek(hit.t);
    } else gesture = "pan";
  });

  canvas.addEventListener("pointermove", (event) => {
    const point = at(event);
    const before = down.get(event.pointerId);
    if (!before) {
      const hit = stage.hit(point.x, point.y);
      canvas.style.cursor = hit.part === "axis" || nearPlayhead(point.x) ? "ew-resize" : hit.part === "map" ? "crosshair"
        : hit.part === "empty" ? "default" : "pointer";
      verbs.hover(event.pointerType === "mouse" ? hit : null);
      return;
    }
    moved ||= Math.hypot(point.x - began.x, point.y - began.y) > CLICK_PX;
    if (!moved) return;
    verbs.hover(null);
    if (gesture === "pinch") pinch(event.pointerId, point);
    else if (gesture === "seek") verbs.seek(stage.timeAt(point.x));
    else if (gesture === "map") {
      const t = stage.hit(point.x, Math.min(point.y, 4)).t;
      range(view, stage.end, Math.min(mapFrom, t), Math.max(mapFrom, t));
      verbs.moved();
    } else if (gesture === "pan") {
      canvas.style.cursor = "grabbing";
      pan(view, stage.end, (before.x - point.x) / stage.scale);
      stage.scroll(view.scrollTop + before.y - point.y);
      verbs.moved();
    }
    down.set(event.pointerId, point);
  });

  /**
   * @param {number} id of the finger that moved
   * @param {{x: number, y: number}} point
   */
  function pinch(id, point) {
    const before = down.get(id);
    const other = [...down].find(([each]) => each !== id)?.[1];
    if (!other || !before) return;
    const apart = Math.max(Math.abs(point.x - other.x), 12), was = Math.max(Math.abs(before.x - other.x), 12);
    zoom(view, stage.end, was / apart, timeAt(view, stage.left, (point.x + other.x) / 2));
    pan(view, stage.end, (before.x - point.x) / 2 / stage.scale);
    verbs.moved();
  }

  const up = (/** @type {PointerEvent} */ event) => {
    if (!down.delete(event.pointerId)) return;
    const { x, y } = at(event);
    if (!moved && event.type === "pointerup") {
      const hit = stage.hit(x, y);
      const twice = finger && event.timeStamp - tapped.at < TWICE_MS && Math.hypot(x - tapped.x, y - tapped.y) < TWICE_PX;
      tapped = { x, y, at: twice ? -TWICE_MS : event.timeStamp };
      if (twice) verbs.open(hit);
      else if (gesture === "map") {
        const half = (view.to - view.from) / 2;
        range(view, stage.end, hit.t - half, hit.t + half);
        verbs.moved();
      } else if (gesture === "pan" || (gesture === "seek" && hit.part !== "axis")) verbs.click(hit, x, y);
    }
    if (!down.size) gesture = "none";
    else if (gesture === "pinch") gesture = "pan";
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => verbs.hover(null));
  canvas.addEventListener("dblclick", (event) => {
    const { x, y } = at(event);
    // Two taps have done it, and what is there now is something else.
    if (!finger) verbs.open(stage.hit(x, y));
  });

  /** @param {number} x */
  function nearPlayhead(x) {
    return stage.view.live ? false : Math.abs(x - stage.x(view.playhead)) < PLAYHEAD_PX && x > stage.left;
  }
}

/**
 * Calls the action of a key, by the key's position, unless somebody is typing.
 * @param {Record<string, (event: KeyboardEvent) => void>} actions by event.code, with "?" for the character
 */
export function keys(actions) {
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    if (!(target instanceof Element) || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest("input, textarea, select, [contenteditable='true'], dialog, [popover], .cm-editor, [role='separator']")) return;
    const pressed = event.code === "Space" || event.code === "Enter";
    if (pressed && target.closest("button, a, summary")) return;
    if (event.code.startsWith("Arrow") && target.closest(".output, .outline, .found, [role='tablist']")) return;
    const action = event.key === "?" || (event.shiftKey && event.code === "Slash") ? actions["?"] : actions[event.code];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}
