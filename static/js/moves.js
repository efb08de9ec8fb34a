/**
 * The reader's moves: through time, to lanes and spans, along arrows. Keys, buttons, fingers and words all lead here.
 * @module
 */
import { SPEEDS, neighbour } from "./player.js";
import { wide } from "./program.js";
import { enclose, pan, zoom } from "./viewport.js";
import { causeOf, effectOf, longestSpan, rowsOf, spanAt } from "./walk.js";

/** @typedef {import("./view.js").Hit} Hit */
/** @typedef {Exclude<import("./text.js").Part, string>} Place */

const ZOOM_KEY = 0.8;
const PAN_KEY = 0.12;
/** The least share of a run that is shown around several things. */
const LITTLE = 0.01;

/** What one can do with a stage. */
export class Moves {
  /**
   * @param {import("./stage.js").Stage} stage
   * @param {import("./program.js").Program} program
   * @param {() => void} tell
   */
  constructor(stage, program, tell) {
    this.stage = stage;
    this.program = program;
    this.tell = tell;
    /** Steps stay on the selected lane. */
    this.alone = false;
    /** The lane whose line the editor shows: that of the last step, or the selected one. */
    this.followed = 0;
    /** A step, a pause or a choice by key is to be announced, once it is told. */
    this.announce = false;
    /** What is told depends on what is in view. */
    this.viewTold = false;
  }

  /** @param {number} time */
  seek(time) {
    this.stage.player.seek(time);
    this.stage.invalidate();
  }

  /** @param {Hit | null} hit */
  select(hit) {
    const { view } = this.stage;
    view.selected = hit;
    view.finding = null;
    this.followed = hit?.lane ?? 0;
    this.stage.invalidate();
  }

  /**
   * Selects something and shows it.
   * @param {Hit | null} hit
   */
  visit(hit) {
    if (!hit) return;
    const { stage } = this;
    const lane = stage.timeline.lanes[hit.lane];
    if (!lane) return;
    this.select(hit);
    const onSpan = hit.part === "span" && hit.index >= 0;
    const from = onSpan ? lane.spans.t[hit.index] : lane.start;
    stage.show(lane.id, from, onSpan ? stage.timeline.endOf(lane, hit.index) : from);
  }

  /**
   * Goes where a word leads.
   * @param {Place} place
   */
  go(place) {
    const { stage } = this;
    if ("line" in place) this.program.editor?.show(place.line);
    else if ("t" in place) {
      this.seek(place.t);
      stage.show(0, place.t, place.t);
    } else {
      const at = spanAt(place.lane, stage.player.t) ?? { t: 0, lane: place.lane.id, resource: 0, index: -1, fold: false };
      this.visit({ ...at, part: "lane" });
    }
  }

  /**
   * Goes to what was noticed: its lanes, when it began and where; or away from it again.
   * @param {import("./findings.js").Finding} finding
   */
  notice(finding) {
    const { stage } = this;
    const { view, timeline } = stage;
    if (view.finding === finding) return this.select(null);
    const { lanes } = timeline;
    for (const id of finding.lanes) for (let at = lanes[id]; at; at = lanes[at.parent]) view.folded.delete(at.id);
    stage.player.seek(finding.from_ns);
    this.select(longestSpan(timeline, lanes[finding.lanes[0]], finding.from_ns, finding.to_ns));
    view.finding = finding;
    stage.show(finding.lanes[0], finding.from_ns, Math.min(finding.to_ns, stage.end));
    // What is told moves what is below the timeline: first that, then the page.
    this.tell();
    stage.canvas.scrollIntoView({ block: "nearest" });
    this.alsoShow(finding.lines[0]);
  }

  /**
   * Shows the time in which several things begin that were noticed, from the first to the last.
   * @param {import("./findings.js").Finding[]} findings
   */
  near(findings) {
    const times = findings.map(({ from_ns: from }) => from), { stage } = this;
    const first = Math.min(...times);
    enclose(stage.view, stage.end, first, Math.max(first + (stage.end - stage.start) * LITTLE, ...times));
    this.moved();
  }

  /**
   * Shows the line of what was chosen on the timeline, unless that would scroll the timeline away.
   * @param {number | undefined} line
   */
  alsoShow(line) {
    if (line && this.program.same && wide()) this.program.editor?.show(line);
  }

