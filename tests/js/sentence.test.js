import assert from "node:assert/strict";
import { after, test } from "node:test";
import { honestyOf, outcomeOf } from "../../static/js/outcome.js";
import { sentence, staysAt } from "../../static/js/sentence.js";
import { speak } from "../../static/js/text.js";
import { MS, read, story } from "./story.js";

/** @param {number} t ms @param {number} [until] ms */
function at(t, until) {
  const timeline = story(until && until * MS);
  return read(sentence(timeline, t * MS, staysAt(timeline, t * MS)));
}

after(() => speak("en", {}));

test("it says who runs and holds what, and who waits for whom", () => {
  assert.equal(at(6), "worker runs line 5 and holds lock guard. MainThread waits for lock guard, held by worker.");
  assert.equal(at(13), "Nobody runs. MainThread waits until worker ends. worker sleeps.");
  assert.equal(at(9.5), "MainThread and worker take turns: they share one GIL.");
  assert.equal(at(2.5), "MainThread runs line 10. worker has not begun yet.");
});

test("without a GIL threads run at the same time", () => {
  const timeline = story();
  assert.equal(read(sentence(timeline, 9.5 * MS, staysAt(timeline, 9.5 * MS), { free: true })), "MainThread and worker run at the same time.");
});

test("after the end nobody runs", () => {
  assert.equal(at(17.5), "Nobody runs any more.");
});

test("while a run is live, a lock that is held now has its holder", () => {
  const timeline = story(6 * MS);
  const held = timeline.resources[1]?.holds;
  if (!held) throw new Error("nobody held the lock");
  held.end[0] = NaN;
  held.opened = 1;
  assert.match(read(sentence(timeline, timeline.end, staysAt(timeline, timeline.end))), /MainThread waits for lock guard, held by worker\.$/);
});

test("it speaks the reader's language", () => {
  speak("ru", { "{who} sleeps.": "{who} спит.", "Nobody runs.": "Никто не выполняется.", "{who} waits until {what} ends.": "{who} ждёт, пока завершится {what}." });
  assert.equal(at(13), "Никто не выполняется. MainThread ждёт, пока завершится worker. worker спит.");
  speak("en", {});
});

test("an outcome is told in plain words", () => {
  const limits = { wall_ns: 10e9, cpu_ns: 5e9, memory_bytes: 256 << 20, output_bytes: 1 << 20 };
  /** @param {string} kind @param {object} [more] */
  const told = (kind, more) => read(outcomeOf(
    { state: "finished", limits, wall_ns: 1.5e9, outcome: { kind, exit_code: null, signal: null, detail: "", ...more } }, story(13 * MS),
  ).parts);
  assert.equal(told("completed"), "Completed in 1.50 s");
  assert.equal(told("raised", { detail: "ValueError: no" }), "Ended by an exception after 1.50 s: ValueError: no");
  assert.equal(told("killed", { signal: 11 }), "Killed by signal 11 after 1.50 s");
  assert.equal(told("out_of_memory"), "Memory limit of 256 MiB reached after 1.50 s");
  assert.equal(told("stopped"), "Stopped after 1.50 s");
  assert.equal(told("stopped", { detail: "the server was stopped" }), "Stopped after 1.50 s, because the server was stopped");
  assert.equal(told("timed_out", { detail: "time limit of 10 s reached" }), "Time limit of 10.0 s reached: MainThread waits until worker ends.");
  assert.equal(told("timed_out", { detail: "CPU time limit of 5 s reached" }), "CPU time limit of 5.00 s reached: MainThread waits until worker ends.");
});

test("what watching cost and what it missed is said in plain words, also that it was nothing", () => {
  const timeline = story();
  const run = { cpu_ns: 200e6, dropped: { events: 0, output_bytes: 0 }, python: { free_threaded: false } };
  assert.deepEqual(honestyOf(run, timeline), {
    text: "What watching cost was not measured. Nobody looked at the GIL. Nobody looked at CPU times. Nothing was dropped.", lost: false,
  });
  timeline.stats.set([3e6, 998, 1], 1);
  timeline.stats[8] = 19.8;
  assert.equal(
    honestyOf(run, timeline).text,
    "Watching took about 3.00 ms, 1.5% of the program's CPU time. The GIL was looked at 998 times a second. 1 time it changed hands unseen. "
    + "CPU times were looked at 20 times a second. Nothing was dropped.",
  );
  timeline.stats[3] = 0;
  timeline.refused = 1;
  assert.deepEqual(honestyOf({ ...run, cpu_ns: null, dropped: { events: 2, output_bytes: 1 } }, timeline), {
    text: "Watching took about 3.00 ms. The GIL was looked at 998 times a second. No change of hands was missed. "
      + "CPU times were looked at 20 times a second. 3 events were dropped. 1 byte of output was dropped.",
    lost: true,
  });
  timeline.stats[2] = 0;
  assert.equal(honestyOf({ ...run, python: { free_threaded: true } }, timeline).text.includes("GIL"), false);
});
