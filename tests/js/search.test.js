import assert from "node:assert/strict";
import { test } from "node:test";
import { find, foundWords } from "../../static/js/search.js";
import { recording } from "./golden.js";
import { MAIN, MS, WORKER, story } from "./story.js";

/**
 * @param {import("../../static/js/fold.js").Timeline} timeline
 * @param {string} query
 */
function told(timeline, query) {
  return find(timeline, query).found.map((found) => {
    const { who, what } = foundWords(timeline, found);
    return `${found.kind}: ${who}, ${what}`;
  });
}

test("one finds lanes by name, and stays by function, by line and by what they wait for", () => {
  const timeline = story();
  assert.deepEqual(told(timeline, "WORK"), ["lane: worker, thread", "span: worker, running, work(), line 5"]);
  assert.deepEqual(told(timeline, "line 12"), ["span: MainThread, blocked on a lock, lock guard, line 12"]);
  assert.deepEqual(told(timeline, "12"), told(timeline, "line 12"));
  assert.deepEqual(told(timeline, "guard"), ["span: MainThread, blocked on a lock, lock guard, line 12"]);
  assert.deepEqual(find(timeline, "  "), { found: [], more: false });
  assert.deepEqual(find(timeline, "no such thing").found, []);
});

test("a number in a name is no line", () => {
  const { found } = find(story(), "worker-12");
  assert.deepEqual(found, []);
});

test("output is found where it was written", () => {
  const timeline = recording("deadlock");
  const [first, second, ...more] = find(timeline, "holds its first").found;
  assert.deepEqual([first.kind, second.kind, more], ["output", "output", []]);
  assert.equal(foundWords(timeline, first).what, "worker-1 holds its first lock");
  assert.ok(first.hit.t < second.hit.t);
});

test("what is found stands in order of time, lanes first", () => {
  const timeline = recording("lock");
  const { found } = find(timeline, "visit");
  const times = found.map(({ hit }) => hit.t);
  assert.ok(found.length >= 3);
  assert.deepEqual(times, times.toSorted((a, b) => a - b));
  assert.deepEqual(new Set(find(story(), "main").found.map(({ hit }) => hit.lane)), new Set([1, MAIN]));
  assert.ok(find(story(), "guard").found.every(({ hit }) => hit.lane !== WORKER && hit.t >= 5 * MS));
});
