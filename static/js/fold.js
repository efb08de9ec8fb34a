/**
 * The fold: from events to lanes, spans and links (docs/trace-format.md, "The fold"). `app/core/fold.py` is its twin; the
 * recordings in tests/golden hold the two equal. This one takes events as they come: an event that is late goes to its place.
 * @module
 */
import { search } from "./columns.js";
import {
  CREATED, ENDINGS, GIL, INFERRED, INTERNAL, KILLED, KIND, PROCESS, RETURNED, RUNNING, THREAD, TOLD, UNFINISHED, lookOf,
} from "./names.js";
import { tellJob } from "./jobs.js";
import { Lanes, insert } from "./lanes.js";
import { linkLane } from "./links.js";
import { overlayGil } from "./overlay.js";
import { Facts, Holds } from "./store.js";

/** @typedef {import("./chunk.js").Chunk} Chunk */
/** @typedef {import("./store.js").Lane} Lane */
/** @typedef {import("./store.js").Resource} Resource */

const MAIN_THREAD = "MainThread";
/** More lanes, resources or places than a trace can have: numbers above are dropped and counted. */
const MAX_NUMBER = 1 << 20;

/** Everything a trace says, as far as its chunks have come. */
export class Timeline extends Lanes {
  /**
   * Takes a chunk in. Spans and links are up to date after `settle`.
   * @param {Chunk} chunk
   */
  apply(chunk) {
    const { n, t, end, lane, obj, by, place, kind, flags } = chunk;
    for (let i = 0; i < n; i++) {
      if (lane[i] >= MAX_NUMBER || obj[i] >= MAX_NUMBER && kind[i] !== KIND.END) {
        this.refused++;
        continue;
      }
      if (kind[i] === KIND.STEP) this.step(t[i], end[i], lane[i], flags[i] & 15, obj[i], place[i]);
      else if (kind[i] === KIND.STATE) {
        this.state(this.lane(lane[i]), t[i], flags[i] & 15, obj[i], place[i], by[i], flags[i] & INFERRED ? 1 : 0);
      } else if (kind[i] === KIND.HOLD) this.hold(t[i], end[i], lane[i], obj[i], flags[i] & INFERRED ? 1 : 0);
      else this.other(chunk, i);
    }
    this.events += n;
    this.reach(chunk.known, 0);
  }

  /**
   * Brings spans and links up to date with the events.
   */
  settle() {
    for (const lane of this.changed) {
      if (lane.changedFrom < Infinity) {
        const gil = lane.kind === THREAD ? this.gils.get(this.processOf(lane).id) : undefined;
        if (gil === undefined) lane.spans = lane.log;
        else overlayGil(lane, gil, this.resources[gil]?.holds ?? null);
        this.edits.set(lane, Math.min(lane.changedFrom, this.edits.get(lane) ?? Infinity));
      }
      linkLane(this, lane, Math.min(lane.changedFrom, lane.linkFrom));
      lane.changedFrom = lane.linkFrom = Infinity;
    }
    this.changed.clear();
  }

  /**
   * The run is over: what is open is unfinished and ends now.
   * @param {number} end ns
   */
  finish(end) {
    this.over = true;
    this.known = end;
    this.lasts = 0;
    this.reach(end, 0);
    for (const lane of this.order) {
      if (lane.end !== lane.end) {
        lane.end = this.end;
        lane.ending = UNFINISHED;
      } else if (!lane.ending) lane.ending = RETURNED;
      this.lasts = Math.max(this.lasts, lane.end);
    }
    this.settle();
    this.revision++;
  }

  /**
   * A lane has changed from t on.
   * @param {Lane} lane
   * @param {number} t
   */
  touch(lane, t) {
    if (t < lane.changedFrom) lane.changedFrom = t;
    this.changed.add(lane);
    if (t > this.latest) this.reach(0, t);
  }

  /**
   * Something that may have ended waits on a resource happened at t: links that were found without it are found anew.
   * @param {Resource} resource
   * @param {number} t
   */
  caused(resource, t) {
    if (t <= resource.linkedTo) this.relink(t, resource.linked);
  }

  /**
   * @param {number} t
   * @param {number} end
   * @param {number} id
   * @param {number} next the state afterwards, 0: the lane ends
   * @param {number} on
   * @param {number} place
   */
  step(t, end, id, next, on, place) {
    const lane = this.lane(id);
    this.state(lane, t, RUNNING, 0, 0, 0, 0);
    if (next === 0) this.close(lane, end);
    else this.state(lane, end, next, on, place, 0, 0, end > t);
  }

