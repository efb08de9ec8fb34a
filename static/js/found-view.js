/**
 * The panel of what was found: a list, and the way through it, forwards and back.
 * @module
 */
import { byId, fill, make } from "./dom.js";
import { find, foundWords } from "./search.js";
import { moment, ngettext, number, t } from "./text.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./search.js").Found} Found */

const MOST_SHOWN = 200;
const PAUSE_MS = 150;

/** The search field and its panel. */
export class FoundView {
  /** @type {Found[]} */
  #found = [];
  #more = false;
  #at = -1;
  #asked = "";
  #timer = 0;

  /**
   * @param {HTMLElement} box
   * @param {import("./moves.js").Moves} moves
   * @param {(shown: boolean) => void} turn shows the panel, or puts it away
   */
  constructor(box, moves, turn) {
    this.box = box;
    this.moves = moves;
    this.turn = turn;
    this.field = byId("find", HTMLInputElement);
    if (this.field.value) this.#search();
    this.field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(), PAUSE_MS);
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.field.value = "";
        this.#search();
        moves.stage.canvas.focus();
      } else if (event.key === "Enter") this.go(event.shiftKey ? -1 : 1);
      else if (event.key === "ArrowDown") /** @type {HTMLElement | null} */ (box.querySelector("button"))?.focus();
      else return;
      event.preventDefault();
    });
    box.addEventListener("keydown", (event) => {
      const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.code];
      if (!step) return;
      event.preventDefault();
      const next = /** @type {any} */ (document.activeElement?.closest("li"))?.[step]?.firstElementChild;
      (next ?? (event.code === "ArrowUp" ? this.field : null))?.focus();
    });
  }

  /** Whether anything is searched. */
  get asked() {
    return this.#asked !== "";
  }

  #search() {
    clearTimeout(this.#timer);
    const asked = this.field.value.trim();
    const { found, more } = find(this.moves.stage.timeline, asked);
    this.#found = found;
    this.#more = more;
    this.#at = -1;
    this.#asked = asked;
    this.turn(asked !== "");
  }

  /**
   * Goes to the next thing found, or the previous one.
   * @param {1 | -1} direction
   */
  go(direction) {
    if (this.field.value.trim() !== this.#asked) this.#search();
    const { length } = this.#found;
    if (length) this.#visit(this.#at < 0 && direction < 0 ? length - 1 : (this.#at + direction + length) % length);
  }

  /** @param {number} index */
  #visit(index) {
    this.#at = index;
    const { kind, hit } = this.#found[index];
    const { moves } = this;
    if (kind !== "lane") moves.seek(hit.t);
    moves.visit(hit);
    this.turn(true);
  }

  /** @param {Stage} stage */
  show({ timeline }) {
    const { length } = this.#found;
    fill(this.box, `${this.#asked} ${length} ${timeline.events}`, () => {
      const rows = this.#found.slice(0, MOST_SHOWN).map((found, index) => {
        const { when, who, what } = foundWords(timeline, found);
        const row = make("button", { type: "button" }, make("time", {}, when === null ? "" : moment(when)), make("b", {}, who), make("span", { class: found.kind }, what));
        row.addEventListener("click", () => this.#visit(index));
        return make("li", {}, row);
      });
      const count = length ? ngettext("{n} place", "{n} places", length) : t("Nothing found");
      const note = this.#more || length > MOST_SHOWN ? t("; the first {n} are listed", { n: number(Math.min(length, MOST_SHOWN), 0) }) : "";
      return [make("p", { class: "count", role: "status" }, count + note), make("ol", {}, ...rows)];
    });
    const before = this.box.querySelector("[aria-current]"), now = this.box.querySelectorAll("li button")[this.#at];
    if (before === now) return;
    before?.removeAttribute("aria-current");
    now?.setAttribute("aria-current", "true");
    now?.scrollIntoView({ block: "nearest" });
  }
}
