/**
 * The stage: one canvas, one view, one loop of frames that draws only when something has changed.
 * @module
 */
import { Arrangement } from "./arrange.js";
import { draw } from "./draw.js";
import { hitAt } from "./hit.js";
import { layout } from "./layout.js";
import { wholeOf } from "./map.js";
import { palette } from "./palette.js";
import { isDark } from "./panes.js";
import { placeOf, placesOf } from "./rows.js";
import { Tiles } from "./tiles.js";
import { enclose, fit, grow, reveal } from "./viewport.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Model} Model */
/** @typedef {import("./view.js").Hit} Hit */

/** Time for new chunks in one frame; while a whole run is loaded there is nothing yet that could stutter. */
const TAKE_MS = 6, LOAD_MS = 50;
/** While things move, words change no more often, nor so often that telling takes more than a share of the time. */
const TELL_MS = 200, SELDOM = 8;
/** Free room below the last row. */
const SPARE = 24;

/** What is drawn, and when. */
export class Stage {
  /** @type {View & {arranged: Arrangement}} */
  view = {
    from: 0, to: 1e6, width: 0, height: 0, dpr: 1, scrollTop: 0, playhead: 0, live: false,
    folded: new Set(), opened: new Set(), arranged: new Arrangement(), hovered: null, selected: null, findings: [], finding: null,
  };
  /** The view follows the run as it grows. */
  following = true;
  /** @type {Model | null} */
  model = null;
  /** Pins of findings, once there was one. @type {import("./notices.js").Notices | null} */
  notices = null;
  #asked = false;
  /** Something is to be told that has changed since it was last. */
  #stale = true;
  #before = 0;
  #told = 0;
  #cost = 0;
  #later = 0;
  #content = 0;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./session.js").Session} session
   * @param {import("./player.js").Player} player
   * @param {import("./flags.js").Flags} flags
   * @param {() => void} tell called after a frame that shows something new, while things move at most five times a second
   */
  constructor(canvas, session, player, flags, tell) {
    this.canvas = canvas;
    this.session = session;
    this.player = player;
    this.flags = flags;
    this.tell = tell;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser draws no canvas");
    this.context = context;
    this.palette = palette(isDark());
    this.tiles = new Tiles();
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  get timeline() {
    return this.session.timeline;
  }

  /** When the last lane ends, or as far as the run is known. */
  get end() {
    return wholeOf(this.timeline).to;
  }

  /** When the first lane begins. */
  get start() {
    return wholeOf(this.timeline).from;
  }

  /** The time that is told about: at the very end nobody is left, so what counts is how it was left. */
  get moment() {
    return this.timeline.over ? Math.min(this.player.t, this.end - 1) : this.player.t;
  }

  get scale() {
    return this.model?.scale ?? 1;
  }

  get left() {
    return this.model?.left ?? 0;
  }

  /** @param {number} x */
  timeAt(x) {
    return this.model?.t(x) ?? 0;
  }

  /** @param {number} t */
  x(t) {
    return this.model?.x(t) ?? 0;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {Hit}
   */
  hit(x, y) {
    if (this.model) return hitAt(this.timeline, this.view, this.model, x, y);
    return { part: "empty", t: 0, lane: 0, resource: 0, index: -1, fold: false };
  }

  /** Something has changed: a frame will show it, and it is told. */
  invalidate() {
    this.#stale = true;
    this.repaint();
  }

  /** Another part is looked at, or the picture can be better: a frame will show it, and there is nothing to tell. */
  repaint() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame((now) => this.#frame(now));
  }

  resize() {
    const { canvas, view } = this;
    view.dpr = Math.min(devicePixelRatio || 1, 3);
    view.width = canvas.clientWidth;
    view.height = canvas.clientHeight;
    // What opens below the picture must not cover what it tells of.
    if (view.selected) this.#reveal(view.selected.lane);
    this.invalidate();
  }

  /** Light has become dark, or the other way round. */
  recolour() {
    this.palette = palette(isDark());
    // At once: paper does not wait for a frame.
    if (this.view.width && this.view.height) this.#paint();
    this.invalidate();
  }

  /** Another run: nothing of the last one's view counts. */
  reset() {
    const { view } = this;
    view.folded.clear();
    view.opened.clear();
    view.arranged.reset();
    view.hovered = view.selected = view.finding = null;
    view.scrollTop = 0;
    this.following = true;
    this.flags.clear();
    this.invalidate();
  }

  fit() {
    fit(this.view, this.end, this.start);
    this.following = this.session.live;
    this.invalidate();
  }

  /** @param {number} top */
  scroll(top) {
    const { model, view } = this;
    const most = model ? Math.max(0, model.contentHeight - (view.height - model.top)) : 0;
    view.scrollTop = Math.max(0, Math.min(most, top));
    this.repaint();
  }

  /**
   * Brings a lane's row, and a range of time, into view.
   * @param {number} lane
   * @param {number} from
   * @param {number} to
   */
  show(lane, from, to) {
    const { view } = this;
    if (to > from && (to - from > view.to - view.from || to - from < (view.to - view.from) / 400)) enclose(view, this.end, from, to);
    else reveal(view, this.end, from, 0.8);
    this.following = false;
    this.#reveal(lane);
    this.invalidate();
  }

  /** @param {number} lane whose row is scrolled into view */
  #reveal(lane) {
    const { view, model } = this;
    const place = placeOf(this.timeline, placesOf(this.timeline, view), lane);
    if (!place || !model) return;
    const room = view.height - model.top - SPARE;
    if (place.y < view.scrollTop) this.scroll(place.y);
    else if (place.y + place.height > view.scrollTop + room) this.scroll(place.y + place.height - room);
  }

  /** @param {number} now ms */
  #frame(now) {
    this.#asked = false;
    const { session, player, view } = this;
    const changed = session.take(session.phase === "loading" ? LOAD_MS : TAKE_MS);
    player.end = this.end;
    const passed = Math.min(now - this.#before, 100);
    this.#before = now;
    const moved = player.advance(passed * 1e6);
    view.playhead = player.t;
    view.live = player.live && session.live;
    if (this.following) {
      if (session.live) grow(view, this.end, this.start);
      else fit(view, this.end, this.start);
    } else if (moved && player.playing) reveal(view, this.end, player.t, 0.8);
    if (view.width && view.height) this.#paint();
    if (changed || moved) this.#stale = true;
    if (this.#stale) this.#say(now);
    if (player.playing || player.gliding) this.repaint();
  }

  /**
   * Tells what has changed, or does so later.
   * @param {number} now ms
   */
  #say(now) {
    const { session, player } = this;
    const moving = player.playing || player.gliding || session.live || session.phase === "loading";
    const wait = moving ? Math.max(TELL_MS, this.#cost * SELDOM) : 0;
    if (now - this.#told < wait) {
      this.#later ||= setTimeout(() => {
        this.#later = 0;
        this.invalidate();
      }, wait);
      return;
    }
    clearTimeout(this.#later);
    this.#later = 0;
    this.#stale = false;
    this.#told = now;
    const began = performance.now();
    this.tell();
    this.#cost = performance.now() - began;
  }

  /**
   * Tells the style sheet how high the picture would like to be: on a small screen it takes no more.
   * @param {number} height
   */
  #size(height) {
    if (Math.abs(height - this.#content) < 1) return;
    this.#content = height;
    this.canvas.parentElement?.style.setProperty("--content", `${Math.ceil(height)}px`);
  }

  #paint() {
    const { canvas, view, timeline } = this;
    const width = Math.round(view.width * view.dpr), height = Math.round(view.height * view.dpr);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    view.findings = this.session.findings;
    this.model = layout(timeline, view);
    this.flags.place(this.model);
    this.notices?.place(this);
    this.#size(this.model.top + this.model.contentHeight + SPARE);
    // Rows that are all in sight leave a finger's vertical strokes to the page.
    canvas.style.touchAction = this.model.contentHeight <= view.height - this.model.top ? "pan-y" : "none";
    const more = draw(this.context, timeline, view, this.model, this.palette, this.tiles);
    if (more) this.repaint();
    const { events, known, over } = timeline;
    canvas.dispatchEvent(new CustomEvent("drawn", { detail: { events, known, over, exact: !more } }));
  }
}
