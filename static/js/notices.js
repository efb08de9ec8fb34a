/**
 * Findings on the page: a card for each, and a pin on the strip of the whole run that leads to it, too.
 * @module
 */
import { button, byId, make, nodes } from "./dom.js";
import { findingParts, findingWord, sureness } from "./findings.js";
import { moodOf } from "./palette.js";
import { moment, ngettext, number } from "./text.js";

/** @typedef {import("./findings.js").Finding} Finding */
/** @typedef {import("./stage.js").Stage} Stage */

/** Least distance of two pins, CSS px. */
const APART = 19;

/** Cards and pins of one run. */
export class Notices {
  /** @type {Finding[]} */
  #shown = [];
  /** @type {HTMLButtonElement[]} */
  #cards = [];
  /** @type {HTMLButtonElement[]} */
  #pins = [];

  /** @param {(finding: Finding) => void} go */
  constructor(go) {
    this.go = go;
    this.box = byId("noticed");
    this.list = byId("notices");
    this.pins = byId("pins");
  }

  /** @param {Stage} stage */
  show(stage) {
    const { session, view } = stage;
    const { findings } = session;
    if (findings !== this.#shown) {
      const before = view.finding;
      if (before) view.finding = findings.find((each) => each.kind === before.kind && String(each.lanes) === String(before.lanes)) ?? null;
      this.#shown = findings;
      this.box.hidden = !findings.length;
      const said = findings.length ? ngettext("{n} finding", "{n} findings", findings.length) : "";
      byId("noticed-said").textContent = said;
      byId("noticed-count").textContent = number(findings.length, 0);
      this.#cards = findings.map((finding, index) => this.#card(session.timeline, finding, index));
      this.list.replaceChildren(...this.#cards.map((card) => make("li", {}, card)));
      this.#pins = findings.map((finding, index) => this.#pin(finding, index));
      this.pins.replaceChildren(...this.#pins);
      this.place(stage);
    }
    findings.forEach((finding, index) => {
      for (const each of [this.#cards[index], this.#pins[index]]) each.ariaPressed = String(view.finding === finding);
    });
  }

  /**
   * Puts the pins where their findings begin; those that would cover each other stand side by side.
   * @param {Stage} stage
   */
  place({ view, model, start, end }) {
    if (!model || !this.#pins.length) return;
    const room = view.width - model.left - APART, width = view.width - model.left;
    const order = this.#shown.map(({ from_ns: from }, index) => ({ index, x: Math.max(0, (width * (from - start)) / (end - start || 1) - APART / 2) }));
    order.sort((a, b) => a.x - b.x);
    for (let i = 1; i < order.length; i++) order[i].x = Math.max(order[i].x, order[i - 1].x + APART);
    for (let i = order.length - 1, most = room; i >= 0; i--, most -= APART) order[i].x = Math.min(order[i].x, most);
    for (const { index, x } of order) {
      this.#pins[index].hidden = x < 0;
      this.#pins[index].style.transform = `translate(${model.left + x}px, ${model.mapHeight - APART}px)`;
    }
  }

  /**
   * @param {import("./lanes.js").Lanes} timeline
   * @param {Finding} finding
   * @param {number} index
   */
  #card(timeline, finding, index) {
    const card = button("", "notice-card", () => this.go(finding));
    card.dataset.mood = moodOf(finding);
    card.append(
      make("span", { class: "badge" }, String(index + 1)),
      make("span", { class: "head-line" },
        make("b", {}, findingWord(finding.kind)), make("span", { class: finding.inferred ? "sure inferred" : "sure" }, sureness(finding)),
        make("time", {}, moment(finding.from_ns))),
      make("span", { class: "says" }, ...nodes(findingParts(timeline, finding))),
    );
    return card;
  }

  /**
   * @param {Finding} finding
   * @param {number} index
   */
  #pin(finding, index) {
    const pin = button(String(index + 1), "pin badge", () => this.go(finding));
    pin.dataset.mood = moodOf(finding);
    pin.title = pin.ariaLabel = `${index + 1}: ${findingWord(finding.kind)}, ${moment(finding.from_ns)}`;
    return pin;
  }
}
