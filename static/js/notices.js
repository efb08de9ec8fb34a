/**
 * Findings on the page: a card for each, and a pin on the strip of the whole run that leads to it, too.
 * @module
 */
import { button, byId, make, nodes } from "./dom.js";
import { findingParts, findingWord, sureness } from "./findings.js";
import { moodOf } from "./palette.js";
import { APART, SIDE_BY_SIDE, bunched } from "./pins.js";
import { moment, ngettext, number } from "./text.js";

/** @typedef {import("./findings.js").Finding} Finding */
/** @typedef {import("./stage.js").Stage} Stage */

/** More cards are there when they are asked for. */
const MOST_CARDS = 8;

/** Cards and pins of one run. */
export class Notices {
  /** @type {Finding[]} */
  #shown = [];
  /** @type {HTMLButtonElement[]} */
  #cards = [];
  /** @type {HTMLButtonElement[]} */
  #pins = [];

  /** Badges, each for several pins. @type {Map<string, HTMLButtonElement>} */
  #bunches = new Map();
  #all = false;

  /**
   * @param {(finding: Finding) => void} go
   * @param {(findings: Finding[]) => void} near shows the time in which they all begin
   */
  constructor(go, near) {
    this.go = go;
    this.near = near;
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
      this.#all = false;
      this.list.replaceChildren(...this.#cards.slice(0, MOST_CARDS).map((card) => make("li", {}, card)));
      const more = findings.length - MOST_CARDS;
      if (more > 0) this.list.append(make("li", {}, button(ngettext("{n} more finding", "{n} more findings", more), "button small", () => this.#showAll())));
      this.#pins = findings.map((finding, index) => this.#pin(finding, index));
      this.#bunches.clear();
      this.pins.replaceChildren(...this.#pins);
      this.place(stage);
    }
    if (view.finding && findings.indexOf(view.finding) >= MOST_CARDS) this.#showAll();
    findings.forEach((finding, index) => {
      for (const each of [this.#cards[index], this.#pins[index]]) each.ariaPressed = String(view.finding === finding);
    });
  }

  #showAll() {
    if (this.#all) return;
    this.#all = true;
    this.list.lastElementChild?.remove();
    this.list.append(...this.#cards.slice(MOST_CARDS).map((card) => make("li", {}, card)));
    if (document.activeElement === document.body) this.#cards[MOST_CARDS].focus();
  }

  /**
   * Puts the pins where their findings begin; where more would cover each other than can stand side by side, one badge for all.
   * @param {Stage} stage
   */
  place({ view, model, start, end }) {
    if (!model || !this.#pins.length) return;
    const width = view.width - model.left;
    const bunches = bunched(this.#shown.map(({ from_ns: from }) => Math.max(0, (width * (from - start)) / (end - start || 1) - APART / 2)), width);
    const used = new Set();
    const put = (/** @type {HTMLElement} */ pin, /** @type {number} */ x) => {
      pin.hidden = x < 0;
      pin.style.transform = `translate(${model.left + x}px, ${model.mapHeight - APART}px)`;
    };
    for (const { x, members } of bunches) {
      const alone = members.length <= SIDE_BY_SIDE;
      members.forEach((index, nth) => (alone ? put(this.#pins[index], x + nth * APART) : (this.#pins[index].hidden = true)));
      if (alone) continue;
      const key = String(members);
      used.add(key);
      let badge = this.#bunches.get(key);
      if (!badge) this.#bunches.set(key, (badge = this.#bunch(members)));
      if (!badge.isConnected) this.pins.append(badge);
      badge.ariaPressed = String(members.some((index) => view.finding === this.#shown[index]));
      put(badge, x);
    }
    for (const [key, badge] of this.#bunches) if (!used.has(key)) badge.remove();
  }

  /** @param {number[]} members */
  #bunch(members) {
    const findings = members.map((index) => this.#shown[index]);
    const badge = button(`×${members.length}`, "pin badge bunch", () => {
      // Each press goes on to the next of them.
      const next = findings[findings.findIndex((each) => this.#cards[this.#shown.indexOf(each)].ariaPressed === "true") + 1] ?? findings[0];
      this.go(next);
      this.near(findings);
    });
    badge.dataset.mood = findings.some((finding) => moodOf(finding) === "bad") ? "bad" : "warn";
    const kinds = [...new Set(findings.map(({ kind }) => findingWord(kind)))].join(", ");
    badge.title = badge.ariaLabel = `${ngettext("{n} finding", "{n} findings", members.length)}: ${kinds}, ${moment(findings[0].from_ns)}`;
    return badge;
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