  /**
   * The lane is in this state from t on. Of two states at one time the later one counts.
   * @param {Lane} lane
   * @param {number} t
   * @param {number} state
   * @param {number} on
   * @param {number} place
   * @param {number} by
   * @param {number} inferred
   * @param {boolean} [ended] it is what a step leaves behind: any other state of that time comes after it
   */
  state(lane, t, state, on, place, by, inferred, ended = false) {
    if (t >= lane.end) return;
    if (state === 0) return this.close(lane, t);
    const { log } = lane;
    const index = log.n && log.t[log.n - 1] >= t ? search(log.t, log.n, t, false) : log.n;
    const look = lookOf(state, on ? this.kindOf(on, lane, t) : 0, lane.kind);
    if (index < log.n && (log.t[index] === t || index === 0 && log.t[0] === lane.createdAt)) {
      const same = log.state[index] === state && log.on[index] === on;
      if (log.t[index] === t && same !== ended) return;
      lane.createdAt = NaN;
      log.set(index, t, state, look, on, place, by, inferred);
    } else log.put(index, t, state, look, on, place, by, inferred);
    this.touch(lane, t);
  }

  /**
   * The lane ends at t; of two ends the earlier one counts.
   * @param {Lane} lane
   * @param {number} t
   */
  close(lane, t) {
    if (t >= lane.end) return;
    lane.end = t;
    lane.log.cut(search(lane.log.t, lane.log.n, t, false));
    this.touch(lane, t);
    const { holds } = lane;
    for (let i = holds.opened ? 0 : holds.n; i < holds.n && holds.t[i] <= t; i++) {
      if (holds.end[i] !== holds.end[i]) this.released(this.resource(holds.who[i]), lane, t);
    }
    for (const resource of this.targets.get(lane.id) ?? []) this.caused(resource, t);
    this.revision++;
  }

  /**
   * @param {Resource} resource
   * @param {Lane} lane that held it
   * @param {number} t until now
   */
  released(resource, lane, t) {
    (resource.ends ??= new Facts()).add(t, lane.id, 0);
    this.caused(resource, t);
  }

  /**
   * @param {number} t
   * @param {number} end 0: still held
   * @param {number} laneId
   * @param {number} id
   * @param {number} inferred
   */
  hold(t, end, laneId, id, inferred) {
    const resource = this.resource(id);
    const lane = this.lane(laneId);
    const until = end > 0 ? end : NaN;
    if (!(resource.holds ??= new Holds()).add(t, until, laneId, inferred)) return;
    (resource.kind === GIL ? lane.gil : lane.holds).add(t, until, id, inferred);
    if (resource.kind === GIL) this.changedGil(this.lane(resource.lane), t);
    else if (until === until) this.released(resource, lane, until);
    else if (lane.end >= t) this.released(resource, lane, lane.end);
  }

  /**
   * @param {Lane} lane a process, or a thread in one
   * @param {number} t
   */
  changedGil(lane, t) {
    for (const child of lane.children) if (child.kind === THREAD) this.touch(child, t);
  }

  /**
   * Every kind of event that is rare.
   * @param {Chunk} chunk
   * @param {number} i
   */
  other(chunk, i) {
    const t = chunk.t[i], flags = chunk.flags[i], id = chunk.lane[i], obj = chunk.obj[i], by = chunk.by[i], end = chunk.end[i];
    switch (chunk.kind[i]) {
      case KIND.LANE:
        return this.declare(this.lane(id), t, flags, obj, by, end, chunk.place[i], chunk.text(i));
      case KIND.END:
        return this.ended(this.lane(id), t, flags, obj ? obj - 2 ** 31 : null, chunk.text(i));
      case KIND.RESOURCE:
        return this.describe(this.resource(obj), flags, chunk.text(i), chunk.place[i], id, by);
      case KIND.LEVEL: {
        const { levels, kind } = this.resource(obj);
        if (!levels) this.revision += kind ? 1 : 0;
        return (this.resource(obj).levels ??= new Facts()).add(t, id, end);
      }
      case KIND.ACT:
        (this.resource(obj).acts ??= new Facts()).add(t, id, flags);
        return this.caused(this.resource(obj), t);
      case KIND.MARK:
        return insert(this.marks, { t, lane: id, kind: flags, text: chunk.text(i), place: chunk.place[i] });
      case KIND.OUTPUT:
        return insert(this.output, { t, lane: id, stream: flags & 3, text: chunk.text(i), inferred: (flags & INFERRED) > 0 });
      case KIND.PLACE:
        this.places[obj] = { line: end, function: chunk.text(i), user: flags > 0 };
        return;
      case KIND.NAME:
        return this.rename(this.lane(id), t, chunk.text(i));
      case KIND.CPU:
        return this.watch(this.lane(id), flags & INFERRED).add(t, id, end);
      case KIND.STAT:
        this.stats[flags] += end;
        return;
      case KIND.JOB:
        return tellJob(this, t, this.lane(id), flags, obj, end, by, chunk.place[i]);
      default:
        this.refused++;
    }
  }

