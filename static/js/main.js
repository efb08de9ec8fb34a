/**
 * The page: it wires program, run, picture and words together.
 * @module
 */
import { byId, icon, make, setIcon, toast } from "./dom.js";
import { draftOf, keep, keyOf, latestDraft } from "./drafts.js";
import { finder } from "./finder.js";
import { Flags } from "./flags.js";
import { keys, pointers } from "./input.js";
import { OutputList, linesOf, lineOf } from "./output.js";
import { panes, theme } from "./panes.js";
import { Player, SPEEDS, neighbour, pleasantSpeed } from "./player.js";
import { Refused, Session } from "./session.js";
import { offer, share, viewOf } from "./share.js";
import { Stage } from "./stage.js";
import { hereOf, tellEmpty, tellFacts, tellHonest, tellMoment, tellOutcome, tellProgress, tellTip } from "./tell.js";
import { number, speak, t } from "./text.js";
import { pan, range, zoom } from "./viewport.js";
import { causeOf, effectOf, longestSpan, rowsOf, spanAt } from "./walk.js";

/** @typedef {import("./view.js").Hit} Hit */
/** @typedef {import("./editor.js").Editor} Editor */
/** @typedef {Exclude<import("./text.js").Part, string>} Place */

const data = JSON.parse(byId("page-data", HTMLScriptElement).textContent ?? "");
speak(data.language, data.texts);

const ZOOM_KEY = 0.8;
const PAN_KEY = 0.12;
const KEEP_MS = 400;
const OWN = "interleave.own";

const session = new Session(() => stage.invalidate());
const player = new Player();
const flags = new Flags(byId("stage"), seek);
const stage = new Stage(byId("canvas", HTMLCanvasElement), session, player, flags, tell);
const { view } = stage;
const python = byId("python", HTMLSelectElement);
const speed = byId("speed", HTMLSelectElement);
const outputList = new OutputList(byId("output"), byId("output-count"), (time, line) => {
  seek(time);
  if (line) go({ line });
});

/** The program that the page began with, and what it is now. */
let original = String(data.source), source = original;
let parent = /** @type {string | null} */ (data.parent);
let draftKey = keyOf(data);
/** The program may be changed; a permalink's only after "Edit and rerun". */
let editable = !data.run || own(data.run.id);
/** The program of the run that is shown. */
let ran = data.run ? original : "";
let editor = /** @type {Editor | null} */ (null);
let outline = /** @type {import("./outline-view.js").OutlineView | null} */ (null);
let noticing = false;
let raised = 0, marked = "";
let wasOver = false, wasLive = false;
/** Kept when the first picture is there, or none is on its way. */
const pictured = { keep: () => {}, promise: Promise.resolve() };
pictured.promise = new Promise((resolve) => (pictured.keep = resolve));

/** @param {string} id */
function own(id) {
  return (sessionStorage.getItem(OWN) ?? "").split(" ").includes(id);
}

// ---- telling

function tell() {
  if (session.phase !== "loading") pictured.keep();
  const over = session.phase === "over";
  if (over !== wasOver) {
    wasOver = over;
    if (over) ended();
  }
  if (session.live !== wasLive) {
    wasLive = session.live;
    if (wasLive) player.follow();
  }
  tellProgress(session);
  tellOutcome(session, { line: raised, edit: session.run && !editable ? edit : null, go });
  tellEmpty(session, data.sandbox.reason !== null);
  tellHonest(session);
  if (session.findings.length) tellNotices();
  stage.notices?.show(stage);
  const stays = tellMoment(stage);
  tellFacts(stage, { go, close: () => select(null) });
  outputList.show(session.timeline, player.t);
  outline?.show(session.timeline, session.findings);
  const here = hereOf(session.timeline, source === ran ? stays : [], source === ran ? raised : 0);
  const key = JSON.stringify(here);
  if (editor && key !== marked) {
    marked = key;
    editor.mark(here);
  }
  byId("live").hidden = !session.live;
  byId("live").setAttribute("aria-pressed", String(player.live));
  const play = byId("play");
  if (play.dataset.playing !== String(player.playing)) {
    play.dataset.playing = String(player.playing);
    setIcon(play, player.playing ? icon("pause") : icon("play"));
  }
  byId("share").hidden = !session.run;
  offer(session);
  byId("run", HTMLButtonElement).disabled = session.phase === "sending" || data.sandbox.reason !== null;
}

