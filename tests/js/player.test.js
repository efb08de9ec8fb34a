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
  for (let t = /** @type {number | null} */ (0); t !== null; t = neighbour(lanes, t, 1)?.t ?? null) forward.push(t / MS);
  assert.deepEqual(forward, [0, 1, 2, 3, 5, 9, 10, 12, 14, 15, 15.5, 16, 17]);
  const back = [];
  for (let t = /** @type {number | null} */ (17 * MS); t !== null; t = neighbour(lanes, t, -1)?.t ?? null) back.push(t / MS);
  assert.deepEqual(back, forward.toReversed());
});

test("a step says whose event it is, and can stay on one lane", () => {
  const lanes = story().order;
  assert.equal(neighbour(lanes, 4 * MS, 1)?.lane.name, "MainThread");
  assert.deepEqual(neighbour(lanes.filter(({ name }) => name === "worker"), 4 * MS, 1)?.t, 10 * MS);
});

test("with motion, a step glides to where it leads and the next one goes on from there", () => {
  const player = new Player();
  player.end = 10 * MS;
  player.eased = true;
  player.glide(4 * MS);
  player.advance(16 * MS);
  assert.ok(player.t > 0 && player.t < 4 * MS && player.gliding, `${player.t}`);
  assert.equal(player.aim, 4 * MS);
  for (let i = 0; i < 60 && player.gliding; i++) player.advance(16 * MS);
  assert.deepEqual([player.t, player.gliding], [4 * MS, false]);
  player.glide(6 * MS);
  player.toggle();
  assert.deepEqual([player.t, player.gliding, player.playing], [6 * MS, false, true]);
});

test("with motion, a replay gets going softly and then keeps its speed", () => {
  const player = new Player();
  player.end = 10e9;
  player.eased = true;
  player.toggle();
  player.advance(16 * MS);
  assert.ok(player.t > 0 && player.t < 8 * MS, `${player.t}`);
  for (let i = 0; i < 60; i++) player.advance(16 * MS);
  const before = player.t;
  player.advance(16 * MS);
  assert.equal(Math.round(player.t - before), 16 * MS);
});

test("without motion a step is there at once", () => {
  const player = new Player();
  player.end = 10 * MS;
  player.glide(4 * MS);
  assert.deepEqual([player.t, player.gliding], [4 * MS, false]);
});
