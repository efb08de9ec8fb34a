/**
 * The words around the picture: status, the sentence, what stands where there is no picture. Called a few times a second at most.
 * @module
 */
import { button, byId, fill, icon, make, nodes, plain } from "./dom.js";
import { LOOK } from "./names.js";
import { sentence, staysAt } from "./sentence.js";
import { duration, moment, number, t } from "./text.js";
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
  for (const item of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".of-cpu"))) item.hidden = !timeline.watched;
  return stays;
}

/**
 * What stands where there is no picture yet, and what one can do about it.
 * @param {Session} session
 * @param {{closed: boolean, run: () => void, examples: () => void}} options closed: no programs can be run here
 */
export function tellEmpty(session, { closed, run, examples }) {
  const box = byId("empty");
  const { phase, problem, timeline } = session;
  const nothing = !timeline.order.length;
  box.hidden = !nothing && !problem;
  if (box.hidden) return;
  const [sign, title, text, ...verbs] = problem === "unknown" ? [icon("file-question-mark"), t("There is no such run"), t("Perhaps the link is not complete."), home()]
    : problem === "deleted" ? [icon("trash-2"), t("This run was deleted"), t("Its program and its trace are gone."), home()]
    : problem === "failed" ? [icon("triangle-alert"), t("The trace can't be read"), t("Reload the page to try again."), button(t("Reload"), "button", () => location.reload())]
    : phase === "idle" && closed ? [icon("ban"), t("Programs can't be run here"), t("Runs that were recorded can be looked at: open the link of one.")]
    : phase === "idle" ? [icon("play"), t("Nothing has run yet"), t("Press Run (Ctrl-Enter): every process, thread and task gets a lane, live while it runs."),
      button(t("Run"), "button primary", run), button(t("Examples"), "button", examples)]
    : phase === "queued" ? [icon("hourglass"), queued(session), t("The run begins as soon as there is room.")]
    : phase === "over" ? [icon("eye"), t("Nothing was recorded"), t("The program ended before it could be watched.")]
    : [icon("hourglass"), phase === "loading" ? t("Loading…") : t("Starting Python…"), ""];
  fill(box, title, () => [sign, make("b", {}, title), make("p", {}, text), ...(verbs.length ? [make("div", {}, ...verbs)] : [])]);
}

function home() {
  return make("a", { class: "button", href: "/" }, t("To the playground"));
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
