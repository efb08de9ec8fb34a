/**
 * The words around the picture: status, outcome, the sentence, the facts, the tip. Called a few times a second at most.
 * @module
 */
import { button, byId, fill, icon, make, nodes, plain } from "./dom.js";
import { LOOK } from "./names.js";
import { honestyOf, outcomeOf, ranOn } from "./outcome.js";
import { sentence, staysAt } from "./sentence.js";
import { date, duration, moment, number, t } from "./text.js";
import { fullName } from "./words.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./text.js").Part} Part */

/** @param {Session} session */
function queued({ place }) {
  return place ? t("Queued: number {place} in turn…", { place: String(place) }) : t("Queued…");
}

/**
 * How far the run is: words and a bar.
 * @param {Session} session
 */
export function tellProgress(session) {
  const { phase, run, timeline } = session;
  const bar = byId("progress");
  const limit = run?.limits.wall_ns ?? 0;
  const text = session.reconnecting ? t("No connection to the server; trying again…")
    : phase === "sending" ? t("Sending…")
    : phase === "queued" ? queued(session)
    : phase === "starting" ? t("Starting Python…")
    : phase === "running" ? t("Running: {time} of {limit}", { time: tenths(timeline.known), limit: duration(limit) })
    : phase === "saving" ? t("Saving…")
    : phase === "loading" ? t("Loading…")
    : "";
  byId("status").textContent = text;
  bar.hidden = !text;
  const inner = /** @type {HTMLElement} */ (bar.firstElementChild);
  const exact = phase === "running" && limit > 0;
  bar.toggleAttribute("data-busy", !exact);
  inner.style.width = exact ? `${Math.min(100, (100 * timeline.known) / limit)}%` : "";
  byId("run").hidden = session.live;
  byId("stop").hidden = !session.live || phase === "sending";
}

/** @param {number} ns */
function tenths(ns) {
  return t("{n} s", { n: number(ns / 1e9, 1) });
}

/**
 * How the run ended, when and where it ran, and what its trace is missing.
 * @param {Session} session
 * @param {{line: number, edit: (() => void) | null, go: (part: Exclude<Part, string>) => void}} options line: the one that raised
 */
export function tellOutcome(session, { line, edit, go }) {
  const { run, phase, timeline } = session;
  const box = byId("outcome");
  if (!run || (phase !== "over" && !edit) || session.problem) {
    box.hidden = true;
    box.dataset.said = box.dataset.run = "";
    return;
  }
  const over = phase === "over";
  const { mood, parts } = over ? outcomeOf(run, timeline) : { mood: "plain", parts: [t("This run is on the way")] };
  box.hidden = false;
  const said = [run.id, phase, line, Boolean(edit)].join();
  fill(box, said, () => {
    box.dataset.mood = mood;
    box.dataset.run = over ? run.id : "";
    const words = make("div", {}, make("span", { class: "words" }, ...nodes(parts)));
    if (over && line) words.append(" · ", button(t("line {n}", { n: line }), "link", () => go({ line })));
    words.append(make("small", {}, ` · ${ranOn(run, date(run.created))}`));
    const children = [mood === "good" ? icon("circle-check") : mood === "bad" ? icon("circle-x") : icon("clock"), words];
    if (edit) {
      const again = button("", "button", edit);
      again.append(icon("pencil"), t("Edit and rerun"));
      return [...children, again];
    }
    return children;
  });
}

/**
 * What watching cost, and what it missed: always in one place.
 * @param {Session} session
 */
export function tellHonest(session) {
  const box = byId("honest");
  const { run, timeline, phase } = session;
  box.hidden = !run || Boolean(session.problem);
  if (!run) return;
  const { text, lost } = phase === "over" ? honestyOf(run, timeline) : { text: t("What watching costs and what it misses is told when the run has ended."), lost: false };
  fill(box, text, () => [lost ? icon("triangle-alert") : icon("eye"), make("span", {}, text)]);
  box.toggleAttribute("data-lost", lost);
}

/**
 * What is going on at the playhead; who is on which line, for the editor.
 * @param {Stage} stage
 * @returns {import("./words.js").Stay[]}
 */
export function tellMoment(stage) {
  const { timeline, player, moment: time } = stage;
  const stays = timeline.order.length ? staysAt(timeline, time) : [];
  const parts = sentence(timeline, time, stays, { free: stage.session.run?.python.free_threaded === true });
  fill(byId("sentence"), plain(parts), () => nodes(parts));
  byId("total").hidden = !timeline.order.length;
  byId("why").hidden = !stays.some(({ look }) => look !== LOOK.RUNNING && look !== LOOK.SLEEP && look !== LOOK.CREATED);
  byId("clock").textContent = moment(player.t, true);
  for (const item of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".of-gil"))) item.hidden = !timeline.gils.size;
  for (const item of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".of-job"))) item.hidden = !timeline.jobs.length;
  return stays;
}

/**
 * What stands where there is no picture yet.
 * @param {Session} session
 * @param {boolean} closed no programs can be run here
 */
export function tellEmpty(session, closed) {
  const box = byId("empty");
  const { phase, problem, timeline } = session;
  const nothing = !timeline.order.length;
  box.hidden = !nothing && !problem;
  if (box.hidden) return;
  const [title, text] = problem === "unknown" ? [t("There is no such run"), t("Perhaps the link is not complete.")]
    : problem === "deleted" ? [t("This run was deleted"), t("Its program and its trace are gone.")]
    : problem === "failed" ? [t("The trace can't be read"), t("Reload the page to try again.")]
    : phase === "idle" && closed ? [t("Programs can't be run here"), t("Runs that were recorded can be looked at: open the link of one.")]
    : phase === "idle" ? [t("Nothing has run yet"), t("Press Run (Ctrl-Enter): every process, thread and task gets a lane, live while it runs.")]
    : phase === "queued" ? [queued(session), t("The run begins as soon as there is room.")]
    : phase === "over" ? [t("Nothing was recorded"), t("The program ended before it could be watched.")]
    : [t("Starting Python…"), ""];
  fill(box, title, () => [make("b", {}, title), make("p", {}, text)]);
}

/**
 * Who is on which line, for the chips in the editor.
 * @param {import("./lanes.js").Lanes} timeline
 * @param {import("./words.js").Stay[]} stays
 * @param {{raised: number, followed: number}} options lines: the one that an exception came from, 0 if none · lane: the one that the reader follows
 * @returns {import("./chips.js").Here}
 */
export function hereOf(timeline, stays, { raised, followed }) {
  /** @type {Map<number, {name: string, look: number}[]>} */
  const lines = new Map();
  const order = [...stays].sort((a, b) => Number(b.look === LOOK.RUNNING) - Number(a.look === LOOK.RUNNING));
  for (const { lane, line, look } of order) {
    if (!line) continue;
    const chips = lines.get(line) ?? [];
    chips.push({ name: fullName(timeline, lane), look });
    lines.set(line, chips);
  }
  return { raised, shown: stays.find(({ lane }) => lane.id === followed)?.line ?? 0, lines: [...lines].map(([line, chips]) => ({ line, chips })).sort((a, b) => a.line - b.line) };
}
