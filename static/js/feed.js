/**
 * The feed: a run's chunks as they come, in order, each once. After a break it goes on behind the last chunk it has seen.
 * @module
 */
import { BadChunk, arriving, parse } from "./chunk.js";

/** @typedef {import("./chunk.js").Chunk} Chunk */
/** @typedef {Record<string, any>} Run a run as GET /api/runs/{id} says it */

/**
 * @typedef {object} Listener
 * @property {number} [after] the last chunk that the listener has
 * @property {(run: Run) => void} [onHello] the run, whenever the connection is made
 * @property {(run: Run) => void} [onState] the run has changed
 * @property {(place: number) => void} [onPlace] the run's place in the queue, from 1
 * @property {(chunks: Chunk[]) => void} onChunks the next chunks, without gap or repetition
 * @property {() => void} [onResume] too slow for the stream: what was missed comes over HTTP
 * @property {() => void} [onReset] the trace starts anew: forget all chunks
 * @property {(run: Run) => void} [onEnd] no more chunks will come
 * @property {(problem: {kind: "reconnecting" | "unknown" | "deleted" | "failed", wait_ms: number}) => void} [onProblem]
 *   reconnecting: the next attempt is in wait_ms; the others are final
 */

const FIRST_WAIT = 250;
const LONGEST_WAIT = 8000;
const FINAL = {
  4404: /** @type {const} */ ("unknown"),
  4410: /** @type {const} */ ("deleted"),
  4500: /** @type {const} */ ("failed"),
};
const GONE = { 404: /** @type {const} */ ("unknown"), 410: /** @type {const} */ ("deleted") };

/** A run that is not there, or no more. */
export class NoRun extends Error {
  /** @param {"unknown" | "deleted"} kind */
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 * @throws {NoRun}
 */
export async function get(url, signal) {
  const response = await fetch(url, signal ? { signal } : {});
  const gone = GONE[/** @type {404 | 410} */ (response.status)];
  if (gone) throw new NoRun(gone);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

/**
 * A run's stored chunks after this one, as they arrive.
 * @param {string} id
 * @param {number} after
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Chunk[], void, void>}
 * @throws {NoRun | BadChunk}
 */
export async function* pages(id, after, signal) {
  for (let cursor = after; ; ) {
    const response = await get(`/api/runs/${encodeURIComponent(id)}/chunks?after=${cursor}`, signal);
    const before = cursor;
    for await (const some of arriving(/** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body))) {
      const chunks = some.filter((chunk) => chunk.seq > cursor);
      if (chunks.some((chunk, index) => chunk.seq !== cursor + 1 + index)) throw new BadChunk("a chunk is missing");
      cursor += chunks.length;
      if (chunks.length) yield chunks;
    }
    if (cursor === before) return;
  }
}

/**
 * Follows a run over its stream until it ends or `close` is called.
 * @param {string} id
 * @param {Listener} listener
 * @returns {{close: () => void}}
 */
export function follow(id, listener) {
  const stop = new AbortController();
  const { signal } = stop;
  let cursor = listener.after ?? 0;
  let epoch = /** @type {number | null} */ (null);
  let wait = FIRST_WAIT;
  let socket = /** @type {WebSocket | null} */ (null);
  let timer = /** @type {ReturnType<typeof setTimeout> | 0} */ (0);

  /** @param {"unknown" | "deleted" | "failed"} kind */
  const giveUp = (kind) => {
    close();
    listener.onProblem?.({ kind, wait_ms: 0 });
  };

  const close = () => {
    stop.abort();
    clearTimeout(timer);
    socket?.close();
  };

  const again = () => {
    if (signal.aborted) return;
    listener.onProblem?.({ kind: "reconnecting", wait_ms: wait });
    timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };

  /** @param {unknown} problem */
  const failed = (problem) => {
    if (signal.aborted) return;
    if (problem instanceof NoRun) giveUp(problem.kind);
    else if (problem instanceof BadChunk) giveUp("failed");
    else again();
  };

  /** @param {number} now */
  const renewed = (now) => {
    if (epoch !== null && epoch !== now) {
      cursor = 0;
      listener.onReset?.();
    }
    epoch = now;
  };

  const catchUp = async () => {
    try {
      for await (const chunks of pages(id, cursor, signal)) {
        if (signal.aborted) return;
        cursor += chunks.length;
        listener.onChunks(chunks);
      }
      connect();
    } catch (problem) {
      failed(problem);
    }
  };

  const connect = () => {
    if (signal.aborted) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const mine = new WebSocket(`${scheme}//${location.host}/api/runs/${encodeURIComponent(id)}/stream?after=${cursor}`);
    mine.binaryType = "arraybuffer";
    socket = mine;
    /** This connection has nothing more to say: what it still delivers is ignored. */
    let spent = false;
    mine.onmessage = ({ data }) => {
      if (spent || signal.aborted) return;
      if (typeof data !== "string") {
        try {
          const chunk = parse(data);
          if (chunk.seq <= cursor) return;
          if (chunk.seq !== cursor + 1) {
            spent = true;
            mine.close();
            void catchUp();
            return;
          }
          cursor = chunk.seq;
          listener.onChunks([chunk]);
        } catch (problem) {
          spent = true;
          mine.close();
          failed(problem);
        }
        return;
      }
      const message = JSON.parse(data);
      if (message.type === "hello") {
        wait = FIRST_WAIT;
        renewed(message.epoch);
        listener.onHello?.(message.run);
      } else if (message.type === "state") listener.onState?.(message.run);
      else if (message.type === "queue") listener.onPlace?.(message.place);
      else if (message.type === "reset") {
        spent = true;
        renewed(message.epoch);
        mine.close();
        connect();
      } else if (message.type === "resume") {
        spent = true;
        mine.close();
        listener.onResume?.();
        void catchUp();
      } else if (message.type === "end") {
        spent = true;
        close();
        listener.onEnd?.(message.run);
      }
    };
    mine.onclose = ({ code }) => {
      if (spent || signal.aborted) return;
      spent = true;
      const final = FINAL[/** @type {4404 | 4410 | 4500} */ (code)];
      if (final) giveUp(final);
      else again();
    };
  };

  connect();
  return { close };
}
