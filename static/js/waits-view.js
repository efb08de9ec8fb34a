/**
 * "Why is it waiting?": the waits-for graph at the playhead as boxes and arrows, and the same in words.
 * @module
 */
import { button, fill, make, nodes } from "./dom.js";
import { LEGEND } from "./terms.js";
import { ngettext, t } from "./text.js";
import { waitsAt } from "./waits.js";
import { planOf } from "./waits-plan.js";
import { stepsOf, verdictOf } from "./waits-words.js";
import { fullName, lookNote, resourceOf, stayOf } from "./words.js";
import { spanHit } from "./walk.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./waits-plan.js").Box} Box */
/** @typedef {import("./waits-plan.js").Arrow} Arrow */

/** Beside the graph, CSS px. */
const ASIDE = 17;
const SVG = "http://www.w3.org/2000/svg";

/** @param {import("./waits-plan.js").Word} word */
function wordOf(word) {
  switch (word) {
    case "held": return t("held by");
    case "ends": return t("until it ends");
    case "children": return t("its tasks");
    case "loop": return t("blocked by");
    case "turn": return t("its turn after");
    default: return t("waits for");
  }
}

/** The panel. */
export class WaitsView {
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
    const { timeline, view } = stage;
    const time = stage.moment;
    const waits = waitsAt(timeline, time, view.selected?.lane);
    const room = this.box.clientWidth - 2 * ASIDE;
    const key = JSON.stringify([timeline.events, timeline.over, time, waits.chosen, [...waits.knots.keys()], room]);
    fill(this.box, key, () => {
      const steps = stepsOf(timeline, waits, time);
      const list = make("ul", { class: "steps" }, ...steps.map(({ knot, parts }) => make("li", knot.circle ? { class: "circle" } : {}, ...nodes(parts, (part) => this.#go(part)))));
      if (waits.over) list.append(make("li", {}, ngettext("{n} more lane waits.", "{n} more lanes wait.", waits.over)));
      const verdict = make("p", { class: waits.circle.length ? "verdict circle" : "verdict" }, ...nodes(verdictOf(timeline, waits, time), (part) => this.#go(part)));
      return [verdict, ...(waits.knots.size > 1 || steps.length ? [this.#picture(stage, waits, room)] : []), ...(steps.length > 1 ? [list] : [])];
    });
  }

  /** @param {Exclude<import("./text.js").Part, string>} part */
  #go(part) {
    if (!("lane" in part)) return this.moves.go(part);
    const { stage } = this.moves;
    const index = part.lane.spans.find(stage.moment);
    this.moves.select(spanHit(part.lane, Math.max(0, index), stage.moment));
    stage.show(part.lane.id, stage.moment, stage.moment);
  }

  /**
   * @param {Stage} stage
   * @param {import("./waits.js").Waits} waits
   * @param {number} room CSS px
   */
  #picture(stage, waits, room) {
    const plan = planOf(waits, room);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("width", String(plan.width));
    svg.setAttribute("height", String(plan.height));
    svg.setAttribute("aria-hidden", "true");
    const labels = [];
    for (const arrow of plan.arrows) {
      const line = document.createElementNS(SVG, "path");
      line.setAttribute("d", arrow.path);
      line.setAttribute("class", arrow.circle ? "circle" : "");
      line.setAttribute("marker-end", `url(#${arrow.circle ? "head-circle" : "head"})`);
      svg.append(line);
      const label = make("span", { class: arrow.circle ? "word circle" : "word", "aria-hidden": "true" }, wordOf(arrow.word));
      label.style.transform = `translate(${Math.round(arrow.x)}px, ${Math.round(arrow.y)}px) translate(-50%, -50%)`;
      labels.push(label);
    }
    svg.prepend(heads());
    const picture = make("div", { class: "graph", role: "group", "aria-label": t("Who waits for whom") }, svg, ...labels, ...plan.boxes.map((box) => this.#node(stage, waits, box)));
    picture.style.width = `${plan.width}px`;
    picture.style.height = `${plan.height}px`;
    return make("div", { class: "graph-frame" }, picture);
  }

  /**
   * @param {Stage} stage
   * @param {import("./waits.js").Waits} waits
   * @param {Box} box
   */
  #node({ timeline }, waits, { lane: id, on, count, circle, x, y, width, height }) {
    const knot = waits.knots.get(id);
    const classes = ["node", circle ? "circle" : "", id && id === waits.chosen ? "chosen" : "", id ? "" : "thing"].join(" ");
    let node = /** @type {HTMLElement} */ (make("span", { class: classes }));
    if (knot) {
      node = button("", classes, () => this.#go({ lane: knot.lane, name: "" }));
      const look = knot.stay?.look ?? 0;
      const line = knot.stay ? stayOf(timeline, knot.lane, knot.stay.index).line : 0;
      node.append(make("b", {}, fullName(timeline, knot.lane)), make("small", {}, make("i", { class: `look ${LEGEND[look]}` }), look ? lookNote(look) : t("has ended"),
        line ? ` · ${t("line {n}", { n: line })}` : ""));
    } else if (count) node.append(ngettext("{n} more", "{n} more", count));
    else node.append(...resourceOf(timeline, on).map((part) => (typeof part === "string" ? part : "line" in part ? t("line {n}", { n: part.line }) : "lane" in part ? part.name : "")));
    node.style.width = `${width}px`;
    node.style.height = `${height}px`;
    node.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    return node;
  }
}

/** The heads of arrows, in both colours. */
function heads() {
  const defs = document.createElementNS(SVG, "defs");
  for (const id of ["head", "head-circle"]) {
    const marker = document.createElementNS(SVG, "marker");
    for (const [name, value] of Object.entries({ id, viewBox: "0 0 8 8", refX: "6", refY: "4", markerWidth: "7", markerHeight: "7", orient: "auto" })) marker.setAttribute(name, value);
    const shape = document.createElementNS(SVG, "path");
    shape.setAttribute("d", "M0 0.5L7 4L0 7.5Z");
    shape.setAttribute("class", id === "head-circle" ? "head circle" : "head");
    marker.append(shape);
    defs.append(marker);
  }
  return defs;
}
