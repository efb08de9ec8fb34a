/**
 * The facts on the page: of what is selected, and beside the pointer.
 * @module
 */
import { button, byId, fill, icon, make, nodes, plain } from "./dom.js";
import { factsOf } from "./facts.js";
import { t } from "./text.js";
import { causeOf, effectOf } from "./walk.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./text.js").Part} Part */
/** @typedef {import("./view.js").Hit} Hit */

/** Rows beside the pointer; the panel has all. */
const MOST_ROWS = 6;

/**
 * @param {[string, Part[]][]} rows
 * @param {(part: Exclude<Part, string>) => void} [go]
 */
function rowsOf(rows, go) {
  return make("dl", {}, ...rows.map(([label, parts]) => make("div", {}, make("dt", {}, label), make("dd", {}, ...nodes(parts, go)))));
}

/**
 * What the pointer is on, beside it.
 * @param {Stage} stage
 * @param {Hit | null} hit
 * @param {{x: number, y: number}} at
 */
export function tellTip(stage, hit, at) {
  const tip = byId("tip");
  const facts = hit ? factsOf(stage.timeline, hit) : null;
  tip.hidden = !facts;
  if (!facts) return;
  fill(tip, facts.title + facts.rows.map(([label, parts]) => label + plain(parts)).join(), () => [
    make("b", {}, facts.title), rowsOf(facts.rows.slice(0, MOST_ROWS)),
  ]);
  const { width, height } = stage.view;
  const left = at.x + 16 + tip.offsetWidth > width ? Math.max(4, at.x - 14 - tip.offsetWidth) : at.x + 16;
  const top = at.y + 18 + tip.offsetHeight > height ? Math.max(4, at.y - 12 - tip.offsetHeight) : at.y + 18;
  tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

/** The panel of what is selected. */
export class FactsView {
  /**
   * @param {HTMLElement} box
   * @param {import("./moves.js").Moves} moves
   * @param {import("./lanes-view.js").LanesView} lanes
   */
  constructor(box, moves, lanes) {
    this.box = box;
    this.moves = moves;
    this.lanes = lanes;
  }

  /** @param {Stage} stage */
  show({ timeline, view }) {
    const { selected } = view;
    const facts = selected && factsOf(timeline, selected);
    if (!selected || !facts) return fill(this.box, "", () => []);
    const cause = selected.part === "span" && causeOf(timeline, selected), effect = selected.part === "span" && effectOf(timeline, selected);
    const { arranged, folded } = view;
    const lane = timeline.lanes[selected.lane];
    const key = facts.title + facts.rows.map(([label, parts]) => label + plain(parts)).join() + [Boolean(cause), Boolean(effect), arranged.version, folded.size].join();
    return fill(this.box, key, () => {
      const arrows = make("span", { class: "arrows" });
      if (cause) arrows.append(this.#verb(icon("arrow-left"), t("its cause"), "[", () => this.moves.follow(-1)));
      if (effect) arrows.append(this.#verb(icon("arrow-right"), t("its effect"), "]", () => this.moves.follow(1)));
      if (lane && ["span", "lane", "ending"].includes(selected.part)) arrows.append(...this.#verbs(lane, arranged));
      return [make("h2", {}, facts.title), arrows, rowsOf(facts.rows, (part) => this.moves.go(part))];
    });
  }

  /**
   * What can be done to the lane.
   * @param {import("./store.js").Lane} lane
   * @param {import("./arrange.js").Arrangement} arranged
   */
  #verbs(lane, arranged) {
    const { lanes } = this;
    const focus = this.#verb(icon("focus"), t("focus"), "V", () => lanes.focus()), pin = this.#verb(icon("pin"), t("pin"), "P", () => lanes.pin());
    focus.ariaPressed = String(arranged.focus !== null);
    pin.ariaPressed = String(arranged.pinned.has(lane.id));
    const verbs = [focus, pin, this.#verb(icon("eye-off"), t("hide"), "H", () => lanes.hide())];
    if (lane.children.length) verbs.push(this.#verb(icon("chevrons-down-up"), t("collapse"), "C", () => lanes.collapse()));
    for (const [sign, label, step] of /** @type {const} */ ([[icon("arrow-up"), t("Move up (Shift-↑)"), -1], [icon("arrow-down"), t("Move down (Shift-↓)"), 1]])) {
      const verb = button(sign, "button small", () => lanes.move(step));
      verb.title = verb.ariaLabel = label;
      verbs.push(verb);
    }
    return verbs;
  }

  /**
   * @param {SVGElement} sign
   * @param {string} label
   * @param {string} key
   * @param {() => void} action
   */
  #verb(sign, label, key, action) {
    const verb = button(sign, "button small", action);
    verb.append(label, make("kbd", { "aria-hidden": "true" }, key));
    return verb;
  }
}
