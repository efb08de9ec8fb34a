import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { follow, pages } from "../../static/js/feed.js";
import { encode, joined } from "./encode.js";

/** The sockets that were opened, each as the server sees it. @type {Socket[]} */
let sockets = [];
/** What HTTP was asked. @type {string[]} */
let asked = [];
/** What it answers: by the beginning of the address. @type {Record<string, () => Response>} */
let answers = {};
/** What the listener was told. @type {string[]} */
let told = [];

class Socket {
  /** @type {((event: {data: unknown}) => void) | null} */
  onmessage = null;
  /** @type {((event: {code: number}) => void) | null} */
  onclose = null;
  closed = false;

  /** @param {string} url */
  constructor(url) {
    this.url = url;
    sockets.push(this);
  }

  close() {
    this.closed = true;
  }

  /** @param {object} message */
  says(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** @param {number} seq */
  sends(seq) {
    this.onmessage?.({ data: encode([], seq, seq).buffer });
  }

  /** @param {number} code */
  breaks(code) {
    this.onclose?.({ code });
  }
}

const run = { id: "abc", state: "running" };
const listener = {
  onHello: () => told.push("hello"),
  onState: (/** @type {any} */ { state }) => told.push(state),
  onPlace: (/** @type {number} */ place) => told.push(`place ${place}`),
  onChunks: (/** @type {import("../../static/js/chunk.js").Chunk[]} */ chunks) => void told.push(`chunks ${chunks.map(({ seq }) => seq)}`),
  onReset: () => told.push("reset"),
  onResume: () => told.push("resume"),
  onEnd: () => told.push("end"),
  onProblem: (/** @type {{kind: string}} */ { kind }) => told.push(kind),
};

/** @param {number[]} seqs */
function page(...seqs) {
  return new Response(joined(seqs.map((seq) => encode([], seq, seq))));
}

/** Lets whatever waits for an answer go on. */
async function settled() {
  for (let i = 0; i < 20; i++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  sockets = [];
  asked = [];
  answers = {};
  told = [];
  Object.assign(globalThis, {
    WebSocket: Socket,
    location: { protocol: "https:", host: "example.org" },
    fetch: async (/** @type {string} */ url) => {
      asked.push(url);
      const found = Object.keys(answers).find((key) => url.endsWith(key));
      return found ? answers[found]() : page();
    },
  });
  mock.timers.enable({ apis: ["setTimeout"] });
});

afterEach(() => mock.timers.reset());

test("chunks come in order, each once, until the end", () => {
  follow("abc", listener);
  assert.equal(sockets[0].url, "wss://example.org/api/runs/abc/stream?after=0");
  sockets[0].says({ type: "hello", epoch: 1, run });
  sockets[0].sends(1);
  sockets[0].sends(1);
  sockets[0].says({ type: "state", run });
  sockets[0].sends(2);
  sockets[0].says({ type: "end", run });
  sockets[0].sends(3);
  assert.deepEqual(told, ["hello", "chunks 1", "running", "chunks 2", "end"]);
  assert.equal(sockets[0].closed, true);
});

test("a run that waits says which one in turn it is", () => {
  follow("abc", listener);
  sockets[0].says({ type: "hello", epoch: 0, run });
  sockets[0].says({ type: "queue", place: 3 });
  sockets[0].says({ type: "queue", place: 1 });
  sockets[0].says({ type: "state", run });
  assert.deepEqual(told, ["hello", "place 3", "place 1", "running"]);
});

test("a broken connection is made again behind the last chunk, and a later one after a longer wait", () => {
  follow("abc", listener);
  sockets[0].sends(1);
  sockets[0].breaks(1006);
  assert.deepEqual([told.at(-1), sockets.length], ["reconnecting", 1]);
  mock.timers.tick(400);
  assert.equal(sockets.length, 2);
  assert.match(sockets[1].url, /after=1$/);
  sockets[1].breaks(1006);
  mock.timers.tick(300);
  assert.equal(sockets.length, 2);
  mock.timers.tick(400);
  assert.equal(sockets.length, 3);
});

test("one that is too slow catches up over HTTP, page after page, and goes on with the stream", async () => {
  answers = { "after=1": () => page(2, 3), "after=3": () => page(4) };
  follow("abc", listener);
  sockets[0].sends(1);
  sockets[0].says({ type: "resume" });
  await settled();
  assert.deepEqual(told, ["chunks 1", "resume", "chunks 2,3", "chunks 4"]);
  assert.equal(sockets.length, 2);
  assert.match(sockets[1].url, /after=4$/);
});

test("a gap in the stream is filled over HTTP", async () => {
  answers = { "after=1": () => page(2, 3) };
  follow("abc", listener);
  sockets[0].sends(1);
  sockets[0].sends(3);
  await settled();
  assert.deepEqual(told, ["chunks 1", "chunks 2,3"]);
  assert.match(sockets[1].url, /after=3$/);
});

test("a run that begins anew is forgotten and read from its beginning", () => {
  follow("abc", listener);
  sockets[0].says({ type: "hello", epoch: 1, run });
  sockets[0].sends(1);
  sockets[0].says({ type: "reset", epoch: 2 });
  assert.deepEqual(told, ["hello", "chunks 1", "reset"]);
  assert.match(sockets[1].url, /after=0$/);
});

test("a run that nobody knows, a deleted one and a damaged chunk are final", () => {
  for (const [code, word] of /** @type {const} */ ([[4404, "unknown"], [4410, "deleted"]])) {
    follow("abc", listener);
    sockets.at(-1)?.breaks(code);
    assert.equal(told.at(-1), word);
  }
  follow("abc", listener);
  sockets.at(-1)?.onmessage?.({ data: new ArrayBuffer(8) });
  assert.equal(told.at(-1), "failed");
  mock.timers.tick(60_000);
  assert.equal(sockets.length, 3);
});

test("after close nothing is told and nothing is asked", () => {
  const feed = follow("abc", listener);
  feed.close();
  sockets[0].sends(1);
  sockets[0].breaks(1006);
  mock.timers.tick(60_000);
  assert.deepEqual([told, sockets.length], [[], 1]);
});

test("a recorded run is loaded over HTTP alone, and a missing chunk is an error", async () => {
  const load = async () => {
    for await (const chunks of pages("abc", 0)) listener.onChunks(chunks);
  };
  answers = { "after=0": () => page(1, 2), "after=2": () => page(3) };
  await load();
  assert.deepEqual(told, ["chunks 1,2", "chunks 3"]);
  answers["after=3"] = () => page(5);
  await assert.rejects(load(), /missing/);
  answers["after=0"] = () => new Response("", { status: 404 });
  await assert.rejects(load(), /unknown/);
});
