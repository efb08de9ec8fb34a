/**
 * The numbers of docs/trace-format.md and the words they stand for.
 * @module
 */

export const KIND = Object.freeze({
  LANE: 1, STATE: 2, STEP: 3, END: 4, RESOURCE: 5, HOLD: 6, LEVEL: 7, ACT: 8, MARK: 9, OUTPUT: 10, PLACE: 11, NAME: 12,
  CPU: 13, STAT: 14, JOB: 15,
});

export const PROCESS = 0, THREAD = 1, TASK = 2;
export const CREATED = 1, RUNNING = 2, READY = 3, WAITING = 4;
export const RETURNED = 1, CANCELLED = 3, KILLED = 5, UNFINISHED = 6;
export const WAKE = 1, PUT = 2, GET = 3, CANCEL = 4;
/** What JOB says; how a job ended is DONE + the ending. */
export const SUBMITTED = 1, IN_PARTS = 2, PART = 3, BEGAN = 4, DONE = 4, DELIVERED = 8;
export const LOCK = 1, RLOCK = 2, SEMAPHORE = 4, QUEUE = 7, PIPE = 8, JOIN = 9, FUTURE = 10, TASK_WAIT = 11, SLEEP = 12, IO = 13,
  CHILD = 14, EXECUTOR = 15, GIL = 16;
/** Flags beside a kind or a state. */
export const INTERNAL = 16, TOLD = 32, INFERRED = 16;

export const LANE_KINDS = ["process", "thread", "task"];
export const STATES = ["", "created", "running", "ready", "waiting"];
export const ENDINGS = ["", "returned", "raised", "cancelled", "exited", "killed", "unfinished"];
export const RESOURCES = [
  "", "lock", "rlock", "condition", "semaphore", "event", "barrier", "queue", "pipe", "join", "future", "task", "sleep",
  "io", "process", "executor", "gil",
];
export const MARKS = ["", "failed_start", "exception", "warning", "never_retrieved", "never_awaited"];
export const STREAMS = ["", "stdout", "stderr"];
export const LINKS = ["", "start", "join", "wake", "handoff", "item", "cancel"];
export const LINK_START = 1, LINK_JOIN = 2, LINK_WAKE = 3, LINK_HANDOFF = 4, LINK_ITEM = 5, LINK_CANCEL = 6;

/**
 * Looks: how a span is drawn. A look depends on the state, on the kind of what is waited on, and on the kind of lane.
 */
export const LOOK = Object.freeze({
  NONE: 0, CREATED: 1, RUNNING: 2, WANTS_GIL: 3, WANTS_LOOP: 4, LOCK: 5, OTHER: 6, IO: 7, SLEEP: 8, AWAIT: 9,
});
export const LOOKS = 10;

/**
 * The look of a span.
 * @param {number} state
 * @param {number} resource kind of what is waited on, 0 if unknown
 * @param {number} lane kind of lane
 * @returns {number}
 */
export function lookOf(state, resource, lane) {
  if (state === RUNNING) return LOOK.RUNNING;
  if (state === READY) return lane === TASK ? LOOK.WANTS_LOOP : LOOK.WANTS_GIL;
  if (state === CREATED) return LOOK.CREATED;
  if (state !== WAITING) return LOOK.NONE;
  if (resource === LOCK || resource === RLOCK || resource === SEMAPHORE) return LOOK.LOCK;
  if (resource === SLEEP) return LOOK.SLEEP;
  if (resource === IO) return LOOK.IO;
  if (lane === TASK && (resource === 0 || resource === FUTURE || resource === TASK_WAIT)) return LOOK.AWAIT;
  return LOOK.OTHER;
}
