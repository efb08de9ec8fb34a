/**
 * What was noticed in a run, in words: the server finds it (docs/tracing.md) and says it in parts.
 * @module
 */
import { duration, listed, ngettext, number, rich, t } from "./text.js";
import { resourceOf, who } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./text.js").Part} Part */

/**
 * @typedef {object} Finding as GET /api/runs/{id}/findings says it
 * @property {string} kind
 * @property {string} title in English
 * @property {number[]} lanes
 * @property {number[]} resources
 * @property {number} from_ns
 * @property {number} to_ns Infinity while it goes on
 * @property {number[]} lines
 * @property {boolean} inferred
 * @property {Record<string, any>} details
 */

const MOST_NAMES = 4;

/** @param {string} kind */
export function findingWord(kind) {
  switch (kind) {
    case "deadlock": return t("Deadlock");
    case "nobody_can_wake": return t("Waiting in vain");
    case "loop_blocked": return t("Event loop blocked");
    case "contention": return t("Contended lock");
    case "exception": case "never_retrieved": return t("Unnoticed exception");
    case "never_awaited": return t("Forgotten coroutine");
    case "failed_start": return t("Failed start");
    default: return t("Cut off at exit");
  }
}

/** @param {Finding} finding */
export function sureness({ inferred }) {
  return inferred ? t("inferred") : t("observed");
}

/**
 * What a finding says, and the lines where it is.
 * @param {Lanes} timeline
 * @param {Finding} finding
 * @returns {Part[]}
 */
export function findingParts(timeline, finding) {
  const said = sentencesOf(timeline, finding);
  /** @type {Part[]} */
  const lines = finding.lines.flatMap((line, index) => (finding.lines.indexOf(line) === index ? [said.length || index ? " · " : "", { line }] : []));
  return [...said.flatMap((sentence, index) => (index ? [" ", ...sentence] : sentence)), ...lines];
}

/**
 * @param {Lanes} timeline
 * @param {number[]} ids
 * @returns {Part[]}
 */
function names(timeline, ids) {
  /** @type {Part[]} */
  const shown = ids.slice(0, MOST_NAMES).flatMap((id) => timeline.lanes[id] ?? []).map((lane) => who(timeline, lane));
  const more = ids.length - MOST_NAMES;
  return listed(more > 0 ? [...shown, ngettext("{n} more", "{n} more", more)] : shown);
}

/**
 * @param {Lanes} timeline
 * @param {Finding} finding
 * @returns {Part[][]}
 */
function sentencesOf(timeline, { kind, lanes, resources, from_ns: from, to_ns: to, inferred, details }) {
  const what = resources.length ? resourceOf(timeline, resources[0]) : [];
  const people = names(timeline, lanes);
  const holder = names(timeline, details.holder ? [details.holder] : (details.holders ?? []).slice(0, 1).map((/** @type {any} */ each) => each.lane));
  const values = { who: people, what, holder, text: String(details.text ?? "") };
  switch (kind) {
    case "deadlock": {
      const said = details.steps.map((/** @type {any} */ step) => stepOf(timeline, step, details.steps));
      if (details.behind.length) said.push(rich(t("Waiting behind that: {who}."), { who: names(timeline, details.behind) }));
      if (details.broken) said.push([t("It lasted {time}.", { time: duration(to - from) })]);
      return said;
    }
    case "nobody_can_wake":
      return [rich(details.holder ? t("Waiting for {what}: {who}. {holder} has ended without letting it go.")
        : details.need === "item" ? t("Waiting for an item in {what}: {who}. Nobody is left to put one.")
        : details.need === "room" ? t("Waiting for room in {what}: {who}. Nobody is left to take an item out.")
        : details.need === "worker" ? t("Waiting for jobs in the queue of {what}: {who}. No worker is left to run them.")
        : t("Waiting for {what}: {who}. Nobody is left to end that."), values)];
    case "loop_blocked": {
      const others = { who: names(timeline, lanes.slice(1)) };
      return [
        rich(t("{who} kept the event loop busy for {time}."), { who: names(timeline, lanes.slice(0, 1)), time: duration(to - from) }),
        rich(inferred ? t("Meanwhile the time came for {who}.") : t("Meanwhile these could not go on: {who}."), others),
      ];
    }
    case "contention": {
      const { waiters, share, waits, waited_ns: waited } = details;
      const times = ngettext("{n} wait", "{n} waits", waits);
      return [
        rich(t("{who} spent {share} of their time waiting for {what}: {times}, {time} in all."), {
          ...values, who: names(timeline, waiters), share: `${number(share * 100, 0)}%`, times, time: duration(waited),
        }),
        rich(t("{holder} held it longest."), values),
      ];
    }
    case "exception":
      return [rich(t("{who} ended by it, and nothing else noticed: {text}"), values)];
    case "daemon_cut_off":
      return [rich(details.process ? t("{who} was busy when its parent ended.") : t("{who} was busy when its process ended."), values)];
    default:
      return [rich(t("{who}: {text}"), values)];
  }
}

/**
 * One lane of a deadlock: what it needs of the next.
 * @param {Lanes} timeline
 * @param {any} step
 * @param {any[]} steps
 * @returns {Part[]}
 */
function stepOf(timeline, step, steps) {
  const { lane, how, resource, needs, holders } = step;
  const what = resource && how !== "ends" ? resourceOf(timeline, resource) : names(timeline, [needs]);
  const said = JSON.stringify(what);
  const twins = steps.filter((each) => each.resource && JSON.stringify(resourceOf(timeline, each.resource)) === said);
  const values = { who: names(timeline, [lane]), what: twins.length > 1 ? [...what, ` #${twins.indexOf(step) + 1}`] : what };
  switch (how) {
    case "held":
      return needs === lane ? rich(t("{who} waits for {what} and holds it itself."), values)
        : rich(t("{who} waits for {what}, held by {holder}."), { ...values, holder: names(timeline, holders) });
    case "loop": return rich(t("{who} can't go on, because {what} blocks the event loop."), { ...values, what: names(timeline, [needs]) });
    case "children": return rich(t("{who} waits for tasks it has started, among them {what}."), { ...values, what: names(timeline, [needs]) });
    default: return rich(t("{who} waits until {what} ends."), values);
  }
}
