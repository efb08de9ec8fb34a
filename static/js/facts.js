/**
 * The facts about what the reader points at: what, how long, on what, held by whom since when and doing what, woken by whom,
 * where, and what came of it.
 * @module
 */
import { search } from "./columns.js";
import { cpuLanes, stretchAt } from "./cpu.js";
import { ENDINGS, EXECUTOR, GIL, LOOK, PROCESS } from "./names.js";
import { jobRows } from "./job-words.js";
import { AWAITED, jobAt } from "./jobs.js";
import { runningAt } from "./runs.js";
import { effectWord, laneWord, linkWord, lookWord, markWord } from "./terms.js";
import { duration, ngettext, number, percent, t } from "./text.js";
import { usedBetween } from "./used.js";
import { effectsOf, longestSpan } from "./walk.js";
import { endingWord, fullName, heldBy, holders, isWatched, resourceOf, stayOf, who } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./text.js").Part} Part */
/** @typedef {import("./view.js").Hit} Hit */

const MOST_HOLDERS = 3, MOST_EFFECTS = 3, MOST_USERS = 4, LEAST_SHARE = 0.005;

/** @typedef {{title: string, rows: [string, Part[]][]}} Facts rows of a label and what it stands for */

/**
 * @param {Lanes} timeline
 * @param {Hit} hit
 * @returns {Facts | null} null where there is nothing to tell
 */
export function factsOf(timeline, hit) {
  const lane = timeline.lanes[hit.lane];
  switch (hit.part) {
    case "span":
      return lane && hit.index >= 0 && hit.index < lane.spans.n ? spanFacts(timeline, lane, hit.index) : null;
    case "lane":
    case "ending":
      return lane ? laneFacts(timeline, lane) : null;
    case "link":
      return lane && hit.index < lane.links.n ? linkFacts(timeline, lane, hit.index) : null;
    case "mark":
      return markFacts(timeline, hit.index);
    case "gil":
      return gilFacts(timeline, hit);
    case "level":
      return levelFacts(timeline, hit);
    case "holds":
      return lockFacts(timeline, hit);
    case "cpu":
      return lane ? cpuFacts(timeline, lane, hit.t) : null;
    case "runs":
      return lane ? runsFacts(timeline, lane, hit.t) : null;
    case "group":
      return { title: t("Lanes under one heading"), rows: [[t("click"), [t("shows or hides them")]]] };
    case "internal":
      return { title: t("Lanes that Python made for itself"), rows: [[t("click"), [t("shows or hides them")]]] };
    default:
      return null;
  }
}

/**
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} index
 * @returns {Facts}
 */
function spanFacts(timeline, lane, index) {
  const stay = stayOf(timeline, lane, index);
  const from = lane.spans.t[index], to = timeline.endOf(lane, index);
  const open = index === lane.spans.n - 1 && lane.end !== lane.end;
  /** @type {Facts["rows"]} */
  const rows = [[open ? t("so far") : t("lasted"), [duration(to - from)]], [t("when"), [{ t: from }, " – ", { t: to }]]];
  if (stay.line) rows.push([t("where"), where(stay)]);
  // Shorter spans than what is between two looks say nothing of their own.
  const around = timeline.watched ? stretchAt(lane, from) : null;
  if (around && to - from >= around.to - around.from) rows.push([t("CPU time"), [t("about {time}, {share}", { time: duration(usedBetween(lane, from, to)), share: percent(usedBetween(lane, from, to) / (to - from)) })]]);
  const waits = stay.look === LOOK.LOCK || stay.look === LOOK.OTHER || stay.look === LOOK.IO || stay.look === LOOK.AWAIT;
  const gil = stay.look === LOOK.WANTS_GIL ? timeline.gils.get(timeline.processOf(lane).id) ?? 0 : 0;
  if (waits && stay.on) rows.push([t("waits for"), resourceOf(timeline, stay.on)]);
  const holding = holders(timeline, gil || (waits ? stay.on : 0), from, { to, but: lane.id });
  for (const each of holding.slice(0, MOST_HOLDERS)) rows.push([t("held by"), holdParts(timeline, gil || stay.on, each, from, to)]);
  if (stay.look !== LOOK.CREATED) {
    const held = heldBy(timeline, lane, (from + to) / 2);
    if (held.length) rows.push([t("holds"), held.slice(0, 4).flatMap((id, at) => [...(at ? [", "] : []), ...resourceOf(timeline, id)])]);
  }
  const { links } = lane;
  for (let i = search(links.t, links.n, from, false); i < links.n && links.t[i] <= to; i++) {
    if (links.wait[i] <= AWAITED) continue; // told with the job
    if (links.t[i] === from && links.wait[i] !== index || links.wait[i] === index && links.t[i] === to) {
      const source = timeline.lanes[links.from[i]];
      if (source) rows.push([linkWord(links.kind[i]), [who(timeline, source), ", ", { t: links.fromT[i] }]]);
    }
  }
  const effects = effectsOf(timeline, lane, from, to, MOST_EFFECTS);
  if (effects.length) rows.push([t("led to"), effects.flatMap(({ lane: other, t: at, kind }, nth) => [nth ? "; " : "", who(timeline, other), `: ${effectWord(kind)}, `, { t: at }])]);
  if (lane.spans.inferred[index]) rows.push([t("known by"), [t("sampling, not by an event")]]);
  const job = jobAt(timeline, lane, from);
  if (job) rows.push(...jobRows(timeline, job));
  return { title: `${fullName(timeline, lane)}: ${lookWord(stay.look)}`, rows };
}

