/**
 * Texts in the reader's language. English texts are their own keys; the page brings the catalogue of the others.
 * @module
 */

/** @typedef {string | {lane: import("./store.js").Lane, name: string, runs?: boolean} | {line: number} | {t: number}} Part of a sentence: text, or what it leads to */

/** @type {Record<string, string | string[]>} */
let catalogue = {};
let language = "en";
let plurals = new Intl.PluralRules(language);
/** Positions of the plural forms in a catalogue. @type {Record<string, string[]>} */
const FORMS = { ru: ["one", "few", "many"] };
/** @type {Map<number, Intl.NumberFormat>} */
let formats = new Map();

/**
 * From now on, texts are in this language.
 * @param {string} code
 * @param {Record<string, string | string[]>} texts
 */
export function speak(code, texts) {
  language = code;
  catalogue = texts;
  plurals = new Intl.PluralRules(code);
  formats = new Map();
}

/**
 * A text; without values its placeholders stay, for `rich`.
 * @param {string} message
 * @param {Record<string, string | number>} [values] by {name}
 */
export function t(message, values) {
  const found = catalogue[message];
  return filled(typeof found === "string" ? found : message, values);
}

/**
 * The form of a text that goes with this number, its {n}.
 * @param {string} one
 * @param {string} many
 * @param {number} n
 * @param {Record<string, string | number>} [values]
 */
export function ngettext(one, many, n, values) {
  const found = catalogue[one];
  const form = Array.isArray(found) ? found[(FORMS[language] ?? []).indexOf(plurals.select(n))] ?? found.at(-1) : null;
  return filled(form ?? (n === 1 ? one : many), values ?? { n: number(n, 0) });
}

/**
 * @param {string} text
 * @param {Record<string, string | number> | undefined} values
 */
function filled(text, values) {
  return values ? text.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all)) : text;
}

/**
 * A text whose placeholders stand for parts that are more than text.
 * @param {string} text with {name}
 * @param {Record<string, Part | Part[]>} values
 * @returns {Part[]}
 */
export function rich(text, values) {
  return text.split(/\{(\w+)\}/).flatMap((piece, index) => (index % 2 ? values[piece] ?? [] : piece ? [piece] : []));
}

/**
 * Several things in one enumeration: "a, b and c".
 * @template {Part} T
 * @param {T[]} items
 * @returns {Part[]}
 */
export function listed(items) {
  return items.flatMap((item, index) => {
    if (!index) return [item];
    return [index === items.length - 1 ? t(" and ") : ", ", item];
  });
}

/**
 * @param {number} value
 * @param {number} digits behind the point
 */
export function number(value, digits) {
  let format = formats.get(digits);
  if (!format) {
    format = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    formats.set(digits, format);
  }
  return format.format(value);
}

/**
 * A share: 98%.
 * @param {number} share
 */
export function percent(share) {
  return t("{n}%", { n: number(100 * share, 0) });
}

/**
 * A length of time, with three digits that count.
 * @param {number} ns
 */
export function duration(ns) {
  const size = Math.abs(ns);
  if (size >= 999.5e6) return t("{n} s", { n: number(ns / 1e9, digitsOf(size / 1e9)) });
  if (size >= 999.5e3) return t("{n} ms", { n: number(ns / 1e6, digitsOf(size / 1e6)) });
  if (size === 0 || size >= 999.5) return t("{n} µs", { n: number(ns / 1e3, digitsOf(size / 1e3)) });
  return t("{n} ns", { n: number(ns, 0) });
}

/** @param {number} value */
function digitsOf(value) {
  return value >= 99.95 || value === 0 ? 0 : value >= 9.995 ? 1 : 2;
}

/**
 * A time of the run: 31.00 ms, 2.191 s; or to the microsecond, so that every step can be seen.
 * @param {number} ns
 * @param {boolean} [exact]
 */
export function moment(ns, exact = false) {
  if (ns >= 1e9) return t("{n} s", { n: number(ns / 1e9, exact ? 6 : 3) });
  return t("{n} ms", { n: number(ns / 1e6, exact ? 3 : 2) });
}

/**
 * A size in bytes.
 * @param {number} bytes
 */
export function size(bytes) {
  return bytes >= 1 << 20 ? t("{n} MiB", { n: number(bytes / (1 << 20), 0) }) : t("{n} KiB", { n: number(bytes / 1024, 0) });
}

/**
 * A date and time of day.
 * @param {string} timestamp RFC 3339
 */
export function date(timestamp) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(timestamp));
}

/**
 * The number that a name ends with, which tells it from its siblings: where a name is cut, it stays.
 * @param {string} name
 */
export function lastNumber(name) {
  return /[-_ ]?\d{1,4}$/.exec(name)?.[0] ?? "";
}
