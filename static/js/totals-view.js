/**
 * The panel of totals: what each lane did for how long, in what is in view, as a table with small bars.
 * @module
 */
import { button, fill, make, nodes } from "./dom.js";
import { LOOK } from "./names.js";
import { LEGEND, lookWord } from "./terms.js";
import { duration, moment, ngettext, number, t } from "./text.js";
import { ranOf, readyOf, totalsOf, totalsWords, waitedOf } from "./totals.js";
import { usedBetween } from "./used.js";
import { fullName, resourceOf } from "./words.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./totals.js").Total} Total */

const MOST_ROWS = 200;
const EVERY_MS = 250;

/** The panel. */
export class TotalsView {
  #at = -EVERY_MS;
  #later = 0;

  /**
   * @param {HTMLElement} box
   * @param {import("./moves.js").Moves} moves
   */
  constructor(box, moves) {
    this.box = box;
    this.moves = moves;
  }

  /** @param {Stage} stage */
  show(stage) {
    const { timeline, view, start, end } = stage;
    const from = Math.max(view.from, start), to = Math.min(view.to, end);
    const key = [timeline.events, timeline.over, from, to].join();
    if (key === this.box.dataset.said) return;
    const now = performance.now();
    if (now - this.#at < EVERY_MS) {
      this.#later ||= setTimeout(() => {
        this.#later = 0;
        stage.invalidate();
      }, EVERY_MS);
      return;
    }
    this.#at = now;
    const whole = from <= start && to >= end;
    const all = totalsOf(timeline, from, to);
    fill(this.box, key, () => {
      const what = whole ? t("The whole run") : `${moment(from)} – ${moment(to)}`;
      const hint = whole ? t("Drag on the strip of the whole run to see the totals of a part.")
        : timeline.watched ? t("CPU times of a part are estimated: between two looks they count as even.") : t("CPU times of a part are not known: nobody looked at them.");
      const words = totalsWords(timeline, all, stage.session.run?.python.free_threaded === true);
      return [
        make("p", { class: "count" }, make("b", {}, what), ` · ${duration(to - from)} · `, hint),
        ...words.map((parts) => make("p", { class: "verdict" }, ...nodes(parts))), this.#table(stage, all, whole),
      ];
    });
  }

  /**
   * @param {Stage} stage
   * @param {import("./totals.js").Totals} all
   * @param {boolean} whole
   */
  #table({ timeline }, { totals, from, to }, whole) {
    const cpu = (whole || timeline.watched) && totals.some(({ lane }) => lane.cpu !== null);
    const heads = [t("lane"), t("what it did"), t("ran"), t("ready"), t("waited"), t("longest on"), ...(cpu ? [t("CPU time")] : [])];
    const rows = totals.slice(0, MOST_ROWS).map((total) => {
      const { lane, on, onTime, looks, whole: life } = total;
      const name = make("th", { scope: "row" }, button(fullName(timeline, lane), "link", () => this.moves.go({ lane, name: "" })));
      const times = [ranOf, readyOf, waitedOf].map((of) => make("td", { class: "time" }, amount(of(total), life)));
      const what = on ? nodes([...resourceOf(timeline, on), `, ${duration(onTime)}`]) : [];
      return make("tr", {}, name, make("td", {}, barOf(looks, life)), ...times, make("td", {}, ...what), ...(cpu ? [make("td", { class: "time" }, lane.cpu === null ? "" : amount(whole ? lane.cpu : usedBetween(lane, from, to), life))] : []));
    });
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), make("tbody", {}, ...rows));
    const more = totals.length - MOST_ROWS;
    return make("div", { class: "table" }, table, ...(more > 0 ? [make("p", {}, ngettext("… and {n} more lane", "… and {n} more lanes", more))] : []));
  }
}

/**
 * @param {number} time
 * @param {number} of
 */
function amount(time, of) {
  return time > 0 ? `${duration(time)} · ${number((100 * time) / of, 0)}%` : "–";
}

/**
 * A lane's time as a bar of its looks.
 * @param {Float64Array} looks
 * @param {number} whole
 */
function barOf(looks, whole) {
  const bar = make("span", { class: "bar-of" });
  for (const look of [LOOK.RUNNING, LOOK.WANTS_GIL, LOOK.WANTS_LOOP, LOOK.LOCK, LOOK.OTHER, LOOK.IO, LOOK.SLEEP, LOOK.AWAIT, LOOK.CREATED]) {
    if (looks[look] < whole / 500) continue;
    const part = make("i", { class: `look ${LEGEND[look]}`, title: `${lookWord(look)}: ${amount(looks[look], whole)}` });
    part.style.flexGrow = String(looks[look] / whole);
    bar.append(part);
  }
  return bar;
}