/** What shows findings comes when there are some. */
function tellNotices() {
  if (noticing) return;
  noticing = true;
  void import("./later.js").then(({ Notices }) => {
    stage.notices = new Notices(notice);
    stage.invalidate();
  });
}

/** The run is over and its trace is whole. */
function ended() {
  const { run, timeline } = session;
  raised = 0;
  if (run?.outcome?.kind === "raised") {
    for (const { stream, text } of linesOf(timeline.output)) if (stream === 2) raised = lineOf(text) || raised;
  }
  player.live = false;
  player.end = player.t = stage.end;
  player.speed = pleasantSpeed(stage.end - stage.start);
  speed.value = String(player.speed);
  if (stage.following) stage.fit();
  applyHash();
  stage.invalidate();
}

// ---- verbs

/** @param {number} time */
function seek(time) {
  player.seek(time);
  stage.invalidate();
}

/** @param {Hit | null} hit */
function select(hit) {
  view.selected = hit;
  view.finding = null;
  stage.invalidate();
}

/**
 * Selects something and shows it.
 * @param {Hit | null} hit
 */
function visit(hit) {
  if (!hit) return;
  const lane = session.timeline.lanes[hit.lane];
  if (!lane) return;
  select(hit);
  const onSpan = hit.part === "span" && hit.index >= 0;
  const from = onSpan ? lane.spans.t[hit.index] : lane.start;
  stage.show(lane.id, from, onSpan ? session.timeline.endOf(lane, hit.index) : from);
}

/**
 * Goes where a word leads.
 * @param {Place} place
 */
function go(place) {
  if ("line" in place) editor?.show(place.line);
  else if ("t" in place) {
    seek(place.t);
    stage.show(0, place.t, place.t);
  } else visit({ ...(spanAt(place.lane, player.t) ?? { t: 0, lane: place.lane.id, resource: 0, index: -1, fold: false }), part: "lane" });
}

/**
 * Goes to what was noticed: its lanes, when it began and where; or away from it again.
 * @param {import("./findings.js").Finding} finding
 */
function notice(finding) {
  if (view.finding === finding) return select(null);
  const { lanes } = session.timeline;
  for (const id of finding.lanes) for (let at = lanes[id]; at; at = lanes[at.parent]) view.folded.delete(at.id);
  player.seek(finding.from_ns);
  select(longestSpan(session.timeline, lanes[finding.lanes[0]], finding.from_ns, finding.to_ns));
  view.finding = finding;
  stage.show(finding.lanes[0], finding.from_ns, Math.min(finding.to_ns, stage.end));
  // What is told moves what is below the timeline: first that, then the page.
  tell();
  stage.canvas.scrollIntoView({ block: "nearest" });
  alsoShow(finding.lines[0]);
}

/**
 * Shows the line of what was chosen on the timeline, unless that would scroll the timeline away.
 * @param {number | undefined} line
 */
function alsoShow(line) {
  if (line && source === ran && matchMedia("(width > 760px)").matches) editor?.show(line);
}

/** @param {1 | -1} direction */
function step(direction) {
  player.playing = false;
  const time = neighbour(rowsOf(session.timeline, view), player.t, direction);
  if (time === null) return;
  seek(time);
  stage.show(0, time, time);
}

function toggle() {
  player.toggle();
  stage.invalidate();
}

/** @param {number} factor */
function zoomBy(factor) {
  const middle = player.t > view.from && player.t < view.to ? player.t : (view.from + view.to) / 2;
  zoom(view, stage.end, factor, middle);
  moved();
}

/** @param {number} share */
function panBy(share) {
  pan(view, stage.end, share * (view.to - view.from));
  moved();
}

