import assert from "node:assert/strict";
import { test } from "node:test";
import { COLUMNS, density } from "../../static/js/density.js";
import { LOOK, LOOKS } from "../../static/js/names.js";
import { HEIGHT, palette } from "../../static/js/palette.js";
import { inksOf, raster } from "../../static/js/raster.js";
import { Lane } from "../../static/js/store.js";

const STEP = 1000;

/**
 * A lane whose spans last so long, running and I/O in turns.
 * @param {number} n
 * @param {(index: number) => number} length
 */
function lane(n, length) {
  const made = new Lane(1);
  let t = 0;
  for (let i = 0; i < n; i++) {
    made.spans.put(i, t, 2, i % 2 ? LOOK.IO : LOOK.RUNNING, 0, 0, 0, 0);
    t += length(i);
  }
  return { made, end: t };
}

/**
 * Shares as they are, counted span by span and column by column.
 * @param {Lane} lane
 * @param {number} end
 * @param {number} from
 */
function counted(lane, end, from) {
  const into = new Float64Array(COLUMNS * LOOKS), { spans } = lane;
  for (let i = 0; i < spans.n; i++) {
    const until = i + 1 < spans.n ? spans.t[i + 1] : end;
    for (let column = 0; column < COLUMNS; column++) {
      const low = Math.max(spans.t[i], from + column * STEP), high = Math.min(until, from + (column + 1) * STEP);
      if (high > low) into[column * LOOKS + spans.look[i]] += (high - low) / STEP;
    }
  }
  return into;
}

for (const [what, n, length] of /** @type {[string, number, (i: number) => number][]} */ ([
  ["a few long spans", 9, (i) => 3000 + i * 777],
  ["some spans a column", 2000, (i) => 90 + (i % 7) * 31],
  ["very many spans a column", 20_000, (i) => 5 + (i % 11)],
])) {
  test(`density of ${what} is the share of time in each look`, () => {
    const { made, end } = lane(n, length);
    const shares = new Float32Array(COLUMNS * LOOKS);
    for (const from of [-50 * STEP, 0, 12_345]) {
      shares.fill(0);
      density(made, end, from, STEP, shares);
      const wanted = counted(made, end, from);
      assert.ok(shares.every((share, index) => Math.abs(share - wanted[index]) < 1e-3));
    }
  });
}

test("a stack is as high as what it stands for is drawn, in its colours", () => {
  const p = palette(false), inks = inksOf(p), height = 20;
  const stack = (/** @type {Record<number, number>} */ looks) => {
    const shares = new Float32Array(LOOKS);
    for (const [look, share] of Object.entries(looks)) shares[Number(look)] = share;
    const pixels = new Uint32Array(height);
    raster(shares, 1, height, inks, pixels);
    return pixels;
  };
  const drawn = (/** @type {Uint32Array} */ pixels) => pixels.filter((pixel) => pixel).length;
  assert.equal(drawn(stack({ [LOOK.RUNNING]: 1 })), height);
  assert.equal(drawn(stack({ [LOOK.IO]: 1 })), Math.round(height * HEIGHT[LOOK.IO]));
  assert.equal(drawn(stack({ [LOOK.RUNNING]: 0.001 })), 1);
  assert.equal(drawn(stack({})), 0);
  const both = stack({ [LOOK.RUNNING]: 0.5, [LOOK.LOCK]: 0.5 });
  assert.deepEqual(new Set(both.filter((pixel) => pixel)), new Set([inks.solid[LOOK.RUNNING], inks.solid[LOOK.LOCK], inks.pale[LOOK.LOCK]]));
});

/** @param {string} colour #rrggbb */
function luminance(colour) {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * @param {string} one
 * @param {string} other
 */
function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

for (const dark of [false, true]) {
  test(`${dark ? "dark" : "light"}: shapes stand out 3:1, words 4.5:1`, () => {
    const p = palette(dark);
    for (const colour of [...p.looks.filter(Boolean), p.gold, p.red, p.purple, p.soft]) {
      assert.ok(contrast(colour, p.panel) >= 3, `${colour} ${contrast(colour, p.panel)}`);
    }
    for (const [word, ground] of [...p.words.filter(Boolean).map((word) => [word, p.panel]), [p.soft, p.band], [p.ink, p.band],
      [p.onRunning, p.looks[LOOK.RUNNING]], [p.onGold, p.gold], [p.onInk, p.ink]]) {
      assert.ok(contrast(word, ground) >= 4.5, `${word} on ${ground}: ${contrast(word, ground)}`);
    }
  });
}
