/**
 * Jobs of executors and pools: who submitted each, who ran it, how it ended, where its result went (docs/trace-format.md).
 * `app/core/jobs.py` is the twin of what folds here.
 * @module
 */
import { search } from "./columns.js";
import { BEGAN, CANCELLED, DELIVERED, DONE, IN_PARTS, KILLED, LINK_ITEM, LINK_WAKE, PART, RUNNING, SUBMITTED, UNFINISHED, WAITING } from "./names.js";
import { Facts } from "./store.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./fold.js").Timeline} Timeline */
/** @typedef {import("./store.js").Lane} Lane */

/** What is said of a call: all its jobs have that. */
export class Call {
  /** The place where the function begins. */
  place = 0;
  /** The submitting line's place. */
  where = 0;
  inParts = false;
  /** @type {Job[]} by part */
  jobs = [];
}

/** The results that a lane brought, in order, and until when somebody has asked for them. @typedef {{list: {t: number, job: Job}[], asked: number}} Deliveries */

/** What links of jobs have in place of a wait: of one that a lane waited for, and of one that had stood in the queue. */
export const AWAITED = -2, QUEUED = -3;

/** What an executor was asked to do; times are NaN while they are not known. */
export class Job {
  items = 0;
  submitter = 0;
  submitted = NaN;
  lane = 0;
  start = NaN;
  /** See `endOf`. */
  end = NaN;
  ending = 0;
  /** When it no longer waited, and when its result was brought. */
  left = NaN;
  delivered = NaN;

  /**
   * @param {number} executor
   * @param {number} number
   * @param {number} part from 0
   * @param {Call} call
   */
  constructor(executor, number, part, call) {
    this.executor = executor;
    this.number = number;
    this.part = part;
    this.call = call;
  }
}

/**
 * Takes a JOB event in.
 * @param {Timeline} timeline
 * @param {number} t
 * @param {Lane} lane
 * @param {number} what
 * @param {number} executor
 * @param {number} number
 * @param {number} by the part, or for a call the function's place
 * @param {number} place
 */
export function tellJob(timeline, t, lane, what, executor, number, by, place) {
  const call = callOf(timeline, executor, number);
  if (what === SUBMITTED || what === IN_PARTS) {
    [call.place, call.where, call.inParts] = [by, place, what === IN_PARTS];
    call.jobs.forEach((job) => labelled(timeline, job));
    if (what === SUBMITTED) submitted(timeline, jobOf(timeline, call, executor, number, 0), t, lane);
    return;
  }
  const job = jobOf(timeline, call, executor, number, by);
  if (what === PART) {
    job.items = place;
    submitted(timeline, job, t, lane);
  } else if (what === BEGAN) {
    const first = !job.lane;
    timeline.state(lane, t, RUNNING, 0, first ? call.place : 0, 0, 0);
    if (first) began(timeline, job, t, lane);
  } else if (what === DELIVERED) {
    const found = deliveriesOf(timeline, lane.id);
    found.list.splice(after(found.list, (each) => each.t, t), 0, { t, job });
    job.delivered = t;
    if (t <= found.asked) timeline.relink(t, timeline.order);
  } else if (what > DONE) {
    if (!(t < job.end)) [job.end, job.ending] = [t, what - DONE];
    leaves(timeline, job, t);
    if (what !== DONE + CANCELLED) timeline.state(lane, t, RUNNING, 0, 0, 0, 0);
    if (job.delivered === job.delivered) timeline.relink(t, timeline.order);
  }
}

/**
 * @param {Timeline} timeline
 * @param {number} executor
 * @param {number} number
 */
function callOf(timeline, executor, number) {
  let calls = timeline.calls.get(executor);
  if (!calls) timeline.calls.set(executor, (calls = new Map()));
  let call = calls.get(number);
  if (!call) calls.set(number, (call = new Call()));
  return call;
}

/**
 * @param {Timeline} timeline
 * @param {Call} call
 * @param {number} executor
 * @param {number} number
 * @param {number} part
 */
function jobOf(timeline, call, executor, number, part) {
  let job = call.jobs[part];
  if (!job) {
    job = new Job(executor, number, part, call);
    call.jobs[part] = job;
    timeline.jobs.push(job);
  }
  return job;
}

/**
 * @param {Timeline} timeline
 * @param {Job} job
 * @param {number} t
 * @param {Lane} lane
 */
function submitted(timeline, job, t, lane) {
  if (job.submitter) return;
  job.submitter = lane.id;
  job.submitted = t;
  level(timeline, job, t, 1);
  if (job.left === job.left) level(timeline, job, job.left, -1);
  linked(timeline, job);
}

/**
 * @param {Timeline} timeline
 * @param {Job} job
 * @param {number} t
 * @param {Lane} lane
 */
function began(timeline, job, t, lane) {
  job.lane = lane.id;
  job.start = t;
  lane.jobs.splice(after(lane.jobs, (each) => each.start, t), 0, job);
  leaves(timeline, job, t);
  linked(timeline, job);
}