function moved() {
  stage.following = false;
  stage.repaint();
}

/** @param {1 | -1} direction */
function selectRow(direction) {
  const rows = rowsOf(session.timeline, view);
  const at = rows.findIndex((lane) => lane.id === view.selected?.lane);
  const lane = rows[at < 0 ? (direction > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + direction))];
  const hit = spanAt(lane, player.t);
  if (hit) select(hit);
  if (lane) stage.show(lane.id, player.t, player.t);
}

/** @param {Hit} hit */
function click(hit) {
  if (hit.fold || hit.part === "internal") {
    const set = hit.part === "internal" ? view.opened : view.folded;
    if (!set.delete(hit.lane)) set.add(hit.lane);
    stage.invalidate();
    return;
  }
  const same = view.selected?.part === hit.part && view.selected.lane === hit.lane && view.selected.index === hit.index;
  select(hit.part === "empty" || same ? null : hit);
  if (hit.part === "span" && !same) {
    const lane = session.timeline.lanes[hit.lane];
    alsoShow(lane && session.timeline.places[lane.spans.place[hit.index]]?.line);
  }
}

function live() {
  player.follow();
  stage.following = true;
  stage.invalidate();
}

// ---- the program

async function run() {
  if (session.live || data.sandbox.reason !== null) return;
  const wanted = { source: editor?.source() ?? source, python: python.value || null, example: data.example, parent };
  try {
    const { id, url } = await session.submit(wanted);
    sessionStorage.setItem(OWN, `${sessionStorage.getItem(OWN) ?? ""} ${id}`);
    history.pushState(null, "", url);
    document.title = `${t("Run {id}", { id })} · Interleave`;
    ran = wanted.source;
    original = wanted.source;
    source = wanted.source;
    parent = id;
    draftKey = `run:${id}`;
    editable = true;
    raised = 0;
    stage.reset();
    player.seek(0);
    player.follow();
    changed(wanted.source);
  } catch (problem) {
    if (!(problem instanceof Refused)) return toast(t("The server can't be reached."), true);
    const again = problem.retryAfter ? t("Try again in {n} s.", { n: problem.retryAfter }) : "";
    toast(`${t(problem.message)}${problem.detail ? `: ${problem.detail}` : ""}. ${again}`, true);
  }
}

function edit() {
  editable = true;
  editor?.allow(true);
  const draft = draftOf(draftKey);
  if (draft !== null && draft !== source) editor?.replace(draft);
  editor?.focus();
  stage.invalidate();
}

let keeping = 0;

/** @param {string} text the program as it is now */
function changed(text) {
  source = text;
  clearTimeout(keeping);
  keeping = setTimeout(() => editable && keep(draftKey, source, original), KEEP_MS);
  byId("revert").hidden = text === original;
  byId("stdin").hidden = !/\binput\s*\(|\bstdin\b/.test(text);
  const edited = byId("edited");
  edited.hidden = !ran || text === ran;
  edited.textContent = t("Changed since this run: the timeline shows the program as it was run.");
  stage.invalidate();
}

function applyHash() {
  const wanted = viewOf(location.hash);
  if (wanted.to > wanted.from) {
    stage.following = false;
    range(view, stage.end, wanted.from, wanted.to);
  }
  if (wanted.t >= 0) player.seek(wanted.t);
  const hit = spanAt(session.timeline.lanes[wanted.lane], player.t);
  if (hit) select(hit);
}

// ---- wiring

let pointer = { x: 0, y: 0 };
stage.canvas.addEventListener("pointermove", (event) => (pointer = { x: event.offsetX, y: event.offsetY }));
pointers(stage, {
  hover: (hit) => {
    view.hovered = hit;
    tellTip(stage, hit, pointer);
    stage.repaint();
  },
  click,
  open: (hit) => {
    const lane = session.timeline.lanes[hit.lane];
    if (hit.part !== "span" || !lane) return;
    view.selected = hit;
    const from = lane.spans.t[hit.index], to = session.timeline.endOf(lane, hit.index);
    zoom(view, stage.end, Math.max((to - from) * 2.2, 1) / (view.to - view.from), (from + to) / 2);
    stage.show(lane.id, from, to);
  },
  seek,
  moved,
});

finder(byId("find", HTMLInputElement), stage, visit);

keys({
  KeyW: () => zoomBy(ZOOM_KEY),
  KeyS: () => zoomBy(1 / ZOOM_KEY),
  KeyA: () => panBy(-PAN_KEY),
  KeyD: () => panBy(PAN_KEY),
  Space: toggle,
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  ArrowUp: () => selectRow(-1),
  ArrowDown: () => selectRow(1),
  Home: () => go({ t: 0 }),
  End: () => (session.live ? live() : go({ t: stage.end })),
  KeyF: () => stage.fit(),
  KeyL: () => session.live && live(),
  KeyM: () => {
    flags.toggle(player.t, (view.to - view.from) / 400);
    stage.invalidate();
  },
  BracketLeft: () => view.selected && visit(causeOf(session.timeline, view.selected)),
  BracketRight: () => view.selected && visit(effectOf(session.timeline, view.selected)),
  Slash: () => byId("find").focus(),
  "?": () => byId("help", HTMLDialogElement).showModal(),
  Escape: () => select(null),
});
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  void run();
});

