/**
 * Why lanes wait, in words: a verdict, then every step of the chain.
 * @module
 */
import { search } from "./columns.js";
import { LOOK, QUEUE } from "./names.js";
import { lookWord } from "./terms.js";
import { duration, listed, ngettext, rich, t } from "./text.js";
import { resourceOf, who } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./text.js").Part} Part */
/** @typedef {import("./waits.js").Waits} Waits */
/** @typedef {import("./waits.js").Knot} Knot */

const MOST_NAMES = 4;

/**
 * @param {Lanes} timeline
 * @param {number[]} ids
 */
function names(timeline, ids) {
  const shown = ids.slice(0, MOST_NAMES).flatMap((id) => timeline.lanes[id] ?? []).map((lane) => who(timeline, lane));
  const more = ids.length - shown.length;
  return listed(/** @type {Part[]} */ (more > 0 ? [...shown, ngettext("{n} more", "{n} more", more)] : shown));
}

/**
 * The answer in a sentence or two.
 * @param {Lanes} timeline
 * @param {Waits} waits
 * @param {number} time
 * @returns {Part[]}
 */
export function verdictOf(timeline, { knots, chosen, circle, root }, time) {
  const knot = knots.get(chosen);
  if (circle.length) {
    const behind = chosen && !circle.includes(chosen) ? [...rich(t("{who} waits behind a circle."), { who: names(timeline, [chosen]) }), " "] : [];
    // A timeout, or a hand-over in progress, ends a circle that is no deadlock.
    const broken = circle.map((id) => /** @type {Knot} */ (knots.get(id))).find(({ lane, stay }) => (stay?.index ?? 0) + 1 < lane.spans.n);
    const text = circle.length === 1
      ? broken || !timeline.over ? t("{who} waits for itself.") : t("A deadlock: {who} waits for itself, so it can never go on.")
      : broken ? t("{who} wait for each other in a circle.")
      // While a run is on, a timeout may still end it.
      : !timeline.over ? t("{who} wait for each other in a circle, so none of them goes on.") : t("A deadlock: {who} wait for each other in a circle, so none of them can ever go on.");
    return [...behind, ...rich(text, { who: names(timeline, circle) }), ...(broken ? endedBy(timeline, broken, time) : [])];
  }
  if (knot && !knot.need) {
    const others = [...knots.keys()].filter((id) => id !== chosen);
    const said = knot.stay ? doing(timeline, knot, time) : rich(t("{who} is not there at this time."), { who: names(timeline, [chosen]) });
    if (!others.length) return [...said, " ", t("Nobody waits for it.")];
    return [...said, " ", ...rich(others.length === 1 ? t("{who} waits for it.") : t("{who} wait for it."), { who: names(timeline, others) })];
  }
  if (!knots.size) return [t("Nobody waits for another now.")];
  const end = knots.get(root);
  if (knot && end) {
    if (end === knot) return why(timeline, [knot], time);
    return [...rich(t("In the end {who} waits for {root}."), { who: names(timeline, [chosen]), root: names(timeline, [root]) }), " ", ...why(timeline, [end], time)];
  }
  /** Those that wait for the same are told together. @type {Map<string, Knot[]>} */
  const ends = new Map();
  for (const each of knots.values()) {
    if (each.need?.lanes.length) continue;
    const key = each.need ? `${each.need.how} ${each.stay?.look} ${each.stay?.look === LOOK.SLEEP ? "" : each.stay?.on}` : `lane ${each.lane.id}`;
    ends.set(key, [...(ends.get(key) ?? []), each]);
  }
  const groups = [...ends.values()];
  const only = groups.length === 1 && groups[0].length === 1 && knots.size > 2 ? groups[0] : null;
  if (only) return [...rich(t("In the end all wait for {root}."), { root: names(timeline, [only[0].lane.id]) }), " ", ...why(timeline, only, time)];
  return groups.slice(0, MOST_NAMES).flatMap((group, index) => [...(index ? [" "] : []), ...why(timeline, group, time)]);
}

/**
 * What lanes do that are the root of a wait.
 * @param {Lanes} timeline
 * @param {Knot[]} group that waits for the same
 * @param {number} time
 * @returns {Part[]}
 */
function why(timeline, group, time) {
  const [knot] = group, { stay, need } = knot;
  if (!stay || !need) return doing(timeline, knot, time);
  const values = { who: names(timeline, group.map(({ lane }) => lane.id)), what: resourceOf(timeline, stay.on) };
  const text = need.how === "gil" || need.how === "turn" ? "" : rootText(timeline, stay, time, group.length === 1);
  return [...(text ? rich(text, values) : stepOf(timeline, knot)), ...(group.length === 1 ? endedBy(timeline, knot, time) : [])];
}

/**
 * @param {Lanes} timeline
 * @param {import("./words.js").Stay} stay
 * @param {number} time
 * @param {boolean} alone it is one lane's
 */
