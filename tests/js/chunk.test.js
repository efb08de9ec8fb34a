import assert from "node:assert/strict";
import { test } from "node:test";
import { BadChunk, arriving, parse, parseAll } from "../../static/js/chunk.js";
import { KIND } from "../../static/js/names.js";
import { encode, joined } from "./encode.js";

const events = [
  { kind: KIND.LANE, t: 5, lane: 7, obj: 1, by: 2, end: 99, text: "Поток" },
  { kind: KIND.STATE, t: 6, lane: 7, flags: 2, place: 3 },
  { kind: KIND.OUTPUT, t: 8, lane: 7, flags: 1, text: "<b>\n" },
];

/** @param {Uint8Array<ArrayBuffer>[]} pieces */
function streamOf(pieces) {
  const left = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const next = left.shift();
      if (next) controller.enqueue(next);
      else controller.close();
    },
  });
}

test("a chunk gives back what was put in, texts in any order", () => {
  const chunk = parse(encode(events, 4, 10));
  assert.deepEqual([chunk.n, chunk.seq, chunk.known], [3, 4, 10]);
  assert.deepEqual([...chunk.t], [5, 6, 8]);
  assert.deepEqual([...chunk.lane], [7, 7, 7]);
  assert.deepEqual([chunk.text(2), chunk.text(0), chunk.text(1)], ["<b>\n", "Поток", ""]);
});

test("chunks that follow each other are read one by one, wherever they begin", () => {
  const bytes = joined([encode(events, 1), encode([], 2, 20), encode(events, 3)]);
  assert.deepEqual(parseAll(bytes).map(({ seq, n }) => [seq, n]), [[1, 3], [2, 0], [3, 3]]);
  const shifted = joined([new Uint8Array(3), bytes]).subarray(3);
  assert.equal(parseAll(shifted)[2].text(0), "Поток");
});

test("chunks that arrive in pieces are whole however they were cut", async () => {
  const bytes = joined([encode(events, 1), encode([], 2, 20), encode(events, 3)]);
  for (const length of [1, 7, 31, 32, 33, 170, bytes.length]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => bytes.slice(i * length, (i + 1) * length));
    const chunks = [];
    for await (const some of arriving(streamOf(pieces))) chunks.push(...some);
    assert.deepEqual(chunks.map(({ seq, n, text }) => [seq, n, n && text(2)]), [[1, 3, "<b>\n"], [2, 0, 0], [3, 3, "<b>\n"]], `${length} bytes`);
  }
});

test("a stream that ends within a chunk, or is none, is refused", async () => {
  const whole = encode(events);
  for (const bytes of [whole.slice(0, -1), whole.slice(0, 20), joined([whole, new Uint8Array(40)])]) {
    await assert.rejects(async () => {
      for await (const chunks of arriving(streamOf([bytes]))) assert.ok(chunks.length);
    }, BadChunk);
  }
});

test("columns are views of the bytes, not copies", () => {
  const bytes = encode(events);
  assert.equal(parse(bytes).t.buffer, bytes.buffer);
});

test("bytes that are no chunk are refused, however they are damaged", () => {
  const good = encode(events);
  assert.throws(() => parse(good.subarray(0, 31)), BadChunk);
  assert.throws(() => parse(good.subarray(0, good.length - 8)), BadChunk);
  for (const [at, value] of [[0, 0], [4, 2], [6, 40], [8, 200], [11, 255], [12, 77]]) {
    const bad = good.slice();
    bad[at] = value;
    assert.throws(() => parse(bad), BadChunk, `byte ${at}`);
  }
});
