/**
 * What is told of the run as a whole: how it ended, what watching it cost and missed, its output, and whether the server answers.
 * @module
 */
import { button, byId, fill, icon, make, nodes } from "./dom.js";
import { honestyOf, outcomeOf, ranOn } from "./outcome.js";
import { OutputList, lineOf, linesOf } from "./output.js";
import { date, t } from "./text.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./text.js").Part} Part */

/** The words around the picture that come after it. */
export class RunView {
  #output;
  /** The timeline whose tracebacks were read. @type {import("./lanes.js").Lanes | null} */
  #read = null;

  /**
   * @param {import("./stage.js").Stage} stage
   * @param {import("./program.js").Program} program
   * @param {import("./moves.js").Moves} moves
   */
  constructor(stage, program, moves) {
    this.stage = stage;
    this.program = program;
    this.moves = moves;
    this.#output = new OutputList(byId("output"), byId("output-count"), (time, line) => {
      moves.seek(time);
      if (line) moves.go({ line });
    });
  }

  show() {
    const { stage, program, moves } = this;
    const { session, player } = stage;
    if (session.phase === "over" && this.#read !== session.timeline) this.#findRaised();
    tellOutcome(session, {
      line: program.raised, edit: session.run && !program.editable ? () => program.edit() : null, go: (part) => moves.go(part),
    });
    tellHonest(session);
    tellConnection(session);
    offer(session);
    tellRefusal(program.refusal, () => stage.invalidate());
    this.#output.show(session.timeline, player.t);
  }

  /** The line of the program where the exception came from that ended it. */
  #findRaised() {
    const { session } = this.stage;
    this.#read = session.timeline;
    this.program.raised = 0;
    if (session.run?.outcome?.kind !== "raised") return;
    for (const { stream, text } of linesOf(session.timeline.output)) if (stream === 2) this.program.raised = lineOf(text) || this.program.raised;
  }
}

/**
 * How the run ended, when and where it ran, and what its trace is missing.
 * @param {Session} session
 * @param {{line: number, edit: (() => void) | null, go: (part: Exclude<Part, string>) => void}} options line: the one that raised
 */
function tellOutcome(session, { line, edit, go }) {
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
function tellHonest(session) {
  const box = byId("honest");
  const { run, timeline, phase } = session;
  box.hidden = !run || Boolean(session.problem);
  if (!run) return;
  const { text, lost } = phase === "over" ? honestyOf(run, timeline) : { text: t("What watching costs and what it misses is told when the run has ended."), lost: false };
  fill(box, text, () => [lost ? icon("triangle-alert") : icon("eye"), make("span", {}, text)]);
  box.toggleAttribute("data-lost", lost);
}

/**
 * Whether the server is out of reach: over the picture, which stays as it is.
 * @param {Session} session
 */
function tellConnection({ reconnecting, run }) {
  const box = byId("connection");
  const offline = !navigator.onLine;
  box.hidden = !offline && !reconnecting;
  if (box.hidden) return;
  const text = offline
    ? run ? t("You are offline. What has come of this run can be looked at.") : t("You are offline.")
    : t("No connection to the server; trying again. What has come so far stays.");
  fill(box, text, () => [icon("cloud-off"), text]);
}

/**
 * Why the server takes no run now, and for how long.
 * @param {{text: string, until: number} | null} refusal
 * @param {() => void} again is called when there is something else to tell
 */
function tellRefusal(refusal, again) {
  const box = byId("refusal");
  box.hidden = !refusal;
  if (!refusal) return;
  const left = Math.ceil((refusal.until - performance.now()) / 1000);
  const wait = left > 0 ? t("Try again in {n} s.", { n: left }) : t("You can try again now.");
  if (fill(box, refusal.text + wait, () => [icon("hourglass"), make("span", {}, `${refusal.text} `, make("b", {}, wait))]) && left > 0) setTimeout(again, 1000);
}

/**
 * Offers the trace of a run that has ended, for other tools.
 * @param {import("./session.js").Session} session
 */
function offer({ run, phase }) {
  const link = byId("export", HTMLAnchorElement);
  link.hidden = !run || phase !== "over";
  if (run) link.href = `/api/runs/${encodeURIComponent(run.id)}/export/chrome.json`;
}
