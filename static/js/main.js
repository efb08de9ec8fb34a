/**
 * The page: it wires program, run, picture and words together.
 * @module
 */
import { byId, icon, make, memory, setIcon, toast } from "./dom.js";
import { Flags } from "./flags.js";
import { keys, pointers } from "./input.js";
import { Moves } from "./moves.js";
import { panes, theme } from "./panes.js";
import { Player, SPEEDS, pleasantSpeed } from "./player.js";
import { Program } from "./program.js";
import { Session } from "./session.js";
import { Stage } from "./stage.js";
import { hereOf, tellEmpty, tellMoment, tellProgress } from "./tell.js";
import { number, speak, t } from "./text.js";
import { viewOf } from "./view.js";
import { range } from "./viewport.js";
import { spanAt } from "./walk.js";

const data = JSON.parse(byId("page-data", HTMLScriptElement).textContent ?? "");
speak(data.language, data.texts);

const session = new Session(() => stage.invalidate());
const player = new Player();
const flags = new Flags(byId("stage"), (time) => moves.seek(time));
const stage = new Stage(byId("canvas", HTMLCanvasElement), session, player, flags, tell);
const { view } = stage;
const program = new Program(data, session, () => stage.invalidate());
const moves = new Moves(stage, program, tell);
const speed = byId("speed", HTMLSelectElement);

let panels = /** @type {import("./panels.js").Panels | null} */ (null);
let words = /** @type {import("./run-view.js").RunView | null} */ (null);
let outline = /** @type {import("./outline-view.js").OutlineView | null} */ (null);
/** The address of what is shown. */
let path = location.pathname, query = location.search;
let wasOver = false, wasLive = false;
/** Kept when there is a first picture, and when it is whole; or none is on its way. */
const begun = promise(), pictured = promise();

/** Something that can be waited for. */
function promise() {
  const found = { keep: () => {}, kept: Promise.resolve() };
  found.kept = new Promise((resolve) => (found.keep = resolve));
  return found;
}

// ---- telling

function tell() {
  if (session.phase !== "loading") pictured.keep();
  if (session.phase !== "loading" || session.timeline.events) begun.keep();
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
  tellEmpty(session, { closed: data.sandbox.reason !== null, run, examples });
  words?.show();
  stage.notices?.show(stage);
  const stays = tellMoment(stage);
  panels?.show();
  if (moves.announce && !player.gliding) {
    moves.announce = false;
    panels?.announce(byId("sentence").textContent ?? "");
  }
  outline?.show(session.timeline, session.findings);
  const { same, raised } = program;
  program.mark(hereOf(session.timeline, same ? stays : [], { raised: same ? raised : 0, followed: moves.followed }));
  byId("alone").setAttribute("aria-pressed", String(moves.alone));
  speed.value = String(player.speed);
  byId("live").hidden = !session.live;
  byId("live").setAttribute("aria-pressed", String(player.live));
  const play = byId("play");
  if (play.dataset.playing !== String(player.playing)) {
    play.dataset.playing = String(player.playing);
    setIcon(play, player.playing ? icon("pause") : icon("play"));
  }
  byId("share").hidden = !session.run;
  byId("run", HTMLButtonElement).disabled = session.phase === "sending" || data.sandbox.reason !== null;
}

let touring = false;

/** @param {boolean} asked */
function tour(asked) {
  if (touring && !asked) return;
  touring = true;
  void import("./tour.js").then(({ Tour }) => new Tour().begin(asked));
}

/** The run is over and its trace is whole. */
function ended() {
  player.live = false;
  player.end = player.t = stage.end;
  player.speed = pleasantSpeed(stage.end - stage.start);
  if (stage.following) stage.fit();
  applyHash();
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
  if (hit) moves.select(hit);
}

function examples() {
  const dialog = byId("examples", HTMLDialogElement);
  // What fetches the catalogue comes with the first look at it: the page itself is lighter by so much.
  if (dialog.dataset.htmx) document.head.append(make("script", { src: dialog.dataset.htmx }));
  delete dialog.dataset.htmx;
  dialog.showModal();
}

async function run() {
  if (!await program.run()) return;
  path = location.pathname;
  query = location.search;
  stage.reset();
  player.seek(0);
  player.follow();
}

// ---- wiring

let pointer = { x: 0, y: 0 };
stage.canvas.addEventListener("pointermove", (event) => (pointer = { x: event.offsetX, y: event.offsetY }));
pointers(stage, {
  hover: (hit) => {
    view.hovered = hit;
    panels?.tip(hit, pointer);
    stage.repaint();
  },
  click: (hit) => moves.click(hit),
  open: (hit) => moves.open(hit),
  seek: (time) => moves.seek(time),
  moved: () => moves.moved(),
});

