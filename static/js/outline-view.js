/**
 * The outline on the page: lanes open to what is inside them.
 * @module
 */
import { make, nodes } from "./dom.js";
import { insideOf, outlineOf } from "./outline.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./outline.js").Item} Item */
/** @typedef {(part: Exclude<import("./text.js").Part, string>) => void} Go */

const LIVE_MS = 1000;

/** Shows a timeline as a tree, while it is open. */
export class OutlineView {
  /** @type {Set<number>} */
  #open = new Set();
  #shown = "";
  #at = 0;

  /**
   * @param {HTMLDetailsElement} details
   * @param {HTMLElement} box
   * @param {Go} go
   * @param {() => void} opened
   */
  constructor(details, box, go, opened) {
    this.details = details;
    this.box = box;
    this.go = go;
    details.addEventListener("toggle", opened);
  }

  /**
   * @param {Lanes} timeline
   * @param {import("./findings.js").Finding[]} findings
   */
  show(timeline, findings) {
    if (!this.details.open) return;
    const now = performance.now();
    const state = `${timeline.events} ${timeline.over} ${timeline.order.length} ${findings.length}`;
    if (state === this.#shown || (!timeline.over && now - this.#at < LIVE_MS)) return;
    this.#shown = state;
    this.#at = now;
    this.box.replaceChildren(this.#list(timeline, outlineOf(timeline, findings)));
  }

  /**
   * @param {Lanes} timeline
   * @param {Item[]} items
   * @returns {HTMLElement}
   */
  #list(timeline, items) {
    return make("ul", {}, ...items.map(({ kind, parts, lane }) => {
      if (!lane) return make("li", { "data-kind": kind }, ...nodes(parts, this.go));
      const details = make("details", {}, make("summary", {}, ...nodes(parts)));
      const fill = () => {
        if (details.open && details.children.length === 1) details.append(this.#list(timeline, insideOf(timeline, lane)));
      };
      details.open = this.#open.has(lane.id);
      fill();
      details.addEventListener("toggle", () => {
        if (details.open) this.#open.add(lane.id);
        else this.#open.delete(lane.id);
        fill();
      });
      return make("li", { "data-kind": kind, "data-lane": String(lane.id) }, details);
    }));
  }
}
