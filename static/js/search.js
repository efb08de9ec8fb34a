/**
 * Searching a run: lanes by name, stays by function, line or what they wait on, and output. Pure.
 * @module
 */
import { linesOf } from "./output.js";
import { laneWord, lookWord } from "./terms.js";
import { t } from "./text.js";
import { spanAt, spanHit } from "./walk.js";
import { fullName, isInternal, resourceOf, stayOf, who } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./view.js").Hit} Hit */
/** @typedef {{kind: "lane" | "span" | "output", hit: Hit, text: string}} Found text: a line of output */

const MOST = 500;
const MOST_SEEN = 2_000_000;

/**
 * What matches: lanes first, then the rest by time. A stay goes on for as long as it is in the same function, or on the same thing.
 * @param {Lanes} timeline
 * @param {string} query
 * @returns {{found: Found[], more: boolean}} more: there would be more of them
 */
export function find(timeline, query) {
  const wanted = query.trim().toLowerCase();
  if (!wanted) return { found: [], more: false };
  const line = Number(/^(?:\D*[\s:])?(\d+)$/.exec(wanted)?.[1] ?? 0);
  const has = (/** @type {string} */ text) => text.toLowerCase().includes(wanted);
  const places = new Set(), things = new Set();
  timeline.places.forEach((place, id) => place && (has(place.function) || (line > 0 && place.line === line)) && places.add(id));
  timeline.resources.forEach((resource, id) => resource?.name && has(resource.name) && things.add(id));
  /** @type {Found[]} */
  const lanes = [];
  /** @type {Found[]} */
  const rest = [];
  let seen = 0;
  for (const lane of timeline.order) {
    if (isInternal(timeline, lane)) continue;
    if (has(lane.name)) lanes.push({ kind: "lane", hit: { ...spanHit(lane, 0, lane.start), part: "lane", index: -1 }, text: "" });
    if (!places.size && !things.size) continue;
    const { place, on, n } = lane.spans;
    let last = "";
    for (let index = 0; index < n && rest.length < MOST && seen < MOST_SEEN; index++, seen++) {
      const thing = things.has(on[index]), here = places.has(place[index]);
      const key = thing ? `on ${on[index]}` : here ? timeline.places[place[index]]?.function ?? "" : "";
      if (key && key !== last) rest.push({ kind: "span", hit: spanHit(lane, index), text: "" });
      last = key;
    }
  }
  for (const { t: time, lane: id, text } of linesOf(timeline.output)) {
    const lane = timeline.lanes[id];
    /** @type {Hit | null} */
    const hit = has(text) && rest.length < MOST ? spanAt(lane, time) : null;
    if (hit) rest.push({ kind: "output", hit, text });
  }
  rest.sort((a, b) => a.hit.t - b.hit.t);
  return { found: [...lanes, ...rest], more: rest.length >= MOST || seen >= MOST_SEEN };
}

/**
 * Something found, in words.
 * @param {Lanes} timeline
 * @param {Found} found
 * @returns {{when: number | null, who: string, what: string}}
 */
export function foundWords(timeline, { kind, hit, text }) {
  const lane = timeline.lanes[hit.lane];
  if (!lane) return { when: null, who: "", what: "" };
  const name = fullName(timeline, lane);
  if (kind === "lane") return { when: lane.start, who: name, what: laneWord(lane.kind) };
  if (kind === "output") return { when: hit.t, who: name, what: text };
  const stay = stayOf(timeline, lane, hit.index);
  const on = stay.on ? resourceOf(timeline, stay.on).map((part) => (typeof part === "string" ? part : "lane" in part ? who(timeline, part.lane).name : "")) : [];
  const inside = stay.function && !stay.function.startsWith("<") ? `${stay.function}()` : "";
  const what = [lookWord(stay.look), on.join(""), inside, stay.line ? t("line {n}", { n: stay.line }) : ""];
  return { when: hit.t, who: name, what: what.filter(Boolean).join(", ") };
}
