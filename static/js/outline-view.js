/**
 * The outline on the page: a tree of lanes that open to what is inside them, for hands, keys and screen readers.
 * @module
 */
import { make, nodes } from "./dom.js";
import { insideOf, outlineOf } from "./outline.js";
import { t } from "./text.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./outline.js").Item} Item */
/** @typedef {import("./text.js").Part} Part */
/** @typedef {(part: Exclude<Part, string>) => void} Go */

const LIVE_MS = 1000;

/** Shows a timeline as a tree, while it is open. */
export class OutlineView {
  /** @type {Set<number>} */
  #open = new Set();
  #shown = "";
  #at = 0;
  /** What each item of the tree stands for. @type {WeakMap<Element, Item>} */
  #items = new WeakMap();
  /** @type {Lanes | null} */
  #timeline = null;

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
    box.addEventListener("keydown", (event) => this.#key(event));
    box.addEventListener("click", ({ target }) => {
      const item = target instanceof Element && !target.closest("button") ? target.closest("[role='treeitem']") : null;
      if (!item) return;
      this.#focus(item);
      if (item.ariaExpanded) this.#turn(item, item.ariaExpanded === "false");
    });
  }

  /**
   * @param {Lanes} timeline
   * @param {import("./findings.js").Finding[]} findings
   */
  show(timeline, findings) {
    if (!this.details.open) return;
    const now = performance.now();
    const state = `${timeline.events} ${timeline.over} ${timeline.order.length} ${findings.length}`;
    const inside = this.box.contains(document.activeElement);
    // While a run is on, the tree grows seldom, and not under somebody who is in it.
    if (state === this.#shown || (!timeline.over && (inside || now - this.#at < LIVE_MS))) return;
    this.#shown = state;
    this.#at = now;
    this.#timeline = timeline;
    const tree = this.#list(outlineOf(timeline, findings), { role: "tree", "aria-label": t("Lanes, from top to bottom") });
    this.box.replaceChildren(tree);
    const first = tree.querySelector("[role='treeitem']");
    if (first instanceof HTMLElement) first.tabIndex = 0;
    if (inside) this.#focus(first);
  }

  /**
   * @param {Item[]} items
   * @param {Record<string, string>} attributes
   * @returns {HTMLElement}
   */
  #list(items, attributes) {
    return make("ul", attributes, ...items.map((item) => {
      const { kind, parts, lane } = item;
      const label = make("span", {}, ...nodes(parts, lane ? undefined : this.go));
      for (const link of label.querySelectorAll("button")) link.tabIndex = -1;
      const row = make("li", { role: "treeitem", tabindex: "-1", "data-kind": kind, "aria-label": label.textContent ?? "" }, label);
      this.#items.set(row, item);
      if (lane) {
        row.dataset.lane = String(lane.id);
        this.#turn(row, this.#open.has(lane.id));
      }
      return row;
    }));
  }

  /**
   * Opens or closes a lane.
   * @param {Element} row
   * @param {boolean} open
   */
  #turn(row, open) {
    const lane = this.#items.get(row)?.lane;
    if (!lane || !this.#timeline) return;
    row.ariaExpanded = String(open);
    if (open) {
      this.#open.add(lane.id);
      if (row.children.length === 1) row.append(this.#list(insideOf(this.#timeline, lane), { role: "group" }));
    } else {
      this.#open.delete(lane.id);
      row.children[1]?.remove();
    }
  }

  /** @param {Element | null | undefined} row */
  #focus(row) {
    if (!(row instanceof HTMLElement)) return;
    for (const other of this.box.querySelectorAll("[role='treeitem'][tabindex='0']")) if (other instanceof HTMLElement) other.tabIndex = -1;
    row.tabIndex = 0;
    row.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = document.activeElement?.closest("[role='treeitem']");
    if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
    const rows = [...this.box.querySelectorAll("[role='treeitem']")];
    const at = rows.indexOf(row);
    const outer = row.parentElement?.closest("[role='treeitem']");
    switch (event.code) {
      case "ArrowDown": this.#focus(rows[at + 1]); break;
      case "ArrowUp": this.#focus(rows[at - 1]); break;
      case "Home": this.#focus(rows[0]); break;
      case "End": this.#focus(rows.at(-1)); break;
      case "ArrowRight":
        if (row.ariaExpanded === "false") this.#turn(row, true);
        else if (row.ariaExpanded) this.#focus(rows[at + 1]);
        break;
      case "ArrowLeft":
        if (row.ariaExpanded === "true") this.#turn(row, false);
        else this.#focus(outer);
        break;
      case "Space":
        if (row.ariaExpanded) this.#turn(row, row.ariaExpanded === "false");
        break;
      case "Enter": this.#visit(row, outer); break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /**
   * Goes on the timeline to what a row says: its time, and its lane or the one around it.
   * @param {Element} row
   * @param {Element | null | undefined} outer
   */
  #visit(row, outer) {
    const item = this.#items.get(row);
    const when = item?.lane ? undefined : item?.parts.find((part) => typeof part !== "string" && "t" in part);
    const lane = item?.lane ?? (outer && this.#items.get(outer)?.lane);
    if (when && typeof when !== "string") this.go(when);
    if (lane) this.go({ lane, name: "" });
  }
}
