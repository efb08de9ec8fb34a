/**
 * Density: which share of a short time a lane spends in each look, for spans too short to be drawn one by one.
 * @module
 */
import { LOOKS } from "./names.js";

/** Columns of a tile. */
export const COLUMNS = 256;
/** Up to so many spans a column, going through them is quicker than asking for sums. */
const FEW = 24;

/**
 * Adds the shares of COLUMNS equal steps of time.
 * @param {import("./store.js").Lane} lane
 * @param {number} end where its last span ends
 * @param {number} from ns
 * @param {number} step ns
 * @param {Float32Array} into COLUMNS × LOOKS shares of `weight`, column by column; what is outside of the lane's life adds nothing
 * @param {number} [weight]
 */
export function density(lane, end, from, step, into, weight = 1) {
  const { spans } = lane;
  const to = from + step * COLUMNS;
  if (!spans.n || spans.t[0] >= to || end <= from) return;
  const first = Math.max(0, spans.find(from)), last = spans.find(to);
  if (last - first > FEW * COLUMNS) return bySums(spans, end, from, step, into, weight);
  for (let i = first; i <= last; i++) {
    const start = Math.max(spans.t[i], from);
    const until = Math.min(i + 1 < spans.n ? spans.t[i + 1] : end, to);
    const look = spans.look[i];
    let column = Math.floor((start - from) / step);
    for (let at = start; at < until && column < COLUMNS; column++) {
      const next = Math.min(until, from + (column + 1) * step);
      if (next > at) into[column * LOOKS + look] += (weight * (next - at)) / step;
      at = Math.max(at, next);
    }
  }
}

/**
 * @param {import("./store.js").Spans} spans
 * @param {number} end
 * @param {number} from
 * @param {number} step
 * @param {Float32Array} into
 * @param {number} weight
 */
function bySums(spans, end, from, step, into, weight) {
  spans.summed();
  const before = new Float64Array(LOOKS), after = new Float64Array(LOOKS);
  spans.spent(from, end, before, 1);
  for (let column = 0; column < COLUMNS; column++) {
    after.fill(0);
    spans.spent(from + (column + 1) * step, end, after, 1);
    for (let look = 0; look < LOOKS; look++) into[column * LOOKS + look] += (weight * Math.max(0, after[look] - before[look])) / step;
    before.set(after);
  }
}
