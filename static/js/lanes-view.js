/**
 * The menu of lanes: which are shown, how they are grouped, and which tracks stand beside them; and what can be done to the selected one.
 * @module
 */
import { byId, memory } from "./dom.js";
import { relatedTo } from "./related.js";
import { ngettext } from "./text.js";

/** @typedef {import("./stage.js").Stage} Stage */

const KEPT = "lanes";

/** What the reader does to lanes. */
export class LanesView {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    const { arranged } = stage.view;
    this.menu = byId("lanes");
    this.button = byId("open-lanes");
    const kept = memory.get(KEPT) ?? {};
    if (["kind", "name"].includes(kept.group)) arranged.set("group", kept.group);
    if (kept.compact === false) arranged.set("compact", false);
    for (const name of /** @type {const} */ (["runs", "cpu", "levels", "locks"])) {
      if (typeof kept.tracks?.[name] === "boolean" && kept.tracks[name] !== arranged.tracks[name]) arranged.toggleTrack(name);
      this.#check(`track-${name}`, () => arranged.toggleTrack(name));
    }
    this.filter = byId("lane-filter", HTMLInputElement);
    this.filter.addEventListener("input", () => this.#change(() => arranged.set("filter", this.filter.value)));
    for (const radio of this.#radios()) radio.addEventListener("change", () => this.#change(() => arranged.set("group", /** @type {any} */ (radio.value))));
    this.#check("lane-focus", () => this.focus());
    this.#check("lane-compact", () => arranged.set("compact", !arranged.compact));
    byId("lanes-reset").addEventListener("click", () => this.#change(() => arranged.reset()));
    this.menu.addEventListener("toggle", () => this.#place());
  }

  #radios() {
    return /** @type {NodeListOf<HTMLInputElement>} */ (this.menu.querySelectorAll("[name='group']"));
  }

  /**
   * @param {string} id
   * @param {() => void} action
   */
  #check(id, action) {
    byId(id).addEventListener("change", () => this.#change(action));
  }

  /** @param {() => void} action */
  #change(action) {
    action();
    const { group, compact, tracks } = this.stage.view.arranged;
    memory.set(KEPT, { group, compact, tracks });
    this.stage.scroll(this.stage.view.scrollTop);
    this.stage.invalidate();
  }

  /** Puts the menu below its button. */
  #place() {
    const { left, bottom } = this.button.getBoundingClientRect();
    this.menu.style.left = `${Math.max(6, Math.min(left, innerWidth - this.menu.offsetWidth - 6))}px`;
    this.menu.style.top = `${bottom + 4}px`;
  }

  get #lane() {
    return this.stage.timeline.lanes[this.stage.view.selected?.lane ?? 0];
  }

  /** Brings the menu up to date. */
  show() {
    const { arranged } = this.stage.view;
    for (const radio of this.#radios()) radio.checked = radio.value === arranged.group;
    for (const [id, on] of /** @type {const} */ ([["lane-focus", arranged.focus !== null], ["lane-compact", arranged.compact],
      ["track-runs", arranged.tracks.runs], ["track-cpu", arranged.tracks.cpu], ["track-levels", arranged.tracks.levels], ["track-locks", arranged.tracks.locks]])) byId(id, HTMLInputElement).checked = on;
    byId("lane-focus", HTMLInputElement).disabled = !arranged.focus && !this.#lane;
    if (document.activeElement !== this.filter) this.filter.value = arranged.filter;
    this.button.toggleAttribute("data-partial", arranged.partial);
    byId("lanes-note").textContent = arranged.hidden.size ? ngettext("{n} lane is hidden", "{n} lanes are hidden", arranged.hidden.size) : "";
  }

  /** Shows only what relates to the selected lane, or all again. */
  focus() {
    const { arranged } = this.stage.view;
    const lane = this.#lane;
    this.#change(() => arranged.set("focus", arranged.focus || !lane ? null : relatedTo(this.stage.timeline, lane)));
  }

  pin() {
    const lane = this.#lane, { arranged } = this.stage.view;
    if (lane) this.#change(() => arranged.toggle(arranged.pinned, lane.id));
  }

  hide() {
    const lane = this.#lane, { view } = this.stage;
    if (!lane) return;
    view.selected = null;
    this.#change(() => view.arranged.toggle(view.arranged.hidden, lane.id));
  }

  collapse() {
    const lane = this.#lane, { folded } = this.stage.view;
    if (!lane?.children.length) return;
    if (!folded.delete(lane.id)) folded.add(lane.id);
    this.stage.invalidate();
  }

  /** Moves the selected lane among its siblings. @param {1 | -1} direction 1: down */
  move(direction) {
    const lane = this.#lane, { timeline, view } = this.stage;
    if (!lane) return;
    const siblings = view.arranged.group === "process" ? timeline.order.filter(({ parent, kind }) => parent === lane.parent && kind === lane.kind) : timeline.order;
    this.#change(() => view.arranged.move(siblings.filter(({ internal }) => internal === lane.internal), lane, direction));
  }
}
