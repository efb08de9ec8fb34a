/**
 * The drawer below the picture: what is selected, why somebody waits, what was found, totals; and the menu of lanes. It comes
 * after the first picture, and what is in a panel when that is opened.
 * @module
 */
import { byId, toast } from "./dom.js";
import { FactsView, tellTip } from "./facts-view.js";
import { FoundView } from "./found-view.js";
import { LanesView } from "./lanes-view.js";
import { lookWord } from "./terms.js";
import { moment, t } from "./text.js";
import { fullName, stayAt } from "./words.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./moves.js").Moves} Moves */
/** @typedef {import("./view.js").Hit} Hit */
/** @typedef {{show: (stage: Stage) => void}} Panel */

const PANELS = ["facts", "found", "waits", "totals"];

/** The panels that a drawer can show, one at a time; "facts" is there while something is selected. */
export class Panels {
  /** The one that is shown. */
  open = "";

  /**
   * @param {Stage} stage
   * @param {Moves} moves
   */
  constructor(stage, moves) {
    this.stage = stage;
    this.moves = moves;
    this.box = byId("drawer");
    this.lanes = new LanesView(stage);
    this.found = new FoundView(byId("found"), moves, (shown) => this.turn(shown ? "found" : ""));
    /** @type {Record<string, Panel>} */
    this.panels = { facts: new FactsView(byId("facts"), moves, this.lanes), found: this.found };
    for (const name of PANELS) this.#tab(name).addEventListener("click", () => this.turn(name));
    byId("tabs").addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.code];
      if (!step) return;
      event.preventDefault();
      const names = PANELS.filter((name) => !this.#tab(name).hidden);
      const next = names[(names.indexOf(this.open) + step + names.length) % names.length];
      this.turn(next);
      this.#tab(next).focus();
    });
    byId("close-drawer").addEventListener("click", () => {
      this.close();
      stage.canvas.focus();
    });
  }

  /** @param {string} name */
  async #load(name) {
    const box = byId(name);
    try {
      const { TotalsView, WaitsView } = await import("./asked.js");
      this.panels[name] ??= new (name === "waits" ? WaitsView : TotalsView)(box, this.moves);
    } catch {
      this.open = "";
      toast(t("The server can't be reached."), true);
    }
    this.stage.invalidate();
  }

  /** @param {string} name */
  #tab(name) {
    return byId(`tab-${name}`);
  }

  /**
   * Shows a panel.
   * @param {string} name
   */
  turn(name) {
    this.open = name;
    if (name && !this.panels[name]) void this.#load(name);
    this.stage.invalidate();
  }

  /**
   * Shows a panel, or puts it away.
   * @param {string} name
   */
  toggle(name) {
    this.turn(this.open === name ? "" : name);
  }

  close() {
    this.open = "";
    this.moves.select(null);
  }

  /** Brings the drawer up to date. */
  show() {
    const { selected } = this.stage.view;
    if (selected && !this.open) this.open = "facts";
    if (!selected && this.open === "facts") this.open = "";
    this.stage.ranged = this.open === "totals";
    this.box.hidden = !this.open;
    this.#tab("facts").hidden = !selected;
    this.#tab("found").hidden = !this.found.asked;
    this.lanes.show();
    for (const name of PANELS) {
      const mine = name === this.open;
      byId(name).hidden = !mine;
      const tab = this.#tab(name);
      tab.ariaSelected = String(mine);
      tab.tabIndex = mine ? 0 : -1;
      if (mine) this.panels[name]?.show(this.stage);
    }
  }

  /**
   * Says aloud what a step, a pause or a choice by key has led to: what the followed lane does, then everybody else.
   * @param {string} sentence
   */
  announce(sentence) {
    const { timeline, moment: time } = this.stage;
    const lane = timeline.lanes[this.moves.followed];
    const stay = lane && stayAt(timeline, lane, time);
    const line = stay?.line ? `, ${t("line {n}", { n: stay.line })}` : "";
    const own = lane ? `${fullName(timeline, lane)}: ${stay ? lookWord(stay.look) : t("has ended")}${line}. ` : "";
    byId("said").textContent = `${moment(time)}. ${own}${sentence}`;
  }

  /**
   * Says beside the pointer what it is on.
   * @param {Hit | null} hit
   * @param {{x: number, y: number}} at
   */
  tip(hit, at) {
    tellTip(this.stage, hit, at);
  }
}