/**
 * @param {Timeline} timeline
 * @param {Job} job
 * @param {number} t
 */
function leaves(timeline, job, t) {
  if (job.left === job.left) return;
  job.left = t;
  if (job.submitter) level(timeline, job, t, -1);
}

/**
 * @param {Timeline} timeline
 * @param {Job} job
 * @param {number} t
 * @param {number} more
 */
function level(timeline, job, t, more) {
  const resource = timeline.resource(job.executor);
  if (!resource.levels) timeline.revision++;
  const levels = (resource.levels ??= new Facts());
  const index = search(levels.t, levels.n, t);
  levels.add(t, job.lane || job.submitter, index ? levels.what[index - 1] : 0);
  for (let i = index; i < levels.n; i++) levels.what[i] += more;
}

/**
 * @param {Timeline} timeline
 * @param {Job} job whose function has become known
 */
function labelled(timeline, job) {
  const lane = timeline.lanes[job.lane];
  const index = lane ? search(lane.log.t, lane.log.n, job.start, false) : 0;
  if (!lane || lane.log.t[index] !== job.start) return;
  lane.log.place[index] = job.call.place;
  timeline.touch(lane, job.start);
}

/**
 * @param {Timeline} timeline
 * @param {Job} job whose submission or beginning has become known
 */
function linked(timeline, job) {
  const lane = timeline.lanes[job.lane];
  if (!lane || !(job.submitted <= job.start)) return;
  const { log, links } = lane, before = log.find(job.start) - 1;
  const awaited = before >= 0 && log.state[before] === WAITING && log.on[before] === job.executor;
  links.add(job.start, LINK_ITEM, job.submitter, job.submitted, job.executor, awaited ? AWAITED : QUEUED);
}

/**
 * How many of these come before t or at it.
 * @template T
 * @param {T[]} list ascending
 * @param {(item: T) => number} time
 * @param {number} t
 */
function after(list, time, t) {
  let low = 0, high = list.length;
  if (high && time(list[high - 1]) <= t) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time(list[middle]) <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The last job that a lane began at t or before; null if there is none.
 * @param {Lane} lane
 * @param {number} t
 */
export function jobBefore(lane, t) {
  return lane.jobs[after(lane.jobs, (job) => job.start, t) - 1] ?? null;
}

/**
 * The first job that a lane began after t; null if there is none.
 * @param {Lane} lane
 * @param {number} t
 */
export function jobAfter(lane, t) {
  return lane.jobs[after(lane.jobs, (job) => job.start, t)] ?? null;
}

/**
 * The job that a lane runs at a time; null if it runs none.
 * @param {Lanes} timeline
 * @param {Lane} lane
 * @param {number} t
 */
export function jobAt(timeline, lane, t) {
  const job = jobBefore(lane, t);
  return job && t < endOf(timeline, job).end ? job : null;
}

/**
 * When and how a job ended that began: one that was left open, with its lane or with the run.
 * @param {Lanes} timeline
 * @param {Job} job
 */
export function endOf(timeline, job) {
  const lane = timeline.lanes[job.lane];
  if (job.ending || !lane) return job;
  const cut = lane.end >= job.start && lane.ending !== UNFINISHED;
  return { end: cut ? lane.end : timeline.end, ending: cut ? KILLED : timeline.over ? UNFINISHED : 0 };
}

/**
 * @param {Lanes} timeline
 * @param {number} id
 */
function deliveriesOf(timeline, id) {
  let found = timeline.deliveries.get(id);
  if (!found) timeline.deliveries.set(id, (found = { list: [], asked: -1 }));
  return found;
}

/**
 * Who caused what a lane did at t, and when: for a lane that brings results, the one whose job ended.
 * @param {Lanes} timeline
 * @param {number} id
 * @param {number} t
 * @param {number} [since] what it brought is not just what it did it by: then only if it brought one since that time
 */
export function delivererOf(timeline, id, t, since) {
  const found = deliveriesOf(timeline, id), { list } = found;
  found.asked = Math.max(found.asked, t);
  const at = after(list, (each) => each.t, t) - 1;
  const job = since !== undefined && (list[at]?.t <= since || list[at - 1]?.t > since) ? undefined : list[at]?.job;
  return job && job.lane && job.end <= t ? { who: job.lane, t: job.end } : { who: id, t };
}

/**
 * The lanes that went on because a job had ended.
 * @param {Lanes} timeline
 * @param {Job} job
 * @returns {Lane[]}
 */
export function receiversOf(timeline, job) {
  const { end } = job;
  if (end !== end || !job.lane) return [];
  const next = timeline.lanes[job.lane]?.jobs.find((each) => each.start > end);
  const until = next ? endOf(timeline, next).end : Infinity;
  return timeline.order.filter(({ links }) => {
    for (let i = search(links.t, links.n, end, false); i < links.n; i++) {
      if (links.from[i] === job.lane && links.kind[i] === LINK_WAKE && links.fromT[i] >= end && links.fromT[i] < until) return true;
    }
    return false;
  });
}