const on = (/** @type {string} */ id, /** @type {() => void} */ action) => byId(id).addEventListener("click", action);
on("run", run);
on("stop", () => session.stop().catch(() => toast(t("The server can't be reached."), true)));
on("share", () => void share(stage));
on("previous", () => step(-1));
on("next", () => step(1));
on("play", toggle);
on("live", live);
on("zoom-in", () => zoomBy(ZOOM_KEY));
on("zoom-out", () => zoomBy(1 / ZOOM_KEY));
on("fit", () => stage.fit());
on("open-help", () => byId("help", HTMLDialogElement).showModal());
on("open-examples", () => {
  const dialog = byId("examples", HTMLDialogElement);
  // What fetches the catalogue comes with the first look at it: the page itself is lighter by so much.
  if (dialog.dataset.htmx) document.head.append(make("script", { src: dialog.dataset.htmx }));
  delete dialog.dataset.htmx;
  dialog.showModal();
});
on("revert", () => editor?.replace(original));
byId("outline").addEventListener("toggle", async () => {
  const { OutlineView } = await import("./later.js");
  outline = new OutlineView(byId("outline", HTMLDetailsElement), byId("outline-tree"), go, () => stage.invalidate());
  stage.invalidate();
}, { once: true });
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}
for (const value of SPEEDS) {
  const label = value === 1 ? t("real time") : `1/${number(1 / value, 0)}`;
  speed.append(make("option", { value: String(value) }, label));
}
speed.addEventListener("change", () => (player.speed = Number(speed.value)));
addEventListener("popstate", () => location.reload());
panes(() => stage.resize());
theme(() => stage.recolour());

// ---- the beginning

byId("title").textContent = "main.py";
byId("bar-title").textContent = data.lesson?.title ?? (data.run ? t("Run {id}", { id: data.run.id }) : "");
if (data.lesson) {
  byId("lesson").hidden = false;
  byId("teaches").textContent = data.lesson.teaches;
  byId("try").textContent = data.lesson.try;
}
if (data.run && editable) source = draftOf(draftKey) ?? original;
if (!data.run) {
  const asked = new URLSearchParams(location.search);
  const latest = asked.has("example") || asked.has("run") ? null : latestDraft();
  if (latest?.key.startsWith("run:")) parent = latest.key.slice(4);
  if (latest) draftKey = latest.key;
  source = latest?.source ?? draftOf(draftKey) ?? original;
}
changed(source);
if (data.run) session.open(data.run);
stage.invalidate();

// A run's picture comes first: making an editor would hold it up.
void pictured.promise.then(() => import("./editor.js")).then(({ editor: create }) => {
  byId("plain").remove();
  editor = create(byId("editor"), { source, nonce: data.nonce, editable, onChange: changed, onRun: () => void run() });
  stage.invalidate();
});
