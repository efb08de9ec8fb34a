/**
 * How a run ended, in plain words.
 * @module
 */
import { LOOK } from "./names.js";
import { duration, ngettext, number, size, t } from "./text.js";
import { sentence, staysAt } from "./sentence.js";

/** @typedef {import("./lanes.js").Lanes} Lanes */
/** @typedef {import("./feed.js").Run} Run */
/** @typedef {import("./text.js").Part} Part */

/** Why the recorder ended a run that nobody stopped. */
const SERVER_STOPPED = "the server was stopped";
const STAT_TRACER = 1, STAT_RATE = 2, STAT_MISSED = 3, STAT_PYTHON = 7, STAT_CPU_RATE = 8;

/**
 * The outcome of a run that has ended.
 * @param {Run} run
 * @param {Lanes} timeline whole
 * @returns {{mood: "good" | "bad" | "plain", parts: Part[]}}
 */
export function outcomeOf(run, timeline) {
  if (run.state === "lost") return { mood: "bad", parts: [t("This run was lost when the server ended. What was recorded is shown.")] };
  const { kind, exit_code: code, signal, detail } = run.outcome;
  const wall = duration(run.wall_ns ?? 0);
  switch (kind) {
    case "completed":
      return { mood: "good", parts: [t("Completed in {time}", { time: wall })] };
    case "raised":
      return { mood: "bad", parts: [t("Ended by an exception after {time}: {error}", { time: wall, error: detail })] };
    case "exited":
      return { mood: "bad", parts: [t("Exited with status {code} after {time}", { code, time: wall })] };
    case "killed":
      return { mood: "bad", parts: [t("Killed by signal {signal} after {time}", { signal, time: wall })] };
    case "timed_out": {
      const cpu = detail.startsWith("CPU");
      const reached = cpu
        ? t("CPU time limit of {time} reached", { time: duration(run.limits.cpu_ns) })
        : t("Time limit of {time} reached", { time: duration(run.limits.wall_ns) });
      return { mood: "bad", parts: [reached, ...stuck(timeline)] };
    }
    case "out_of_memory":
      return { mood: "bad", parts: [t("Memory limit of {size} reached after {time}", { size: size(run.limits.memory_bytes), time: wall })] };
    case "output_limit":
      return { mood: "bad", parts: [t("Output limit of {size} reached after {time}", { size: size(run.limits.output_bytes), time: wall })] };
    case "stopped":
      if (detail === SERVER_STOPPED) return { mood: "plain", parts: [t("Stopped after {time}, because the server was stopped", { time: wall })] };
      return { mood: "plain", parts: [run.wall_ns ? t("Stopped after {time}", { time: wall }) : t("Stopped before it began")] };
    default:
      return { mood: "bad", parts: [t("The sandbox failed: {detail}", { detail })] };
  }
}

/**
 * Who waited for what when the run was cut off.
 * @param {Lanes} timeline
 * @returns {Part[]}
 */
function stuck(timeline) {
  const stays = staysAt(timeline, timeline.end - 1);
  const blocked = stays.filter(({ look }) => look === LOOK.LOCK || look === LOOK.OTHER);
  const shown = blocked.length ? blocked : stays.filter(({ look }) => look === LOOK.RUNNING);
  return shown.length ? [": ", ...sentence(timeline, timeline.end - 1, shown, { running: !blocked.length })] : [];
}

/**
 * What watching cost, how well the GIL was seen, and what the trace is missing, in plain words.
 * @param {Run} run that has ended
 * @param {Lanes} timeline whole
 * @returns {{text: string, lost: boolean}}
 */
export function honestyOf(run, { stats, refused }) {
  const { events, output_bytes: output } = run.dropped;
  const lost = [];
  if (events + refused) lost.push(ngettext("{n} event was dropped.", "{n} events were dropped.", events + refused));
  if (output) lost.push(ngettext("{n} byte of output was dropped.", "{n} bytes of output were dropped.", output));
  const [tracer, rate, missed] = [stats[STAT_TRACER], stats[STAT_RATE], stats[STAT_MISSED]];
  const share = run.cpu_ns ? t(", {n}% of the program's CPU time", { n: number((100 * tracer) / run.cpu_ns, 1) }) : "";
  const said = [tracer ? t("Watching took about {time}{share}.", { time: duration(tracer), share }) : t("What watching cost was not measured.")];
  if (stats[STAT_PYTHON]) said.push(t("It was done in pure Python, which costs more than in C."));
  if (rate) {
    said.push(t("The GIL was looked at {hz} times a second.", { hz: number(rate, 0) }));
    said.push(missed ? ngettext("{n} time it changed hands unseen.", "{n} times it changed hands unseen.", missed) : t("No change of hands was missed."));
  } else if (!run.python.free_threaded) said.push(t("Nobody looked at the GIL."));
  const looks = stats[STAT_CPU_RATE];
  said.push(looks ? t("CPU times were looked at {hz} times a second.", { hz: number(looks, 0) }) : t("Nobody looked at CPU times."));
  return { text: [...said, ...(lost.length ? lost : [t("Nothing was dropped.")])].join(" "), lost: lost.length > 0 };
}

/**
 * When and where a run ran.
 * @param {Run} run
 * @param {string} when
 */
export function ranOn(run, when) {
  const python = run.python.free_threaded ? t("Python {version} without GIL", { version: run.python.version }) : `Python ${run.python.version}`;
  return `${when} · ${python}`;
}