keys({
  KeyW: () => moves.zoom(1),
  KeyS: () => moves.zoom(-1),
  KeyA: () => moves.pan(-1),
  KeyD: () => moves.pan(1),
  Space: () => moves.toggle(),
  ArrowLeft: () => moves.step(-1),
  ArrowRight: () => moves.step(1),
  ArrowUp: ({ shiftKey }) => (shiftKey ? panels?.lanes.move(-1) : moves.selectRow(-1)),
  ArrowDown: ({ shiftKey }) => (shiftKey ? panels?.lanes.move(1) : moves.selectRow(1)),
  KeyO: () => moves.leash(),
  Comma: () => moves.pace(1),
  Period: () => moves.pace(-1),
  Home: () => moves.go({ t: 0 }),
  End: () => moves.end(),
  KeyF: () => stage.fit(),
  KeyL: () => session.live && moves.live(),
  KeyM: () => moves.mark(),
  BracketLeft: () => moves.follow(-1),
  BracketRight: () => moves.follow(1),
  KeyY: () => panels?.toggle("waits"),
  KeyT: () => panels?.toggle("totals"),
  KeyV: () => panels?.lanes.focus(),
  KeyP: () => panels?.lanes.pin(),
  KeyH: () => panels?.lanes.hide(),
  KeyC: () => panels?.lanes.collapse(),
  Slash: () => byId("find", HTMLInputElement).select(),
  KeyN: ({ shiftKey }) => panels?.found.go(shiftKey ? -1 : 1),
  "?": () => byId("help", HTMLDialogElement).showModal(),
  Escape: () => (panels ? panels.close() : moves.select(null)),
});
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  void run();
});

const on = (/** @type {string} */ id, /** @type {() => void} */ action) => byId(id).addEventListener("click", action);
on("run", run);
on("stop", () => session.stop().catch(() => toast(t("The server can't be reached."), true)));
on("previous", () => moves.step(-1));
on("next", () => moves.step(1));
on("alone", () => moves.leash());
on("play", () => moves.toggle());
on("live", () => moves.live());
on("zoom-in", () => moves.zoom(1));
on("zoom-out", () => moves.zoom(-1));
on("fit", () => stage.fit());
on("total", () => panels?.turn("totals"));
on("why", () => panels?.turn("waits"));
on("share", () => void import("./asked.js").then(({ share }) => share(stage)));
byId("outline").addEventListener("toggle", async () => {
  const { OutlineView } = await import("./asked.js");
  outline = new OutlineView(byId("outline", HTMLDetailsElement), byId("outline-tree"), (part) => moves.go(part), () => stage.invalidate());
  stage.invalidate();
}, { once: true });
on("revert", () => program.revert());
on("tour", () => {
  byId("help", HTMLDialogElement).close();
  tour(true);
});
on("open-help", () => byId("help", HTMLDialogElement).showModal());
on("open-examples", examples);
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}
for (const value of SPEEDS) {
  const label = value === 1 ? t("real time") : `1/${number(1 / value, 0)}`;
  speed.append(make("option", { value: String(value) }, label));
}
speed.addEventListener("change", () => (player.speed = Number(speed.value)));
const still = matchMedia("(prefers-reduced-motion: reduce)");
const calm = () => (player.eased = !still.matches);
still.addEventListener("change", calm);
calm();
for (const change of ["online", "offline"]) addEventListener(change, () => stage.invalidate());
addEventListener("popstate", () => {
  // Another view of this run is shown in place; another run or program is another page.
  if (location.pathname !== path || location.search !== query) return location.reload();
  if (session.phase !== "over") return;
  moves.select(null);
  stage.fit();
  player.seek(stage.end);
  applyHash();
  stage.invalidate();
});
panes(() => stage.resize());
theme(() => stage.recolour());

// ---- the beginning

byId("title").textContent = "main.py";
if (data.lesson) {
  byId("teaches").textContent = data.lesson.teaches;
  byId("try").textContent = data.lesson.try;
}
if (data.run) session.open(data.run);
stage.invalidate();

// A run's picture comes first: making an editor would hold it up.
void pictured.kept.then(() => program.begin());
void begun.kept.then(() => import("./later.js")).then(({ Notices, Panels, RunView }) => {
  panels = new Panels(stage, moves);
  words = new RunView(stage, program, moves);
  stage.notices = new Notices((finding) => moves.notice(finding), (findings) => moves.near(findings));
  if (!memory.get("toured")) tour(false);
  stage.invalidate();
});