/**
 * Who held what somebody waited for: since when, and doing what for most of that wait.
 * @param {Lanes} timeline
 * @param {number} id of the resource
 * @param {Lane} holder
 * @param {number} from
 * @param {number} to
 * @returns {Part[]}
 */
function holdParts(timeline, id, holder, from, to) {
  const holds = timeline.resources[id]?.holds;
  let i = holds ? search(holds.t, holds.n, to) - 1 : -1;
  while (holds && i >= 0 && holds.who[i] !== holder.id) i--;
  /** @type {Part[]} */
  const since = holds && i >= 0 ? [t(" since "), { t: holds.t[i] }] : [];
  const most = longestSpan(timeline, holder, Math.max(from, holds && i >= 0 ? holds.t[i] : from), to);
  const stay = most && stayOf(timeline, holder, most.index);
  /** @type {Part[]} */
  const doing = stay ? [`, ${lookWord(stay.look)}`, ...(stay.line ? [", ", ...where(stay)] : [])] : [];
  return [who(timeline, holder), ...since, ...doing];
}

/**
 * @param {import("./words.js").Stay} stay
 * @returns {Part[]}
 */
function where(stay) {
  return stay.function && stay.function !== "<module>" ? [{ line: stay.line }, `, ${stay.function}()`] : [{ line: stay.line }];
}

/**
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @returns {Facts}
 */
function laneFacts(timeline, lane) {
  const end = lane.end === lane.end ? lane.end : timeline.end;
  /** @type {Facts["rows"]} */
  const rows = [[t("lasted"), [duration(end - lane.start)]], [t("when"), [{ t: lane.start }, " – ", { t: end }]]];
  if (lane.number) rows.push([lane.kind === PROCESS ? "pid" : "tid", [String(lane.number)]]);
  const starter = timeline.lanes[lane.starter];
  if (starter) rows.push([t("started by"), [who(timeline, starter)]]);
  const ending = endingWord(ENDINGS[lane.ending]);
  if (ending) {
    const code = lane.exitCode === null || lane.exitCode === 0 ? "" : ` (${lane.exitCode})`;
    rows.push([t("ended"), [ending + code + (lane.error ? `: ${lane.error}` : "")]]);
  }
  if (lane.cpu !== null) rows.push([t("CPU time"), [duration(lane.cpu)]]);
  rows.push([t("states"), [ngettext("{n} span", "{n} spans", lane.spans.n)]]);
  return { title: `${fullName(timeline, lane)} · ${laneWord(lane.kind)}`, rows };
}

/**
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} index
 * @returns {Facts}
 */
function linkFacts(timeline, lane, index) {
  const { kind, from, fromT, t: arrives, on } = lane.links;
  const source = timeline.lanes[from[index]];
  /** @type {Facts["rows"]} */
  const rows = [[linkWord(kind[index]), [source ? who(timeline, source) : "", ", ", { t: fromT[index] }]]];
  if (on[index]) rows.push([t("over"), resourceOf(timeline, on[index])]);
  rows.push([t("went on"), [{ t: arrives[index] }]], [t("took"), [duration(arrives[index] - fromT[index])]]);
  return { title: fullName(timeline, lane), rows };
}

/**
 * @param {Lanes} timeline
 * @param {number} index
 * @returns {Facts | null}
 */
