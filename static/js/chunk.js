/**
 * Chunks: the columns that go from the recorder to the pixel (docs/trace-format.md, "Chunk").
 * @module
 */

const HEADER = 32;
const EVENT = 38;
const MAGIC = 0x31564c49; // "ILV1"
const VERSION = 1;
const MAX_EVENTS = 1 << 20;
const MAX_TEXT = 1 << 24;
const decoder = new TextDecoder();

/** Bytes that are no chunk. */
export class BadChunk extends Error {}

/**
 * One chunk. The columns are views of the bytes it was read from and are n long.
 * @typedef {object} Chunk
 * @property {number} n how many events
 * @property {number} seq its number in its run, from 1
 * @property {number} known the run is known up to this time, ns
 * @property {number} late how many events are older than an event of an earlier chunk
 * @property {Float64Array} t ns
 * @property {Float64Array} end
 * @property {Uint32Array} lane
 * @property {Uint32Array} obj
 * @property {Uint32Array} by
 * @property {Uint32Array} place
 * @property {Uint8Array} kind
 * @property {Uint8Array} flags
 * @property {(index: number) => string} text an event's text, "" if it has none
 * @property {number} size its length in bytes
 */

/**
 * What a chunk's header says, before the rest of it need be there.
 * @param {ArrayBuffer | Uint8Array} bytes
 * @param {number} at where it begins
 * @throws {BadChunk}
 */
function headOf(bytes, at) {
  if (bytes.byteLength - at < HEADER) throw new BadChunk("a chunk is shorter than its header");
  const head = bytes instanceof Uint8Array ? new DataView(bytes.buffer, bytes.byteOffset + at, HEADER) : new DataView(bytes, at, HEADER);
  if (head.getUint32(0, true) !== MAGIC || head.getUint16(4, true) !== VERSION || head.getUint16(6, true) !== HEADER) {
    throw new BadChunk(`not a chunk of version ${VERSION}`);
  }
  const n = head.getUint32(8, true), textBytes = head.getUint32(12, true);
  if (n > MAX_EVENTS || textBytes > MAX_TEXT) throw new BadChunk("a chunk is too long");
  return { head, n, textBytes, size: (HEADER + EVENT * n + textBytes + 7) & ~7 };
}

/**
 * The chunk that begins at this offset, without copying unless its bytes are not aligned to 8.
 * @param {ArrayBuffer | Uint8Array} bytes
 * @param {number} [at]
 * @returns {Chunk}
 * @throws {BadChunk} for anything else
 */
export function parse(bytes, at = 0) {
  let buffer = bytes instanceof Uint8Array ? bytes.buffer : bytes;
  let base = (bytes instanceof Uint8Array ? bytes.byteOffset : 0) + at;
  const { head, n, textBytes, size } = headOf(bytes, at);
  if (size > bytes.byteLength - at) throw new BadChunk("a chunk's lengths do not fit its bytes");
  const seq = head.getUint32(16, true), late = head.getUint32(20, true), known = head.getFloat64(24, true);
  if (base % 8) {
    buffer = buffer.slice(base, base + size);
    base = 0;
  }
  let position = base + HEADER;
  const wide = () => new Float64Array(buffer, (position += 8 * n) - 8 * n, n);
  const word = () => new Uint32Array(buffer, (position += 4 * n) - 4 * n, n);
  const byte = () => new Uint8Array(buffer, (position += n) - n, n);
  const t = wide(), end = wide();
  const lane = word(), obj = word(), by = word(), place = word(), lengths = word();
  const kind = byte(), flags = byte();
  let total = 0;
  for (let i = 0; i < n; i++) total += lengths[i];
  if (total !== textBytes) throw new BadChunk("a chunk's texts do not fit their lengths");
  const texts = new Uint8Array(buffer, position, textBytes);
  let reached = 0, offset = 0;
  /** @param {number} index */
  const text = (index) => {
    const length = lengths[index];
    if (!length) return "";
    if (index < reached) reached = offset = 0;
    for (; reached < index; reached++) offset += lengths[reached];
    return decoder.decode(texts.subarray(offset, offset + length));
  };
  return { n, seq, known, late, t, end, lane, obj, by, place, kind, flags, text, size };
}

/**
 * Every chunk of these concatenated bytes.
 * @param {ArrayBuffer | Uint8Array} bytes
 * @returns {Chunk[]}
 * @throws {BadChunk}
 */
export function parseAll(bytes) {
  const chunks = [];
  for (let at = 0; at < bytes.byteLength; at += chunks[chunks.length - 1].size) chunks.push(parse(bytes, at));
  return chunks;
}

/**
 * The chunks of concatenated bytes that are still on their way, as many at a time as have come whole.
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream
 * @returns {AsyncGenerator<Chunk[], void, void>}
 * @throws {BadChunk}
 */
export async function* arriving(stream) {
  const reader = stream.getReader();
  /** @type {Uint8Array[]} */
  let parts = [];
  let have = 0, need = HEADER;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      parts.push(value);
      have += value.length;
      if (have < need) continue;
      const bytes = joined(parts, have), chunks = [];
      let at = 0;
      for (need = HEADER; have - at >= need; need = HEADER) {
        need = headOf(bytes, at).size;
        if (have - at < need) break;
        chunks.push(parse(bytes, at));
        at += need;
      }
      parts = [bytes.subarray(at)];
      have -= at;
      if (chunks.length) yield chunks;
    }
  } finally {
    await reader.cancel();
  }
  if (have) throw new BadChunk("a chunk is cut off");
}

/**
 * @param {Uint8Array[]} parts
 * @param {number} length of all of them
 */
function joined(parts, length) {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
