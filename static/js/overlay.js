/**
 * The GIL as it was sampled, laid over what the log says.
 * @module
 */
import { search } from "./columns.js";
import { LOOK, READY, RUNNING } from "./names.js";
import { Spans } from "./store.js";

/** @typedef {import("./store.js").Lane} Lane */

/**
 * A thread that runs in the log while another holds its process's GIL is shown ready, inferred. Brings `lane.spans` up to date
 * with `lane.log` from `lane.changedFrom` on.
 * @param {Lane} lane
 * @param {number} gil the resource
 * @param {import("./store.js").Holds | null} held
 */
export function overlayGil(lane, gil, held) {
  const { log } = lane;
  if (lane.spans === log) {
    lane.spans = new Spans();
    lane.changedFrom = log.n ? log.t[0] : 0;
  }
  const shown = lane.spans;
  const kept = shown.find(lane.changedFrom);
  const from = kept < 0 ? -Infinity : shown.t[kept];
  shown.cut(Math.max(0, kept));
  for (let i = Math.max(0, log.find(from)); i < log.n; i++) {
    const state = log.state[i], place = log.place[i];
    let at = Math.max(log.t[i], from);
    const end = i + 1 < log.n ? log.t[i + 1] : lane.end === lane.end ? lane.end : Infinity;
    if (state === RUNNING && held) {
      for (let h = search(held.t, held.n, at - held.longest, false); h < held.n && held.t[h] < end; h++) {
        const start = Math.max(held.t[h], at);
        const until = held.end[h] === held.end[h] ? Math.min(held.end[h], end) : end;
        if (held.who[h] === lane.id || until <= start) continue;
        if (start > at) shown.put(shown.n, at, RUNNING, LOOK.RUNNING, 0, place, 0, 0);
        shown.put(shown.n, start, READY, LOOK.WANTS_GIL, gil, place, 0, 1);
        at = until;
      }
    }
    if (at < end) shown.put(shown.n, at, state, log.look[i], log.on[i], place, log.by[i], log.inferred[i]);
  }
}
