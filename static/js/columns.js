/**
 * Growing columns of numbers in typed arrays.
 * @module
 */

/** The least room of a column that has any; most lanes of a large run have little or nothing in most of theirs. */
export const ROOM = 8;
/** What columns are until there is something in them. */
export const NO_F64 = new Float64Array(0), NO_U32 = new Uint32Array(0), NO_I32 = new Int32Array(0), NO_U8 = new Uint8Array(0);

/**
 * @template {Float64Array | Uint32Array | Int32Array | Uint8Array} T
 * @param {T} column
 * @param {number} size
 * @returns {T} the column with room for `size`
 */
export function grown(column, size) {
  const bigger = new /** @type {any} */ (column.constructor)(size);
  bigger.set(column);
  return bigger;
}

/**
 * The first index in [0, n) whose value is greater than t (`above`), or not less than t.
 * @param {Float64Array} column ascending
 * @param {number} n
 * @param {number} t
 * @param {boolean} [above]
 */
export function search(column, n, t, above = true) {
  let low = 0, high = n;
  if (n && (above ? column[n - 1] <= t : column[n - 1] < t)) return n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (above ? column[middle] <= t : column[middle] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Rows of numbers in columns, ascending by the first, `t`.
 * @abstract
 */
export class Rows {
  /** How many rows there are. */
  n = 0;
  t = NO_F64;

  /** The names of the columns. @returns {string[]} @abstract */
  columns() {
    return ["t"];
  }

  /**
   * Makes room for a row at this index; its values are then the caller's to write.
   * @param {number} index
   */
  open(index) {
    /** @type {any} */
    const self = this;
    if (this.n === this.t.length) for (const name of this.columns()) self[name] = grown(self[name], Math.max(ROOM, this.n * 2));
    if (index < this.n) for (const name of this.columns()) self[name].copyWithin(index + 1, index, this.n);
    this.n++;
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  copy(from, to) {
    /** @type {any} */
    const self = this;
    if (from !== to) for (const name of this.columns()) self[name][to] = self[name][from];
  }

  /** @param {number} n how many rows to keep */
  keep(n) {
    this.n = n;
  }
}
