/**
 * The sentence that says what is going on at the playhead.
 * @module
 */
import { FUTURE, GIL, LOOK, PROCESS } from "./names.js";
import { listed, ngettext, rich, t } from "./text.js";
import { heldBy, holders, isInternal, resourceOf, runsTask, stayAt, who } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./text.js").Part} Part */
/** @typedef {import("./words.js").Stay} Stay */

const MOST_NAMES = 3;
const MOST_CLAUSES = 5;

/**
 * Who does what at a time: everybody's stay but those of processes and internals.
 * @param {Lanes} timeline
 * @param {number} time
 * @returns {Stay[]}
 */
export function staysAt(timeline, time) {
  const stays = [];
  for (const lane of timeline.order) {
    if (lane.kind === PROCESS || isInternal(timeline, lane)) continue;
    const stay = stayAt(timeline, lane, time);
    if (stay && !(stay.look === LOOK.RUNNING && runsTask(timeline, lane, time))) stays.push(stay);
  }
  return stays;
}

/**
 * What is going on.
 * @param {Lanes} timeline
 * @param {number} time
 * @param {Stay[]} stays
 * @param {{running?: boolean, free?: boolean}} [options] running: whether to say who runs · free: there is no GIL
 * @returns {Part[]}
 */
export function sentence(timeline, time, stays, { running = true, free = false } = {}) {
  if (!stays.length) return [timeline.over && timeline.order.length ? t("Nobody runs any more.") : ""];
  const runners = stays.filter((stay) => stay.look === LOOK.RUNNING);
  const clauses = running ? [runs(timeline, time, runners, free)] : [];
  const gil = stays.filter((stay) => stay.look === LOOK.WANTS_GIL);
  if (gil.length) {
    const text = gil.length === 1 ? t("{who} is ready but must wait for the GIL.") : t("{who} are ready but must wait for the GIL.");
    clauses.push(rich(text, { who: names(timeline, gil) }));
  }
  for (const group of grouped(stays, LOOK.LOCK)) {
    const holding = holders(timeline, group[0].on, time);
    const what = resourceOf(timeline, group[0].on);
    const text = holding.length
      ? group.length === 1 ? t("{who} waits for {what}, held by {holder}.") : t("{who} wait for {what}, held by {holder}.")
      : waits(group);
    clauses.push(rich(text, { who: names(timeline, group), what, holder: listed(holding.map((lane) => who(timeline, lane))) }));
  }
  for (const group of grouped(stays, LOOK.OTHER)) {
    const { kind, target: ends } = timeline.resources[group[0].on] ?? { kind: 0, target: 0 };
    const target = kind !== FUTURE && timeline.lanes[ends];
    const text = target
      ? group.length === 1 ? t("{who} waits until {what} ends.") : t("{who} wait until {what} ends.")
      : waits(group);
    clauses.push(rich(text, { who: names(timeline, group), what: resourceOf(timeline, group[0].on) }));
  }
  for (const [look, one, many] of rest()) {
    const group = stays.filter((stay) => stay.look === look);
    if (group.length) clauses.push(rich(group.length === 1 ? one : many, { who: names(timeline, group) }));
  }
  const said = clauses.filter((clause) => clause.length).slice(0, MOST_CLAUSES);
  return said.flatMap((clause, index) => (index ? [" ", ...clause] : clause));
}

/** @param {Stay[]} group */
function waits(group) {
  return group.length === 1 ? t("{who} waits for {what}.") : t("{who} wait for {what}.");
}

/** Waits that need no cause. @returns {[number, string, string][]} */
function rest() {
  return [
    [LOOK.WANTS_LOOP, t("{who} is ready and waits for its turn in the event loop."), t("{who} are ready and wait for their turn in the event loop.")],
    [LOOK.IO, t("{who} waits for I/O."), t("{who} wait for I/O.")],
    [LOOK.SLEEP, t("{who} sleeps."), t("{who} sleep.")],
    [LOOK.AWAIT, t("{who} is suspended at await."), t("{who} are suspended at await.")],
    [LOOK.CREATED, t("{who} has not begun yet."), t("{who} have not begun yet.")],
  ];
}

/**
 * @param {Lanes} timeline
 * @param {number} time
 * @param {Stay[]} runners
 * @param {boolean} free
 * @returns {Part[]}
 */
function runs(timeline, time, runners, free) {
  if (!runners.length) return [t("Nobody runs.")];
  if (runners.length > 1) {
    const processes = new Set(runners.map((stay) => timeline.processOf(stay.lane).id)).size;
    const text = processes === runners.length ? t("{who} run at the same time, each in a process of its own.")
      : free ? t("{who} run at the same time.")
      : processes === 1 ? t("{who} take turns: they share one GIL.")
      : t("{who} compute; those of one process take turns, because they share its GIL.");
    return rich(text, { who: names(timeline, runners) });
  }
  const [{ lane, line }] = runners;
  const process = timeline.processOf(lane);
  const carrier = lane.parent && timeline.lanes[lane.parent] !== process ? timeline.lanes[lane.parent] : undefined;
  const held = [...heldBy(timeline, lane, time), ...(carrier ? heldBy(timeline, carrier, time) : [])];
  held.sort((a, b) => Number(timeline.resources[b]?.kind === GIL) - Number(timeline.resources[a]?.kind === GIL));
  /** @type {Part[]} */
  const what = held.slice(0, MOST_NAMES).flatMap((id, index) => [
    ...(index ? [index === Math.min(held.length, MOST_NAMES) - 1 ? t(" and ") : ", "] : []), ...resourceOf(timeline, id),
  ]);
  const text = line
    ? held.length ? t("{who} runs line {line} and holds {what}.") : t("{who} runs line {line}.")
    : held.length ? t("{who} runs and holds {what}.") : t("{who} runs.");
  return rich(text, { who: { ...who(timeline, lane), runs: true }, line: String(line), what });
}

/**
 * @param {Stay[]} stays
 * @param {number} look
 * @returns {Stay[][]} those of this look, by what they wait for
 */
function grouped(stays, look) {
  /** @type {Map<number, Stay[]>} */
  const groups = new Map();
  for (const stay of stays) {
    if (stay.look !== look) continue;
    const group = groups.get(stay.on);
    if (group) group.push(stay);
    else groups.set(stay.on, [stay]);
  }
  return [...groups.values()];
}

/**
 * @param {Lanes} timeline
 * @param {Stay[]} stays
 * @returns {Part[]}
 */
function names(timeline, stays) {
  const shown = stays.slice(0, MOST_NAMES).map(({ lane, look }) => ({ ...who(timeline, lane), runs: look === LOOK.RUNNING }));
  if (stays.length <= MOST_NAMES) return listed(shown);
  const more = ngettext("{n} more", "{n} more", stays.length - MOST_NAMES);
  return [...shown.flatMap((part, index) => (index ? [", ", part] : [part])), t(" and "), more];
}