function rootText(timeline, { look, on: id }, time, alone) {
  const on = timeline.resources[id];
  if (look === LOOK.SLEEP) return alone ? t("{who} sleeps.") : t("{who} sleep.");
  if (look === LOOK.IO) return alone ? t("{who} waits for something outside of the program.") : t("{who} wait for something outside of the program.");
  if (on?.kind !== QUEUE) return alone ? t("{who} waits for {what}; nothing that was seen says who must end that.") : t("{who} wait for {what}; nothing that was seen says who must end that.");
  const at = on.levels ? search(on.levels.t, on.levels.n, time) - 1 : -1;
  if (at >= 0 && on.levels?.what[at] === 0) return alone ? t("{who} waits until another lane puts something into {what}, which is empty.") : t("{who} wait until another lane puts something into {what}, which is empty.");
  return alone ? t("{who} waits until another lane puts something into {what} or takes something out.") : t("{who} wait until another lane puts something into {what} or takes something out.");
}

/**
 * @param {Lanes} timeline
 * @param {Knot} knot
 * @param {number} time
 * @returns {Part[]}
 */
function doing(timeline, { lane, stay }, time) {
  const values = { who: names(timeline, [lane.id]), line: stay?.line ? [{ line: stay.line }] : [], state: lookWord(stay?.look ?? 0) };
  if (!stay) return timeline.over && lane.end <= time ? rich(t("{who} has ended."), values) : [];
  if (stay.look === LOOK.RUNNING) return rich(stay.line ? t("{who} doesn't wait: it runs {line}.") : t("{who} doesn't wait: it runs."), values);
  return rich(t("{who}: {state}."), values);
}

/**
 * What is known of the end of a wait: a replay knows what came later.
 * @param {Lanes} timeline
 * @param {Knot} knot
 * @param {number} time
 * @returns {Part[]}
 */
function endedBy(timeline, { lane, stay }, time) {
  if (!stay || stay.index + 1 >= lane.spans.n) return timeline.over ? [" ", t("It never went on.")] : [];
  const at = lane.spans.t[stay.index + 1];
  const { links } = lane;
  for (let i = search(links.t, links.n, at, false); i < links.n && links.wait[i] <= stay.index; i++) {
    const from = links.wait[i] === stay.index ? timeline.lanes[links.from[i]] : undefined;
    if (from) return [" ", ...rich(t("It went on {time} later, because of {who}."), { time: duration(at - time), who: [who(timeline, from)] })];
  }
  return [" ", ...rich(t("It went on {time} later."), { time: duration(at - time) })];
}

/**
 * Every lane of the graph that waits, and what for, with how long it has; those of a circle first.
 * @param {Lanes} timeline
 * @param {Waits} waits
 * @param {number} time
 * @returns {{knot: Knot, parts: Part[]}[]}
 */
export function stepsOf(timeline, { knots, chosen, circle }, time) {
  const order = [...(knots.has(chosen) ? [chosen] : []), ...circle, ...knots.keys()];
  return [...new Set(order)].flatMap((id) => {
    const knot = /** @type {Knot} */ (knots.get(id));
    if (!knot.need || !knot.stay) return knot.stay ? [{ knot, parts: doing(timeline, knot, time) }] : [];
    const since = rich(t(" {time} so far."), { time: duration(time - knot.lane.spans.t[knot.stay.index]) });
    return [{ knot, parts: [...stepOf(timeline, knot), ...since, ...(knot.stay.line ? [" ", { line: knot.stay.line }] : [])] }];
  });
}

/**
 * @param {Lanes} timeline
 * @param {Knot} knot that needs something
 * @returns {Part[]}
 */
function stepOf(timeline, { lane, need, stay }) {
  if (!need) return [];
  const values = { who: names(timeline, [lane.id]), what: resourceOf(timeline, need.on), holder: names(timeline, need.lanes) };
  switch (need.how) {
    case "held": return rich(need.lanes[0] === lane.id ? t("{who} waits for {what} and holds it itself.") : t("{who} waits for {what}, held by {holder}."), values);
    case "ends": return rich(t("{who} waits until {what} ends."), { ...values, what: values.holder });
    case "children": return rich(t("{who} waits for tasks it has started, among them {what}."), { ...values, what: values.holder });
    case "loop": return rich(t("{who} can't go on, because {what} blocks the event loop."), { ...values, what: values.holder });
    case "gil":
      return rich(need.lanes.length ? t("{who} is ready but must wait for the GIL, held by {holder}.") : t("{who} is ready but must wait for the GIL."), values);
    case "turn": return rich(t("{who} is ready and waits for its turn in the event loop."), values);
    default:
      return stay?.look === LOOK.SLEEP ? rich(t("{who} sleeps."), values) : rich(t("{who} waits for {what}."), values);
  }
}