  /**
   * To the next event, or the one before: of all lanes, or of the selected one.
   * @param {1 | -1} direction
   */
  step(direction) {
    const { stage } = this;
    const { player, timeline, view } = stage;
    const chosen = this.alone ? timeline.lanes[view.selected?.lane ?? 0] : undefined;
    const event = neighbour(chosen ? [chosen] : rowsOf(timeline, view), player.aim, direction);
    if (!event) return;
    player.glide(event.t);
    this.announce = true;
    this.followed = event.lane.id;
    // What is selected keeps up with the steps of its lane.
    if (view.selected?.part === "span" && view.selected.lane === event.lane.id) view.selected = spanAt(event.lane, event.t);
    stage.show(0, event.t, event.t);
  }

  /** Steps stay on the selected lane, or go over all. */
  leash() {
    this.alone = !this.alone;
    this.stage.invalidate();
  }

  /** @param {1 | -1} direction 1: slower */
  pace(direction) {
    const { player } = this.stage;
    player.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(player.speed) + direction))];
    this.stage.invalidate();
  }

  toggle() {
    this.stage.player.toggle();
    this.announce = !this.stage.player.playing;
    this.stage.invalidate();
  }

  live() {
    this.stage.player.follow();
    this.stage.following = true;
    this.stage.invalidate();
  }

  end() {
    if (this.stage.session.live) this.live();
    else this.go({ t: this.stage.end });
  }

  /** @param {1 | -1} direction 1: closer */
  zoom(direction) {
    const { view, player, end } = this.stage;
    const middle = player.t > view.from && player.t < view.to ? player.t : (view.from + view.to) / 2;
    zoom(view, end, ZOOM_KEY ** direction, middle);
    this.moved();
  }

  /** @param {1 | -1} direction */
  pan(direction) {
    const { view, end } = this.stage;
    pan(view, end, direction * PAN_KEY * (view.to - view.from));
    this.moved();
  }

  /** The reader has moved the view. */
  moved() {
    this.stage.following = false;
    if (this.viewTold) this.stage.invalidate();
    else this.stage.repaint();
  }

  /** @param {1 | -1} direction */
  selectRow(direction) {
    const { stage } = this;
    const { view, player, timeline } = stage;
    const rows = rowsOf(timeline, view);
    const at = rows.findIndex((lane) => lane.id === view.selected?.lane);
    const lane = rows[at < 0 ? (direction > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + direction))];
    const hit = spanAt(lane, player.t);
    if (hit) this.select(hit);
    this.announce = true;
    if (lane) stage.show(lane.id, player.t, player.t);
  }

  /** Follows an arrow. @param {1 | -1} direction -1: back to the cause, 1: on to the effect */
  follow(direction) {
    const { timeline, view } = this.stage;
    if (view.selected) this.visit((direction < 0 ? causeOf : effectOf)(timeline, view.selected));
  }

  mark() {
    const { stage } = this;
    stage.flags.toggle(stage.player.t, (stage.view.to - stage.view.from) / 400);
    stage.invalidate();
  }

  /** @param {Hit} hit */
  click(hit) {
    const { stage } = this;
    const { view, timeline } = stage;
    if (hit.part === "group") {
      const key = stage.model?.places.list[hit.index]?.key;
      if (key) view.arranged.toggle(view.arranged.closed, key);
      stage.invalidate();
      return;
    }
    if (hit.fold || hit.part === "internal") {
      const set = hit.part === "internal" ? view.opened : view.folded;
      if (!set.delete(hit.lane)) set.add(hit.lane);
      stage.invalidate();
      return;
    }
    const same = view.selected?.part === hit.part && view.selected.lane === hit.lane && view.selected.index === hit.index;
    this.select(hit.part === "empty" || same ? null : hit);
    if (hit.part === "span" && !same) {
      const lane = timeline.lanes[hit.lane];
      this.alsoShow(lane && timeline.places[lane.spans.place[hit.index]]?.line);
    }
  }

  /**
   * Looks closer at a span.
   * @param {Hit} hit
   */
  open(hit) {
    const { stage } = this;
    const { view, timeline } = stage;
    const lane = timeline.lanes[hit.lane];
    if (hit.part !== "span" || !lane) return;
    view.selected = hit;
    const from = lane.spans.t[hit.index], to = timeline.endOf(lane, hit.index);
    zoom(view, stage.end, Math.max((to - from) * 2.2, 1) / (view.to - view.from), (from + to) / 2);
    stage.show(lane.id, from, to);
  }
}
