import assert from "node:assert/strict";
import { test } from "node:test";
import { Player, SPEEDS, neighbour, pleasantSpeed } from "../../static/js/player.js";
import { MS, story } from "./story.js";

test("a replay goes on at its speed and stops at the end", () => {
  const player = new Player();
  player.end = 10 * MS;
  player.speed = 1 / 2;
  player.toggle();
  assert.equal(player.advance(4 * MS), true);
  assert.equal(player.t, 2 * MS);
  player.advance(100 * MS);
  assert.deepEqual([player.t, player.playing], [10 * MS, false]);
});

test("playing from the end begins anew, and a pause stays where it is", () => {
  const player = new Player();
  player.end = player.t = 10 * MS;
  player.toggle();
  assert.deepEqual([player.t, player.playing], [0, true]);
  player.advance(MS);
  player.toggle();
  assert.equal(player.advance(MS), false);
  assert.equal(player.t, MS);
});

test("live stays at the end of what is known until one seeks", () => {
  const player = new Player();
  player.follow();
  player.end = 3 * MS;
  player.advance(0);
  assert.equal(player.t, 3 * MS);
  player.seek(50 * MS);
  player.end = 9 * MS;
  player.advance(MS);
  assert.deepEqual([player.t, player.live], [3 * MS, false]);
});

test("there is nothing to play in an empty run", () => {
  const player = new Player();
  player.toggle();
  assert.equal(player.playing, false);
});

test("short runs are shown slowly, long ones in real time", () => {
  assert.equal(pleasantSpeed(60e9), 1);
  assert.equal(pleasantSpeed(60 * MS), 1 / 200);
  assert.equal(pleasantSpeed(1), SPEEDS.at(-1));
});

test("one steps from event to event, there and back", () => {
  const lanes = story().order;
  const forward = [];
  for (let t = /** @type {number | null} */ (0); t !== null; t = neighbour(lanes, t, 1)) forward.push(t / MS);
  assert.deepEqual(forward, [0, 1, 2, 3, 5, 9, 10, 12, 14, 15, 15.5, 16, 17]);
  const back = [];
  for (let t = /** @type {number | null} */ (17 * MS); t !== null; t = neighbour(lanes, t, -1)) back.push(t / MS);
  assert.deepEqual(back, forward.toReversed());
});
