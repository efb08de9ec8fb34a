/**
 * A job in words: which, of whom, how long it waited and ran, and who got its result.
 * @module
 */
import { ENDINGS, RETURNED } from "./names.js";
import { endOf, receiversOf } from "./jobs.js";
import { duration, listed, ngettext, rich, t } from "./text.js";
import { endingWord, resourceOf, who } from "./words.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./jobs.js").Job} Job */
/** @typedef {import("./text.js").Part} Part */

const MOST_RECEIVERS = 4;

/**
 * Which job it is.
 * @param {Lanes} timeline
 * @param {Job} job
 * @returns {Part[]}
 */
export function jobName(timeline, { executor, number, part, items, call }) {
  const name = timeline.places[call.place]?.function;
  const text = call.inParts ? t("part {part} of job {n} of {executor}") : t("job {n} of {executor}");
  const which = rich(text, { n: String(number), part: String(part + 1), executor: resourceOf(timeline, executor) });
  const many = items ? [", ", ngettext("{n} item", "{n} items", items)] : [];
  return [...(name ? [`${name.startsWith("<") ? name : `${name}()`}, `] : []), ...which, ...many];
}

/**
 * The facts about a job.
 * @param {Lanes} timeline
 * @param {Job} job
 * @returns {[string, Part[]][]}
 */
export function jobRows(timeline, job) {
  const { end, ending } = endOf(timeline, job);
  const submitter = timeline.lanes[job.submitter], line = timeline.places[job.call.where]?.line;
  /** @type {[string, Part[]][]} */
  const rows = [[t("job"), jobName(timeline, job)]];
  if (submitter) {
    rows.push([t("submitted by"), [who(timeline, submitter), ", ", { t: job.submitted }, ...(line ? [", ", { line }] : [])]]);
    if (job.lane) rows.push([t("in the queue"), [duration(job.start - job.submitted)]]);
  }
  const how = ending && ending !== RETURNED ? `, ${endingWord(ENDINGS[ending])}` : "";
  if (job.lane) rows.push([ending ? t("ran") : t("runs so far"), [`${duration(end - job.start)}${how}`]]);
  const receivers = receiversOf(timeline, job);
  if (receivers.length) rows.push([t("result to"), listed(receivers.slice(0, MOST_RECEIVERS).map((lane) => who(timeline, lane)))]);
  return rows;
}
