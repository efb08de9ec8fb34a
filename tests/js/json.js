/**
 * A timeline as GET /api/runs/{id}/timeline says it, without `run` and `findings`.
 * @module
 */
import { endOf } from "../../static/js/jobs.js";
import { ENDINGS, LANE_KINDS, LINKS, MARKS, RESOURCES, RETURNED, STATES, STREAMS, THREAD } from "../../static/js/names.js";

/** @typedef {import("../../static/js/fold.js").Timeline} Timeline */

/**
 * @param {Timeline} timeline settled
 */
export function toJSON(timeline) {
  const line = (/** @type {number} */ place) => timeline.places[place]?.line || null;
  const lanes = [...timeline.order].sort((a, b) => a.id - b.id);
  const resources = timeline.resources.filter((each) => each !== undefined).filter((each) => each.kind);
  const spans = [], links = [], holds = [], levels = [];
  for (const lane of lanes) {
    for (let i = 0; i < lane.spans.n; i++) {
      spans.push({
        lane: lane.id, state: STATES[lane.spans.state[i]], start_ns: Math.round(lane.spans.t[i]),
        end_ns: Math.round(timeline.endOf(lane, i)), on: lane.spans.on[i] || null, line: line(lane.spans.place[i]),
        function: timeline.places[lane.spans.place[i]]?.function || null, inferred: lane.spans.inferred[i] > 0,
      });
    }
    for (let i = 0; i < lane.links.n; i++) {
      const { kind, from, fromT, t, on } = lane.links;
      links.push({
        kind: LINKS[kind[i]], from_lane: from[i], from_ns: Math.round(fromT[i]), to_lane: lane.id, to_ns: Math.round(t[i]),
        resource: on[i] || null,
      });
    }
  }
  for (const { id, holds: held, levels: level } of resources) {
    for (let i = 0; held && i < held.n; i++) {
      holds.push({
        resource: id, lane: held.who[i], start_ns: Math.round(held.t[i]),
        end_ns: Math.round(timeline.holdEnd(held.who[i], held.t[i], held.end[i])), inferred: held.inferred[i] > 0,
      });
    }
    for (let i = 0; level && i < level.n; i++) {
      levels.push({ resource: id, t_ns: Math.round(level.t[i]), value: Math.round(level.what[i]) });
    }
  }
  links.sort((a, b) => a.to_ns - b.to_ns || a.to_lane - b.to_lane || a.from_ns - b.from_ns || a.from_lane - b.from_lane);
  holds.sort((a, b) => a.start_ns - b.start_ns || a.resource - b.resource || a.lane - b.lane);
  levels.sort((a, b) => a.t_ns - b.t_ns || a.resource - b.resource);
  const cpu = lanes.flatMap(({ id, used }) => Array.from({ length: used?.n ?? 0 }, (_, i) => (
    { lane: id, t_ns: Math.round(used?.t[i] ?? 0), cpu_ns: Math.round(used?.what[i] ?? 0) }
  )));
  return {
    lanes: lanes.map((lane) => ({
      id: lane.id, kind: LANE_KINDS[lane.kind], name: lane.name, parent: lane.parent || null, starter: lane.starter || null,
      pid: timeline.processOf(lane).number || null, tid: (lane.kind === THREAD && lane.number) || null,
      internal: lane.internal, start_ns: Math.round(lane.start), end_ns: lane.end === lane.end ? Math.round(lane.end) : null,
      ending: ENDINGS[lane.ending || (lane.end === lane.end ? RETURNED : 0)] || null, error: lane.error || null,
      exit_code: lane.exitCode, cpu_ns: lane.cpu === null ? null : Math.round(lane.cpu),
    })),
    spans,
    resources: resources.map(({ id, kind, name, place, lane, target }) => ({
      id, kind: RESOURCES[kind], name: name || null, line: line(place), lane: lane || null, target: target || null,
    })),
    holds,
    cpu,
    levels,
    jobs: timeline.jobs.map((job) => {
      const { executor, number, part, call, items, submitter, submitted, lane, start } = job, { end, ending } = endOf(timeline, job);
      return {
        executor, number, part: call.inParts ? part + 1 : null, items: items || null,
        function: timeline.places[call.place]?.function || null, line: line(call.place), submitter: submitter || null,
        submitted_ns: known(submitted), submitted_line: line(call.where), lane: lane || null, start_ns: known(start),
        end_ns: known(end), ending: ENDINGS[ending] || null,
      };
    }),
    links,
    marks: timeline.marks.map(({ t, lane, kind, text, place }) => (
      { lane, t_ns: Math.round(t), kind: MARKS[kind], text, line: line(place) }
    )),
    output: timeline.output.map(({ t, lane, stream, text, inferred }) => (
      { t_ns: Math.round(t), lane, stream: STREAMS[stream], text, inferred }
    )),
  };
}

/** @param {number} t */
function known(t) {
  return t === t ? Math.round(t) : null;
}
