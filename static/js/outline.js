/**
 * The text twin of the picture: a tree of lanes with their spans and links in words.
 * @module
 */
import { ENDINGS, LOOK } from "./names.js";
import { findingParts, findingWord, sureness } from "./findings.js";
import { jobRows } from "./job-words.js";
import { laneWord, linkWord, lookWord } from "./terms.js";
import { duration, listed, ngettext, percent, t } from "./text.js";
import { stretches } from "./used.js";
import { endingWord, holders, nameOf, resourceOf, stayOf, who } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./text.js").Part} Part */
/** @typedef {{kind: "finding" | "lane" | "span" | "cpu" | "job" | "link" | "more", parts: Part[], lane: Lane | null}} Item a line; a lane's opens to `insideOf` it */

const MOST_SPANS = 300;

/**
 * What was noticed, then every lane at the top, in order of its start.
 * @param {Lanes} timeline
 * @param {import("./findings.js").Finding[]} findings
 * @returns {Item[]}
 */
export function outlineOf(timeline, findings) {
  const lanes = sorted(timeline.order.filter((lane) => !timeline.lanes[lane.parent])).map((lane) => laneItem(timeline, lane));
  return [...findings.map((finding) => findingItem(timeline, finding)), ...lanes];
}

/**
 * @param {Lanes} timeline
 * @param {import("./findings.js").Finding} finding
 */
function findingItem(timeline, finding) {
  const end = finding.to_ns < Infinity ? { t: finding.to_ns } : t("goes on");
  /** @type {Part[]} */
  const parts = [{ t: finding.from_ns }, " – ", end, `: ${findingWord(finding.kind)}, ${sureness(finding)}. `];
  return leaf("finding", [...parts, ...findingParts(timeline, finding)]);
}

/** @param {Lane[]} lanes */
function sorted(lanes) {
  return [...lanes].sort((a, b) => a.start - b.start || a.id - b.id);
}

/**
 * A lane; its spans, links and lanes inside are `insideOf` it.
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @returns {Item}
 */
function laneItem(timeline, lane) {
  const ended = lane.end === lane.end;
  const ending = ended ? endingWord(ENDINGS[lane.ending]) : t("goes on");
  const kind = lane.internal ? [laneWord(lane.kind), t("internal")] : [laneWord(lane.kind)];
  /** @type {Part[]} */
  const parts = [
    { lane, name: nameOf(lane) }, ` · ${kind.join(" · ")} · `, { t: lane.start }, " – ",
    { t: ended ? lane.end : timeline.end }, ending ? ` · ${ending}` : "", lane.error ? `: ${lane.error}` : "",
  ];
  return { kind: "lane", parts, lane };
}

/**
 * What is inside a lane.
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @returns {Item[]}
 */
export function insideOf(timeline, lane) {
  const items = [];
  const shown = Math.min(lane.spans.n, MOST_SPANS);
  for (let index = 0; index < shown; index++) items.push(spanItem(timeline, lane, index));
  if (shown < lane.spans.n) items.push(leaf("more", [ngettext("… and {n} more span", "… and {n} more spans", lane.spans.n - shown)]));
  if (timeline.watched) for (const stretch of stretches(lane, MOST_SPANS)) items.push(cpuItem(stretch));
  for (const job of lane.jobs.slice(0, MOST_SPANS)) items.push(jobItem(timeline, job));
  if (lane.jobs.length > MOST_SPANS) items.push(leaf("more", [ngettext("… and {n} more job", "… and {n} more jobs", lane.jobs.length - MOST_SPANS)]));
  const { links } = lane;
  for (let index = 0; index < Math.min(links.n, MOST_SPANS); index++) {
    const source = timeline.lanes[links.from[index]];
    if (!source) continue;
    const over = links.on[index] ? [", ", ...resourceOf(timeline, links.on[index])] : [];
    items.push(leaf("link", [{ t: links.t[index] }, `: ${linkWord(links.kind[index])} `, who(timeline, source), ...over]));
  }
  return [...items, ...sorted(lane.children).map((child) => laneItem(timeline, child))];
}

/**
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} index
 * @returns {Item}
 */
function spanItem(timeline, lane, index) {
  const stay = stayOf(timeline, lane, index);
  const from = lane.spans.t[index], to = timeline.endOf(lane, index);
  /** @type {Part[]} */
  const parts = [{ t: from }, `: ${lookWord(stay.look)}, ${duration(to - from)}`];
  if (stay.on && stay.look !== LOOK.SLEEP) parts.push(", ", ...resourceOf(timeline, stay.on));
  const holding = stay.look === LOOK.LOCK ? holders(timeline, stay.on, from, { to, but: lane.id }) : [];
  if (holding.length) parts.push(", ", t("held by"), " ", ...listed(holding.map((each) => who(timeline, each))));
  if (stay.line) parts.push(", ", { line: stay.line });
  return leaf("span", parts);
}

/** @param {import("./cpu.js").Stretch} stretch */
function cpuItem({ from, to, share }) {
  return leaf("cpu", [{ t: from }, " – ", { t: to }, `: ${t("CPU")} ${percent(share)}`]);
}

/**
 * @param {Lanes} timeline
 * @param {import("./jobs.js").Job} job
 * @returns {Item}
 */
function jobItem(timeline, job) {
  const [[, name], ...rows] = jobRows(timeline, job);
  return leaf("job", [{ t: job.start }, ": ", ...name, ...rows.flatMap(([label, parts]) => [` · ${label} `, ...parts])]);
}

/**
 * @param {"finding" | "span" | "cpu" | "job" | "link" | "more"} kind
 * @param {Part[]} parts
 * @returns {Item}
 */
function leaf(kind, parts) {
  return { kind, parts, lane: null };
}