  /**
   * LANE, perhaps the second one of a lane: what its starter says wins, but for what only the lane knows.
   * @param {Lane} lane
   * @param {number} t
   * @param {number} flags
   * @param {number} parentId
   * @param {number} starter
   * @param {number} number
   * @param {number} place
   * @param {string} name
   */
  declare(lane, t, flags, parentId, starter, number, place, name) {
    const told = (flags & TOLD) > 0;
    const earlier = !lane.declared || t < lane.start;
    if (lane.kind !== (flags & 15)) {
      lane.kind = flags & 15;
      this.relook(lane, 0);
      this.changedGil(lane, 0);
    }
    if (parentId && parentId !== lane.parent) {
      const before = this.lanes[lane.parent]?.children;
      before?.splice(before.indexOf(lane), 1);
      lane.parent = parentId;
      this.lane(parentId).children.push(lane);
      this.touch(lane, 0);
    }
    if (name && (told || !lane.told)) this.rename(lane, t, name);
    lane.told ||= told;
    lane.starter = starter || lane.starter;
    lane.number = number || lane.number;
    lane.internal ||= (flags & INTERNAL) > 0;
    this.revision++;
    if (earlier) {
      lane.declared = true;
      lane.start = t;
      if (!lane.log.n || lane.log.t[0] > t) {
        this.state(lane, t, CREATED, 0, place, 0, 0);
        lane.createdAt = t;
      }
    } else if (told && t === lane.createdAt) lane.log.place[0] = place;
    this.touch(lane, t);
    const process = this.processOf(lane);
    if (process !== lane && process.ending && process.end >= t) this.takeAlong(process, process.end);
  }

  /**
   * @param {Lane} lane
   * @param {number} t
   * @param {string} name
   */
  rename(lane, t, name) {
    if (t < lane.nameAt) return;
    lane.nameAt = t;
    lane.name = name;
    this.revision++;
  }

  /**
   * END of a lane and, with a process, of what is open inside it.
   * @param {Lane} lane
   * @param {number} t
   * @param {number} ending
   * @param {number | null} exitCode
   * @param {string} error
   */
  ended(lane, t, ending, exitCode, error) {
    if (t >= lane.endedAt || !ENDINGS[ending]) return;
    lane.endedAt = t;
    this.close(lane, t);
    lane.ending = ending;
    lane.error = error;
    lane.exitCode = exitCode;
    if (lane.kind === PROCESS) this.takeAlong(lane, t);
  }

  /**
   * @param {Lane} process that ended
   * @param {number} t when
   * @param {Lane} [inside]
   */
  takeAlong(process, t, inside = process) {
    for (const lane of inside.children) {
      if (lane.kind === PROCESS) continue;
      this.takeAlong(process, t, lane);
      if (lane.endedAt <= t || lane.start > t) continue;
      this.close(lane, t);
      lane.endedAt = t;
      lane.ending = lane.name === MAIN_THREAD ? process.ending : KILLED;
    }
  }

  /**
   * @param {number} id a resource
   * @param {Lane} lane that waits on it
   * @param {number} t since then
   * @returns {number} its kind, 0 while that is not known
   */
  kindOf(id, lane, t) {
    const resource = this.resource(id);
    if (!resource.kind) {
      resource.early ??= new Map();
      resource.early.set(lane, Math.min(t, resource.early.get(lane) ?? t));
    }
    return resource.kind;
  }

  /**
   * RESOURCE, again whenever more is known.
   * @param {Resource} resource
   * @param {number} kind
   * @param {string} name
   * @param {number} place
   * @param {number} lane
   * @param {number} target
   */
  describe(resource, kind, name, place, lane, target) {
    const before = resource.kind;
    resource.kind = kind;
    resource.name = name || resource.name;
    resource.place ||= place;
    resource.lane ||= lane;
    if (target && target !== resource.target) {
      resource.target = target;
      const waiting = this.targets.get(target);
      if (waiting) waiting.push(resource);
      else this.targets.set(target, [resource]);
      this.caused(resource, 0);
    }
    if (kind === GIL && resource.lane && !this.gils.has(resource.lane)) {
      this.gils.set(resource.lane, resource.id);
      this.changedGil(this.lane(resource.lane), 0);
    }
    if (resource.levels || kind === GIL) this.revision++;
    if (resource.early && kind !== before) {
      for (const [waiting, since] of resource.early) this.relook(waiting, since);
      resource.early = null;
    }
  }

  /**
   * @param {Lane} lane whose kind, or the kind of what it waits on, has become known late
   * @param {number} since which time it matters
   */
  relook(lane, since) {
    const { log } = lane;
    const first = search(log.t, log.n, since, false);
    if (first === log.n) return;
    for (let i = first; i < log.n; i++) log.look[i] = lookOf(log.state[i], this.resources[log.on[i]]?.kind ?? 0, lane.kind);
    log.stale(first);
    this.touch(lane, log.t[first]);
  }
}
