/**
 * Made-up traces: a small encoder of chunks.
 * @module
 */

/**
 * @typedef {object} Event
 * @property {number} kind
 * @property {number} [flags]
 * @property {number} t
 * @property {number} [end]
 * @property {number} [lane]
 * @property {number} [obj]
 * @property {number} [by]
 * @property {number} [place]
 * @property {string} [text]
 */

/**
 * A chunk's bytes.
 * @param {Event[]} events
 * @param {number} [seq]
 * @param {number} [known] the latest t unless it is given
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encode(events, seq = 1, known = Math.max(0, ...events.map((event) => event.t))) {
  const n = events.length;
  const texts = events.map((event) => new TextEncoder().encode(event.text ?? ""));
  const textBytes = texts.reduce((sum, text) => sum + text.length, 0);
  const bytes = new Uint8Array(Math.ceil((32 + 38 * n + textBytes) / 8) * 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x31564c49, true);
  view.setUint16(4, 1, true);
  view.setUint16(6, 32, true);
  view.setUint32(8, n, true);
  view.setUint32(12, textBytes, true);
  view.setUint32(16, seq, true);
  view.setFloat64(24, known, true);
  events.forEach(({ t, end = 0, lane = 0, obj = 0, by = 0, place = 0, kind, flags = 0 }, i) => {
    view.setFloat64(32 + 8 * i, t, true);
    view.setFloat64(32 + 8 * (n + i), end, true);
    [lane, obj, by, place, texts[i].length].forEach((value, column) => {
      view.setUint32(32 + 16 * n + 4 * (column * n + i), value, true);
    });
    bytes[32 + 36 * n + i] = kind;
    bytes[32 + 37 * n + i] = flags;
  });
  let at = 32 + 38 * n;
  for (const text of texts) {
    bytes.set(text, at);
    at += text.length;
  }
  return bytes;
}

/**
 * @param {Uint8Array[]} parts
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
