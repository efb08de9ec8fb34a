import assert from "node:assert/strict";
import { test } from "node:test";
import { viewOf } from "../../static/js/view.js";

test("a link says which time, which stretch and which lane", () => {
  assert.deepEqual(viewOf("#t=5000&from=-100&to=90000&lane=3"), { t: 5000, from: -100, to: 90000, lane: 3 });
  assert.deepEqual(viewOf("#t=7"), { t: 7, from: NaN, to: NaN, lane: NaN });
});

test("nonsense in a link asks for nothing", () => {
  const nothing = { t: NaN, from: NaN, to: NaN, lane: NaN };
  for (const hash of ["", "#", "#t=&from=x", "#t=1e400&to=Infinity&from=-Infinity", "#t=0x10&lane=1.5", `#t=${"9".repeat(40)}`]) {
    assert.deepEqual(viewOf(hash), nothing, hash);
  }
});
