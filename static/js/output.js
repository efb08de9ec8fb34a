/**
 * The output beside the timeline: who wrote what, when. Lines after the playhead are dimmed; a click moves the playhead.
 * @module
 */
import { button, make } from "./dom.js";
import { moment, ngettext } from "./text.js";
import { fullName } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./lanes.js").Output} Written */

const MOST_LINES = 2000;
const FRAME = /^\s*File "[^"]*main\.py", line (\d+)/;

/**
 * The program's line that a line of a traceback names, 0 if none.
 * @param {string} text
 */
export function lineOf(text) {
  return Number(FRAME.exec(text)?.[1] ?? 0);
}

/**
 * Output as lines: what one lane wrote without an end of line goes on with what it writes next.
 * @param {Written[]} output
 * @returns {{t: number, lane: number, stream: number, text: string}[]}
 */
export function linesOf(output) {
  /** @type {{t: number, lane: number, stream: number, text: string}[]} */
  const lines = [];
  let open = /** @type {{t: number, lane: number, stream: number, text: string} | null} */ (null);
  for (const { t, lane, stream, text } of output) {
    const pieces = text.split("\n");
    pieces.forEach((piece, index) => {
      const last = index === pieces.length - 1;
      if (last && piece === "") return;
      if (open && index === 0 && open.lane === lane && open.stream === stream) open.text += piece;
      else lines.push((open = { t, lane, stream, text: piece }));
      if (!last) open = null;
    });
  }
  return lines;
}

/** The list of lines. */
export class OutputList {
  #lines = /** @type {ReturnType<typeof linesOf>} */ ([]);
  #seen = /** @type {Written[]} */ ([]);
  #count = 0;
  #now = -2;

  /**
   * @param {HTMLElement} box
   * @param {HTMLElement} count
   * @param {(t: number, line: number) => void} go
   */
  constructor(box, count, go) {
    this.box = box;
    this.count = count;
    this.go = go;
    box.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.code];
      if (!step) return;
      event.preventDefault();
      const items = [...box.querySelectorAll("button")];
      const at = items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
      items[Math.max(0, Math.min(items.length - 1, at < 0 ? Math.max(0, this.#now) : at + step))]?.focus();
    });
  }

  /**
   * Shows what is written and where the playhead is.
   * @param {Lanes} timeline
   * @param {number} playhead
   */
  show(timeline, playhead) {
    const { output } = timeline;
    if (output !== this.#seen || output.length !== this.#count) {
      this.#lines = linesOf(output);
      this.#seen = output;
      this.#count = output.length;
      this.#build(timeline);
    }
    let now = this.#lines.length - 1;
    while (now >= 0 && this.#lines[now].t > playhead) now--;
    now = Math.min(now, MOST_LINES - 1);
    if (now === this.#now) return;
    const items = this.box.children;
    const from = Math.max(0, Math.min(now, this.#now)), to = Math.min(Math.max(now, this.#now), items.length - 1);
    for (let i = from; i <= to; i++) {
      items[i].classList.toggle("future", i > now);
      items[i].classList.toggle("now", i === now);
    }
    this.#now = now;
    const item = /** @type {HTMLElement | undefined} */ (items[Math.max(0, now)]);
    if (!item) return;
    const top = item.offsetTop - this.box.offsetTop;
    if (top < this.box.scrollTop || top + item.offsetHeight > this.box.scrollTop + this.box.clientHeight) {
      this.box.scrollTop = top - this.box.clientHeight + item.offsetHeight + 8;
    }
  }

  /** @param {Lanes} timeline */
  #build(timeline) {
    const kept = this.#kept();
    while (this.box.children.length > kept) this.box.lastElementChild?.remove();
    for (const { t, lane, stream, text } of this.#lines.slice(kept, MOST_LINES)) {
      const who = timeline.lanes[lane];
      const item = button("", "future", () => this.go(t, lineOf(text)));
      item.tabIndex = -1;
      item.dataset.said = `${t} ${lane} ${text}`;
      item.append(
        make("time", {}, moment(t)), make("span", { class: "who" }, who ? fullName(timeline, who) : ""),
        make("span", { class: stream === 2 ? "text err" : "text" }, text),
      );
      this.box.append(item);
    }
    if (this.#lines.length > MOST_LINES) {
      const more = ngettext("{n} more line is not shown", "{n} more lines are not shown", this.#lines.length - MOST_LINES);
      this.box.append(make("p", { class: "more" }, more));
    }
    this.count.textContent = this.#lines.length ? ngettext("{n} line", "{n} lines", this.#lines.length) : "";
    this.#now = Math.min(this.#now, kept - 1);
  }

  /** How many lines on screen are the same as before. */
  #kept() {
    const items = /** @type {HTMLCollectionOf<HTMLElement>} */ (this.box.children);
    let kept = 0;
    for (const { t, lane, text } of this.#lines) {
      if (items[kept]?.dataset.said !== `${t} ${lane} ${text}`) break;
      kept++;
    }
    return kept;
  }
}
