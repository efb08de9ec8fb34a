import assert from "node:assert/strict";
import { test } from "node:test";
import { findingParts, findingWord, sureness } from "../../static/js/findings.js";
import { outlineOf } from "../../static/js/outline.js";
import { moodOf } from "../../static/js/palette.js";
import { bunched } from "../../static/js/pins.js";
import { longestSpan } from "../../static/js/walk.js";
import { END, GUARD, MAIN, MS, NAP, WORKER, laneOf, read, story } from "./story.js";

/** @typedef {import("../../static/js/findings.js").Finding} Finding */

/**
 * @param {Partial<Finding>} given
 * @returns {Finding}
 */
function finding(given) {
  return {
    kind: "deadlock", title: "", lanes: [MAIN, WORKER], resources: [GUARD], from_ns: 5 * MS, to_ns: 9 * MS, lines: [], inferred: false,
    details: {}, ...given,
  };
}

/** @param {Partial<Finding>} given */
const said = (given) => read(findingParts(story(), finding(given)));

test("a deadlock is told step by step, with who waits behind it and where", () => {
  const steps = [
    { lane: MAIN, how: "held", resource: GUARD, line: 12, needs: WORKER, holders: [WORKER] },
    { lane: WORKER, how: "ends", resource: END, line: 5, needs: MAIN, holders: [] },
  ];
  assert.equal(
    said({ lines: [12, 5, 12], details: { steps, behind: [1], broken: false } }),
    "MainThread waits for lock guard, held by worker. worker waits until MainThread ends. Waiting behind that: main process. · line 12 · line 5",
  );
  assert.equal(
    said({ details: { steps: [{ ...steps[0], needs: MAIN, holders: [MAIN] }], behind: [], broken: true } }),
    "MainThread waits for lock guard and holds it itself. It lasted 4.00 ms.",
  );
});

test("a task that needs its event loop, or tasks it has started, says so", () => {
  const steps = [
    { lane: MAIN, how: "loop", resource: null, line: null, needs: WORKER, holders: [] },
    { lane: WORKER, how: "children", resource: NAP, line: null, needs: MAIN, holders: [] },
  ];
  assert.equal(
    said({ details: { steps, behind: [], broken: false } }),
    "MainThread can't go on, because worker blocks the event loop. worker waits for tasks it has started, among them MainThread.",
  );
});

test("two resources of one name are told apart", () => {
  const timeline = story();
  const twin = timeline.resource(99);
  Object.assign(twin, { kind: timeline.resources[GUARD]?.kind, name: "guard" });
  const steps = [
    { lane: MAIN, how: "held", resource: GUARD, line: 1, needs: WORKER, holders: [WORKER] },
    { lane: WORKER, how: "held", resource: 99, line: 1, needs: MAIN, holders: [MAIN] },
  ];
  const parts = findingParts(timeline, finding({ details: { steps, behind: [], broken: false } }));
  assert.equal(read(parts), "MainThread waits for lock guard #1, held by worker. worker waits for lock guard #2, held by MainThread.");
});

test("every kind has words of its own", () => {
  const kinds = {
    nobody_can_wake: [{ need: "item", holder: null }, "Waiting for an item in lock guard: MainThread and worker. Nobody is left to put one."],
    loop_blocked: [{}, "MainThread kept the event loop busy for 4.00 ms. Meanwhile these could not go on: worker."],
    contention: [
      { waiters: [WORKER], share: 0.423, waits: 12, waited_ns: 3 * MS, holders: [{ lane: MAIN, held_ns: 1 }] },
      "worker spent 42% of their time waiting for lock guard: 12 waits, 3.00 ms in all. MainThread held it longest.",
    ],
    exception: [{ text: "KeyError: 1" }, "MainThread and worker ended by it, and nothing else noticed: KeyError: 1"],
    never_awaited: [{ text: "coroutine 'f' was never awaited" }, "MainThread and worker: coroutine 'f' was never awaited"],
    daemon_cut_off: [{ process: false }, "MainThread and worker was busy when its process ended."],
  };
  for (const [kind, [details, words]] of Object.entries(kinds)) assert.equal(said({ kind, details: /** @type {any} */ (details) }), words);
  assert.equal(said({ kind: "nobody_can_wake", details: { need: "worker" } }), "Waiting for jobs in the queue of lock guard: MainThread and worker. No worker is left to run them.");
  assert.equal(said({ kind: "nobody_can_wake", details: { holder: WORKER } }), "Waiting for lock guard: MainThread and worker. worker has ended without letting it go.");
  assert.equal(new Set([...Object.keys(kinds), "deadlock", "failed_start"].map(findingWord)).size, 8);
  assert.deepEqual(["deadlock", "contention", "what is new"].map((kind) => moodOf(finding({ kind }))), ["bad", "warn", "bad"]);
  assert.deepEqual([true, false].map((inferred) => sureness(finding({ inferred }))), ["inferred", "observed"]);
});

test("a lane that is not known yet is left out", () => {
  assert.equal(said({ kind: "never_retrieved", lanes: [77], resources: [88], details: { text: "lost" } }), ": lost");
});

test("the text twin begins with the findings, with times, lanes and lines that lead there", () => {
  const timeline = story();
  const found = finding({ kind: "never_retrieved", lanes: [WORKER], lines: [5], inferred: true, to_ns: Infinity, details: { text: "KeyError: 1" } });
  const [item, lane] = outlineOf(timeline, [found]);
  assert.equal(item.kind, "finding");
  assert.equal(read(item.parts), "5 ms – goes on: Unnoticed exception, inferred. worker: KeyError: 1 · line 5");
  assert.deepEqual(item.parts.filter((part) => typeof part !== "string").map((part) => Object.keys(part)[0]), ["t", "lane", "line"]);
  assert.equal(lane.kind, "lane");
});

test("what takes most of a stretch of a lane is what one looks at", () => {
  const timeline = story();
  const lane = laneOf(timeline, MAIN);
  const hit = longestSpan(timeline, lane, 4 * MS, 11 * MS);
  assert.deepEqual([hit?.lane, hit?.t, lane.spans.t[hit?.index ?? -1]], [MAIN, 5 * MS, 5 * MS]);
  assert.equal(longestSpan(timeline, undefined, 0, 1), null);
});

test("pins that begin near each other stand together, and no two places cover each other", () => {
  const xs = [0, 3, 300, 305, 310, 312, 600, 610, 871, 874, 890];
  const found = bunched(xs, 900);
  assert.deepEqual(found.map(({ members }) => members), [[0, 1], [2, 3, 4, 5], [6, 7], [8, 9, 10]]);
  assert.deepEqual(bunched([], 900), []);
  for (const places of [xs, Array.from({ length: 25 }, (_, index) => index * 7), Array.from({ length: 25 }, () => 899)]) {
    const bunches = bunched(places, 900);
    assert.deepEqual(bunches.flatMap(({ members }) => members).sort((a, b) => a - b), places.map((_, index) => index));
    bunches.forEach(({ x, members }, index) => {
      const end = x + (members.length === 1 ? 19 : 38);
      assert.ok(x >= 0 && end <= (bunches[index + 1]?.x ?? 900), `${x} ${end}`);
    });
  }
});
