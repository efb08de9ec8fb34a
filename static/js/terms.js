/**
 * What looks, lanes, links and marks are called where there is room for it.
 * @module
 */
import { GIL, LINKS, LOOK, MARKS, PROCESS, RUNNING, TASK } from "./names.js";
import { t } from "./text.js";

/** What the style sheet calls the looks. */
export const LEGEND = ["", "sleep", "runs", "gil", "loop", "lock", "other", "io", "sleep", "await"];

/**
 * What a look means.
 * @param {number} look
 */
export function lookWord(look) {
  switch (look) {
    case LOOK.CREATED: return t("created");
    case LOOK.RUNNING: return t("running");
    case LOOK.WANTS_GIL: return t("ready, wants the GIL");
    case LOOK.WANTS_LOOP: return t("ready, wants the event loop");
    case LOOK.LOCK: return t("blocked on a lock");
    case LOOK.OTHER: return t("waiting for another");
    case LOOK.IO: return t("waiting for I/O");
    case LOOK.SLEEP: return t("sleeping");
    case LOOK.AWAIT: return t("suspended at await");
    default: return "";
  }
}

/** @param {number} kind of a lane */
export function laneWord(kind) {
  return kind === PROCESS ? t("process") : kind === TASK ? t("task") : t("thread");
}

/** @param {number} kind of a link */
export function linkWord(kind) {
  switch (LINKS[kind]) {
    case "start": return t("started by");
    case "join": return t("went on when this ended:");
    case "handoff": return t("lock handed over by");
    case "item": return t("item from");
    case "cancel": return t("cancelled by");
    default: return t("woken by");
  }
}

/**
 * What a link stands for as seen from its cause: what it did to the other lane.
 * @param {number} kind of a link
 */
export function effectWord(kind) {
  switch (LINKS[kind]) {
    case "start": return t("started");
    case "join": return t("went on when this ended");
    case "handoff": return t("got the lock");
    case "item": return t("got the item");
    case "cancel": return t("cancelled");
    default: return t("woken");
  }
}

/** @param {number} kind of a mark */
export function markWord(kind) {
  switch (MARKS[kind]) {
    case "failed_start": return t("failed to start");
    case "exception": return t("exception");
    case "warning": return t("warning");
    case "never_retrieved": return t("exception never retrieved");
    default: return t("coroutine never awaited");
  }
}
