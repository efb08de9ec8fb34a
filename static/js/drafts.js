/**
 * Drafts: what the reader has changed in a program, kept per program, so that nothing is overwritten by looking at another.
 * @module
 */
import { memory } from "./dom.js";

const MOST = 20;

/** @typedef {{key: string, source: string}} Draft */

/** @returns {Draft[]} the latest first */
function all() {
  const found = memory.get("drafts");
  return Array.isArray(found) ? found.filter((draft) => typeof draft?.key === "string" && typeof draft.source === "string") : [];
}

/**
 * The key of a program's draft.
 * @param {{run: {id: string} | null, parent: string | null, example: string | null}} page
 */
export function keyOf({ run, parent, example }) {
  const id = run?.id ?? parent;
  return id ? `run:${id}` : `example:${example}`;
}

/**
 * @param {string} key
 * @returns {string | null}
 */
export function draftOf(key) {
  return all().find((draft) => draft.key === key)?.source ?? null;
}

/** The draft that was changed last. */
export function latestDraft() {
  return all()[0] ?? null;
}

/**
 * Keeps a draft, or forgets it when it is as the original.
 * @param {string} key
 * @param {string} source
 * @param {string} original
 */
export function keep(key, source, original) {
  const others = all().filter((draft) => draft.key !== key);
  memory.set("drafts", source === original ? others : [{ key, source }, ...others].slice(0, MOST));
}