function markFacts(timeline, index) {
  const mark = timeline.marks[index];
  if (!mark) return null;
  const lane = timeline.lanes[mark.lane], line = timeline.places[mark.place]?.line;
  /** @type {Facts["rows"]} */
  const rows = [[t("at"), [{ t: mark.t }]]];
  if (line) rows.push([t("where"), [{ line }]]);
  if (mark.text) rows.push([t("text"), [mark.text]]);
  return { title: `${lane ? fullName(timeline, lane) : ""}: ${markWord(mark.kind)}`, rows };
}

/**
 * @param {Lanes} timeline
 * @param {Hit} hit
 * @returns {Facts | null}
 */
function gilFacts(timeline, hit) {
  const holds = timeline.resources[hit.resource]?.holds;
  const [holder] = holders(timeline, hit.resource, hit.t);
  if (!holds || !holder) {
    const title = isWatched(timeline, hit.resource, hit.t) ? t("Nobody holds the GIL") : t("Nobody looked at the GIL then");
    return { title, rows: [[t("known by"), [t("sampling, not by an event")]]] };
  }
  const index = search(holder.gil.t, holder.gil.n, hit.t) - 1;
  const from = holder.gil.t[index], to = timeline.holdEnd(holder.id, from, holder.gil.end[index]);
  return {
    title: t("{who} holds the GIL", { who: fullName(timeline, holder) }),
    rows: [[t("lasted"), [duration(to - from)]], [t("when"), [{ t: from }, " – ", { t: to }]], [t("known by"), [t("sampling, not by an event")]]],
  };
}

/**
 * @param {Lanes} timeline
 * @param {Hit} hit
 * @returns {Facts | null}
 */
function lockFacts(timeline, hit) {
  const { holds } = timeline.resources[hit.resource] ?? {};
  if (!holds) return null;
  const [title] = resourceOf(timeline, hit.resource);
  const holding = holders(timeline, hit.resource, hit.t);
  /** @type {Facts["rows"]} */
  const rows = holding.length
    ? holding.slice(0, MOST_HOLDERS).map((each) => [t("held by"), holdParts(timeline, hit.resource, each, hit.t, hit.t)])
    : [[t("held by"), [t("nobody")]]];
  rows.push([t("holds"), [number(holds.n, 0)]]);
  return { title: String(title), rows };
}

/**
 * @param {Lanes} timeline
 * @param {Lane} process
 * @param {number} time
 * @returns {Facts}
 */
function runsFacts(timeline, process, time) {
  const count = runningAt(timeline, process, time);
  return { title: ngettext("{n} thread runs", "{n} threads run", count), rows: [[t("at"), [{ t: time }]], [t("of process"), [who(timeline, process)]]] };
}

/**
 * Which threads of a process used how much of a core, between the looks around a time.
 * @param {Lanes} timeline
 * @param {Lane} process
 * @param {number} time
 * @returns {Facts}
 */
function cpuFacts(timeline, process, time) {
  const using = cpuLanes(process).flatMap((lane) => {
    const stretch = stretchAt(lane, time);
    return stretch ? [{ lane, ...stretch }] : [];
  });
  using.sort((a, b) => b.share - a.share);
  /** @type {Facts["rows"]} */
  const rows = using.filter(({ share }) => share >= LEAST_SHARE).slice(0, MOST_USERS).map(({ lane, share, from, to }) =>
    [percent(share), [who(timeline, lane), ", ", { t: from }, " – ", { t: to }]]);
  const share = percent(using.reduce((sum, each) => sum + each.share, 0));
  return { title: t("{share} of a core", { share }), rows: [...rows, [t("known by"), [t("looks from outside; in between it counts as even")]]] };
}

/**
 * @param {Lanes} timeline
 * @param {Hit} hit
 * @returns {Facts | null}
 */
function levelFacts(timeline, hit) {
  const resource = timeline.resources[hit.resource], levels = resource?.levels;
  if (!resource || !levels || resource.kind === GIL) return null;
  const index = search(levels.t, levels.n, hit.t) - 1;
  const [title] = resourceOf(timeline, hit.resource);
  const value = index < 0 ? 0 : levels.what[index];
  /** @type {Facts["rows"]} */
  const rows = [[resource.kind === EXECUTOR ? t("jobs in the queue") : t("level"), [number(value, 0)]]];
  const lane = index < 0 ? undefined : timeline.lanes[levels.who[index]];
  if (lane) rows.push([t("changed by"), [who(timeline, lane), ", ", { t: levels.t[index] }]]);
  return { title: String(title), rows };
}
